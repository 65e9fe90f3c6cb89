/** Between HTTP and the calls of the API: a request taken apart, an answer put together. */
import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Context } from 'hono'
import { err, ok, type Result } from '../../shared/result.ts'
import { toMachineKey } from '../../shared/session.ts'
import { parseTime, type EpochMs } from '../../shared/time.ts'
import { refuse } from './answers.ts'
import type { Answer, CallKey, Caller, ListQuery, Page, Tagged } from './store.ts'

/** `incoming` and `outgoing` are Node's. */
export type Env = {
  Bindings: { incoming: IncomingMessage; outgoing: ServerResponse }
  Variables: { caller: Caller | null }
}
export type Http = Context<Env>

/** A request, taken apart. */
export interface Call {
  readonly at: EpochMs
  readonly id: string
  readonly query: Readonly<Record<string, string>>
  readonly queuedAt: EpochMs | undefined
  readonly fromPath: Readonly<Record<string, string>>
  /** Parsed JSON; undefined where the call's body is ignored. */
  readonly body: unknown
}

/** In characters; a UUID has 36. */
const MAX_KEY = 255

export const map = <T, U, E>(result: Result<T, E>, to: (value: T) => U): Result<U, E> =>
  result.ok ? ok(to(result.value)) : result

/** The query, first value of each name; an empty value counts as absent. */
export function queryOf(c: Http): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of new URL(c.req.url).searchParams)
    if (value !== '' && !Object.hasOwn(query, name)) query[name] = value
  return query
}

/** Takes a request apart. */
export function toCall(c: Http, at: EpochMs, body: unknown): Call {
  const { id = '', ...fromPath } = c.req.param() as Record<string, string>
  return { at, id, query: queryOf(c), queuedAt: parseTime(c.req.header('x-coord-queued-at')), fromPath, body }
}

/** The call's `Idempotency-Key`, bare or quoted, with what identifies the call: one caller's key is no other's. */
export function toKey(c: Http, bytes: Uint8Array): Result<CallKey | null, Answer> {
  const given = c.req.header('idempotency-key')?.trim()
  if (given === undefined) return ok(null)
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given
  if (key === '' || key.length > MAX_KEY)
    return err(
      refuse(422, `Idempotency-Key: must have 1 to ${MAX_KEY} characters`, { field: 'Idempotency-Key' }),
    )
  const { pathname, search } = new URL(c.req.url)
  const fingerprint = createHash('sha256')
    .update(`${c.req.method} ${pathname}${search}\n`)
    .update(bytes)
    .update(ofCaller(c.get('caller')))
    .digest('hex')
  return ok({ key, fingerprint })
}

const ofCaller = (caller: Caller | null): string =>
  caller === null ? '' : `\n${caller.isAdmin} ${toMachineKey(caller.machine)}`

/** The tags that the caller knows (`If-None-Match`), compared weakly. */
export const knownTags = (c: Http): string[] =>
  (c.req.header('if-none-match') ?? '')
    .split(',')
    .map((tag) => /^\s*(?:W\/)?"([^"]*)"\s*$/.exec(tag)?.[1])
    .filter((tag) => tag !== undefined)

/** What was read with its tag, or 304 where the caller has it. */
export function toTagged<T>(read: Tagged<T>, toAnswer: (value: T) => Answer): Response {
  const headers = { ETag: `W/"${read.tag}"` }
  return read.isUnchanged
    ? toResponse({ status: 304, body: '' }, headers)
    : toResponse(toAnswer(read.value), headers)
}

/** A page as a bare array; where it goes on stands in `Link`. */
export function toList(c: Http, page: Page, slice: ListQuery): Answer {
  const headers: Record<string, string> = {}
  if (page.total !== null) headers['X-Total-Count'] = String(page.total)
  if (page.next !== null) {
    const url = new URL(c.req.url)
    url.searchParams.delete('offset')
    url.searchParams.set('after', page.next)
    url.searchParams.set('limit', String(slice.limit))
    headers.Link = `<${url.pathname}${url.search}>; rel="next"`
  }
  return { status: 200, body: page.rows, headers }
}

/** No page of another origin may embed, frame or store what is answered here. */
const ALWAYS: Readonly<Record<string, string>> = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Frame-Options': 'DENY',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
}

/** An answer as a response. */
export function toResponse(answer: Answer, more: Readonly<Record<string, string>> = {}): Response {
  const headers: Record<string, string> = { ...ALWAYS, ...answer.headers, ...more }
  // A 304 has no body: the caller keeps the one it has.
  if (answer.status === 304) return new Response(null, { status: 304, headers })
  headers['Content-Type'] ??= 'application/json'
  if (answer.status === 401) headers['WWW-Authenticate'] ??= 'Bearer'
  return new Response(answer.body, { status: answer.status, headers })
}
