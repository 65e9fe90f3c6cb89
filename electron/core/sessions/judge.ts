/** Whose a resource is: nobody's, this session's, or another's. */
import { resourcesOverlap } from '../../../shared/resource-overlap.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { LockRow } from '../../../shared/wire.ts'
import { isStale } from '../coord/staleness.ts'
import { isSameSession } from './session-name.ts'

export type Ownership =
  | { readonly kind: 'free' }
  /** Held by this session, with this very resource or more. */
  | { readonly kind: 'mine'; readonly lock: LockRow }
  | { readonly kind: 'held'; readonly lock: LockRow }
  /** Held by another that has shown no life for two hours: may be taken over, on request. */
  | { readonly kind: 'stale'; readonly lock: LockRow }

const isOver = (lock: LockRow, now: EpochMs): boolean => {
  const end = parseTime(lock.expires_at)
  return end !== undefined && end <= now
}

/**
 * Judges one resource of a project from the locks that are held, at the server's time. A live lock of another session
 * counts before a stale one, and both before one of our own: what we hold in part may be held by another in part.
 */
export function judge(
  needed: { readonly project: string; readonly resource: string },
  session: string,
  locks: readonly LockRow[],
  now: EpochMs,
): Ownership {
  const touching = locks.filter(
    (lock) =>
      lock.project_key === needed.project &&
      lock.resource !== null &&
      !isOver(lock, now) &&
      resourcesOverlap(lock.resource, needed.resource),
  )
  const others = touching.filter((lock) => !isSameSession(lock.session_id, session))
  const live = others.find((lock) => !isStale(lock, now))
  if (live) return { kind: 'held', lock: live }
  const stale = others[0]
  if (stale) return { kind: 'stale', lock: stale }
  const mine =
    touching.find((lock) => lock.resource === needed.resource) ??
    touching.find((lock) => covers(lock, needed.resource))
  return mine ? { kind: 'mine', lock: mine } : { kind: 'free' }
}

/** Whether a lock of ours already means all of `resource`: a folder's or a pattern's lock does, of one plain path. */
const covers = (lock: LockRow, resource: string): boolean =>
  lock.resource !== null &&
  !/[*?]/.test(resource) &&
  !resource.endsWith('/') &&
  resourcesOverlap(lock.resource, resource)
