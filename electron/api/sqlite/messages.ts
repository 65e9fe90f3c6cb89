/** Messages in SQLite, with one read mark per session for broadcasts. Runs inside the caller's transaction. */
import type { SQLInputValue } from 'node:sqlite'
import type { EpochMs } from '../../../shared/time.ts'
import { mayMarkRead } from '../access.ts'
import type { Caller, Change, ListQuery, Outcome, Page, Row } from '../store.ts'
import { record } from './changes.ts'
import { touchLocks } from './held-locks.ts'
import { newId, type Connection } from './open.ts'
import { readPage, type Range } from './pages.ts'
import { toRow, toStored, toStoredKey, toStoredMachine, toText } from './rows.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>
type Query = Extract<ListQuery, { kind: 'messages' }>

const FIELDS =
  'm.id, m.from_session, m.to_session, m.project_key, m.subject, m.body, m.reply_to, m.created_at, m.expires_at'
/** A message as one session sees it: a broadcast is read where it is read for all, or marked by that session. */
const READ_AT =
  'coalesce(m.read_at, (SELECT k.read_at FROM message_marks k WHERE k.message_id = m.id AND k.session_key = ?))'
const COLUMNS = `${FIELDS}, ${READ_AT} AS read_at`
const UNMARKED = 'NOT EXISTS (SELECT 1 FROM message_marks k WHERE k.message_id = m.id AND k.session_key = ?)'
/** A message is gone from its end on, for every call: when the sweep removes its row says nothing. */
export const KEPT = '(m.expires_at IS NULL OR m.expires_at > ?)'

const TEXTS = ['from_session', 'to_session', 'project_key', 'subject', 'body', 'reply_to']
/** The last millisecond that SQLite's `strftime` knows. */
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)
const asIso = (time: string): string => `strftime('%Y-%m-%dT%H:%M:%fZ', ${time} / 1000.0, 'unixepoch')`
/** As `toRow` has it, in the order of `FIELDS`; NULL for text that is kept in another form, and for times beyond those of `strftime`. */
const asText = (readAt: string): string => `CASE
  WHEN ${TEXTS.map((name) => `typeof(m.${name}) = 'blob'`).join(' OR ')} OR m.expires_at > ${LATEST} THEN NULL
  ELSE json_object('id', m.id, ${TEXTS.map((name) => `'${name}', m.${name}`).join(', ')}, 'created_at', ${asIso('m.created_at')},
    'expires_at', ${asIso('m.expires_at')}, 'read_at', ${asIso(readAt)}) END`

function messageOf(db: Connection, id: SQLInputValue, session: string | null): Row | undefined {
  const stored = db.get(`SELECT ${COLUMNS} FROM messages m WHERE id = ?`, toStoredKey(session), id)
  return stored && toRow(stored)
}

