/** Lists of the API, read to their end: by key where the server gives links, else by offsets, else its cap is noticed. */
import type { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import type { BoundedMap } from '../../../shared/bounded-map.ts'
import { decodeRows, listOf, type ListName, type Rows } from '../../../shared/wire.ts'
import type { HttpOutcome } from '../ports.ts'
import { isAway, sayOutcome } from './classify-answer.ts'
import type { Connection } from './connection-port.ts'
import { followLinks, nextQuery, readByOffset, type NoPage, type Page, type Query } from './page-on.ts'

export type ListRead<T> =
  | {
      readonly kind: 'rows'
      readonly rows: readonly T[]
      /** How many rows did not parse. */
      readonly unreadable: number
      /** The number of rows at which the server ends this list without a way on: newer ones may be missing. Null: it is whole. */
      readonly cap: number | null
    }
  | NoPage

export interface ListSpec<S extends z.ZodType> {
  readonly name: ListName
  readonly schema: S
  readonly path: string
  readonly query: Query
  /** What a row is known by, so that none counts twice. */
  readonly keyOf: (row: z.output<S>) => string
  /** Pages as they were last read: what has not changed is neither sent nor read again. */
  readonly cache?: PageCache
  /** Narrower ways of asking, where the server ends the list early. */
  readonly narrower?: (rows: readonly z.output<S>[]) => Promise<readonly Query[]>
  /** Where a list is read again and again: when asking narrower brought nothing. */
  readonly inVain?: NarrowedInVain
}

/**
 * By list: at how many rows asking narrower brought nothing, and for how many readings it rests. A list that merely has a
 * round number of rows would else cost a call a session at each reading.
 */
export type NarrowedInVain = BoundedMap<string, { readonly count: number; readonly rest: number }>
const REST_READINGS = 20

/** Pages by their path and query, with the tag of what was read there. */
export type PageCache = BoundedMap<
  string,
  { readonly etag: string; readonly rows: Rows<unknown>; readonly page: CachedPage }
>
type CachedPage = Pick<Page, 'count' | 'firstKey' | 'link' | 'total'> & {
  /** The unreadable rows' texts. */
  readonly strange: readonly string[]
}
export const MAX_CACHED_PAGES = 200

type Reader = Pick<Connection, 'get' | 'server'>

const PAGE_ROWS = 1_000
const PAGE_BYTES = 64 * 1024 * 1024

export const toPath = (path: string, query: Query): string => {
  const fields = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  )
  return fields.length === 0 ? path : `${path}?${fields.join('&')}`
}

/** Reads all rows of a list. Newest first where the server knows an order, so that whatever cuts it short cuts the oldest. */
export async function readList<S extends z.ZodType>(
  connection: Reader,
  spec: ListSpec<S>,
): Promise<ListRead<z.output<S>>> {
  const hasPages = connection.server().extensions.has('pages')
  const query: Query = hasPages ? { ...spec.query, limit: String(PAGE_ROWS), order: 'newest' } : spec.query
  const found = new Found(spec)
  const first = await found.page(connection, toPath(spec.path, query))
  if (first.kind !== 'page') return first
  const ask = (next: string | Query): Promise<Page | NoPage> =>
    found.page(
      connection,
      typeof next === 'string' ? `${spec.path}?${next}` : toPath(spec.path, { ...spec.query, ...next }),
    )

  const link = nextQuery(first.link, spec.path)
  const isByOffset = link !== undefined && /(^|&)(offset|skip)=/.test(link)
  let cap: number | null = null
  if (link !== undefined && !isByOffset) {
    const read = await followLinks(ask, spec.path, link)
    if (typeof read !== 'string') return read
    cap = read === 'capped' ? found.rows.length : null
  } else if (
    !hasPages &&
    (isByOffset || (first.total ?? 0) > first.count || (first.total === null && looksCapped(first.count)))
  ) {
    if (rests(spec, first.count))
      return { kind: 'rows', rows: found.rows, unreadable: found.unreadable, cap: first.count }
    const read = await readByOffset(ask, first)
    if (typeof read !== 'string') return read
    cap = read === 'capped' ? first.count : null
  }
  if (first.isCut) cap = found.rows.length
  if (cap !== null) {
    const before = found.rows.length
    for (const narrow of (await spec.narrower?.(found.rows)) ?? []) {
      const part = await readList(connection, { ...without(spec), query: { ...spec.query, ...narrow } })
      if (part.kind === 'paused') return part
      if (part.kind === 'rows') found.add(part.rows, part.unreadable)
    }
    if (spec.narrower && found.rows.length === before)
      spec.inVain?.set(spec.path, { count: first.count, rest: REST_READINGS })
  }
  return { kind: 'rows', rows: found.rows, unreadable: found.unreadable, cap }
}

/** Whether asking narrower brought nothing at this very number of rows, not long ago. */
function rests<S extends z.ZodType>({ inVain, path }: ListSpec<S>, count: number): boolean {
  const last = inVain?.get(path)
  if (last?.count !== count || last.rest <= 0) return false
  inVain?.set(path, { count, rest: last.rest - 1 })
  return true
}

