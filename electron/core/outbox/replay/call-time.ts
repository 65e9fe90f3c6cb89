/** When a call was made, as far as we can know. */
import { parseTime, type EpochMs } from '../../../../shared/time.ts'

const NEAR_MS = 5 * 60_000
/** A `ts` before this comes from a clock that was never set (a dead battery's 1970): it says nothing. */
const PLAUSIBLE: EpochMs = Date.UTC(2020, 0, 1)

/**
 * `firstSeen`: when a running engine first saw the bytes; undefined where none was running then.
 * Undefined: no time is known, so no rule that needs one fires.
 */
export function callTime(
  ts: string | null,
  firstSeen: EpochMs | undefined,
  mtime: EpochMs,
): EpochMs | undefined {
  const said = parseTime(ts)
  const plausible = said !== undefined && said >= PLAUSIBLE ? said : undefined
  if (firstSeen !== undefined)
    return plausible !== undefined && Math.abs(plausible - firstSeen) <= NEAR_MS ? plausible : firstSeen
  return plausible === undefined ? undefined : Math.min(plausible, mtime)
}

/** Life of a queued claim in milliseconds: its `ttl_hours`, 2 h where it is 0, absent, no number or above 2. */
export function claimLifeMs(ttlHours: unknown): number {
  const hours = typeof ttlHours === 'number' && ttlHours > 0 && ttlHours <= 2 ? ttlHours : 2
  return hours * 3_600_000
}
