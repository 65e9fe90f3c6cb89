/** Pages of a list by key: rows in the order of `seq`, read lazily from one or more ranges of an index and merged. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { PAGE_BYTES, type Page, type Row, type Slice } from '../store.ts'
import type { Connection } from './open.ts'

type Stored = Record<string, SQLOutputValue>

/** Rows of one table that one index gives in the order of `seq`. */
export interface Range {
  /** Named, so that no statistics of the planner's decide how long a call takes; null = the table's own order. */
  readonly index: string | null
  readonly where: readonly string[]
  readonly values: readonly SQLInputValue[]
}

/** That a row's time is not over: of the row itself, and by the index of what ends, which costs no look at the rows passed over. */
export interface Kept {
  readonly row: string
  readonly passed: string
  /** Of either. */
  readonly values: readonly SQLInputValue[]
}

export interface Source {
  /** With `seq` among them, and the placeholders' values. */
  readonly columns: string
  readonly columnValues?: readonly SQLInputValue[]
  /** The table, with an alias where the columns use one. */
  readonly table: string
  readonly kept?: Kept
  readonly ranges: readonly Range[]
  readonly toRow: (stored: Stored) => Row
  /** The row as JSON text, or NULL where only `toRow` can make it: half the work for a row of many columns. */
  readonly text?: { readonly sql: string; readonly values: readonly SQLInputValue[] }
}

const from = (source: Source, range: Range, start: Start | null, by: 'row' | 'passed'): string => {
  const { kept } = source
  const where = [
    ...range.where,
    ...(kept === undefined ? [] : [kept[by]]),
    ...(start === null ? [] : [start.sql]),
  ]
  return `FROM ${source.table} ${range.index === null ? '' : `INDEXED BY ${range.index}`} ${
    where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''
  }`
}

const valuesOf = (source: Source, range: Range, start: Start | null): SQLInputValue[] => [
  ...range.values,
  ...(source.kept?.values ?? []),
  ...(start === null ? [] : [start.seq]),
]

/** Where a page begins: beyond a number, or at it. */
interface Start {
  readonly sql: string
  readonly seq: number
}

function startOf({ after, order }: Slice): Start | null {
  return after === null ? null : { sql: `seq ${order === 'oldest' ? '>' : '<'} ?`, seq: Number(after) }
}

/** The row behind `offset` others, which the database passes over by its indexes; undefined where there are no more. */
function skip(db: Connection, source: Source, slice: Slice): Start | undefined {
  const isUp = slice.order === 'oldest'
  const start = startOf(slice)
  const parts = source.ranges.map((range) => `SELECT seq ${from(source, range, start, 'passed')}`)
  const row = db.get(
    `${parts.join(' UNION ALL ')} ORDER BY seq ${isUp ? 'ASC' : 'DESC'} LIMIT 1 OFFSET ?`,
    ...source.ranges.flatMap((range) => valuesOf(source, range, start)),
    slice.offset,
  )
  return row && { sql: `seq ${isUp ? '>=' : '<='} ?`, seq: Number(row.seq) }
}

function open(
  db: Connection,
  source: Source,
  range: Range,
  start: Start | null,
  slice: Slice,
): Iterator<Stored> {
  const { text } = source
  return db.iterate(
    `SELECT ${text === undefined ? source.columns : `seq, ${text.sql} AS text`} ${from(source, range, start, 'row')} ORDER BY seq ${slice.order === 'oldest' ? 'ASC' : 'DESC'} LIMIT ?`,
    ...(text?.values ?? source.columnValues ?? []),
    ...valuesOf(source, range, start),
    slice.limit + 1,
  )
}

/** The rows of several ranges as one, in the order of `seq`. */
function* merge(iterators: readonly Iterator<Stored>[], isUp: boolean): Generator<Stored> {
  const [only] = iterators
  if (only !== undefined && iterators.length === 1) {
    try {
      for (let next = only.next(); !next.done; next = only.next()) yield next.value
    } finally {
      only.return?.()
    }
    return
  }
  const heads = iterators.map((one) => one.next())
  try {
    for (;;) {
      let best = -1
      heads.forEach((head, i) => {
        if (head.done) return
        const other = best < 0 ? undefined : heads[best]
        const isFirst =
          other === undefined || other.done || Number(head.value.seq) < Number(other.value.seq) === isUp
        if (isFirst) best = i
      })
      const chosen = best < 0 ? undefined : heads[best]
      if (chosen === undefined || chosen.done) return
      yield chosen.value
      heads[best] = iterators[best]?.next() ?? { done: true, value: undefined }
    }
  } finally {
    for (const one of iterators) one.return?.()
  }
}

function textOf(db: Connection, source: Source, { seq, ...stored }: Stored): string {
  if (source.text === undefined) return JSON.stringify(source.toRow(stored))
  if (typeof stored.text === 'string') return stored.text
  const { seq: _, ...whole } =
    db.get(
      `SELECT ${source.columns} FROM ${source.table} WHERE seq = ?`,
      ...(source.columnValues ?? []),
      seq ?? null,
    ) ?? {}
  return JSON.stringify(source.toRow(whole))
}

/** One page: at most `limit` rows or 4 MiB, whichever is first, and at least one row where there is one. */
export function readPage(db: Connection, source: Source, slice: Slice): Page {
  const rows: string[] = []
  let bytes = 0
  let last: string | null = null
  let isMore = false
  const start = slice.offset === 0 ? startOf(slice) : skip(db, source, slice)
  const iterators =
    start === undefined ? [] : source.ranges.map((range) => open(db, source, range, start, slice))
  for (const stored of merge(iterators, slice.order === 'oldest')) {
    const row = textOf(db, source, stored)
    const size = Buffer.byteLength(row) + 1
    isMore = rows.length === slice.limit || (rows.length > 0 && bytes + size > PAGE_BYTES)
    if (isMore) break
    rows.push(row)
    bytes += size
    last = String(stored.seq)
  }
  return {
    rows: `[${rows.join(',')}]`,
    count: rows.length,
    next: isMore ? last : null,
    total: slice.isCounted ? countRows(db, source) : null,
  }
}

function countRows(db: Connection, source: Source): number {
  return source.ranges.reduce(
    (sum, range) =>
      sum +
      db.number(`SELECT count(*) ${from(source, range, null, 'passed')}`, ...valuesOf(source, range, null)),
    0,
  )
}
