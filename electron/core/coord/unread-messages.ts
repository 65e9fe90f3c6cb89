/** Unread messages that concern this machine: to its sessions, and broadcasts; all of them, and none twice. */
import { isOfMachine, type Machine } from '../../../shared/session.ts'
import type { MessageRow } from '../../../shared/wire.ts'
import type { CoordClient } from './coord-client.ts'
import type { ListRead } from './read-list.ts'

export const isBroadcast = (row: Pick<MessageRow, 'to_session'>): boolean =>
  row.to_session === null || row.to_session === ''

/** To a session of this machine, or to everyone. */
export const concerns = (row: Pick<MessageRow, 'to_session'>, machine: Machine): boolean =>
  isBroadcast(row) || isOfMachine(row.to_session, machine)

/** The server refuses this way of asking; not a matter of load or health. */
const isRefusedQuery = (status: number): boolean => [400, 403, 404, 405, 422].includes(status)

export interface UnreadRead {
  readonly read: ListRead<MessageRow>
  /** The plain list was refused: each session was asked for by itself. */
  readonly isBySession: boolean
}

/**
 * Reads the unread messages. `sessions`: asked for one by one where the server refuses the plain list (`isPlainRefused`:
 * it did so before) or ends it early. Rows that do not concern the machine are in it too, where the server cannot narrow:
 * they tell of its sessions' life.
 */
export async function readUnread(
  client: CoordClient,
  machine: Machine,
  sessions: readonly string[],
  isPlainRefused = false,
): Promise<UnreadRead> {
  if (!isPlainRefused) {
    const read = await client.messages({ machine, isUnreadOnly: true })
    if (read.kind !== 'none' || !isRefusedQuery(read.status)) return { read, isBySession: false }
  }
  return { read: await readBySession(client, sessions), isBySession: true }
}

/** One answer missing is all missing: half a list would look like messages read elsewhere. */
async function readBySession(
  client: CoordClient,
  sessions: readonly string[],
): Promise<ListRead<MessageRow>> {
  const rows = new Map<string, MessageRow>()
  let unreadable = 0
  let cap: number | null = null
  for (const to of new Set(sessions)) {
    const read = await client.messages({ to, isUnreadOnly: true })
    if (read.kind !== 'rows') return read
    for (const row of read.rows) rows.set(row.id, row)
    unreadable += read.unreadable
    cap ??= read.cap
  }
  return { kind: 'rows', rows: [...rows.values()], unreadable, cap }
}
