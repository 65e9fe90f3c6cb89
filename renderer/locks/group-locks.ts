/** Resource locks, grouped as people think of them. Pure. */
import type { LockView, SessionView } from '../../shared/snapshot.ts'

export interface SessionLocks {
  readonly session: string
  readonly locks: readonly LockView[]
}

/** By session, in the order of its first lock. */
export function groupBySession(locks: readonly LockView[]): readonly SessionLocks[] {
  const groups = new Map<string, LockView[]>()
  for (const lock of locks) {
    const group = groups.get(lock.session)
    if (group) group.push(lock)
    else groups.set(lock.session, [lock])
  }
  return [...groups].map(([session, list]) => ({ session, locks: list }))
}

const LIVE_MS = 10 * 60_000

const isLately = (iso: string | null, nowMs: number): boolean => {
  const at = Date.parse(iso ?? '')
  return !Number.isNaN(at) && nowMs - at < LIVE_MS
}

/** Whether a session showed life so lately that releasing its locks may hurt its work. */
export const isLive = (
  locks: readonly LockView[],
  life: SessionView['life'] | undefined,
  nowMs: number,
): boolean =>
  locks.some((lock) => isLately(lock.lastActivityAt ?? lock.acquiredAt, nowMs)) ||
  (life ?? []).some((sign) => isLately(sign.at, nowMs))
