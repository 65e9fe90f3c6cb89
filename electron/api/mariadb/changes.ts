/** The log of changes, which several servers write at once, and the tag of each list's state. */
import { CHANGES_KEPT, type ChangeEntry, type ChangeLog, type ListKind } from '../store.ts'
import type { Link } from './link.ts'
import { toMs, toText, type Stored } from './rows.ts'

/** How far below the end of the log numbers may be missing whose transactions are not committed yet. */
const NEAR_END = 500

/**
 * The log after a position; null: only where it ends. Numbers are given before the commit: one that is missing may still come, and
 * is to be asked for again (`missing`).
 */
export async function readChanges(
  link: Link,
  after: number | null,
  limit: number,
  missing: readonly number[],
): Promise<ChangeLog> {
  const ends = await link.get('SELECT MIN(seq) AS first_seq, MAX(seq) AS last_seq FROM changes')
  const [first, last] = [Number(ends?.first_seq ?? 0), Number(ends?.last_seq ?? 0)]
  if (after === null) {
    const from = Math.max(first - 1, last - NEAR_END, 0)
    const near = await link.all('SELECT seq FROM changes WHERE seq > ? AND seq <= ?', from, last)
    return { entries: [], last, isCut: false, missing: gaps(from, last, near, []) }
  }
  const isCut = after > last || (after < last && after < first - 1)
  if (isCut) return { entries: [], last, isCut, missing: [] }
  const numbers = missing.map((n) => Math.trunc(n)).join(', ')
  const late =
    numbers === '' ? [] : await link.plain(`SELECT * FROM changes WHERE seq IN (${numbers}) ORDER BY seq`)
  const rows = await link.all(
    `SELECT * FROM changes WHERE seq > ? ORDER BY seq LIMIT ${Math.trunc(limit)}`,
    after,
  )
  const end = Number(rows.at(-1)?.seq ?? after)
  return {
    entries: [...late, ...rows].map(toEntry),
    last: Math.max(last, end),
    isCut,
    missing: gaps(after, end, rows, without(missing, late)),
  }
}

function without(missing: readonly number[], found: readonly Stored[]): number[] {
  const there = new Set(found.map((row) => Number(row.seq)))
  return missing.filter((n) => !there.has(n))
}

/** What is missing between two positions, near the later one only: a leap of the numbers is none. */
function gaps(after: number, end: number, rows: readonly Stored[], before: readonly number[]): number[] {
  const there = new Set(rows.map((row) => Number(row.seq)))
  const missing = [...before]
  for (let n = Math.max(after, end - NEAR_END) + 1; n < end; n++) if (!there.has(n)) missing.push(n)
  return missing
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
  return link.run(`DELETE FROM changes WHERE seq <= ? ORDER BY seq LIMIT ${most}`, last - CHANGES_KEPT)
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
