/** Housekeeping in SQLite: what was kept for its stated time goes, a few rows at a time, and the file gets smaller. */
import type { SQLInputValue } from 'node:sqlite'
import type { EpochMs } from '../../../shared/time.ts'
import { BROADCAST_KEPT_MS, DIRECT_KEPT_MS, KEY_KEPT_MS, READ_KEPT_MS, RELEASED_KEPT_MS } from '../store.ts'
import { cutAudit } from './access.ts'
import { bump, cutChanges } from './changes.ts'
import { expireLocks } from './locks.ts'
import type { Connection } from './open.ts'

const STEP_ROWS = 200

/** Messages whose time is over. Unread ones are looked at from the oldest: those that stay longer say so themselves. */
const OVER: readonly (readonly [what: string, sql: string, keptMs: number])[] = [
  [
    'messages that said when they end',
    'SELECT id FROM messages INDEXED BY messages_expiring WHERE expires_at IS NOT NULL AND expires_at <= ?',
    0,
  ],
  [
    'messages that were read',
    'SELECT id FROM messages INDEXED BY messages_read WHERE read_at IS NOT NULL AND read_at < ? AND expires_at IS NULL',
    READ_KEPT_MS,
  ],
  [
    'broadcasts',
    `SELECT id FROM (SELECT id, created_at FROM messages INDEXED BY broadcasts_unread
       WHERE to_key IS NULL AND read_at IS NULL AND expires_at IS NULL ORDER BY seq LIMIT ${STEP_ROWS}) WHERE created_at < ?`,
    BROADCAST_KEPT_MS,
  ],
  [
    'messages that nobody read',
    `SELECT id FROM (SELECT id, created_at FROM messages INDEXED BY messages_unread
       WHERE to_key IS NOT NULL AND read_at IS NULL AND expires_at IS NULL ORDER BY seq LIMIT ${STEP_ROWS}) WHERE created_at < ?`,
    DIRECT_KEPT_MS,
  ],
]

/** Pages that may stay free: the next rows need them. */
const FREE_PAGES = 256
const STEP_PAGES = 2_048

/** Gives pages back to the disk; whether there are more. Outside of a transaction. */
export function shrink(db: Connection): boolean {
  const free = db.number('PRAGMA freelist_count')
  if (free <= FREE_PAGES || db.number('PRAGMA auto_vacuum') === 0) return false
  db.exec(`PRAGMA incremental_vacuum(${Math.min(STEP_PAGES, free - FREE_PAGES)})`)
  return free - FREE_PAGES > STEP_PAGES
}

/** Locks whose time is over; how many were held until now. */
const expire = (db: Connection, at: EpochMs): number =>
  expireLocks(
    db,
    `seq IN (SELECT seq FROM locks INDEXED BY locks_expiring
    WHERE released_at IS NULL AND expires_at IS NOT NULL AND expires_at <= ? LIMIT ${STEP_ROWS})`,
    [at],
    at,
  )

/** Each a transaction of its own that removes at most a few hundred rows, so that no call waits long behind it. */
export const sweepSteps: readonly {
  readonly what: string
  /** How many rows it removed. */
  readonly step: (db: Connection, at: EpochMs) => number
}[] = [
  { what: 'expired locks', step: expire },
  { what: 'keys', step: removeKeys },
  { what: 'released locks', step: removeLocks },
  ...OVER.map(([what, sql, keptMs]) => ({
    what,
    step: (db: Connection, at: EpochMs) => removeMessages(db, sql, at - keptMs),
  })),
  { what: 'log of changes', step: (db) => cutChanges(db, STEP_ROWS) },
  { what: 'audit', step: (db) => cutAudit(db, STEP_ROWS) },
]

function idsOf(db: Connection, sql: string, ...values: SQLInputValue[]): SQLInputValue[] {
  return db.all(`${sql} LIMIT ${STEP_ROWS}`, ...values).map(({ id }) => id ?? null)
}

function removeKeys(db: Connection, at: EpochMs): number {
  return db.run(
    `DELETE FROM call_keys WHERE key IN (SELECT key FROM call_keys WHERE at < ? LIMIT ${STEP_ROWS})`,
    at - KEY_KEPT_MS,
  )
}

function removeLocks(db: Connection, at: EpochMs): number {
  const ids = idsOf(
    db,
    'SELECT id FROM locks WHERE released_at IS NOT NULL AND released_at < ?',
    at - RELEASED_KEPT_MS,
  )
  for (const id of ids) {
    db.run('DELETE FROM lock_refusals WHERE lock_id = ?', id)
    db.run('DELETE FROM locks WHERE id = ?', id)
  }
  return ids.length
}

function removeMessages(db: Connection, sql: string, until: EpochMs): number {
  let removed = 0
  for (const id of idsOf(db, sql, until)) {
    db.run('DELETE FROM message_marks WHERE message_id = ?', id)
    removed += db.run('DELETE FROM messages WHERE id = ?', id)
  }
  if (removed > 0) bump(db, 'messages')
  return removed
}