/** A narrower question is asked as it is, and its answer says nothing of the whole list's. */
function without<S extends z.ZodType>(spec: ListSpec<S>): ListSpec<S> {
  const { narrower: _, inVain: __, ...rest } = spec
  return rest
}

/** The rows of one list so far, each once. */
class Found<S extends z.ZodType> {
  readonly #spec: ListSpec<S>
  /** `since`: the page that showed it first. */
  readonly #byKey = new Map<string, { readonly row: z.output<S>; readonly since: number }>()
  /** The same of the unreadable ones, by their texts. */
  readonly #strange = new Map<string, number>()
  #unreadableElsewhere = 0
  #pages = 0

  constructor(spec: ListSpec<S>) {
    this.#spec = spec
  }

  get rows(): readonly z.output<S>[] {
    return [...this.#byKey.values()].map(({ row }) => row)
  }

  get unreadable(): number {
    return this.#strange.size + this.#unreadableElsewhere
  }

  /** What a narrower question brought. */
  add(rows: readonly z.output<S>[], unreadable: number): void {
    for (const row of rows) this.#keep(row)
    this.#unreadableElsewhere += unreadable
  }

  async page(connection: Reader, path: string): Promise<Page | NoPage> {
    const { cache } = this.#spec
    const cached = cache?.get(path)
    const outcome = await connection.get(path, { maxAnswerBytes: PAGE_BYTES, ifNoneMatch: cached?.etag })
    if (cached && outcome.kind === 'answer' && outcome.status === 304)
      return this.#take(cached.rows as Rows<z.output<S>>, cached.page, false)
    if (outcome.kind !== 'answer' || isAway(outcome)) return { kind: 'paused', detail: sayOutcome(outcome) }
    const isOk = outcome.status >= 200 && outcome.status < 300
    const json = isOk && !outcome.isCut ? readJson(outcome.text) : undefined
    const strange = new Strange()
    const decoded = decodeRows(json, this.#spec.name, this.#spec.schema, (row) => strange.add(row))
    if (!decoded && !(isOk && outcome.isCut)) return { kind: 'none', status: outcome.status }
    const rows = decoded ?? { rows: [], unreadable: 0 }
    const first = rows.rows[0]
    const page: CachedPage = {
      count: listOf(json, this.#spec.name)?.length ?? 0,
      firstKey: first === undefined ? (strange.texts[0] ?? null) : this.#spec.keyOf(first),
      link: outcome.headers['link'],
      total: totalOf(outcome, json),
      strange: strange.texts,
    }
    const etag = outcome.headers['etag']
    if (etag !== undefined && !outcome.isCut) cache?.set(path, { etag, rows, page })
    return this.#take(rows, page, outcome.isCut)
  }

  #take({ rows }: Rows<z.output<S>>, { strange, ...page }: CachedPage, isCut: boolean): Page {
    const before = this.#byKey.size + this.#strange.size
    const number = ++this.#pages
    let knownSince = Number.POSITIVE_INFINITY
    let isEndKnown = false
    for (const row of rows) {
      const since = this.#keep(row, number)
      // twice in one page is not known before
      isEndKnown = since < number
      if (isEndKnown) knownSince = Math.min(knownSince, since)
    }
    for (const text of strange) {
      knownSince = Math.min(knownSince, this.#strange.get(text) ?? Number.POSITIVE_INFINITY)
      if (!this.#strange.has(text)) this.#strange.set(text, number)
    }
    const added = this.#byKey.size + this.#strange.size - before
    return { kind: 'page', ...page, number, added, knownSince, isEndKnown, isCut }
  }

  /** The page that showed it first. */
  #keep(row: z.output<S>, number = this.#pages): number {
    const key = this.#spec.keyOf(row)
    const known = this.#byKey.get(key)
    if (known === undefined) this.#byKey.set(key, { row, since: number })
    return known?.since ?? number
  }
}

/** The unreadable rows of a page by their texts, so that a page over the one before counts none twice; equal ones each. */
class Strange {
  readonly #times = new Map<string, number>()
  readonly texts: string[] = []

  add(row: unknown): void {
    const text = JSON.stringify(row)
    const times = this.#times.get(text) ?? 0
    this.#times.set(text, times + 1)
    this.texts.push(`${times} ${text}`)
  }
}

/** A number of rows that somebody chose: a list that ends there may go on. */
const looksCapped = (count: number): boolean =>
  count >= 20 && (count % 10 === 0 || count % 25 === 0 || (count & (count - 1)) === 0)

/** How many rows there are in all, where the server says so. */
function totalOf(outcome: Extract<HttpOutcome, { kind: 'answer' }>, json: unknown): number | null {
  const header = outcome.headers['x-total-count']
  if (header !== undefined && /^\d{1,15}$/.test(header.trim())) return Number(header)
  const total: unknown =
    typeof json === 'object' && json !== null && !Array.isArray(json)
      ? (json as Record<string, unknown>)['total']
      : undefined
  return typeof total === 'number' && Number.isSafeInteger(total) ? total : null
}
