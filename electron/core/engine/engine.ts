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
import { queueHandlers } from './handlers/queue.ts'
import { createQuitHandlers } from './handlers/quit.ts'
import { createUpdateSettings, settingsHandlers } from './handlers/settings.ts'
import { createAnnouncer } from './notifications/announce.ts'
import { createPoller } from './poller.ts'
import { createPublisher } from './publish.ts'
import { reduce } from './reduce.ts'
import { createState, type AppState } from './state.ts'
import { createTicker } from './ticker.ts'
import { toSnapshot } from './views/to-snapshot.ts'
import { toTrayView, type TrayView } from './views/to-tray-view.ts'

export type { EngineDeps, MemoryStore, NotificationChange } from './deps.ts'

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
    front: { notifies: deps.raisesNotifications, startsAtLogin: deps.setStartAtLogin !== undefined },
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
const WAKING: ReadonlySet<AppEvent['kind']> = new Set([
  'screen.unlocked',
  'power.resumed',
  'network.changed',
])
/** They change nothing that a decision on notifications looks at, and come of one. */
const UNDECIDING: ReadonlySet<AppEvent['kind']> = new Set([
  'notifications.decided',
  'fault.found',
  'fault.cleared',
])

export function createEngine(deps: EngineDeps): Engine {
  const { clock, log, connection } = deps
  let state = firstState(deps)
  let revision = 0
  let isRunning = false
  let unsubscribe = (): void => {}

  const onFault = (cause: unknown): void => log.error('a listener failed', { cause: String(cause) })
  const snapshots = createListeners<AppSnapshot>(onFault)
  const trayViews = createListeners<TrayView>(onFault)
  const notifications = createListeners<NotificationChange>(onFault)
  const quits = createListeners<ReleaseOutcome>(onFault)
  const openings = createListeners<null>(onFault)
  const events = createListeners<AppEvent>(onFault)

  const getState = (): AppState => state
  const snapshot = (): AppSnapshot => toSnapshot(state, revision)
  const poller = createPoller({ ...deps, state: getState, emit: dispatch })
  const ticker = createTicker({
    clock,
    state: getState,
    onTick: (at) => dispatch({ kind: 'clock.tick', at, utcOffsetMinutes: deps.utcOffsetAt?.(at) ?? 0 }),
  })
  const publisher = createPublisher({
    clock,
    snapshot,
    trayView: () => toTrayView(state),
    tellSnapshot: snapshots.tell,
    tellTrayView: trayViews.tell,
  })
  const announcer = createAnnouncer({
    clock,
    memory: deps.memory,
    state: getState,
    dispatch,
    tick: ticker.now,
    notify: notifications.tell,
  })

  function dispatch(event: AppEvent): void {
    const before = state
    state = reduce(before, event)
    events.tell(event)
    react(before, event)
    if (state === before) return
    revision++
    keepMemory(deps, before, state, event)
    publisher.soon()
    if (deps.raisesNotifications && isRunning && !UNDECIDING.has(event.kind)) announcer.soon()
  }

  /** What an event sets going beside the state. */
  function react(before: AppState, event: AppEvent): void {
    const isBack = state.connection.state === 'online' && before.connection.state !== 'online'
    const isOpened = state.isWindowOpen && !before.isWindowOpen
    if (WAKING.has(event.kind)) {
      ticker.now()
      connection.retryNow()
    }
    if (WAKING.has(event.kind) || isBack || isOpened) void poller.poke()
    if (isRunning && state.connection !== before.connection) ticker.plan()
  }

  const context: HandlerContext = {
    deps,
    state: getState,
    dispatch,
    publish: publisher.now,
    poll: poller.poke,
    notify: notifications.tell,
    onEvent: events.add,
  }
  const locks = createLockActions({
    ...deps,
    machine: () => state.machine,
    known: () => state.locks,
  })
  const updateSettings = createUpdateSettings(context)
  const quit = createQuitHandlers(context, {
    locks,
    updateSettings,
    onLeave: quits.tell,
    onQuestion: () => openings.tell(null),
  })
  const open = (messageId: string | null, notificationId: string): void => {
    dispatch({ kind: 'notification.clicked', messageId, notificationId })
    publisher.now()
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      const onView = (view: AppState['connection']): void =>
        dispatch({ kind: 'connection.changed', view, at: clock.now() })
      unsubscribe = connection.onChange(onView)
      onView(connection.view())
      ticker.start()
      poller.start()
    },
    async stop() {
      isRunning = false
      unsubscribe()
      ticker.stop()
      announcer.stop()
      publisher.stop()
      await poller.stop()
    },
    dispatch,
    state: getState,
    snapshot,
    trayView: () => toTrayView(state),
    onSnapshot: snapshots.add,
    onTrayView: trayViews.add,
    onNotifications: notifications.add,
    onQuit: quits.add,
    onOpenWindow: openings.add,
    onEvent: events.add,
    handlers: {
      ...queueHandlers(context),
      ...lockHandlers(context, locks),
      ...messageHandlers(context),
      ...settingsHandlers(context, updateSettings),
      ...checkHandlers(context),
      ...quit.handlers,
      'snapshot.get': () => Promise.resolve(ok(snapshot())),
      'connection.retry': () => {
        connection.retryNow()
        void poller.poke()
        return Promise.resolve(ok(null))
      },
      'app.openLog': async () => {
        await deps.openLog()
        return ok(null)
      },
    },
    notificationClicked: (id) => open(state.shown.find((n) => n.id === id)?.messageId ?? null, id),
    openMessage: (id) => open(id, ''),
    leaveAtOnce: quit.leaveAtOnce,
  }
}
