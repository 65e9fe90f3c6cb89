/**
 * The resource locks that calls of this drain got: a release-all that was queued before them may still release them. A drain
 * goes from when the backlog is not empty any more to when it is empty again, through as many processes as it takes.
 */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import type { Random } from '../../ports.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import type { Segment } from '../segments/segment.ts'

/** Of more locks than this the oldest are forgotten: their release-all is set aside, for a person to decide. */
const MAX_LOCKS = 10_000

export interface DrainLocks {
  /** Takes in a delivery of this process, or one that a ledger tells of. */
  observe(segment: Segment, record: DeliveredRecord): void
  /** A lock that a call of this drain turned out to have got. */
  adopt(segment: Segment, id: string): void
  /** The segments were read: a drain that did not end goes on. */
  resume(segments: readonly Segment[]): void
  has(id: string): boolean
  /** The drain that goes on, to be kept with a lock; begins one where there is none. */
  drain(): string
  /** The drain that goes on, where it got a lock. */
  current(): string | undefined
  /** The backlog is empty: what comes next is another drain. */
  beginDrain(): void
  /** The segments are read afresh. */
  reset(): void
}

export function createDrainLocks(random: Random): DrainLocks {
  const locks = new BoundedMap<string, { readonly drain: string | undefined; readonly segment: Segment }>(
    MAX_LOCKS,
  )
  let current: string | undefined
  /** False while ledgers are read that may tell of this very drain. */
  let isResumed = false
  return {
    observe(segment, { lock, drain }) {
      if (lock === undefined || (isResumed && drain !== current)) return
      locks.set(lock, { drain, segment })
    },
    adopt(segment, id) {
      current ??= random.id(8)
      locks.set(id, { drain: current, segment })
    },
    resume(segments) {
      if (isResumed) return
      isResumed = true
      const ended = new Set(segments.flatMap((s) => [...s.endedDrains]))
      for (const [id, { drain, segment }] of locks) {
        // builds before this one kept no drain: what stands in a finished segment is taken for an earlier one's
        const isOver = drain === undefined ? segment.hasEnd : ended.has(drain)
        if (isOver) locks.delete(id)
        else current = drain ?? current
      }
    },
    has: (id) => locks.has(id),
    drain: () => (current ??= random.id(8)),
    current: () => current,
    beginDrain() {
      locks.clear()
      current = undefined
      isResumed = true
    },
    reset() {
      locks.clear()
      current = undefined
      isResumed = false
    },
  }
}
