/** A lock on a line of time: how long it is held, when it turns stale, when it expires; and the same in words. Pure. */
import type { LockView } from '../../shared/snapshot.ts'
import { toSpan } from '../../shared/text.ts'
import { toMs } from '../time.ts'

export interface LockBar {
  /** Percent of the line, which begins with the claim; null where the claim's time is not known. */
  readonly held: number | null
  readonly staleMark: number | null
  readonly expiryMark: number | null
  readonly heldWords: string
  readonly endWords: string
}

const MINUTE_MS = 60_000
/** So long the next look at the locks may take. */
const SOON_MS = 2 * MINUTE_MS
/** The last mark is no longer seen at the very end. */
const ROOM = 0.97

const span = (ms: number): string => (ms < MINUTE_MS ? 'under 1 min' : toSpan(ms))

/** What ends it next. Stale is what the engine calls so: its clock is the API's. */
function describeEnd(lock: LockView, staleMs: number | null, expiryMs: number | null, nowMs: number): string {
  if (lock.isStale)
    return staleMs === null || staleMs > nowMs ? 'stale' : `stale for ${span(nowMs - staleMs)}`
  const isExpiryNext = expiryMs !== null && (staleMs === null || expiryMs <= staleMs)
  if (isExpiryNext) {
    if (expiryMs > nowMs) return `expires in ${span(expiryMs - nowMs)}`
    // While the API is away nobody knows what became of it.
    return nowMs - expiryMs < SOON_MS ? 'expires now' : `was to expire ${toSpan(nowMs - expiryMs)} ago`
  }
  if (staleMs !== null) return staleMs > nowMs ? `stale in ${span(staleMs - nowMs)}` : 'stale soon'
  return lock.expiresAt === null ? 'never expires' : ''
}

export function toLockBar(lock: LockView, nowMs: number): LockBar {
  const from = toMs(lock.acquiredAt)
  const staleMs = toMs(lock.staleAt)
  const expiryMs = toMs(lock.expiresAt)
  const endWords = describeEnd(lock, staleMs, expiryMs, nowMs)
  if (from === null)
    return {
      held: null,
      staleMark: null,
      expiryMark: null,
      heldWords: 'held, since when is unknown',
      endWords,
    }
  const length = Math.max(nowMs, staleMs ?? 0, expiryMs ?? 0, from + MINUTE_MS) - from
  const place = (ms: number): number => Math.min(100, Math.max(0, ((ms - from) / length) * 100 * ROOM))
  return {
    held: place(nowMs),
    staleMark: staleMs === null ? null : place(staleMs),
    expiryMark: expiryMs === null ? null : place(expiryMs),
    heldWords: `held ${span(nowMs - from)}`,
    endWords,
  }
}
