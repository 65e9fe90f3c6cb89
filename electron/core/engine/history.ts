/**
 * What was: messages after they were read and those that were sent (30 days), who held which lock when, how the API was
 * reached, and for each five minutes of a day what each workspace delivered, had waiting and set aside. Pure folding; bounded
 * in number, in age and in bytes.
 */
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import type { EndsAt } from '../outbox/contract.ts'
import type { AppEvent } from './events.ts'
import type { Bucket, History } from './history-schema.ts'
import { withRead, withRecalled, withSent } from './message-history.ts'
import type { AppState } from './state.ts'
import type { Change } from './store.ts'

export const BUCKET_MS = 5 * 60_000
export const DAY_MS = 24 * 60 * 60_000
export const MAX_INTERVALS = 2_000
const MAX_CONNECTION_INTERVALS = 500
const MAX_WORKSPACES = 200

/** Calls that ended within one bucket. */
export interface Ends {
  readonly delivered: number
  readonly setAside: number
  readonly skipped: number
}
export const NO_ENDS: Ends = { delivered: 0, setAside: 0, skipped: 0 }

/** What an event adds to the ends of a workspace's calls; undefined: nothing. */
export function endOfCall(event: AppEvent): keyof Ends | undefined {
  if (event.kind === 'call.delivered') return 'delivered'
  if (event.kind === 'call.set-aside') return 'setAside'
  return event.kind === 'call.skipped' ? 'skipped' : undefined
}

type Fold<K extends AppEvent['kind']> = (
  history: History,
  event: Extract<AppEvent, { readonly kind: K }>,
  change: Change,
) => History
type EndKind = 'call.delivered' | 'call.set-aside' | 'call.skipped'

const withEnd = (
  history: History,
  event: Extract<AppEvent, { readonly kind: EndKind }>,
  { after }: Change,
): History => withEnds(history, event.workspace, after.now, { ...NO_ENDS, [endOfCall(event) ?? '']: 1 })

/** Of the other events nothing is kept. */
const folds: { readonly [K in AppEvent['kind']]?: Fold<K> } = {
  'messages.read': (history, { sent = [] }, { before, after }) =>
    withSent(withRead(history, before, after), sent, after),
  'message.marked-read': (history, _event, { before, after }) => withRead(history, before, after),
  'messages.recalled': (history, { rows }, { after }) => withRecalled(history, rows, after),
  'message.sent': (history, { row }, { after }) => withSent(history, [row], after),
  'locks.read': (history, _event, { after }) => withLocks(history, after),
  'connection.changed': (history, { view, at }) => withConnection(history, view.state, at),
  'workspace.changed': (history, { summary }, change) => withSummary(history, change, summary),
  'workspace.recovered': (history, { workspace, ends }, { after }) =>
    withRecovered(history, workspace, after.now, ends),
  'call.delivered': withEnd,
  'call.set-aside': withEnd,
  'call.skipped': withEnd,
}

