/** What a held lock is, the gate of its project, and the sign of life that every write of its session gives it. */
import { hashOf, keyHash, sessionHash, toTime } from './rows.ts'
import { MANY_ROWS, type Transaction } from './transaction.ts'

/** `seq` grows with every claim: whoever guards a resource with it refuses an earlier holder's late act. */
export const LOCK_COLUMNS =
  'id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at, expires_at, seq AS fence, was_refused'
/** Held at ?: those that were released are in another table. */
export const HELD = '(expires_at IS NULL OR expires_at > ?)'

export const lockKey = (project: string, resource: string): Buffer => keyHash(project, resource)

/**
 * Lets one transaction at a time decide who holds what in a project, the first statement of each: what overlaps is no one row
 * that the database could guard. Written, not only locked: nodes of a cluster see what is written.
 */
export async function openGate(tx: Transaction, project: string): Promise<void> {
  await tx.run('INSERT INTO gates VALUES (?, 1) ON DUPLICATE KEY UPDATE n = n + 1', hashOf(project))
}

/** The gates of many projects: always in one order, so that two who want the same ones wait for each other. */
export async function openGates(tx: Transaction, projects: readonly string[]): Promise<void> {
  const gates = projects.map(hashOf).sort((a, b) => a.compare(b))
  for (let i = 0; i < gates.length; i += MANY_ROWS) {
    const some = gates.slice(i, i + MANY_ROWS)
    await tx.plain(
      `INSERT INTO gates VALUES ${some.map(() => '(?, 1)').join(', ')} ON DUPLICATE KEY UPDATE n = n + 1`,
      ...some,
    )
  }
}

/** Sets the activity of a session's locks in a project: somebody works there. */
export async function touchLocks(tx: Transaction, session: string, project: string | null): Promise<void> {
  if (project === null) return
  const at = toTime(await tx.now())
  const touched = await tx.run(
    `UPDATE held_locks SET last_activity_at = ? WHERE session_h = ? AND project_h = ? AND last_activity_at < ? AND ${HELD}`,
    at,
    sessionHash(session),
    hashOf(project),
    at,
    at,
  )
  if (touched > 0) tx.bump('locks')
}
