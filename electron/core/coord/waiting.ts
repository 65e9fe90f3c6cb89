/** Who still waits for a lock: sessions that were refused it a short while ago. Pure. */
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { LockRow } from '../../../shared/wire.ts'

/** A refusal that is older says nothing of what the session does now. */
export const WAITS_MS = 2 * 60 * 60_000

type Refusal = LockRow['refused'][number]

/** Whether it still says that its session waits. One whose time is not known does. */
export function isWaiting(lock: Pick<LockRow, 'session_id'>, refusal: Refusal, serverNow: EpochMs): boolean {
  const at = parseTime(refusal.at)
  return refusal.session_id !== lock.session_id && !(at !== undefined && serverNow - at > WAITS_MS)
}

/** In the order in which they were refused. */
export const waitingFor = (
  lock: Pick<LockRow, 'session_id' | 'refused'>,
  serverNow: EpochMs,
): readonly Refusal[] => lock.refused.filter((one) => isWaiting(lock, one, serverNow))
