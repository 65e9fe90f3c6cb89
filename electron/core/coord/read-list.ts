/** Lists of the API, read to their end: by key where the server gives links, else by offsets, else its cap is noticed. */
import type { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import type { BoundedMap } from '../../../shared/bounded-map.ts'
import { decodeRows, listOf, type ListName, type Rows } from '../../../shared/wire.ts'
import type { HttpOutcome } from '../ports.ts'
import { isAway, sayOutcome } from './classify-answer.ts'
import type { Connection } from './connection-port.ts'

/** A query's fields; undefined ones are left out. */
export type Query = Readonly<Record<string, string | undefined>>

export type ListRead<T> =
  | {
      readonly kind: 'rows'
      readonly rows: readonly T[]
      /** How many rows did not parse. */
      readonly unreadable: number
      /** The number of rows at which the server ends this list without a way on: newer ones may be missing. Null: it is whole. */
      readonly cap: number | null
    }
  /** The API has no such list, or refuses this way of asking. */
  | { readonly kind: 'none'; readonly status: number }
  /** No answer now; the connection knows. */
  | { readonly kind: 'paused'; readonly detail: string }

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
type CachedPage = Pick<Page, 'count' | 'firstKey' | 'link' | 'total'>
export const MAX_CACHED_PAGES = 200

type Reader = Pick<Connection, 'get' | 'server'>

const PAGE_ROWS = 1_000
const PAGE_BYTES = 64 * 1024 * 1024
/** Against a server whose links lead in a circle. */
const MAX_PAGES = 10_000

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

  const link = nextQuery(first.link, spec.path)
  const isByOffset = link !== undefined && /(^|&)(offset|skip)=/.test(link)
  let cap: number | null = null
  if (link !== undefined && !isByOffset) {
    const stopped = await followLinks(connection, found, link)
    if (stopped) return stopped
  } else if (
    !hasPages &&
    (isByOffset || (first.total ?? 0) > first.count || (first.total === null && looksCapped(first.count)))
  ) {
    if (rests(spec, first.count))
      return { kind: 'rows', rows: found.rows, unreadable: found.unreadable, cap: first.count }
    const read = await readByOffset(connection, found, first)
    if (read === 'paused') return { kind: 'paused', detail: found.detail }
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

interface Page {
  readonly kind: 'page'
  /** Rows as the server counts them, unreadable ones too. */
  readonly count: number
  readonly added: number
  /** At least one of its rows was known before. */
  readonly isConnected: boolean
  readonly firstKey: string | null
  readonly link: string | undefined
  readonly total: number | null
  readonly isCut: boolean
}

/** The rows of one list so far, each once. */
class Found<S extends z.ZodType> {
  readonly #spec: ListSpec<S>
  readonly #byKey = new Map<string, z.output<S>>()
  unreadable = 0
  detail = ''

  constructor(spec: ListSpec<S>) {
    this.#spec = spec
  }

  get rows(): readonly z.output<S>[] {
    return [...this.#byKey.values()]
  }

  get path(): string {
    return this.#spec.path
  }

  get query(): Query {
    return this.#spec.query
  }

  /** How many of them were new. */
  add(rows: readonly z.output<S>[], unreadable: number): number {
    const before = this.#byKey.size
    for (const row of rows) {
      const key = this.#spec.keyOf(row)
      if (!this.#byKey.has(key)) this.#byKey.set(key, row)
    }
    this.unreadable += unreadable
    return this.#byKey.size - before
  }

  async page(connection: Reader, path: string): Promise<Page | Exclude<ListRead<never>, { kind: 'rows' }>> {
    const { cache } = this.#spec
    const cached = cache?.get(path)
    const outcome = await connection.get(path, { maxAnswerBytes: PAGE_BYTES, ifNoneMatch: cached?.etag })
    if (cached && outcome.kind === 'answer' && outcome.status === 304)
      return this.#take(cached.rows as Rows<z.output<S>>, cached.page, false)
    if (outcome.kind !== 'answer' || isAway(outcome)) {
      this.detail = sayOutcome(outcome)
      return { kind: 'paused', detail: this.detail }
    }
    const isOk = outcome.status >= 200 && outcome.status < 300
    const json = isOk && !outcome.isCut ? readJson(outcome.text) : undefined
    const decoded = decodeRows(json, this.#spec.name, this.#spec.schema)
    if (!decoded && !(isOk && outcome.isCut)) return { kind: 'none', status: outcome.status }
    const rows = decoded ?? { rows: [], unreadable: 0 }
    const first = rows.rows[0]
    const page: CachedPage = {
      count: listOf(json, this.#spec.name)?.length ?? 0,
      firstKey: first === undefined ? null : this.#spec.keyOf(first),
      link: outcome.headers['link'],
      total: totalOf(outcome, json),
    }
    const etag = outcome.headers['etag']
    if (etag !== undefined && !outcome.isCut) cache?.set(path, { etag, rows, page })
    return this.#take(rows, page, outcome.isCut)
  }

  #take({ rows, unreadable }: Rows<z.output<S>>, page: CachedPage, isCut: boolean): Page {
    const isConnected = rows.some((row) => this.#byKey.has(this.#spec.keyOf(row)))
    return { kind: 'page', ...page, isConnected, added: this.add(rows, unreadable), isCut }
  }
}

/** Follows the server's own keys. Undefined at the end. */
async function followLinks<S extends z.ZodType>(
  connection: Reader,
  found: Found<S>,
  first: string,
): Promise<Exclude<ListRead<never>, { kind: 'rows' }> | undefined> {
  const asked = new Set<string>()
  for (let next: string | undefined = first; next !== undefined && !asked.has(next);) {
    if (asked.size >= MAX_PAGES) return undefined
    asked.add(next)
    const page = await found.page(connection, `${found.path}?${next}`)
    if (page.kind !== 'page') return page
    next = nextQuery(page.link, found.path)
  }
  return undefined
}

/**
 * Reads on by offsets, each page one row over the one before: rows that went meanwhile would hide others, so a page that
 * shows no known row is read again further ahead.
 */
async function readByOffset<S extends z.ZodType>(
  connection: Reader,
  found: Found<S>,
  first: Page,
): Promise<'whole' | 'capped' | 'paused'> {
  const size = first.count
  let offset = Math.max(0, size - 1)
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const path = toPath(found.path, { ...found.query, limit: String(size), offset: String(offset) })
    const page = await found.page(connection, path)
    if (page.kind === 'paused') return 'paused'
    if (page.kind === 'none') return 'capped'
    const isIgnored = size > 1 && page.added === 0 && page.count >= size && page.firstKey === first.firstKey
    if (isIgnored) return 'capped'
    if (!page.isConnected && offset > 0) offset = Math.max(0, offset - size)
    else if (page.count < size || page.count <= 1) return 'whole'
    else offset += page.count - 1
  }
  return 'capped'
}

/** A number of rows that somebody chose: a list that ends there may go on. */
const looksCapped = (count: number): boolean =>
  count >= 20 && (count % 10 === 0 || count % 25 === 0 || (count & (count - 1)) === 0)

/** What follows `?` in the link to the next page, where it leads to the same list. The origin is always our own. */
function nextQuery(header: string | undefined, path: string): string | undefined {
  for (const [, target = '', params = ''] of (header ?? '').matchAll(/<([^>]*)>((?:\s*;[^,;]*)*)/g)) {
    if (!/;\s*rel\s*=\s*"?(?:[^"]*\s)?next(?:\s[^"]*)?"?\s*(?:;|$)/i.test(params)) continue
    const [where = '', query] = target.split('#', 1)[0]?.split('?', 2) ?? []
    if (query !== undefined && (where === '' || where.endsWith(path))) return query
  }
  return undefined
}

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
