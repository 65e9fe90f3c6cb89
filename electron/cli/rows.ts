/** The API's rows as the terminal gives them: every field as it came, with what this machine knows added. */
import { isOfMachine, type Machine } from '../../shared/session.ts'
import type { LockRow, MessageRow } from '../../shared/wire.ts'
import type { LockQuery } from '../core/coord/coord-client.ts'
import { isStale } from '../core/coord/staleness.ts'
import { concerns, isBroadcast, readUnread } from '../core/coord/unread-messages.ts'
import { failure } from './exit.ts'
import type { Live, Why } from './live.ts'

export type LockLine = LockRow & { readonly mine: boolean; readonly stale: boolean }

/** `serverNow`: stale is what has been silent for two hours by the server's clock. */
export const toLockLine = (row: LockRow, machine: Machine, serverNow: number): LockLine => ({
  ...row,
  mine: isOfMachine(row.session_id, machine),
  stale: isStale(row, serverNow),
})

export const serverNow = (live: Live): number => Date.now() + live.connection.serverSkewMs()

/** Every lock that the API shows, or why none can be shown. With `query.machine`: only that machine's. */
export async function readLocks(
  live: Live,
  machine: Machine,
  query: LockQuery = {},
): Promise<readonly LockLine[] | Why> {
  const rows = await live.rows('locks', (client) => client.locks(query))
  if ('why' in rows) return rows
  const lines = rows.map((row) => toLockLine(row, machine, serverNow(live)))
  return query.machine ? lines.filter((line) => line.mine) : lines
}

export type MessageLine = MessageRow & { readonly mine: boolean; readonly seen: boolean }

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
  { to, unreadOnly, fallback, isSeen }: MessageQuery,
): Promise<readonly MessageLine[] | Why> {
  const rows = await live.rows('messages', async (client) => {
    if (to !== null) return client.messages({ to, isUnreadOnly: unreadOnly })
    return unreadOnly ? (await readUnread(client, machine, fallback)).read : client.messages()
  })
  if ('why' in rows) return rows
  return rows
    .filter((row) => !unreadOnly || row.read_at === null)
    .map((row) => {
      const mine = isBroadcast(row)
        ? !isOfMachine(row.from_session, machine) || to !== null
        : isOfMachine(row.to_session, machine)
      return { ...row, mine, seen: isSeen(row.id) }
    })
}

/** Unread messages that concern this machine: to its sessions, and broadcasts. */
export const isForMachine = (row: MessageLine, machine: Machine): boolean => concerns(row, machine)

/** Stops with a sentence where a read brought no rows. */
export function rowsOrStop<T>(rows: readonly T[] | Why): readonly T[] {
  if ('why' in rows) throw failure(rows.why)
  return rows
}
