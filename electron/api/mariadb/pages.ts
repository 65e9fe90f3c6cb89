/** Pages of a list by key: the numbers of its rows from one or more ranges of an index, then the rows themselves. */
import type { Page, Row, Slice } from '../store.ts'
import { PAGE_BYTES } from '../store.ts'
import type { Link } from './link.ts'
import type { Stored, Value } from './rows.ts'

/** Rows of one table that one index gives in the order of `seq`. */
export interface Range {
  /** Named, so that no statistics of the planner's decide how long a call takes. */
  readonly index: string
  readonly where: readonly string[]
  readonly values: readonly Value[]
}

/** That a row's time is not over: of the row itself, and by the index of what ends, which costs no look at the rows passed over. */
export interface Kept {
  readonly row: string
  readonly passed: string
}

export interface Source {
  readonly columns: string
  readonly columnValues?: readonly Value[]
  /** The table, with an alias where the columns use one. */
  readonly table: string
  /** How large a row is, where rows may be large: no more of them are read than a page takes. */
  readonly size?: string
  readonly kept?: Kept
  readonly ranges: readonly Range[]
  readonly toRows: (stored: readonly Stored[]) => Promise<readonly Row[]>
}

interface Key {
  readonly seq: number
  readonly size: number
}

const from = ({ table, kept }: Source, range: Range, more: readonly string[], by: keyof Kept): string => {
  const where = [...range.where, ...(kept === undefined ? [] : [kept[by]]), ...more]
  return `FROM ${table} FORCE INDEX (${range.index}) ${where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''}`
}

/** Where a page begins: beyond a number, or at it. */
interface Start {
  readonly sql: string
  readonly seq: number
}

function startOf({ after, order }: Slice): Start | null {
  return after === null ? null : { sql: `seq ${order === 'oldest' ? '>' : '<'} ?`, seq: Number(after) }
}

/** A range's rows in their order, as SQL; `LIMIT` takes the last value. */
function inOrder(source: Source, range: Range, start: Start | null, isUp: boolean, by: keyof Kept): string {
  const rows = from(source, range, start === null ? [] : [start.sql], by)
  return `${rows} ORDER BY seq ${isUp ? 'ASC' : 'DESC'} LIMIT ?`
}

const valuesOf = (range: Range, start: Start | null): Value[] => [
  ...range.values,
  ...(start === null ? [] : [start.seq]),
]

/** The row behind `offset` others, which the database passes over by its indexes; undefined where there are no more. */
async function skip(link: Link, source: Source, slice: Slice): Promise<Start | undefined> {
  const isUp = slice.order === 'oldest'
  const start = startOf(slice)
  const parts = source.ranges.map((range) => `SELECT seq ${inOrder(source, range, start, isUp, 'passed')}`)
  const [only, ...more] = source.ranges
  const row =
    only !== undefined && more.length === 0
      ? await link.get(`${parts[0]} OFFSET ?`, ...valuesOf(only, start), 1, slice.offset)
      : await link.get(
          `SELECT seq FROM (${parts.map((part) => `(${part})`).join(' UNION ALL ')}) passed
           ORDER BY seq ${isUp ? 'ASC' : 'DESC'} LIMIT 1 OFFSET ?`,
          ...source.ranges.flatMap((range) => [...valuesOf(range, start), slice.offset + 1]),
          slice.offset,
        )
  return row && { sql: `seq ${isUp ? '>=' : '<='} ?`, seq: Number(row.seq) }
}

async function keysOf(link: Link, source: Source, slice: Slice): Promise<Key[]> {
  const isUp = slice.order === 'oldest'
  const start = slice.offset === 0 ? startOf(slice) : await skip(link, source, slice)
  if (start === undefined) return []
  const keys: Key[] = []
  for (const range of source.ranges) {
    const rows = await link.all(
      `SELECT seq, ${source.size ?? '0'} AS size ${inOrder(source, range, start, isUp, 'row')}`,
      ...valuesOf(range, start),
      slice.limit + 1,
    )
    keys.push(...rows.map((row) => ({ seq: Number(row.seq), size: Number(row.size) })))
  }
  if (source.ranges.length > 1) keys.sort((a, b) => (isUp ? a.seq - b.seq : b.seq - a.seq))
  return keys.slice(0, slice.limit + 1)
}

/** As many as a page may have by their size, and at least one. */
function within(keys: readonly Key[], limit: number): Key[] {
  let bytes = 0
  const end = keys.findIndex((key, i) => {
    bytes += key.size
    return i === limit || (i > 0 && bytes > PAGE_BYTES)
  })
  return keys.slice(0, end < 0 ? keys.length : end)
}

/** One page: at most `limit` rows or 4 MiB, whichever is first, and at least one row where there is one. */
export async function readPage(link: Link, source: Source, slice: Slice): Promise<Page> {
  const keys = await keysOf(link, source, slice)
  const wanted = within(keys, slice.limit)
  const rows: string[] = []
  let bytes = 0
  let last: Key | undefined
  for (const { key, row } of await rowsOf(link, source, wanted)) {
    const text = JSON.stringify(row)
    const size = Buffer.byteLength(text) + 1
    if (rows.length > 0 && bytes + size > PAGE_BYTES) break
    rows.push(text)
    bytes += size
    last = key
  }
  // Rows may have gone since their numbers were read: the last number that was looked at counts then.
  const end = last ?? wanted.at(-1)
  return {
    rows: `[${rows.join(',')}]`,
    count: rows.length,
    next: end !== undefined && end !== keys.at(-1) ? String(end.seq) : null,
    total: slice.isCounted ? await countRows(link, source) : null,
  }
}

async function rowsOf(
  link: Link,
  source: Source,
  keys: readonly Key[],
): Promise<{ readonly key: Key; readonly row: Row }[]> {
  if (keys.length === 0) return []
  const found = await link.plain(
    `SELECT seq AS row_seq, ${source.columns} FROM ${source.table} WHERE seq IN (${keys.map((key) => key.seq).join(', ')})`,
    ...(source.columnValues ?? []),
  )
  const stored = new Map(found.map(({ row_seq, ...row }) => [Number(row_seq), row]))
  const there = keys.filter((key) => stored.has(key.seq))
  const rows = await source.toRows(there.map((key) => stored.get(key.seq) ?? {}))
  return there.map((key, i) => ({ key, row: rows[i] ?? {} }))
}

async function countRows(link: Link, source: Source): Promise<number> {
  let count = 0
  for (const range of source.ranges)
    count += await link.number(`SELECT COUNT(*) ${from(source, range, [], 'passed')}`, ...range.values)
  return count
}
