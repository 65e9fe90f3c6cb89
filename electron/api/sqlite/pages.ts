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

export interface Source {
  /** With `seq` among them, and the placeholders' values. */
  readonly columns: string
  readonly columnValues?: readonly SQLInputValue[]
  /** The table, with an alias where the columns use one. */
  readonly table: string
  readonly ranges: readonly Range[]
  readonly toRow: (stored: Stored) => Row
}

const from = (source: Source, range: Range, more: readonly string[]): string => {
  const where = [...range.where, ...more]
  return `FROM ${source.table} ${range.index === null ? '' : `INDEXED BY ${range.index}`} ${
    where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''
  }`
}

function open(db: Connection, source: Source, range: Range, slice: Slice): Iterator<Stored> {
  const isUp = slice.order === 'oldest'
  const key = slice.after === null ? [] : [Number(slice.after)]
  const beyond = key.length === 0 ? [] : [`seq ${isUp ? '>' : '<'} ?`]
  return db.iterate(
    `SELECT ${source.columns} ${from(source, range, beyond)} ORDER BY seq ${isUp ? 'ASC' : 'DESC'} LIMIT ?`,
    ...(source.columnValues ?? []),
    ...range.values,
    ...key,
    slice.offset + slice.limit + 1,
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

/** One page: at most `limit` rows or 4 MiB, whichever is first, and at least one row where there is one. */
export function readPage(db: Connection, source: Source, slice: Slice): Page {
  const rows: string[] = []
  let bytes = 0
  let skipped = 0
  let last: string | null = null
  let isMore = false
  const iterators = source.ranges.map((range) => open(db, source, range, slice))
  for (const { seq, ...stored } of merge(iterators, slice.order === 'oldest')) {
    if (skipped < slice.offset) {
      skipped++
      continue
    }
    const row = JSON.stringify(source.toRow(stored))
    const size = Buffer.byteLength(row) + 1
    isMore = rows.length === slice.limit || (rows.length > 0 && bytes + size > PAGE_BYTES)
    if (isMore) break
    rows.push(row)
    bytes += size
    last = String(seq)
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
    (sum, range) => sum + db.number(`SELECT count(*) ${from(source, range, [])}`, ...range.values),
    0,
  )
}
