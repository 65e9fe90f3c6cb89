/** When a resource lock turns stale (2 h after its last activity), judged by the server's clock. */
import { parseTime, toIso, type EpochMs } from '../../../shared/time.ts'
import type { LockRow } from '../../../shared/wire.ts'

export const STALE_AFTER_MS = 2 * 60 * 60_000
/** How long before that a person is told. */
export const STALE_WARNING_MS = 10 * 60_000

const MAX_EPOCH_MS = 8.64e15

/** ISO text of a time, or null where there is none or it lies outside the calendar. */
export const isoOrNull = (at: EpochMs | null | undefined): string | null =>
  at === null || at === undefined || !Number.isFinite(at) || Math.abs(at) > MAX_EPOCH_MS ? null : toIso(at)

/** The server's time at which the lock turns stale, or undefined where its times are unknown. */
export function staleAt(lock: Pick<LockRow, 'acquired_at' | 'last_activity_at'>): EpochMs | undefined {
  const acquired = parseTime(lock.acquired_at)
  const active = parseTime(lock.last_activity_at)
  if (acquired === undefined && active === undefined) return undefined
  return Math.max(acquired ?? -MAX_EPOCH_MS, active ?? -MAX_EPOCH_MS) + STALE_AFTER_MS
}

/** A lock whose times are unknown is never called stale: nobody may force it on a guess. */
export function isStale(
  lock: Pick<LockRow, 'acquired_at' | 'last_activity_at'>,
  serverNow: EpochMs,
): boolean {
  const at = staleAt(lock)
  return at !== undefined && serverNow > at
}
