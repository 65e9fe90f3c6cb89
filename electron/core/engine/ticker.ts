/** The passing of time as an event: each half minute, and at each step of a countdown that the tray shows. */
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { Clock } from '../ports.ts'
import type { AppState } from './state.ts'
import { COUNTDOWN_STEP_MS } from './views/to-tray-view.ts'

const TICK_MS = 30_000

export interface Ticker {
  /** Ticks now, and from now on. */
  readonly start: () => void
  readonly now: () => void
  /** The countdown changed. */
  readonly plan: () => void
  readonly stop: () => void
}

export function createTicker(deps: {
  readonly clock: Clock
  readonly state: () => AppState
  readonly onTick: (at: EpochMs) => void
}): Ticker {
  const { clock } = deps
  let cancel = (): void => {}
  const now = (): void => deps.onTick(clock.now())
  function plan(): void {
    cancel()
    const left = (parseTime(deps.state().connection.until) ?? 0) - clock.now()
    const delayMs = left > 0 ? Math.min(TICK_MS, left % COUNTDOWN_STEP_MS || COUNTDOWN_STEP_MS) : TICK_MS
    cancel = clock.schedule(delayMs, () => {
      now()
      plan()
    })
  }
  return {
    start() {
      now()
      plan()
    },
    now,
    plan,
    stop: () => cancel(),
  }
}