/** The history after one event; the same object where the event adds nothing to it. */
export function foldHistory(history: History, change: Change): History {
  const fold = folds[change.event.kind] as Fold<AppEvent['kind']> | undefined
  return fold ? fold(history, change.event, change) : history
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

function withConnection(history: History, state: AppState['connection']['state'], at: EpochMs): History {
  const last = history.connection.at(-1)
  const isOpen = last?.to === null
  if (isOpen ? last.state === state : state === 'connecting') return history
  const ended = withoutOpenConnection(history, at).connection
  const begun = state === 'connecting' ? [] : [{ state, from: at, to: null }]
  const connection = [...ended, ...begun]
    .filter((one) => one.to === null || at - one.to <= DAY_MS)
    .slice(-MAX_CONNECTION_INTERVALS)
  return { ...history, connection }
}

/** The same with the connection's last interval ended: nobody looks any more. */
export function withoutOpenConnection(history: History, at: EpochMs): History {
  const last = history.connection.at(-1)
  if (last?.to !== null) return history
  return {
    ...history,
    connection: [...history.connection.slice(0, -1), { ...last, to: Math.max(at, last.from) }],
  }
}

/** The newest time that a history tells of: where its writer was killed, how things stood is known up to here. */
export function newestTime({ messages, sent, locks, connection, counts }: History): EpochMs {
  const last = [
    messages.at(-1)?.readAt,
    sent.at(-1)?.createdAt,
    ...locks.map((one) => one.to ?? one.from),
    ...connection.map((one) => one.to ?? one.from),
    ...Object.values(counts).map((buckets) => buckets.at(-1)?.at),
  ]
  return Math.max(0, ...last.map((at) => at ?? 0))
}

/** What waits and is set aside; of a folder that another process sends from also what that one did, which nobody tells. */
function withSummary(
  history: History,
  { before, after }: Change,
  summary: AppState['workspaces'][number],
): History {
  const { path, waiting, setAsideCount, skippedCount, delivered, owner } = summary
  const was = owner === 'this' ? undefined : before.workspaces.find((w) => w.path === path)
  const more = (now: number, then: number | undefined): number => Math.max(0, now - (then ?? now))
  const told =
    was === undefined || was.owner === 'this'
      ? history
      : withEnds(history, path, after.now, {
          delivered: more(delivered, was.delivered),
          setAside: more(setAsideCount, was.setAsideCount),
          skipped: more(skippedCount, was.skippedCount),
        })
  return withBucket(told, path, after.now, (bucket) => ({
    ...bucket,
    waiting: Math.max(bucket.waiting, waiting),
    setAside: Math.max(bucket.setAside, setAsideCount),
  }))
}

/** The history with calls of a workspace that ended. */
export const withEnds = (history: History, path: string, now: EpochMs, ends: Ends): History =>
  withBucket(history, path, now, (was) => ({
    ...was,
    delivered: was.delivered + ends.delivered,
    newlyAside: was.newlyAside + ends.setAside,
    skipped: was.skipped + ends.skipped,
  }))

const endsIn = (of: readonly Ends[]): number =>
  of.reduce((n, b) => n + b.delivered + b.setAside + b.skipped, 0)
const toEnds = ({ delivered, newlyAside, skipped }: Bucket): Ends => ({
  delivered,
  setAside: newlyAside,
  skipped,
})

/**
 * The ends that the ledgers tell of, where they tell of more than was kept: whoever counted was killed before the last of it was
 * on disk. Where they tell of less (their folder was removed), what was kept stands.
 */
function withRecovered(history: History, path: string, now: EpochMs, ends: readonly EndsAt[]): History {
  const kept = bucketsOf(history, path).filter((bucket) => now - bucket.at < DAY_MS)
  if (endsIn(ends) <= endsIn(kept.map(toEnds))) return history
  const told = new Map<EpochMs, Bucket>(
    kept.map((b) => [b.at, { ...b, delivered: 0, newlyAside: 0, skipped: 0 }]),
  )
  for (const one of ends) {
    const at = bucketOf(one.at)
    const was = told.get(at) ?? emptyBucket(at)
    const newlyAside = was.newlyAside + one.setAside
    told.set(at, {
      ...was,
      delivered: was.delivered + one.delivered,
      newlyAside,
      skipped: was.skipped + one.skipped,
    })
  }
  const buckets = [...told.values()].sort((a, b) => a.at - b.at)
  return { ...history, counts: boundCounts({ ...history.counts, [path]: buckets }, bucketOf(now)) }
}

const emptyBucket = (at: EpochMs): Bucket => ({
  at,
  delivered: 0,
  waiting: 0,
  setAside: 0,
  newlyAside: 0,
  skipped: 0,
})
const bucketsOf = ({ counts }: History, path: string): readonly Bucket[] =>
  Object.hasOwn(counts, path) ? (counts[path] ?? []) : []
export const bucketOf = (now: EpochMs): EpochMs => Math.floor(now / BUCKET_MS) * BUCKET_MS

function withBucket(history: History, path: string, now: EpochMs, change: (was: Bucket) => Bucket): History {
  const at = bucketOf(now)
  const buckets = bucketsOf(history, path)
  const last = buckets.at(-1)
  const was = last?.at === at ? last : emptyBucket(at)
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

/** The calls that ended since midnight where the person is. */
export function endsToday(
  { counts }: History,
  { now, utcOffsetMinutes }: Pick<AppState, 'now' | 'utcOffsetMinutes'>,
): Ends {
  const offset = utcOffsetMinutes * 60_000
  const midnight = Math.floor((now + offset) / DAY_MS) * DAY_MS - offset
  let [delivered, setAside, skipped] = [0, 0, 0]
  for (const buckets of Object.values(counts))
    for (const bucket of buckets) {
      if (bucket.at < midnight) continue
      delivered += bucket.delivered
      setAside += bucket.newlyAside
      skipped += bucket.skipped
    }
  return { delivered, setAside, skipped }
}
