/** Messages in SQLite, with one read mark per session for broadcasts. Runs inside the caller's transaction. */
import type { SQLInputValue } from 'node:sqlite'
import type { EpochMs } from '../../../shared/time.ts'
import { touchLocks } from './locks.ts'
import { toRow, toStored, toText, toWhere } from './rows.ts'
import { newId, type Connection } from './open.ts'
import type { Change, ListQuery, Outcome, Page, Row } from '../store.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** A message as one session sees it: a broadcast is read where it is read for all, or marked by that session. */
const SEEN_BY = `SELECT id, from_session, to_session, project_key, subject, body, created_at,
  coalesce(read_at, (SELECT k.read_at FROM message_marks k WHERE k.message_id = m.id AND k.session_id = ?)) AS read_at
  FROM messages m`
const UNMARKED = 'NOT EXISTS (SELECT 1 FROM message_marks k WHERE k.message_id = m.id AND k.session_id = ?)'

function messageOf(db: Connection, id: SQLInputValue, session: string | null): Row | undefined {
  const stored = db.get(`${SEEN_BY} WHERE id = ?`, toStored(session), id)
  return stored && toRow(stored)
}

/** Stores a message. */
export function sendMessage(db: Connection, change: Of<'message.send'>, at: EpochMs): Outcome {
  const id = newId()
  db.run(
    'INSERT INTO messages (id, from_session, to_session, project_key, subject, body, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
    id,
    toStored(change.from),
    toStored(change.to),
    toStored(change.project),
    toStored(change.subject),
    toStored(change.body),
    at,
  )
  return { kind: 'created', row: messageOf(db, id, null) ?? {} }
}

/** Marks a message read: a broadcast for the named session only, anything else for all. The first time stays. */
export function readMessage(db: Connection, change: Of<'message.read'>, at: EpochMs): Outcome {
  const id = toStored(change.id)
  const stored = db.get('SELECT to_session, project_key FROM messages WHERE id = ?', id)
  if (!stored) return { kind: 'missing', what: 'message' }
  if (change.session !== null && stored.to_session === null)
    db.run(
      'INSERT INTO message_marks VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
      id,
      toStored(change.session),
      at,
    )
  else db.run('UPDATE messages SET read_at = ? WHERE id = ? AND read_at IS NULL', at, id)
  if (change.session !== null) touchLocks(db, change.session, toText(stored.project_key), at)
  return { kind: 'done', row: messageOf(db, id, change.session) ?? {} }
}

/** Messages for a session (broadcasts of others included) or all of them. */
export function listMessages(db: Connection, query: Extract<ListQuery, { kind: 'messages' }>): Page {
  const me = toStored(query.to)
  const always: string[] = []
  const values: SQLInputValue[] = []
  if (query.to !== null) {
    always.push('(to_session = ? OR (to_session IS NULL AND from_session <> ?))')
    values.push(me, me)
  }
  if (query.isUnreadOnly) {
    always.push('m.read_at IS NULL')
    if (query.to !== null) {
      always.push(UNMARKED)
      values.push(me)
    }
  }
  const where = toWhere(always, [['project_key', query.project]])
  values.push(...where.values)
  const direction = query.order === 'oldest' ? 'ASC' : 'DESC'
  const rows = db.all(
    `${SEEN_BY} ${where.sql} ORDER BY seq ${direction} LIMIT ? OFFSET ?`,
    me,
    ...values,
    query.limit,
    query.offset,
  )
  return {
    rows: rows.map(toRow),
    total: db.number(`SELECT count(*) FROM messages m ${where.sql}`, ...values),
  }
}

/** How many messages are unread, for one session or at all. */
export function countUnread(db: Connection, session: string | null): number {
  if (session === null) return db.number('SELECT count(*) FROM messages WHERE read_at IS NULL')
  const me = toStored(session)
  return db.number(
    `SELECT count(*) FROM messages m WHERE read_at IS NULL AND (to_session = ? OR (to_session IS NULL AND from_session <> ?)) AND ${UNMARKED}`,
    me,
    me,
    me,
  )
}
