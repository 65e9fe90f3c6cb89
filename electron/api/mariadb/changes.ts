/** The log of changes, which several servers write at once, and the tag of each list's state. */
import {
  CHANGES_KEPT,
  CHANGES_KEPT_MS,
  type ChangeEntry,
  type ChangeLog,
  type Gap,
  type Missing,
  type ListKind,
} from '../store.ts'
import type { Link } from './link.ts'
import { toMs, toText, type Stored } from './rows.ts'

/** How many ranges one statement asks for. */
const MOST_RANGES = 500

/**
 * The log after a position; null: only where it ends. Numbers are given before the commit: one that is missing may still come, and
 * is to be asked for again (`missing`).
 */
export async function readChanges(
  link: Link,
  after: number | null,
  limit: number,
  missing: Missing,
): Promise<ChangeLog> {
  const ends = await link.get('SELECT MIN(seq) AS first_seq, MAX(seq) AS last_seq FROM changes')
  const [first, last] = [Number(ends?.first_seq ?? 0), Number(ends?.last_seq ?? 0)]
  // What is newer than that was never removed: where the log begins later, its first numbers are only missing.
  const kept = last - CHANGES_KEPT
  const isCut = after !== null && (after > last || (after < kept && after < first - 1))
  if (after === null || isCut) return { entries: [], last, isCut, missing: await allGaps(link, last) }
  const late = await findLate(link, missing, limit)
  const rows = await link.all('SELECT * FROM changes WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
  return {
    entries: [...late, ...rows].map(toEntry),
    last: Math.max(last, Number(rows.at(-1)?.seq ?? 0)),
    isCut,
    missing: between(
      after,
      rows.map((row) => Number(row.seq)),
    ),
  }
}

/** What is missing between numbers in their order, from behind `after` on. */
function between(after: number, numbers: readonly number[]): Gap[] {
  const gaps: Gap[] = []
  let before = after
  for (const number of numbers) {
    if (number > before + 1) gaps.push({ from: before + 1, to: number - 1 })
    before = number
  }
  return gaps
}

/** What is missing up to the end of the log; the database gives the gaps alone, not all numbers. */
async function allGaps(link: Link, last: number): Promise<Gap[]> {
  const rows = await link.all(
    `SELECT seq, before_seq FROM (SELECT seq, COALESCE(LAG(seq) OVER (ORDER BY seq), 0) AS before_seq FROM changes WHERE seq <= ?) n
     WHERE before_seq < seq - 1 ORDER BY seq`,
    last,
  )
  return rows.map((row) => ({ from: Number(row.before_seq) + 1, to: Number(row.seq) - 1 }))
}

/** How many numbers of a range are none of those that are missing. */
export function countThere({ from, to }: Gap, missing: readonly Gap[]): number {
  const isIn = (gap: Gap): number => Math.max(0, Math.min(gap.to, to) - Math.max(gap.from, from) + 1)
  return missing.reduce((n, gap) => n - isIn(gap), Math.max(0, to - from + 1))
}

/** Changes that came in gaps. Counting tells first whether there are any: that costs the same however many gaps there are. */
async function findLate(link: Link, { now: gaps, all }: Missing, limit: number): Promise<Stored[]> {
  const [first, last] = [gaps[0], gaps.at(-1)]
  if (!first || !last) return []
  const found = await link.get(
    'SELECT MIN(seq) AS first_seq, COUNT(*) AS n FROM changes WHERE seq BETWEEN ? AND ?',
    first.from,
    last.to,
  )
  // The log was cut up to its first number, unless that is one of those that were missing.
  const start = Number(found?.first_seq ?? last.to + 1)
  const isOneOfThem = gaps.some((gap) => gap.from <= start && start <= gap.to)
  if (!isOneOfThem && Number(found?.n ?? 0) === countThere({ from: start, to: last.to }, all)) return []
  const late: Stored[] = []
  for (let i = 0; i < gaps.length && late.length < limit; i += MOST_RANGES) {
    const ranges = gaps.slice(i, i + MOST_RANGES).map((gap) => `seq BETWEEN ${gap.from} AND ${gap.to}`)
    const rows = await link.plain(
      `SELECT * FROM changes WHERE ${ranges.join(' OR ')} ORDER BY seq LIMIT ${limit - late.length}`,
    )
    late.push(...rows)
  }
  return late
}

const toEntry = (stored: Stored): ChangeEntry => ({
  seq: Number(stored.seq),
  kind: String(stored.kind) as ListKind,
  act: String(stored.act),
  project: toText(stored.project_key),
  id: toText(stored.id) ?? '',
  machine: toText(stored.machine),
  at: toMs(stored.at),
})

/** Removes what is older than the newest entries; how many went. */
export async function cutChanges(link: Link, most: number): Promise<number> {
  const last = await link.number('SELECT MAX(seq) FROM changes')
  return link.run(
    `DELETE FROM changes WHERE seq <= ? AND at < UTC_TIMESTAMP(3) - INTERVAL ${CHANGES_KEPT_MS / 1000} SECOND ORDER BY seq LIMIT ${most}`,
    last - CHANGES_KEPT,
  )
}

/** What went by time alone, which no transaction wrote. */
const BY_TIME: Partial<Record<ListKind, string>> = {
  locks: 'SELECT MAX(expires_at) FROM held_locks WHERE expires_at <= UTC_TIMESTAMP(3)',
  messages: 'SELECT MAX(expires_at) FROM messages WHERE expires_at <= UTC_TIMESTAMP(3)',
}

/** The state of lists, as short text. Read before the rows: a tag is never newer than what it is given with. */
export async function tagOf(link: Link, kinds: readonly ListKind[]): Promise<string> {
  const columns = kinds.flatMap((kind) => [
    `(SELECT SUM(n) FROM counters WHERE name = '${kind}')`,
    ...(BY_TIME[kind] === undefined ? [] : [`(${BY_TIME[kind]})`]),
  ])
  const stored = await link.get(`SELECT ${columns.map((sql, i) => `${sql} AS c${i}`).join(', ')}`)
  return Object.values(stored ?? {})
    .map((value) => String(value ?? 0).replace(/\D/g, ''))
    .join('.')
}
