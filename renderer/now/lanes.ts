/** The picture of the last hours: who held locks when, what was said, when the API was away, and what was delivered. Pure. */
import type { AppSnapshot, HistoryView } from '../../shared/snapshot.ts'
import { toCount } from '../../shared/text.ts'
import { toMs } from '../time.ts'

export const SPAN_MS = 8 * 60 * 60_000
/** What one bar of the deliveries stands for. */
export const BUCKET_MS = 5 * 60_000
const MOST_LANES = 40
/** An hour's label so near to the end would be cut. */
const MARGIN_MS = 15 * 60_000

type Away = Exclude<HistoryView['connection'][number]['state'], 'online'>

export interface Held {
  readonly resource: string
  readonly fromMs: number
  /** Null: it is held. */
  readonly toMs: number | null
  /** When it turned stale, where it did and is still held. */
  readonly staleMs: number | null
}
export interface Lane {
  readonly session: string
  readonly held: readonly Held[]
  /** When a message of this session was sent or came. */
  readonly messages: readonly { readonly atMs: number; readonly subject: string }[]
  /** When another session was refused what this one holds. */
  readonly refusals: readonly { readonly atMs: number; readonly by: string }[]
}
export interface Bar {
  readonly atMs: number
  readonly delivered: number
  readonly waiting: number
  readonly setAside: number
}
export interface Lanes {
  readonly fromMs: number
  readonly toMs: number
  readonly lanes: readonly Lane[]
  /** Sessions that have no room here. */
  readonly more: number
  readonly bars: readonly Bar[]
  /** The most that any bar shows. */
  readonly most: number
  /** When the API was not there, had trouble, or asked to wait. */
  readonly away: readonly { readonly state: Away; readonly fromMs: number; readonly toMs: number }[]
  /** Full hours in between. */
  readonly hours: readonly number[]
}

interface Making {
  held: Held[]
  messages: { atMs: number; subject: string }[]
  refusals: { atMs: number; by: string }[]
}

type Shown = Pick<AppSnapshot, 'locks' | 'messages' | 'sessions'>

/** Joins what was and what is into one picture that ends now. */
export function toLanes(history: HistoryView, shown: Shown, nowMs: number): Lanes {
  const fromMs = nowMs - SPAN_MS
  const made = new Map<string, Making>()
  const laneOf = (session: string): Making => {
    const known = made.get(session)
    if (known) return known
    const lane: Making = { held: [], messages: [], refusals: [] }
    made.set(session, lane)
    return lane
  }
  for (const { session } of shown.sessions) laneOf(session)
  addHeld(history, shown, fromMs, nowMs, laneOf)
  addMessages(history, shown, fromMs, made)
  const lanes = [...made]
    .map(([session, lane]): Lane => ({ session, ...lane }))
    .filter(({ held, messages, refusals }) => held.length + messages.length + refusals.length > 0)
    .sort((a, b) => lastOf(b, nowMs) - lastOf(a, nowMs))
  const bars = toBars(history, fromMs, nowMs)
  return {
    fromMs,
    toMs: nowMs,
    lanes: lanes.slice(0, MOST_LANES),
    more: Math.max(0, lanes.length - MOST_LANES),
    bars,
    most: Math.max(1, ...bars.map((bar) => Math.max(bar.delivered + bar.setAside, bar.waiting))),
    away: toAway(history, fromMs, nowMs),
    hours: hoursBetween(fromMs, nowMs),
  }
}

const lastOf = ({ held, messages }: Lane, nowMs: number): number =>
  Math.max(0, ...held.map((one) => one.toMs ?? nowMs), ...messages.map((one) => one.atMs))

