/**
 * What was: messages after they were read (30 days), who held which lock when, and for each five minutes of a day what each
 * workspace delivered, had waiting and set aside. Pure folding; bounded in number, in age and in bytes.
 */
import { z } from 'zod'
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { MessageRow } from '../../../shared/wire.ts'
import type { AppState } from './state.ts'
import type { Change } from './store.ts'

const keptMessage = z.object({
  /** Which server it is of: ids of two servers may be the same. */
  server: z.string(),
  id: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  project: z.string().nullable(),
  subject: z.string(),
  body: z.string(),
  createdAt: z.number().nullable(),
  /** When it was noticed that it had been read. */
  readAt: z.number(),
})
const lockInterval = z.object({
  id: z.string(),
  resource: z.string(),
  project: z.string().nullable(),
  session: z.string(),
  from: z.number(),
  /** Null: it is held. */
  to: z.number().nullable(),
})
const bucket = z.object({
  /** The beginning of five minutes. */
  at: z.number(),
  delivered: z.number(),
  /** The most that waited, and were set aside, in that time. */
  waiting: z.number(),
  setAside: z.number(),
})
export const historySchema = z.object({
  version: z.literal(1),
  /** Newest last. */
  messages: z.array(keptMessage),
  locks: z.array(lockInterval),
  /** By the path of the workspace. */
  counts: z.record(z.string(), z.array(bucket)),
})
export type History = z.output<typeof historySchema>
export type KeptMessage = z.output<typeof keptMessage>
type Bucket = z.output<typeof bucket>

export const emptyHistory: History = { version: 1, messages: [], locks: [], counts: {} }

export const BUCKET_MS = 5 * 60_000
export const MESSAGES_KEPT_MS = 30 * 24 * 60 * 60_000
export const DAY_MS = 24 * 60 * 60_000
export const MAX_MESSAGES = 2_000
export const MAX_INTERVALS = 2_000
const MAX_WORKSPACES = 200
const MAX_BODY_LENGTH = 16_384
/** Of all bodies together, in characters. */
export const MAX_BODIES_LENGTH = 4_000_000

/** The history after one event; the same object where the event adds nothing to it. */
export function foldHistory(history: History, { event, before, after }: Change): History {
  if (event.kind === 'messages.read' || event.kind === 'message.marked-read')
    return withMessages(history, before, after)
  if (event.kind === 'locks.read') return withLocks(history, after)
  if (event.kind === 'call.delivered')
    return withBucket(history, event.workspace, after.now, (was) => ({
      ...was,
      delivered: was.delivered + 1,
    }))
  if (event.kind !== 'workspace.changed') return history
  const { path, waiting, setAsideCount } = event.summary
  return withBucket(history, path, after.now, (was) => ({
    ...was,
    waiting: Math.max(was.waiting, waiting),
    setAside: Math.max(was.setAside, setAsideCount),
  }))
}

const toKept = (m: MessageRow, server: string, readAt: EpochMs): KeptMessage => ({
  server,
  id: m.id,
  from: m.from_session ?? '',
  to: m.to_session,
  project: m.project_key,
  subject: (m.subject ?? '').slice(0, 1_000),
  body: (m.body ?? '').slice(0, MAX_BODY_LENGTH),
  createdAt: parseTime(m.created_at) ?? null,
  readAt,
})

/** What is no longer among the unread was read, by its session or elsewhere. */
function withMessages(history: History, before: AppState, after: AppState): History {
  const unread = new Set(after.messages.map((m) => m.id))
  const known = new Set(history.messages.map((m) => `${m.server}\n${m.id}`))
  const fresh = before.messages
    .filter((m) => !unread.has(m.id) && !known.has(`${after.server}\n${m.id}`))
    .map((m) => toKept(m, after.server, after.now))
  return fresh.length === 0
    ? history
    : { ...history, messages: boundMessages([...history.messages, ...fresh], after.now) }
}

function boundMessages(messages: readonly KeptMessage[], now: EpochMs): KeptMessage[] {
  const kept: KeptMessage[] = []
  let length = 0
  for (const message of messages.toReversed()) {
    length += message.body.length
    if (kept.length >= MAX_MESSAGES || length > MAX_BODIES_LENGTH) break
    if (now - message.readAt <= MESSAGES_KEPT_MS) kept.push(message)
  }
  return kept.reverse()
}

/** Intervals of this machine's locks: begun where one is seen, ended where it is seen no more. */
function withLocks(history: History, after: AppState): History {
  const { now, skewMs } = after
  const mine = after.locks.filter((l) => isOfMachine(l.session_id, after.machine))
  const held = new Set(mine.map((l) => l.id))
  const open = new Set(history.locks.flatMap((one) => (one.to === null ? [one.id] : [])))
  const isEnding = history.locks.some((one) => one.to === null && !held.has(one.id))
  const begun = mine.filter((l) => !open.has(l.id))
  if (!isEnding && begun.length === 0) return history
  const ended = history.locks.map((one) => (one.to === null && !held.has(one.id) ? { ...one, to: now } : one))
  const fresh = begun.map((l) => ({
    id: l.id,
    resource: (l.resource ?? l.id).slice(0, 1_000),
    project: l.project_key,
    session: l.session_id,
    from: Math.min(now, (parseTime(l.acquired_at) ?? now + skewMs) - skewMs),
    to: null,
  }))
  const locks = [...ended, ...fresh]
    .filter((one) => one.to === null || now - one.to <= DAY_MS)
    .slice(-MAX_INTERVALS)
  return { ...history, locks }
}

function withBucket(history: History, path: string, now: EpochMs, change: (was: Bucket) => Bucket): History {
  const at = Math.floor(now / BUCKET_MS) * BUCKET_MS
  const buckets = Object.hasOwn(history.counts, path) ? (history.counts[path] ?? []) : []
  const last = buckets.at(-1)
  const was = last?.at === at ? last : { at, delivered: 0, waiting: 0, setAside: 0 }
  const next = change(was)
  if (JSON.stringify(next) === JSON.stringify(was)) return history
  const others = (last?.at === at ? buckets.slice(0, -1) : buckets).filter((one) => at - one.at < DAY_MS)
  const counts = { ...history.counts, [path]: [...others, next] }
  return { ...history, counts: boundCounts(counts, at) }
}

/** Workspaces whose last five minutes are the oldest go first; those of yesterday go by themselves. */
function boundCounts(counts: History['counts'], at: EpochMs): History['counts'] {
  const rows = Object.entries(counts).filter(([, buckets]) => at - (buckets.at(-1)?.at ?? 0) < DAY_MS)
  if (rows.length <= MAX_WORKSPACES && rows.length === Object.keys(counts).length) return counts
  const newest = rows.toSorted(([, a], [, b]) => (b.at(-1)?.at ?? 0) - (a.at(-1)?.at ?? 0))
  return Object.fromEntries(newest.slice(0, MAX_WORKSPACES))
}
