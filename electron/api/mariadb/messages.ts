/** Messages in MariaDB, with one read mark per session for broadcasts. */
import { randomUUID } from 'node:crypto'
import { toMachineKey } from '../../../shared/session.ts'
import { toIso } from '../../../shared/time.ts'
import { mayMarkRead } from '../access.ts'
import type { Caller, Change, ListQuery, Outcome, Page, Row } from '../store.ts'
import { touchLocks } from './held-locks.ts'
import type { Link } from './link.ts'
import { readPage, type Range } from './pages.ts'
import {
  hashOf,
  machineHash,
  maybeHash,
  maybeTime,
  sessionHash,
  toRow,
  toStored,
  toStoredMachine,
  toText,
  toTime,
  type Stored,
  type Value,
} from './rows.ts'
import type { Transaction } from './transaction.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>
type Query = Extract<ListQuery, { kind: 'messages' }>

const FIELDS =
  'm.id, m.from_session, m.to_session, m.project_key, m.subject, m.body, m.reply_to, m.created_at, m.expires_at'
/** A message as one session sees it: a broadcast is read where it is read for all, or marked by that session. */
const COLUMNS = `${FIELDS},
  COALESCE(m.read_at, (SELECT k.read_at FROM message_marks k WHERE k.message_id = m.id AND k.session_h = ?)) AS read_at`
const UNMARKED = 'NOT EXISTS (SELECT 1 FROM message_marks k WHERE k.message_id = m.id AND k.session_h = ?)'
/** A message is gone from its end on, for every call: when the sweep removes its row says nothing. */
export const KEPT = '(m.expires_at IS NULL OR m.expires_at > UTC_TIMESTAMP(3))'

