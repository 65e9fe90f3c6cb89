/** The API's rows as the terminal gives them: every field as it came, with what this machine knows added. */
import { isOfMachine, type Machine } from '../../shared/session.ts'
import { toSpan } from '../../shared/text.ts'
import { parseTime } from '../../shared/time.ts'
import { decodeRows, lockRow, messageRow, type LockRow, type MessageRow } from '../../shared/wire.ts'
import type { Context } from './context.ts'
import { failure } from './exit.ts'
import type { Live } from './live.ts'
import { hint } from './output.ts'

const STALE_AFTER_MS = 2 * 3_600_000

export type LockLine = LockRow & { readonly mine: boolean; readonly stale: boolean }

export function toLockLine(row: LockRow, machine: Machine, now: number): LockLine {
  const active = [parseTime(row.acquired_at), parseTime(row.last_activity_at)].filter((t) => t !== undefined)
  const stale = active.length > 0 && now - Math.max(...active) > STALE_AFTER_MS
  return { ...row, mine: isOfMachine(row.session_id, machine), stale }
}

/** Every lock that the API shows, or why none can be shown. */
export async function readLocks(
  live: Live,
  machine: Machine,
): Promise<readonly LockLine[] | { readonly why: string }> {
  const answer = await live.get('/api/coord/locks')
  if (answer.kind !== 'ok') return { why: answer.detail }
  const found = decodeRows(answer.json, 'locks', lockRow)
  if (!found) return { why: 'what answers there is not the coordination API (no list of locks)' }
  if (found.unreadable > 0) hint(`coord: ${found.unreadable} locks could not be read`)
  const now = Date.now()
  return found.rows.map((row) => toLockLine(row, machine, now))
}

export type MessageLine = MessageRow & { readonly mine: boolean; readonly seen: boolean }

const isBroadcast = (row: MessageRow): boolean => row.to_session === null || row.to_session === ''

interface MessageQuery {
  /** Only this session's messages. */
  readonly to: string | null
  readonly unreadOnly: boolean
  /** Sessions to ask for one by one where the API demands one. */
  readonly fallback: readonly string[]
  readonly isSeen: (id: string) => boolean
}

export async function readMessages(
  live: Live,
  machine: Machine,
  query: MessageQuery,
): Promise<readonly MessageLine[] | { readonly why: string }> {
  const ask = async (
    to: string | null,
  ): Promise<readonly MessageRow[] | { readonly why: string; readonly status: number | null }> => {
    const parts = [
      ...(to ? [`to_session=${encodeURIComponent(to)}`] : []),
      ...(query.unreadOnly ? ['unread_only=true'] : []),
    ]
    const answer = await live.get(`/api/coord/messages${parts.length > 0 ? `?${parts.join('&')}` : ''}`)
    if (answer.kind !== 'ok')
      return { why: answer.detail, status: answer.kind === 'refused' ? answer.status : null }
    const found = decodeRows(answer.json, 'messages', messageRow)
    if (!found)
      return { why: 'what answers there is not the coordination API (no list of messages)', status: null }
    if (found.unreadable > 0) hint(`coord: ${found.unreadable} messages could not be read`)
    return found.rows
  }
  let rows: readonly MessageRow[]
  const first = await ask(query.to)
  if (!('why' in first)) rows = first
  else if (query.to !== null || first.status === null) return first
  else {
    const all = await Promise.all(query.fallback.map(ask))
    const bad = all.find((a) => 'why' in a)
    if (bad) return bad
    rows = all.flatMap((a) => ('why' in a ? [] : a))
  }
  const ids = new Set<string>()
  const lines: MessageLine[] = []
  for (const row of rows) {
    if (ids.has(row.id) || (query.unreadOnly && row.read_at !== null)) continue
    ids.add(row.id)
    const mine = isBroadcast(row)
      ? !isOfMachine(row.from_session, machine) || query.to !== null
      : isOfMachine(row.to_session, machine)
    lines.push({ ...row, mine, seen: query.isSeen(row.id) })
  }
  return lines
}

/** Unread messages that concern this machine: to its sessions, and broadcasts. */
export const isForMachine = (row: MessageLine, machine: Machine): boolean =>
  isBroadcast(row) || isOfMachine(row.to_session, machine)

/** Stops with a sentence where a read brought no rows. */
export function rowsOrStop<T>(rows: readonly T[] | { readonly why: string }, context: Context): readonly T[] {
  if ('why' in rows) throw failure(`coord: ${context.baseUrl}: ${rows.why}`)
  return rows
}

/** How long ago a time was: `5 min`, `1 h 20 min`, `2 days`. */
export function ageOf(time: string | null, now = Date.now()): string {
  const at = parseTime(time)
  return at === undefined ? 'unknown age' : toSpan(now - at)
}
