/** Resource locks in SQLite: claim, refuse, release, expire. Every function runs inside the caller's transaction. */
import type { SQLOutputValue } from 'node:sqlite'
import type { EpochMs } from '../../../shared/time.ts'
import { toRow, toStored, toText, toWhere } from './rows.ts'
import { newId, type Connection } from './open.ts'
import { STALE_MS, type Change, type ListQuery, type Outcome, type Page, type Row } from '../store.ts'

const HOUR_MS = 3_600_000
const REFUSALS_KEPT = 100
const COLUMNS =
  'id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at, expires_at'
/** Held at ?: not released, not expired. */
const HELD = 'released_at IS NULL AND (expires_at IS NULL OR expires_at > ?)'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

function withRefusals(db: Connection, stored: Record<string, SQLOutputValue>): Row {
  const refused = db.all(
    'SELECT session_id, at FROM lock_refusals WHERE lock_id = ? ORDER BY at, session_id',
    stored.id ?? null,
  )
  return { ...toRow(stored), refused: refused.map(toRow) }
}

/** Sets the activity of a session's locks in a project: somebody works there. */
export function touchLocks(db: Connection, session: string, project: string | null, at: EpochMs): void {
  if (project === null) return
  db.run(
    `UPDATE locks SET last_activity_at = max(last_activity_at, ?) WHERE session_id = ? AND project_key = ? AND ${HELD}`,
    at,
    toStored(session),
    toStored(project),
    at,
  )
}

/** Claims a resource, renews the claim of its holder, or records who was refused. */
export function claimLock(db: Connection, change: Of<'lock.claim'>, at: EpochMs): Outcome {
  const place = [toStored(change.project), toStored(change.resource)]
  db.run(
    'UPDATE locks SET released_at = expires_at WHERE project_key = ? AND resource = ? AND released_at IS NULL AND expires_at <= ?',
    ...place,
    at,
  )
  const held = db.get(
    `SELECT ${COLUMNS} FROM locks WHERE project_key = ? AND resource = ? AND released_at IS NULL`,
    ...place,
  )
  const expiresAt = change.ttlHours === 0 ? null : at + Math.round(change.ttlHours * HOUR_MS)
  if (!held) {
    const id = newId()
    db.run(
      'INSERT INTO locks (id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      id,
      toStored(change.project),
      toStored(change.session),
      toStored(change.resource),
      toStored(change.description),
      change.ttlHours,
      at,
      at,
      expiresAt,
    )
    return { kind: 'created', row: lockOf(db, id) }
  }
  const holder = toText(held.session_id) ?? ''
  const id = toText(held.id) ?? ''
  if (holder === change.session) {
    db.run(
      'UPDATE locks SET ttl_hours = ?, expires_at = ?, last_activity_at = max(last_activity_at, ?), description = coalesce(?, description) WHERE id = ?',
      change.ttlHours,
      expiresAt,
      at,
      toStored(change.description),
      id,
    )
    return { kind: 'done', row: lockOf(db, id) }
  }
  db.run(
    'INSERT INTO lock_refusals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at',
    id,
    toStored(change.session),
    at,
  )
  db.run(
    `DELETE FROM lock_refusals WHERE lock_id = ?1 AND session_id NOT IN
       (SELECT session_id FROM lock_refusals WHERE lock_id = ?1 ORDER BY at DESC, session_id LIMIT ${REFUSALS_KEPT})`,
    id,
  )
  return { kind: 'held', lock: lockOf(db, id), holder }
}

function lockOf(db: Connection, id: string): Row {
  const stored = db.get(`SELECT ${COLUMNS} FROM locks WHERE id = ?`, id)
  if (!stored) throw new Error('a lock vanished within its transaction')
  return withRefusals(db, stored)
}

/** Releases one lock for the session that holds it. */
export function releaseLock(db: Connection, change: Of<'lock.release'>, at: EpochMs): Outcome {
  const held = db.get(`SELECT ${COLUMNS} FROM locks WHERE id = ? AND ${HELD}`, toStored(change.id), at)
  if (!held) return { kind: 'missing', what: 'lock is held (released, expired or unknown)' }
  const holder = toText(held.session_id) ?? ''
  if (holder !== change.session) return { kind: 'not-yours', lock: withRefusals(db, held), holder }
  db.run('UPDATE locks SET released_at = ? WHERE id = ?', at, toStored(change.id))
  // A stale lock is released by somebody else in its holder's name: no sign of life of the holder.
  if (Number(held.last_activity_at) > at - STALE_MS) touchLocks(db, holder, toText(held.project_key), at)
  return { kind: 'released', count: 1 }
}

/** Releases all that a session holds, in every project. */
export function releaseAll(db: Connection, change: Of<'lock.release-all'>, at: EpochMs): Outcome {
  const count = db.run(
    `UPDATE locks SET released_at = ? WHERE session_id = ? AND ${HELD}`,
    at,
    toStored(change.session),
    at,
  )
  return { kind: 'released', count }
}

/** Held locks, the oldest first, stale ones included. */
export function listLocks(db: Connection, query: Extract<ListQuery, { kind: 'locks' }>, at: EpochMs): Page {
  const where = toWhere(
    [HELD],
    [
      ['project_key', query.project],
      ['resource', query.resource],
    ],
  )
  const rows = db.all(
    `SELECT ${COLUMNS} FROM locks ${where.sql} ORDER BY seq LIMIT ? OFFSET ?`,
    at,
    ...where.values,
    query.limit,
    query.offset,
  )
  const total = db.number(`SELECT count(*) FROM locks ${where.sql}`, at, ...where.values)
  return { rows: rows.map((row) => withRefusals(db, row)), total }
}
