/** The engine: the only writer of the state. Events in; snapshots, tray views and notifications out; commands served. */
import type { CommandHandlers, ReleaseOutcome } from '../../../shared/protocol.ts'
import { ok } from '../../../shared/result.ts'
import type { AppSnapshot } from '../../../shared/snapshot.ts'
import { createLockActions } from '../coord/release-locks.ts'
import type { EngineDeps, HandlerContext, NotificationChange } from './deps.ts'
import type { AppEvent } from './events.ts'
import { checkHandlers } from './handlers/check.ts'
import { lockHandlers } from './handlers/locks.ts'
import { messageHandlers } from './handlers/messages.ts'
import { placeHandlers } from './handlers/places.ts'
import { queueHandlers } from './handlers/queue.ts'
import { createQuitHandlers } from './handlers/quit.ts'
import { createUpdateSettings, settingsHandlers } from './handlers/settings.ts'
import { createFronts, createParts, Running, type Fronts } from './parts.ts'
import { react } from './react.ts'
import { createState, type AppState } from './state.ts'
import { createSharedClient } from './shared-reads.ts'
import { createStore, type Change } from './store.ts'
import { toComponentViews, toWorkflowViews } from './views/to-snapshot.ts'
import { toTrayView, type TrayView } from './views/to-tray-view.ts'

export type { EngineDeps, HookInstaller, MemoryStore, NotificationChange } from './deps.ts'

export interface Engine {
  readonly start: () => void
  /** Resolves when nothing of the engine runs any more. The outboxes are not its own. */
  readonly stop: () => Promise<void>
  readonly dispatch: (event: AppEvent) => void
  readonly state: () => AppState
  readonly snapshot: () => AppSnapshot
  readonly trayView: () => TrayView
  /** Each returns its unsubscribe function; the listener gets the next change, not the present value. */
  readonly onSnapshot: (listener: (snapshot: AppSnapshot) => void) => () => void
  readonly onTrayView: (listener: (view: TrayView) => void) => () => void
  readonly onNotifications: (listener: (change: NotificationChange) => void) => () => void
  /** The person decided to quit and what was to be released is settled: quit now. */
  readonly onQuit: (listener: (outcome: ReleaseOutcome) => void) => () => void
  /** The window is wanted: there is a question before quitting. */
  readonly onOpenWindow: (listener: () => void) => () => void
  readonly onEvent: (listener: (event: AppEvent) => void) => () => void
  /** Each event with the state before and after it. */
  readonly onChange: (listener: (change: Change) => void) => () => void
  readonly handlers: CommandHandlers
  /** Sets `openMessage`; the desktop shows the window. */
  readonly notificationClicked: (id: string) => void
  readonly openMessage: (id: string) => void
  /** A quit that nobody here asked for (SIGTERM, log-off): the remembered choice, a synchronous append, no question. */
  readonly leaveAtOnce: () => { readonly queued: number }
}

/** The state that a start begins with. */
function firstState(deps: EngineDeps): AppState {
  const now = deps.clock.now()
  return createState({
    now,
    utcOffsetMinutes: deps.utcOffsetAt?.(now) ?? 0,
    machine: deps.machine,
    server: deps.server,
    apiUrl: deps.apiUrl,
    isServedHere: deps.isServedHere,
    settings: deps.settings,
    version: deps.version ?? '',
    front: {
      notifies: deps.raisesNotifications,
      startsAtLogin: deps.setStartAtLogin !== undefined,
      picksFolders: deps.pickFolder !== undefined,
    },
    connection: deps.connection.view(),
    ...deps.remembered,
  })
}

const MAX_BOARD_ROWS = 1_000

/** The contract's commands, each group in its own file. */
function createHandlers(context: HandlerContext, fronts: Fronts) {
  const { deps, state, poll } = context
  const locks = createLockActions({
    client: createSharedClient(context),
    ...deps,
    machine: () => state().machine,
    known: () => state().locks,
    sessions: () => [...state().sessions, ...state().settings.sessions],
  })
  const updateSettings = createUpdateSettings(context)
  const quit = createQuitHandlers(context, {
    locks,
    updateSettings,
    onLeave: fronts.quits.tell,
    onQuestion: () => fronts.openings.tell(null),
  })
  const handlers: CommandHandlers = {
    ...queueHandlers(context),
    ...lockHandlers(context, locks),
    ...messageHandlers(context),
    ...settingsHandlers(context, updateSettings),
    ...placeHandlers(context),
    ...checkHandlers(context),
    ...quit.handlers,
    'snapshot.get': () => Promise.resolve(ok(context.snapshot())),
    'board.list': () =>
      Promise.resolve(
        ok({
          components: toComponentViews(state(), MAX_BOARD_ROWS),
          workflows: toWorkflowViews(state(), MAX_BOARD_ROWS, MAX_BOARD_ROWS),
        }),
      ),
    'connection.retry': () => {
      deps.connection.retryNow()
      void poll()
      return Promise.resolve(ok(null))
    },
    'app.openLog': async () => {
      await deps.openLog()
      return ok(null)
    },
  }
  return { handlers, leaveAtOnce: quit.leaveAtOnce }
}

export function createEngine(deps: EngineDeps): Engine {
  const onFault = (cause: unknown): void => deps.log.error('a listener failed', { cause: String(cause) })
  const store = createStore(firstState(deps), onFault)
  const fronts = createFronts(onFault)
  const parts = createParts(deps, store, fronts)
  const { state, dispatch } = store
  const { snapshot, publisher } = parts
  const running = new Running(deps, parts, dispatch)
  store.onChange((change) => react(deps, parts, running.isRunning, change))

  const context: HandlerContext = {
    ...{ deps, state, dispatch, snapshot },
    history: parts.historian.history,
    publish: publisher.now,
    poll: parts.poller.poke,
    notify: fronts.notifications.tell,
    onEvent: store.onEvent,
  }
  const { handlers, leaveAtOnce } = createHandlers(context, fronts)
  const open = (messageId: string | null, notificationId: string): void => {
    dispatch({ kind: 'notification.clicked', messageId, notificationId })
    publisher.now()
  }

  return {
    start: () => running.start(),
    stop: () => running.stop(),
    ...{ dispatch, state, snapshot, handlers, leaveAtOnce },
    trayView: () => toTrayView(state()),
    onSnapshot: fronts.snapshots.add,
    onTrayView: fronts.trayViews.add,
    onNotifications: fronts.notifications.add,
    onQuit: fronts.quits.add,
    onOpenWindow: fronts.openings.add,
    onEvent: store.onEvent,
    onChange: store.onChange,
    notificationClicked: (id) => open(state().shown.find((n) => n.id === id)?.messageId ?? null, id),
    openMessage: (id) => open(id, ''),
  }
}