/** Stores a message. */
export function sendMessage(
  db: Connection,
  change: Omit<Of<'message.send'>, 'kind' | 'actors'>,
  at: EpochMs,
): { readonly id: string; readonly row: Row } {
  const id = newId()
  const machine = toStoredMachine(change.to)
  const project = toStored(change.project)
  db.run(
    `INSERT INTO messages (id, from_session, to_session, from_key, to_key, machine, project_key, subject, body, reply_to,
       created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.from),
    toStored(change.to),
    toStoredKey(change.from),
    toStoredKey(change.to),
    machine,
    project,
    toStored(change.subject),
    toStored(change.body),
    toStored(change.replyTo),
    at,
    change.expiresAt,
  )
  record(db, { kind: 'messages', act: 'sent', project, id, machine, at })
  return { id, row: messageOf(db, id, null) ?? {} }
}

/** Marks a message read: a broadcast for the named session only, anything else for all. The first time stays. */
export function readMessage(
  db: Connection,
  change: Of<'message.read'>,
  at: EpochMs,
  caller: Caller | null,
): Outcome {
  const id = toStored(change.id)
  const stored = db.get(
    `SELECT to_session, project_key, machine FROM messages m WHERE id = ? AND ${KEPT}`,
    id,
    at,
  )
  if (!stored) return { kind: 'missing', what: 'message' }
  const to = toText(stored.to_session)
  if (!mayMarkRead(caller, to, change.session)) return { kind: 'foreign-mail', to }
  const project = stored.project_key ?? null
  let changed = 0
  // The mark of a direct message says who read it: its receipt.
  if (change.session !== null)
    changed += db.run(
      'INSERT INTO message_marks VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING',
      id,
      toStoredKey(change.session),
      toStored(change.session),
      at,
    )
  if (change.session === null || stored.to_session !== null)
    changed += db.run('UPDATE messages SET read_at = ? WHERE id = ? AND read_at IS NULL', at, id)
  if (changed > 0)
    record(db, { kind: 'messages', act: 'read', project, id, machine: stored.machine ?? null, at })
  if (change.session !== null) touchLocks(db, change.session, toText(project), at)
  return { kind: 'done', row: messageOf(db, id, change.session) ?? {} }
}

/** The index that gives the rows in order, and the conditions that it stands for. */
function rangesOf(query: Query): Range[] {
  const unread = query.isUnreadOnly ? '_unread' : ''
  const conditions: string[] = []
  const values: SQLInputValue[] = []
  if (query.isUnreadOnly) conditions.push('m.read_at IS NULL')
  if (query.project !== null) {
    conditions.push('m.project_key = ?')
    values.push(toStored(query.project))
  }
  const range = (index: string | null, where: string[], own: SQLInputValue[]): Range => ({
    index,
    where: [...where, ...conditions],
    values: [...own, ...values],
  })
  const broadcasts = query.project === null ? 'broadcasts' : 'broadcasts_of_project'
  if (query.to !== null) {
    const me = toStoredKey(query.to)
    // A direct message is read where it is marked: only broadcasts have marks that count for one session.
    const [marked, mark] = query.isUnreadOnly ? [[UNMARKED], [me]] : [[], []]
    return [
      range(`messages_to${unread}`, ['m.to_key = ?'], [me]),
      range(`${broadcasts}${unread}`, ['m.to_key IS NULL', 'm.from_key <> ?', ...marked], [me, ...mark]),
    ]
  }
  if (query.machine !== null)
    return [
      range(`messages_of_machine${unread}`, ['m.machine = ?'], [toStoredMachine(query.machine)]),
      range(`${broadcasts}${unread}`, ['m.to_key IS NULL'], []),
    ]
  if (query.project !== null) return [range(`messages_of_project${unread}`, [], [])]
  return [range(query.isUnreadOnly ? 'messages_unread' : null, [], [])]
}

/** Messages for a session (broadcasts of others included), for a machine, or all of them. */
export function listMessages(db: Connection, query: Query, at: EpochMs): Page {
  // Where nobody's marks count, or no row that has one is given, they are not looked for.
  const isPlain = query.to === null || query.isUnreadOnly
  const source = {
    columns: isPlain ? `m.seq, ${FIELDS}, m.read_at` : `m.seq, ${COLUMNS}`,
    columnValues: isPlain ? [] : [toStoredKey(query.to)],
    table: 'messages m',
    kept: {
      row: KEPT,
      passed:
        'm.seq NOT IN (SELECT x.seq FROM messages x INDEXED BY messages_expiring WHERE x.expires_at IS NOT NULL AND x.expires_at <= ?)',
      values: [at],
    },
    ranges: rangesOf(query),
    toRow,
    text: isPlain
      ? { sql: asText('m.read_at'), values: [] }
      : { sql: asText(READ_AT), values: [toStoredKey(query.to)] },
  }
  return readPage(db, source, query)
}

/** Who read a message, and when; a mark for all by nobody has null. Undefined where there is no such message. */
export function receiptsOf(db: Connection, id: string, at: EpochMs): readonly Row[] | undefined {
  const stored = db.get(`SELECT read_at FROM messages m WHERE id = ? AND ${KEPT}`, toStored(id), at)
  if (!stored) return undefined
  const marks = db
    .all(
      'SELECT session_id, read_at FROM message_marks WHERE message_id = ? ORDER BY read_at, session_key',
      toStored(id),
    )
    .map(toRow)
  const isByNobody = stored.read_at !== null && !marks.some((m) => m.read_at === toRow(stored).read_at)
  return isByNobody ? [...marks, { session_id: null, ...toRow(stored) }] : marks
}

/** How many messages are unread, for one session or at all. */
export function countUnread(db: Connection, session: string | null, at: EpochMs): number {
  const expired = 'FROM messages m INDEXED BY messages_expiring WHERE m.expires_at <= ? AND m.read_at IS NULL'
  if (session === null)
    return db.number('SELECT sum(n) FROM counters') - db.number(`SELECT count(*) ${expired}`, at)
  const me = toStoredKey(session)
  const direct = db.number(
    `SELECT count(*) FROM messages m INDEXED BY messages_to_unread WHERE m.to_key = ? AND m.read_at IS NULL AND ${KEPT}`,
    me,
    at,
  )
  // All unread broadcasts are counted as they come and go; what this session sent or marked is little beside them.
  const all = db.number("SELECT n FROM counters WHERE name = 'unread_broadcasts'")
  const gone = db.number(`SELECT count(*) ${expired} AND m.to_key IS NULL`, at)
  const sent = db.number(
    `SELECT count(*) FROM messages m INDEXED BY broadcasts_from WHERE m.from_key = ? AND m.to_key IS NULL AND m.read_at IS NULL AND ${KEPT}`,
    me,
    at,
  )
  const marked = db.number(
    `SELECT count(*) FROM message_marks k JOIN messages m ON m.id = k.message_id
     WHERE k.session_key = ? AND m.to_key IS NULL AND m.read_at IS NULL AND m.from_key <> ? AND ${KEPT}`,
    me,
    me,
    at,
  )
  return direct + all - gone - sent - marked
}
