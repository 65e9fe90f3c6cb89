/** Carries out what was decided on notifications, in the order that matters: on disk first, then on the screen. */
import type { Clock } from '../../ports.ts'
import type { MemoryStore, NotificationChange } from '../deps.ts'
import type { AppEvent } from '../events.ts'
import type { AppState } from '../state.ts'
import { decideNotifications } from './decide.ts'

export interface AnnouncerDeps {
  readonly clock: Clock
  readonly memory: Pick<MemoryStore, 'saveLedger'>
  readonly state: () => AppState
  readonly dispatch: (event: AppEvent) => void
  /** The time passed that a decision asked to be woken at. */
  readonly tick: () => void
  readonly notify: (change: NotificationChange) => void
}

export interface Announcer {
  /** The state changed: decide once, after the events that come together. */
  soon(): void
  stop(): void
}

const LEDGER_FAULT = 'notified'
const FIRST_WAKE_MS = 50

export function createAnnouncer(deps: AnnouncerDeps): Announcer {
  const { clock, state, dispatch } = deps
  let cancelDecide: (() => void) | null = null
  let cancelWake = (): void => {}

  function decide(): void {
    cancelDecide = null
    const before = state()
    const decision = decideNotifications(before)
    cancelWake()
    if (decision.wakeAt !== null)
      cancelWake = clock.schedule(Math.max(FIRST_WAKE_MS, decision.wakeAt - clock.now()), deps.tick)
    const isLedgerNew = decision.ledger !== before.notified
    // On disk before the toast: a crash on the next line is silence, never the same toast again.
    if (isLedgerNew && !keep(decision.ledger)) return
    if (isLedgerNew || decision.shown.length !== before.shown.length || decision.show.length > 0)
      dispatch({ kind: 'notifications.decided', ledger: decision.ledger, shown: decision.shown })
    if (decision.show.length > 0 || decision.withdraw.length > 0)
      deps.notify({ show: decision.show, withdraw: decision.withdraw })
  }

  function keep(ledger: AppState['notified']): boolean {
    const kept = deps.memory.saveLedger(ledger)
    if (!kept.ok)
      dispatch({ kind: 'fault.found', id: LEDGER_FAULT, fault: { kind: 'storage', detail: kept.error } })
    else if (Object.hasOwn(state().faults, LEDGER_FAULT))
      dispatch({ kind: 'fault.cleared', id: LEDGER_FAULT })
    return kept.ok
  }

  return {
    soon: () => void (cancelDecide ??= clock.schedule(0, decide)),
    stop() {
      cancelDecide?.()
      cancelDecide = null
      cancelWake()
    },
  }
}
