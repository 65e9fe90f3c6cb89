/** The two ways in which a resource lock ends by itself: its time to live, and the stale rule. */
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { LockRow } from '../../../shared/wire.ts'
import { staleAt, STALE_WARNING_MS } from '../coord/staleness.ts'

export interface LockEnd {
  readonly how: 'ttl' | 'stale'
  /** By the server's clock. */
  readonly at: EpochMs
}

/** The ends of a lock that come within ten minutes, the nearest first; none that has passed. */
export function endsSoon(
  lock: Pick<LockRow, 'acquired_at' | 'last_activity_at' | 'expires_at'>,
  serverNow: EpochMs,
): readonly LockEnd[] {
  const ends: LockEnd[] = []
  const expires = parseTime(lock.expires_at)
  if (expires !== undefined) ends.push({ how: 'ttl', at: expires })
  const stale = staleAt(lock)
  if (stale !== undefined) ends.push({ how: 'stale', at: stale })
  return ends
    .filter(({ at }) => at >= serverNow && at - serverNow <= STALE_WARNING_MS)
    .sort((a, b) => a.at - b.at)
}
