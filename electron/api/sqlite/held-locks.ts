/** What a held lock is, and the sign of life that every write of its session gives it. */
import type { EpochMs } from '../../../shared/time.ts'
import { bump } from './changes.ts'
import type { Connection } from './open.ts'
import { toStored, toStoredKey } from './rows.ts'

/** `seq` grows with every claim: whoever guards a resource with it refuses an earlier holder's late act. */
export const LOCK_COLUMNS =
  'id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at, expires_at, seq AS fence, was_refused'
/** Held at ?: not released, not expired. */
export const HELD = 'released_at IS NULL AND (expires_at IS NULL OR expires_at > ?)'

/** Sets the activity of a session's locks in a project: somebody works there. */
export function touchLocks(db: Connection, session: string, project: string | null, at: EpochMs): void {
  if (project === null) return
  const touched = db.run(
    `UPDATE locks SET last_activity_at = ? WHERE session_key = ? AND project_key = ? AND last_activity_at < ? AND ${HELD}`,
    at,
    toStoredKey(session),
    toStored(project),
    at,
    at,
  )
  if (touched > 0) bump(db, 'locks')
}
