/** How many calls ended when, as the ledgers tell it: what a process counts as it goes dies with it. */
import type { EpochMs } from '../../../../shared/time.ts'

const EVERY_MS = 5 * 60_000
const DAY_MS = 24 * 60 * 60_000

/** Calls that ended in the five minutes from `at` on. */
export interface EndsAt {
  readonly at: EpochMs
  readonly delivered: number
  readonly setAside: number
  readonly skipped: number
}
type End = Exclude<keyof EndsAt, 'at'>

/** Of one segment; a few numbers for each five minutes in which something ended. */
export class EndCounts {
  private readonly counts = new Map<EpochMs, Record<End, number>>()

  add(end: End, when: EpochMs): void {
    const at = Math.floor(when / EVERY_MS) * EVERY_MS
    const known = this.counts.get(at)
    if (known) known[end]++
    else this.counts.set(at, { delivered: 0, setAside: 0, skipped: 0, [end]: 1 })
  }
  all(): readonly EndsAt[] {
    return [...this.counts].map(([at, counts]) => ({ at, ...counts }))
  }
}

/** Those of the last day, of all segments together, oldest first. */
export function endsLately(
  segments: readonly { readonly ends: readonly EndsAt[] }[],
  now: EpochMs,
): readonly EndsAt[] {
  const sums = new Map<EpochMs, EndsAt>()
  for (const one of segments.flatMap((segment) => segment.ends)) {
    // what a clock that was ahead wrote has no place in what was
    if (now - one.at >= DAY_MS || one.at > now) continue
    const sum = sums.get(one.at) ?? { at: one.at, delivered: 0, setAside: 0, skipped: 0 }
    sums.set(one.at, {
      at: one.at,
      delivered: sum.delivered + one.delivered,
      setAside: sum.setAside + one.setAside,
      skipped: sum.skipped + one.skipped,
    })
  }
  return [...sums.values()].sort((a, b) => a.at - b.at)
}
