/** Bounds of the server's clock, from the `Date` of its answers (RFC 9110 6.6.1). */
import type { EpochMs } from '../../../shared/time.ts'
import type { HttpOutcome } from '../ports.ts'
import { parseHttpDate } from './retry-after.ts'

/** `Date` has whole seconds, and some servers cache it for a moment: the true instant lies in [date, date + this). */
const DATE_SPAN_MS = 1_050

export interface SkewBounds {
  readonly low: number
  readonly high: number
}

export interface ServerClock {
  /** An answer to what was sent at `sentAt` and came in at `gotAt`, both on the local clock. */
  learn(outcome: HttpOutcome, sentAt: EpochMs, gotAt: EpochMs): void
  /** Bounds of (server clock − local clock); undefined before the first dated answer. */
  bounds(): SkewBounds | undefined
  /** The middle of the bounds; 0 before the first dated answer. */
  skewMs(): number
}

export function createServerClock(): ServerClock {
  let skew: SkewBounds | undefined
  /** Hundreds of answers have the same second. */
  let last: { readonly text: string; readonly date: number | undefined } | undefined
  function dateOf(text: string | undefined): number | undefined {
    if (text === undefined) return undefined
    if (last?.text !== text) last = { text, date: parseHttpDate(text) }
    return last.date
  }
  return {
    learn(outcome, sentAt, gotAt) {
      if (outcome.kind !== 'answer') return
      const date = dateOf(outcome.headers['date'])
      if (date === undefined) return
      const seen = { low: date - gotAt, high: date + DATE_SPAN_MS - sentAt }
      const both = skew && { low: Math.max(skew.low, seen.low), high: Math.min(skew.high, seen.high) }
      // bounds that exclude each other: one of the clocks was set meanwhile
      skew = both && both.low <= both.high ? both : seen
    },
    bounds: () => skew,
    skewMs: () => (skew ? (skew.low + skew.high) / 2 : 0),
  }
}