function addHeld(
  history: HistoryView,
  { locks }: Shown,
  fromMs: number,
  nowMs: number,
  laneOf: (session: string) => Making,
): void {
  const mine = new Map(locks.filter((lock) => lock.isMine).map((lock) => [lock.id, lock]))
  const known = new Set(history.locks.map((one) => one.id))
  const current = [...mine.values()]
    .filter((lock) => !known.has(lock.id))
    .map(({ id, resource, session, acquiredAt }) => ({
      id,
      resource,
      session,
      from: acquiredAt ?? '',
      to: null,
    }))
  for (const { id, resource, session, from, to } of [...history.locks, ...current]) {
    const start = toMs(from)
    const end = toMs(to)
    if (start === null || (end ?? nowMs) <= fromMs) continue
    const lock = to === null ? mine.get(id) : undefined
    // Stale is what the engine calls so, as on Locks: the time is of the API's clock, which may be ahead.
    const stale = lock?.isStale === true ? toMs(lock.staleAt) : null
    const staleMs = stale === null ? null : Math.min(stale, nowMs)
    laneOf(session).held.push({ resource, fromMs: start, toMs: end, staleMs })
  }
  for (const lock of mine.values())
    for (const { session, at } of lock.refused) {
      const atMs = toMs(at)
      if (atMs !== null && atMs > fromMs) laneOf(lock.session).refusals.push({ atMs, by: session })
    }
}

function addMessages(
  history: HistoryView,
  { messages }: Shown,
  fromMs: number,
  made: Map<string, Making>,
): void {
  const seen = new Set<string>()
  for (const { id, from, to, subject, createdAt } of [...messages, ...history.messages]) {
    const atMs = toMs(createdAt)
    if (atMs === null || atMs <= fromMs || seen.has(id)) continue
    seen.add(id)
    for (const session of new Set([from, to ?? ''])) made.get(session)?.messages.push({ atMs, subject })
  }
}

function toBars(history: HistoryView, fromMs: number, nowMs: number): readonly Bar[] {
  const sums = new Map<number, { delivered: number; waiting: number; setAside: number }>()
  for (const { buckets } of history.counts) {
    // What stood already when a folder's record begins was set aside at another time.
    let before = buckets[0]?.setAside ?? 0
    for (const { at, delivered, waiting, setAside } of buckets) {
      const atMs = toMs(at)
      const more = Math.max(0, setAside - before)
      before = setAside
      if (atMs === null || atMs + BUCKET_MS <= fromMs || atMs > nowMs) continue
      const sum = sums.get(atMs) ?? { delivered: 0, waiting: 0, setAside: 0 }
      sums.set(atMs, {
        delivered: sum.delivered + delivered,
        waiting: sum.waiting + waiting,
        setAside: sum.setAside + more,
      })
    }
  }
  return [...sums].sort(([a], [b]) => a - b).map(([atMs, sum]) => ({ atMs, ...sum }))
}

/** What the bars show, in words: how many in all, when most waited, and when calls were set aside. */
export function describeBars(bars: readonly Bar[], clock: (atMs: number) => string): string {
  const sum = (of: (bar: Bar) => number): number => bars.reduce((n, bar) => n + of(bar), 0)
  const worst = bars.reduce<Bar | null>((was, bar) => (bar.waiting > (was?.waiting ?? 0) ? bar : was), null)
  return [
    `${toCount(sum((bar) => bar.delivered))} delivered and ${toCount(sum((bar) => bar.setAside))} set aside in eight hours`,
    ...(worst === null ? [] : [`at most ${toCount(worst.waiting)} waiting, at ${clock(worst.atMs)}`]),
    ...bars.flatMap(({ atMs, setAside }) =>
      setAside > 0 ? [`${toCount(setAside)} set aside at ${clock(atMs)}`] : [],
    ),
  ].join('; ')
}

function hoursBetween(fromMs: number, toMs: number): readonly number[] {
  const first = new Date(fromMs)
  first.setMinutes(0, 0, 0)
  const hours: number[] = []
  for (let at = first.getTime() + 3_600_000; at <= toMs - MARGIN_MS; at += 3_600_000) hours.push(at)
  return hours
}

function toAway(history: HistoryView, fromMs: number, nowMs: number): Lanes['away'] {
  return history.connection.flatMap(({ state, from, to }) => {
    const start = toMs(from)
    const end = to === null ? nowMs : toMs(to)
    if (state === 'online' || start === null || end === null || end <= fromMs) return []
    return [{ state, fromMs: Math.max(start, fromMs), toMs: end }]
  })
}
