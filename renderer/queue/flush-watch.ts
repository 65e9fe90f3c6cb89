/** How a flush goes on, from what snapshots count: how many of how many, how fast, how long still. Pure. */
import { counted, toCount, toSpan } from '../../shared/text.ts'
import type { WorkspaceView } from '../../shared/snapshot.ts'

export interface Counts {
  readonly waiting: number
  readonly delivered: number
  readonly setAside: number
  readonly skipped: number
}
export interface Run extends Omit<Counts, 'waiting'> {
  /** Of how many: what came meanwhile counts. It never falls: a call that is sent is counted as delivered a moment later. */
  readonly total: number
  /** What was counted last. */
  readonly last: Counts
  /** How many of this run have ended, by when; of the last seconds. */
  readonly trail: readonly { readonly atMs: number; readonly done: number }[]
  /** When the last one ended; null: calls wait. */
  readonly endedMs: number | null
}

const TRAIL_MS = 10_000
const LEAST_MS = 1_500
/** Calls that stood still this long had not begun to go yet. */
const STILL_MS = 3_000

export function countsOf(workspaces: readonly WorkspaceView[]): Counts {
  const sum = (of: (one: WorkspaceView) => number): number => workspaces.reduce((n, one) => n + of(one), 0)
  return {
    waiting: sum((one) => one.waiting),
    delivered: sum((one) => one.delivered),
    setAside: sum((one) => one.setAsideCount),
    skipped: sum((one) => one.skippedCount),
  }
}

export const doneOf = ({ delivered, setAside, skipped }: Omit<Counts, 'waiting'>): number =>
  delivered + setAside + skipped
/** What counts for the pace. Time in which nothing moves before calls begin to go is not theirs. */
function beforeNow(trail: Run['trail'], atMs: number): Run['trail'] {
  // The last one before the window stays, so that the window is whole.
  const from = trail.findLastIndex((one) => one.atMs <= atMs - TRAIL_MS)
  const kept = trail.slice(Math.max(0, from))
  const isStill = kept.every((one) => one.done === kept[0]?.done)
  return isStill ? kept.slice(-1).filter((one) => atMs - one.atMs < STILL_MS) : kept
}

/** Takes in what is counted now. A run lasts from the first call that waits to the last one. */
export function watch(was: Run | null, now: Counts, atMs: number): Run {
  const isNew = was === null || (was.endedMs !== null && now.waiting > 0)
  const last = was?.last ?? now
  const more = (of: 'delivered' | 'setAside' | 'skipped'): number =>
    (isNew ? 0 : was[of]) + Math.max(0, now[of] - last[of])
  const sums = { delivered: more('delivered'), setAside: more('setAside'), skipped: more('skipped') }
  const total = Math.max(isNew ? 0 : was.total, doneOf(sums) + now.waiting)
  const trail = [...(isNew ? [] : beforeNow(was.trail, atMs)), { atMs, done: doneOf(sums) }]
  const endedMs = now.waiting > 0 ? null : (was?.endedMs ?? (was === null ? -Infinity : atMs))
  return { ...sums, total, last: now, trail, endedMs }
}

export interface Pace {
  readonly perSecond: number
  readonly leftMs: number
}
/** How fast calls ended in the last seconds, up to now; null where that cannot be told yet, or nothing moves. */
export function paceOf({ trail, last }: Run, nowMs: number): Pace | null {
  const [first] = trail
  const end = trail.at(-1)
  if (!first || !end) return null
  const spanMs = Math.max(end.atMs, nowMs) - first.atMs
  const done = end.done - first.done
  if (spanMs < LEAST_MS || done <= 0) return null
  const perMs = done / spanMs
  return { perSecond: perMs * 1000, leftMs: last.waiting / perMs }
}

const toRate = (perSecond: number): string =>
  `${perSecond >= 10 ? toCount(Math.round(perSecond)) : String(Math.round(perSecond * 10) / 10)}/s`

/** `3,410 of 10,000 · 140/s · 47 s left`. */
export function describeRun(run: Run, pace: Pace | null): string {
  const parts = [`${toCount(doneOf(run))} of ${toCount(run.total)}`]
  if (pace !== null && pace.perSecond >= 0.1)
    parts.push(toRate(pace.perSecond), `${toSpan(pace.leftMs)} left`)
  return parts.join(' · ')
}

/** What a run that is over came to: `10,000 calls delivered, 2 set aside.` */
export function describeEnd({ delivered, setAside, skipped }: Run): string {
  const parts = [`${counted(delivered, 'call')} delivered`]
  if (setAside > 0) parts.push(`${toCount(setAside)} set aside`)
  if (skipped > 0) parts.push(`${toCount(skipped)} skipped`)
  return `${parts.join(', ')}.`
}

/** When the oldest call of all folders that waits was queued, as the engine knows it; null: none, or it is not known. */
export const oldestWaitingOf = (workspaces: readonly Pick<WorkspaceView, 'oldestWaiting'>[]): string | null =>
  workspaces
    .flatMap(({ oldestWaiting }) => oldestWaiting ?? [])
    .reduce<string | null>((was, ts) => (was === null || Date.parse(ts) < Date.parse(was) ? ts : was), null)
