/** Counts the arrivals of a torture round that came out of order. */
import type { Placed } from './segments.ts'

/**
 * Out of order is an arrival, first or repeated, behind one that stands later in the same segment, or was written later by the same
 * writer; with lanes only where both share a lane or one of them is a barrier.
 */
export function outOfOrder(arrived: readonly Placed[], isStrict: boolean, problems: string[]): number {
  let wrong = 0
  const check = (of: (p: Placed) => string, at: (p: Placed) => number, barriers: boolean): void => {
    const marks = new Map<string, number>()
    const behind = (key: string, p: Placed): boolean => (marks.get(key) ?? -1) > at(p)
    const mark = (key: string, p: Placed): void => void marks.set(key, Math.max(marks.get(key) ?? -1, at(p)))
    for (const p of arrived) {
      const group = of(p)
      const isBarrier = p.lane === 'barrier'
      const isWrong =
        isStrict || (isBarrier && barriers)
          ? behind(group, p)
          : behind(`${group} ${p.lane}`, p) || (barriers && behind(`${group} barrier`, p))
      if (isWrong) {
        wrong++
        problems.push(`out of order: ${p.name} (${p.lane}) at ${p.segment}/${p.offset}`)
      }
      mark(group, p)
      mark(`${group} ${p.lane}`, p)
    }
  }
  check(
    (p) => p.segment,
    (p) => p.offset,
    true,
  )
  check(
    (p) => p.writer,
    (p) => p.number,
    true,
  )
  return wrong
}