/** Stores a message. */
export async function sendMessage(
  tx: Transaction,
  change: Omit<Of<'message.send'>, 'kind' | 'actors'>,
): Promise<Row> {
  const id = randomUUID()
  const at = await tx.now()
  const project = toStored(change.project)
  const body = toStored(change.body)
  await tx.run(
    `INSERT INTO messages (id, from_session, to_session, from_h, to_h, machine_h, project_key, project_h, subject, body, size, reply_to,
       created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.from),
    toStored(change.to),
    sessionHash(change.from),
    change.to === null ? null : sessionHash(change.to),
    change.to === null ? null : machineHash(change.to),
    project,
    maybeHash(change.project),
    toStored(change.subject),
    body,
    Buffer.byteLength(body),
    toStored(change.replyTo),
    toTime(at),
    maybeTime(change.expiresAt),
  )
  tx.count(change.to === null ? 'unread_broadcasts' : 'unread_direct', 1)
  tx.record({ kind: 'messages', act: 'sent', project, id, machine: toStoredMachine(change.to) })
  return {
    id,
    from_session: change.from,
    to_session: change.to,
    project_key: change.project,
    subject: change.subject,
    body: change.body,
    reply_to: change.replyTo,
    created_at: toIso(at),
    expires_at: change.expiresAt === null ? null : toIso(change.expiresAt),
    read_at: null,
  }
}

/** Marks a message read: a broadcast for the named session only, anything else for all. The first time stays. */
export async function readMessage(
  tx: Transaction,
  change: Of<'message.read'>,
  caller: Caller | null,
): Promise<Outcome> {
  const id = toStored(change.id)
  const stored = await tx.get(`SELECT to_session, project_key FROM messages m WHERE id = ? AND ${KEPT}`, id)
  if (!stored) return { kind: 'missing', what: 'message' }
  const to = toText(stored.to_session)
  if (!mayMarkRead(caller, to, change.session)) return { kind: 'foreign-mail', to }
  const at = toTime(await tx.now())
  const isDirect = stored.to_session !== null
  let changed = 0
  // The mark of a direct message says who read it: its receipt.
  if (change.session !== null)
    changed += await tx.run(
      'INSERT INTO message_marks VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE read_at = read_at',
      id,
      sessionHash(change.session),
      toStored(change.session),
      at,
    )
  if (change.session === null || isDirect) {
    const read = await tx.run('UPDATE messages SET read_at = ? WHERE id = ? AND read_at IS NULL', at, id)
    if (read > 0) tx.count(isDirect ? 'unread_direct' : 'unread_broadcasts', -1)
    changed += read
  }
  const machine = toStoredMachine(toText(stored.to_session))
  if (changed > 0)
    tx.record({ kind: 'messages', act: 'read', project: stored.project_key ?? null, id, machine })
  if (change.session !== null) await touchLocks(tx, change.session, toText(stored.project_key))
  const row = await tx.get(`SELECT ${COLUMNS} FROM messages m WHERE id = ?`, maybeSession(change.session), id)
  return row ? { kind: 'done', row: toRow(row) } : { kind: 'missing', what: 'message' }
}

const maybeSession = (session: string | null): Value => (session === null ? null : sessionHash(session))

/** The index that gives the rows in order, and the conditions that it stands for. */
function rangesOf(query: Query): Range[] {
  const unread = query.isUnreadOnly ? '_unread' : ''
  const conditions: string[] = []
  const values: Value[] = []
  if (query.isUnreadOnly) conditions.push('m.read_at IS NULL')
  if (query.project !== null) {
    conditions.push('m.project_h = ?')
    values.push(hashOf(query.project))
  }
  const range = (index: string, where: string[], own: Value[]): Range => ({
    index,
    where: [...where, ...conditions],
    values: [...own, ...values],
  })
  const broadcasts = `${query.project === null ? 'messages_to' : 'messages_of_project'}${unread}`
  if (query.to !== null) {
    const me = sessionHash(query.to)
    // A direct message is read where it is marked: only broadcasts have marks that count for one session.
    const [marked, mark] = query.isUnreadOnly ? [[UNMARKED], [me]] : [[], []]
    return [
      range(`messages_to${unread}`, ['m.to_h = ?'], [me]),
      range(broadcasts, ['m.to_h IS NULL', 'm.from_h <> ?', ...marked], [me, ...mark]),
    ]
  }
  if (query.machine !== null)
    return [
      range(`messages_of_machine${unread}`, ['m.machine_h = ?'], [hashOf(toMachineKey(query.machine))]),
      range(broadcasts, ['m.to_h IS NULL'], []),
    ]
  if (query.project !== null) return [range(`messages_of_project${unread}`, [], [])]
  return [range(query.isUnreadOnly ? 'messages_unread' : 'PRIMARY', [], [])]
}

/** Messages for a session (broadcasts of others included), for a machine, or all of them. */
export function listMessages(link: Link, query: Query): Promise<Page> {
  // Where nobody's marks count, or no row that has one is given, they are not looked for.
  const isPlain = query.to === null || query.isUnreadOnly
  const source = {
    columns: isPlain ? `${FIELDS}, m.read_at` : COLUMNS,
    columnValues: isPlain ? [] : [maybeSession(query.to)],
    table: 'messages m',
    size: 'm.size',
    kept: {
      row: KEPT,
      passed:
        'm.seq NOT IN (SELECT x.seq FROM messages x FORCE INDEX (messages_expiring) WHERE x.expires_at <= UTC_TIMESTAMP(3))',
    },
    ranges: rangesOf(query),
    toRows: (stored: readonly Stored[]) => Promise.resolve(stored.map(toRow)),
  }
  return readPage(link, source, query)
}

/** Who read a message, and when; a mark for all by nobody has null. Undefined where there is no such message. */
export async function receiptsOf(link: Link, id: string): Promise<readonly Row[] | undefined> {
  const stored = await link.get(`SELECT read_at FROM messages m WHERE id = ? AND ${KEPT}`, toStored(id))
  if (!stored) return undefined
  const marks = await link.all(
    'SELECT session_id, read_at FROM message_marks WHERE message_id = ? ORDER BY read_at, session_id',
    toStored(id),
  )
  const rows = marks.map(toRow)
  const isByNobody = stored.read_at !== null && !marks.some((mark) => mark.read_at === stored.read_at)
  return isByNobody ? [...rows, { session_id: null, ...toRow(stored) }] : rows
}

/** How many messages are unread, for one session or at all. */
export async function countUnread(link: Link, session: string | null): Promise<number> {
  const expired =
    'FROM messages m FORCE INDEX (messages_expiring) WHERE m.expires_at <= UTC_TIMESTAMP(3) AND m.read_at IS NULL'
  if (session === null)
    return (
      (await link.number(
        "SELECT SUM(n) FROM counters WHERE name IN ('unread_direct', 'unread_broadcasts')",
      )) - (await link.number(`SELECT COUNT(*) ${expired}`))
    )
  const me = sessionHash(session)
  // All unread broadcasts are counted as they come and go; what this session sent or marked is little beside them.
  return link.number(
    `SELECT
      (SELECT COUNT(*) FROM messages m FORCE INDEX (messages_to_unread) WHERE m.to_h = ? AND m.read_at IS NULL AND ${KEPT})
      + (SELECT COALESCE(SUM(n), 0) FROM counters WHERE name = 'unread_broadcasts')
      - (SELECT COUNT(*) ${expired} AND m.to_h IS NULL)
      - (SELECT COUNT(*) FROM messages m FORCE INDEX (messages_from)
         WHERE m.from_h = ? AND m.to_h IS NULL AND m.read_at IS NULL AND ${KEPT})
      - (SELECT COUNT(*) FROM message_marks k JOIN messages m ON m.id = k.message_id
         WHERE k.session_h = ? AND m.to_h IS NULL AND m.read_at IS NULL AND m.from_h <> ? AND ${KEPT})`,
    me,
    me,
    me,
    me,
  )
}
