/** The resource locks that calls of this drain got: a release-all that was queued before them may still release them. */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'

/** Of more locks than this the oldest are forgotten: their release-all is set aside, for a person to decide. */
const MAX_LOCKS = 10_000

export interface DrainLocks {
  /** Takes in a delivery of this process, or one that a ledger tells of: a process before this one may have died in this very drain. */
  observe(record: DeliveredRecord): void
  has(id: string): boolean
  /** The backlog is empty: what comes next is another drain. */
  beginDrain(): void
}

export function createDrainLocks(): DrainLocks {
  const locks = new BoundedMap<string, true>(MAX_LOCKS)
  return {
    observe({ lock }) {
      if (lock !== undefined) locks.set(lock, true)
    },
    has: (id) => locks.has(id),
    beginDrain: () => locks.clear(),
  }
}
