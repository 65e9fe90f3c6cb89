/** Housekeeping in SQLite: what was kept for its stated time goes, a few rows at a time. */
import type { EpochMs } from '../../../shared/time.ts'
import type { Connection } from './open.ts'
import { BROADCAST_KEPT_MS, KEY_KEPT_MS, READ_KEPT_MS, RELEASED_KEPT_MS } from '../store.ts'

const STEP_ROWS = 200

/** Removes at most a few hundred rows, so that no call waits long behind it; returns how many. */
export function sweepStep(db: Connection, at: EpochMs): number {
  db.run(
    `UPDATE locks SET released_at = expires_at WHERE seq IN
       (SELECT seq FROM locks WHERE released_at IS NULL AND expires_at <= ? LIMIT ${STEP_ROWS})`,
    at,
  )
  let removed = 0
  const remove = (table: string, id: string, where: string, before: EpochMs): void => {
    removed += db.run(
      `DELETE FROM ${table} WHERE ${id} IN (SELECT ${id} FROM ${table} WHERE ${where} LIMIT ${STEP_ROWS})`,
      before,
    )
  }
  remove('call_keys', 'key', 'at < ?', at - KEY_KEPT_MS)
  for (const { id } of db.all(
    `SELECT id FROM locks WHERE released_at IS NOT NULL AND released_at < ? LIMIT ${STEP_ROWS}`,
    at - RELEASED_KEPT_MS,
  )) {
    db.run('DELETE FROM lock_refusals WHERE lock_id = ?', id ?? null)
    removed += db.run('DELETE FROM locks WHERE id = ?', id ?? null)
  }
  for (const { id } of db.all(
    `SELECT id FROM messages WHERE read_at IS NOT NULL AND read_at < ?
     UNION SELECT id FROM messages WHERE to_session IS NULL AND created_at < ? LIMIT ${STEP_ROWS}`,
    at - READ_KEPT_MS,
    at - BROADCAST_KEPT_MS,
  )) {
    db.run('DELETE FROM message_marks WHERE message_id = ?', id ?? null)
    removed += db.run('DELETE FROM messages WHERE id = ?', id ?? null)
  }
  return removed
}
