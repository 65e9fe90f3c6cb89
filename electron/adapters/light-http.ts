/** A small HTTP client for live calls: one base URL, no redirects, no proxy variables, a deadline, a capped answer. */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { readJson } from '../../shared/json.ts'

const ANSWER_LIMIT_BYTES = 64 * 1024 * 1024

export type Answer =
  | {
      readonly kind: 'answer'
      readonly status: number
      /** Lower-case names; repeated headers joined by ", ". */
      readonly headers: Readonly<Record<string, string>>
      readonly text: string
      /** Undefined where the body is not JSON. */
      readonly json: unknown
      /** Seconds that the server asks to wait, where it does. */
      readonly retryAfterS: number | null
    }
  /** No answer: not reached, or cut off on the way. */
  | { readonly kind: 'away'; readonly detail: string }

export interface Client {
  readonly baseUrl: string
  request(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs?: number,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>
  close(): void
}

/** `Retry-After` in seconds or as a date (against the answer's own `Date`), or the body's `retry_after`. */
export function retryAfterOf(
  header: string | undefined,
  date: string | undefined,
  json: unknown,
): number | null {
  if (header !== undefined && /^\s*\d+(\.\d+)?\s*$/.test(header)) return Number(header)
  if (header !== undefined) {
    const at = Date.parse(header)
    const from = date === undefined ? Number.NaN : Date.parse(date)
    if (!Number.isNaN(at)) return Math.max(0, (at - (Number.isNaN(from) ? Date.now() : from)) / 1000)
  }
  if (typeof json === 'object' && json !== null && 'retry_after' in json) {
    const s = Number(json.retry_after)
    if (Number.isFinite(s) && s >= 0) return s
  }
  return null
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the name is not known',
  EHOSTUNREACH: 'no way there',
  ENETUNREACH: 'no network',
  ECONNRESET: 'the connection was cut',
}

const headersOf = (res: IncomingMessage): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(res.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  )

export function createClient(baseUrl: string, token: string | null): Client {
  const base = new URL(baseUrl)
  const isTls = base.protocol === 'https:'
  const agent = isTls ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true })
  const prefix = base.pathname.replace(/\/+$/, '')

  function request(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs = 5000,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    return new Promise((resolve) => {
      const payload = body === undefined ? undefined : JSON.stringify(body)
      const req = (isTls ? httpsRequest : httpRequest)({
        protocol: base.protocol,
        hostname: base.hostname.replace(/^\[|\]$/g, ''),
        port: base.port || (isTls ? 443 : 80),
        path: prefix + path,
        method,
        agent,
        headers: {
          Accept: 'application/json',
          ...headers,
          ...(payload === undefined
            ? {}
            : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(payload) }),
          ...(token ? { Authorization: `Bearer ${token}` } : {}),
        },
      })
      const timer = setTimeout(
        () => req.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)),
        timeoutMs,
      )
      const end = (answer: Answer): void => {
        clearTimeout(timer)
        resolve(answer)
      }
      const fail = (error: Error & { code?: string }): void =>
        end({
          kind: 'away',
          detail: (error.code && REASONS[error.code]) || error.message || error.code || 'no answer',
        })
      req.on('error', fail)
      req.on('response', (res: IncomingMessage) => {
        const chunks: Buffer[] = []
        let size = 0
        res.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size > ANSWER_LIMIT_BYTES) req.destroy(new Error('the answer does not end'))
          else chunks.push(chunk)
        })
        res.on('error', fail)
        res.on('aborted', () => fail(new Error('the answer was cut off')))
        res.on('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          const json = readJson(text)
          const status = res.statusCode ?? 0
          end({
            kind: 'answer',
            status,
            headers: headersOf(res),
            text,
            json,
            retryAfterS: retryAfterOf(res.headers['retry-after'], res.headers.date, json),
          })
        })
      })
      req.end(payload)
    })
  }
  return { baseUrl, request, close: () => agent.destroy() }
}
