/** What runs between the engine's start and its stop, and those who are told of what it does. */
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import { createListeners } from '../../../shared/listeners.ts'
import type { AppSnapshot } from '../../../shared/snapshot.ts'
import type { EngineDeps, NotificationChange } from './deps.ts'
import { createHistorian } from './historian.ts'
import { createListener, type Listener } from './listener.ts'
import { createAnnouncer } from './notifications/announce.ts'
import { createPoller } from './poller.ts'
import { createPublisher } from './publish.ts'
import type { AppState } from './state.ts'
import type { Store } from './store.ts'
import { createTicker } from './ticker.ts'
import { toSnapshot } from './views/to-snapshot.ts'
import { toTrayView, type TrayView } from './views/to-tray-view.ts'

/** Those who show the state, and are told of it. */
export function createFronts(onFault: (cause: unknown) => void) {
  return {
    snapshots: createListeners<AppSnapshot>(onFault),
    trayViews: createListeners<TrayView>(onFault),
    notifications: createListeners<NotificationChange>(onFault),
    quits: createListeners<ReleaseOutcome>(onFault),
    openings: createListeners<null>(onFault),
  }
}
export type Fronts = ReturnType<typeof createFronts>

/** What runs between `start` and `stop`. */
export function createParts(deps: EngineDeps, store: Store, fronts: Fronts) {
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
export type Parts = ReturnType<typeof createParts>

/** Whether the parts run, which only this says: started once, and stopped together. */
export class Running {
  private readonly deps: Pick<EngineDeps, 'clock' | 'connection'>
  private readonly parts: Parts
  private readonly dispatch: Store['dispatch']
  private isOn = false
  private unsubscribe = (): void => {}

  constructor(deps: Pick<EngineDeps, 'clock' | 'connection'>, parts: Parts, dispatch: Store['dispatch']) {
    this.deps = deps
    this.parts = parts
    this.dispatch = dispatch
  }

  get isRunning(): boolean {
    return this.isOn
  }

  start(): void {
    if (this.isOn) return
    this.isOn = true
    const { clock, connection } = this.deps
    const onView = (view: AppState['connection']): void =>
      this.dispatch({ kind: 'connection.changed', view, at: clock.now() })
    this.unsubscribe = connection.onChange(onView)
    onView(connection.view())
    this.parts.ticker.start()
    this.parts.poller.start()
    this.parts.listener.start()
  }

  /** Resolves when nothing of the parts runs any more. */
  async stop(): Promise<void> {
    this.isOn = false
    this.unsubscribe()
    this.parts.ticker.stop()
    this.parts.listener.stop()
    this.parts.announcer.stop()
    this.parts.publisher.stop()
    this.parts.historian.stop()
    await this.parts.poller.stop()
  }
}
