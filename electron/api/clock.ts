/**
 * The time that counts for locks, messages and housekeeping. A jump of the system clock ends no lock and sweeps nothing:
 * while the clock is ahead of what a steady clock says, the steady clock counts. Where it stays ahead for an hour, it was
 * put right, and counts again.
 */
import { performance } from 'node:perf_hooks'
import { uptime } from 'node:os'

/** Less is the drift of two clocks, or the step of a time service. */
const TOLERANCE_MS = 2_000
const BELIEVED_AFTER_MS = 3_600_000
/** How long the finer of the two steady clocks is taken alone. */
const RESYNC_MS = 1_000

export interface ClockSources {
  /** The system's clock, which may be set. */
  readonly wall: () => number
  /** Milliseconds that nobody sets, fine, perhaps without the time that the machine slept. */
  readonly fine: () => number
  /** Milliseconds since the machine started, its sleep included. */
  readonly awake: () => number
}

const system: ClockSources = {
  wall: Date.now,
  fine: () => performance.now(),
  awake: () => uptime() * 1000,
}

/** Gives the time that counts, in milliseconds since 1970. `log` is told of a jump, once each. */
export function createServerClock(log: (line: string) => void, sources: ClockSources = system): () => number {
  const { wall, fine, awake } = sources
  let syncedAt = fine()
  let awakeOffset = awake() - syncedAt
  const steady = (mustSync: boolean): number => {
    const now = fine()
    if (mustSync || now - syncedAt > RESYNC_MS) {
      syncedAt = now
      // Both read in turns of the same instant: only a real step counts, not the coarser clock's grain.
      const offset = awake() - now
      if (Math.abs(offset - awakeOffset) > TOLERANCE_MS / 2) awakeOffset = offset
    }
    return now + awakeOffset
  }
  /** How far the system's clock was from the steady one while it was believed. */
  let trusted = wall() - steady(true)
  let jumpedAt: number | undefined

  return () => {
    const now = wall()
    let offset = now - steady(false)
    if (Math.abs(offset - trusted) > TOLERANCE_MS) offset = now - steady(true)
    if (Math.abs(offset - trusted) <= TOLERANCE_MS) {
      if (jumpedAt !== undefined) log('the system clock is back')
      jumpedAt = undefined
      trusted = offset
      return now
    }
    const at = steady(false)
    if (jumpedAt === undefined) {
      log(`the system clock jumped by ${Math.round((offset - trusted) / 1000)} s: no lock ends by that`)
      jumpedAt = at
    }
    if (at - jumpedAt >= BELIEVED_AFTER_MS) {
      trusted = offset
      jumpedAt = undefined
      return now
    }
    return Math.min(now, at + trusted)
  }
}
