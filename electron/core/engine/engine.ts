/** The engine: the only writer of the state. Events in; snapshots, tray views and notifications out; commands served. */
import type { CommandHandlers, ReleaseOutcome } from '../../../shared/protocol.ts'
import { createListeners } from '../../../shared/listeners.ts'
import { ok, type Result } from '../../../shared/result.ts'
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
import { createAnnouncer } from './notifications/announce.ts'
import { createHistorian } from './historian.ts'
import { createListener, type Listener } from './listener.ts'
import { createPoller } from './poller.ts'
import { createPublisher } from './publish.ts'
import { createState, type AppState } from './state.ts'
import { createSharedClient } from './shared-reads.ts'
import { createStore, isAway, type Change, type Store } from './store.ts'
import { createTicker } from './ticker.ts'
import { toComponentViews, toSnapshot, toWorkflowViews } from './views/to-snapshot.ts'
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

/** Keeps on disk what an event changed of what is remembered. The decision on notifications keeps its own ledger. */
function keepMemory({ memory, log }: EngineDeps, before: AppState, after: AppState, event: AppEvent): void {
  const warn = (what: string, saved: Result<null, string>): void => {
    if (!saved.ok) log.warn('could not be kept', { what, why: saved.error })
  }
  if (after.seen !== before.seen) warn('seen', memory.saveSeen(after.seen))
  if (after.sessions !== before.sessions) warn('sessions', memory.saveSessions(after.sessions))
  if (after.notified !== before.notified && event.kind !== 'notifications.decided')
    warn('notified', memory.saveLedger(after.notified))
}

/** What a night's sleep or a journey changed: the time, the zone, the network. */
const WAKING: ReadonlySet<AppEvent['kind']> = new Set(['screen.unlocked', 'power.resumed', 'network.changed'])
/** Whether the server can be listened to is another matter after these. */
const LISTENING_DEPENDS_ON: ReadonlySet<AppEvent['kind']> = new Set([
  'connection.changed',
  'power.suspended',
  'power.resumed',
  'locks.read',
])
/** They change nothing that a decision on notifications looks at, and come of one. */
const UNDECIDING: ReadonlySet<AppEvent['kind']> = new Set([
  'notifications.decided',
  'fault.found',
  'fault.cleared',
])

/** Those who show the state, and are told of it. */
function createFronts(onFault: (cause: unknown) => void) {
  return {
    snapshots: createListeners<AppSnapshot>(onFault),
    trayViews: createListeners<TrayView>(onFault),
    notifications: createListeners<NotificationChange>(onFault),
    quits: createListeners<ReleaseOutcome>(onFault),
    openings: createListeners<null>(onFault),
  }
}
type Fronts = ReturnType<typeof createFronts>

/** What runs between `start` and `stop`. */
function createParts(deps: EngineDeps, store: Store, fronts: Fronts) {
  const { clock, utcOffsetAt = () => 0 } = deps
  const { state, dispatch } = store
  const ticker = createTicker({
    clock,
    state,
    onTick: (at) => dispatch({ kind: 'clock.tick', at, utcOffsetMinutes: utcOffsetAt(at) }),
  })
  const poller = createPoller({ ...deps, state, emit: dispatch, isListening: () => listener.isListening() })
  const listener: Listener = createListener({
    ...deps,
    stream: deps.eventStream,
    machine: () => (state().machine.aliases.length > 0 ? null : state().machine.name),
    isSuspended: () => state().isSuspended,
    read: () => void poller.poke(),
    onTurn: () => poller.plan(),
  })
  const historian = createHistorian({ ...deps, state, first: deps.remembered.history })
  const setBy = deps.settingsSetBy ?? {}
  const snapshot = (): AppSnapshot =>
    toSnapshot(state(), store.revision(), { today: historian.today(), setBy })
  return {
    ticker,
    poller,
    listener,
    historian,
    snapshot,
    publisher: createPublisher({
      clock,
      snapshot,
      trayView: () => toTrayView(state()),
      tellSnapshot: fronts.snapshots.tell,
      tellTrayView: fronts.trayViews.tell,
    }),
    announcer: createAnnouncer({
      clock,
      memory: deps.memory,
      state,
      dispatch,
      tick: ticker.now,
      notify: fronts.notifications.tell,
    }),
  }
}
type Parts = ReturnType<typeof createParts>

/** What an event sets going beside the state. */
function react(deps: EngineDeps, parts: Parts, isRunning: boolean, { event, before, after }: Change): void {
  parts.historian.note({ event, before, after })
  const isBack = isAway(before.connection) && after.connection.state === 'online'
  const isOpened = after.isWindowOpen && !before.isWindowOpen
  if (WAKING.has(event.kind)) {
    parts.ticker.now()
    deps.connection.retryNow()
  }
  if (WAKING.has(event.kind) || isBack || isOpened) void parts.poller.poke()
  if (isRunning && after.connection !== before.connection) parts.ticker.plan()
  if (isRunning && LISTENING_DEPENDS_ON.has(event.kind)) parts.listener.check()
  if (after === before) return
  keepMemory(deps, before, after, event)
  parts.publisher.soon()
  if (deps.raisesNotifications && isRunning && !UNDECIDING.has(event.kind)) parts.announcer.soon()
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
  const { clock, connection } = deps
  const onFault = (cause: unknown): void => deps.log.error('a listener failed', { cause: String(cause) })
  const store = createStore(firstState(deps), onFault)
  const fronts = createFronts(onFault)
  const parts = createParts(deps, store, fronts)
  const { state, dispatch } = store
  const { snapshot } = parts
  let isRunning = false
  let unsubscribe = (): void => {}
  store.onChange((change) => react(deps, parts, isRunning, change))

  const { handlers, leaveAtOnce } = createHandlers(
    {
      deps,
      state,
      dispatch,
      snapshot,
      history: parts.historian.history,
      publish: parts.publisher.now,
      poll: parts.poller.poke,
      notify: fronts.notifications.tell,
      onEvent: store.onEvent,
    },
    fronts,
  )
  const open = (messageId: string | null, notificationId: string): void => {
    dispatch({ kind: 'notification.clicked', messageId, notificationId })
    parts.publisher.now()
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      const onView = (view: AppState['connection']): void =>
        dispatch({ kind: 'connection.changed', view, at: clock.now() })
      unsubscribe = connection.onChange(onView)
      onView(connection.view())
      parts.ticker.start()
      parts.poller.start()
      parts.listener.start()
    },
    async stop() {
      isRunning = false
      unsubscribe()
      parts.ticker.stop()
      parts.listener.stop()
      parts.announcer.stop()
      parts.publisher.stop()
      parts.historian.stop()
      await parts.poller.stop()
    },
    dispatch,
    state,
    snapshot,
    trayView: () => toTrayView(state()),
    onSnapshot: fronts.snapshots.add,
    onTrayView: fronts.trayViews.add,
    onNotifications: fronts.notifications.add,
    onQuit: fronts.quits.add,
    onOpenWindow: fronts.openings.add,
    onEvent: store.onEvent,
    onChange: store.onChange,
    handlers,
    notificationClicked: (id) => open(state().shown.find((n) => n.id === id)?.messageId ?? null, id),
    openMessage: (id) => open(id, ''),
    leaveAtOnce,
  }
}
