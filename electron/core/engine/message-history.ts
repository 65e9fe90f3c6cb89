/** Messages that were: those that were read, and those that sessions of this machine sent. Pure folding, bounded. */
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { MessageRow } from '../../../shared/wire.ts'
import { concerns } from '../coord/unread-messages.ts'
import type { History, KeptMessage, KeptSent } from './history-schema.ts'
import type { AppState } from './state.ts'

export const MESSAGES_KEPT_MS = 30 * 24 * 60 * 60_000
export const MAX_MESSAGES = 2_000
export const MAX_SENT = 1_000
const MAX_BODY_LENGTH = 16_384
/** Of all bodies of read messages together, in characters; of those that were sent half as much. */
export const MAX_BODIES_LENGTH = 4_000_000

interface Named {
  readonly server: string
  readonly id: string
}
const keyOf = ({ server, id }: Named): string => `${server}\n${id}`
const sets = new WeakMap<readonly Named[], ReadonlySet<string>>()
/** The names in a list, made once for each list. */
function keysOf(list: readonly Named[]): ReadonlySet<string> {
  const known = sets.get(list)
  if (known) return known
  const made = new Set(list.map(keyOf))
  sets.set(list, made)
  return made
}

const textOf = (m: MessageRow, server: string): Omit<KeptSent, 'createdAt'> => ({
  server,
  id: m.id,
  from: m.from_session ?? '',
  to: m.to_session,
  project: m.project_key,
  subject: (m.subject ?? '').slice(0, 1_000),
  body: (m.body ?? '').slice(0, MAX_BODY_LENGTH),
})
const toKept = (m: MessageRow, server: string, readAt: EpochMs): KeptMessage => ({
  ...textOf(m, server),
  createdAt: parseTime(m.created_at) ?? null,
  readAt,
})

/** The newest, that are not too old, not too many and not too long together. */
function bounded<T extends { readonly body: string }>(
  rows: readonly T[],
  atOf: (row: T) => EpochMs,
  now: EpochMs,
  most: { readonly rows: number; readonly length: number },
): T[] {
  const kept: T[] = []
  let length = 0
  for (const row of rows.toReversed()) {
    length += row.body.length
    if (kept.length >= most.rows || length > most.length) break
    if (now - atOf(row) <= MESSAGES_KEPT_MS) kept.push(row)
  }
  return kept.reverse()
}

function withKept(history: History, fresh: readonly KeptMessage[], now: EpochMs): History {
  if (fresh.length === 0) return history
  const messages = [...history.messages, ...fresh].sort((a, b) => a.readAt - b.readAt)
  return {
    ...history,
    messages: bounded(messages, (m) => m.readAt, now, { rows: MAX_MESSAGES, length: MAX_BODIES_LENGTH }),
  }
}

/** What is no longer among the unread was read, by its session or elsewhere. */
export function withRead(history: History, before: AppState, after: AppState): History {
  const unread = new Set(after.messages.map((m) => m.id))
  const gone = before.messages.filter((m) => !unread.has(m.id))
  if (gone.length === 0) return history
  const known = keysOf(history.messages)
  const fresh = gone
    .filter((m) => !known.has(keyOf({ server: after.server, id: m.id })))
    .map((m) => toKept(m, after.server, after.now))
  return withKept(history, fresh, after.now)
}

/** Messages from sessions of this machine; others among the rows are left out. */
export function withSent(history: History, rows: readonly MessageRow[], after: AppState): History {
  const known = keysOf(history.sent)
  const fresh = rows
    .filter((m) => isOfMachine(m.from_session, after.machine))
    .filter((m) => !known.has(keyOf({ server: after.server, id: m.id })))
    .map((m) => ({
      ...textOf(m, after.server),
      createdAt: Math.min(after.now, (parseTime(m.created_at) ?? after.now + after.skewMs) - after.skewMs),
    }))
  if (fresh.length === 0) return history
  const sent = [...history.sent, ...fresh].sort((a, b) => a.createdAt - b.createdAt)
  return {
    ...history,
    sent: bounded(sent, (m) => m.createdAt, after.now, { rows: MAX_SENT, length: MAX_BODIES_LENGTH / 2 }),
  }
}

/** What the API's own list still has: read ones that concern this machine, and those that it sent. */
export function withRecalled(history: History, rows: readonly MessageRow[], after: AppState): History {
  const known = keysOf(history.messages)
  const fresh = rows.flatMap((m) => {
    const readAt = parseTime(m.read_at)
    const isNew = concerns(m, after.machine) && !known.has(keyOf({ server: after.server, id: m.id }))
    return readAt === undefined || !isNew
      ? []
      : [toKept(m, after.server, Math.min(after.now, readAt - after.skewMs))]
  })
  return withSent(withKept(history, fresh, after.now), rows, after)
}
