/**
 * Live calls: made at once where the API answers, else appended to the nearest queue, so that the API never blocks work
 * (soft fail: a session works on while the API is away). Nothing is written to an address that does not look like the coordination API.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { listOf } from '../../shared/wire.ts'
import { queueingWorkspace, type Context } from './context.ts'
import { failure } from './exit.ts'
import { createClient, type Answer, type Client } from '../adapters/light-http.ts'
import { hint } from './output.ts'
import { appendCall } from '../adapters/queue-append.ts'

/** A longer `Retry-After` is left to the outbox: the call is queued at once and nobody waits in front of a prompt. */
const LONGEST_WAIT_S = 5

export type WriteOutcome =
  | { readonly kind: 'accepted'; readonly json: unknown }
  /** The API said no, for good. */
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string; readonly json: unknown }
  /** Appended to `file`, to be sent as soon as the API answers. */
  | { readonly kind: 'queued'; readonly file: string; readonly why: string }

export type ReadOutcome =
  | { readonly kind: 'ok'; readonly json: unknown }
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string }
  | { readonly kind: 'away'; readonly detail: string }

export interface Live {
  readonly client: Client
  get(path: string): Promise<ReadOutcome>
  write(method: string, path: string, body?: unknown): Promise<WriteOutcome>
  /** Appends without trying. */
  queue(method: string, path: string, body: unknown, why: string): WriteOutcome & { kind: 'queued' }
  close(): void
}

/** What an answer says in words: the API's `detail`, or the start of its text. */
export function detailOf(answer: Answer & { kind: 'answer' }): string {
  const { json } = answer
  if (typeof json === 'object' && json !== null && 'detail' in json) {
    return typeof json.detail === 'string' ? json.detail : JSON.stringify(json.detail)
  }
  return answer.text.trim().slice(0, 200) || `HTTP ${answer.status}`
}

const looksLikeApi = (answer: Answer & { kind: 'answer' }): boolean =>
  answer.text.trim() === '' || answer.json !== undefined
const isTemporary = (status: number): boolean =>
  (status >= 500 && status !== 501) || status === 408 || status === 425 || status === 429
const mayMeanWrongAddress = (status: number): boolean => [401, 403, 404, 405, 407, 410].includes(status)

/** Why an answer is no answer of the API, in words; undefined where it is one. */
function whyNot(answer: Answer): string | undefined {
  if (answer.kind === 'away') return answer.detail
  if (isTemporary(answer.status)) return `it answered ${answer.status}: ${detailOf(answer)}`
  if (answer.status >= 300 && answer.status < 400) return `it answered with a redirect (${answer.status})`
  if (answer.status < 300 && !looksLikeApi(answer)) return 'what answers there is not the coordination API'
  return undefined
}

/** Tells whether what answers at the base URL is our API; `undefined` when it is, else why not. */
export async function whyNotOurApi(client: Client, timeoutMs?: number): Promise<string | undefined> {
  const [health, locks] = await Promise.all([
    client.request('GET', '/health', undefined, timeoutMs),
    client.request('GET', '/api/coord/locks', undefined, timeoutMs),
  ])
  const why = whyNot(locks)
  if (why !== undefined) return why
  if (locks.kind === 'away' || locks.status >= 400 || !listOf(locks.json, 'locks')) {
    return 'what answers there is not the coordination API (no list of locks)'
  }
  if (health.kind === 'away') return health.detail
  const status =
    typeof health.json === 'object' && health.json !== null && 'status' in health.json && health.json.status
  if (typeof status !== 'string')
    return 'what answers there is not the coordination API (its /health says no status)'
  return undefined
}

export interface LiveOptions {
  readonly timeoutMs?: number
  /** 0 in hooks, which have no time. */
  readonly longestWaitS?: number
}

export function openLive(context: Context, options: LiveOptions = {}): Live {
  const client = createClient(context.baseUrl, context.token)
  let checked: Promise<string | undefined> | undefined

  const queue = (
    method: string,
    path: string,
    body: unknown,
    why: string,
  ): WriteOutcome & { kind: 'queued' } => {
    const workspace = queueingWorkspace(context) ?? context.home
    try {
      const file = appendCall(workspace, {
        method,
        path,
        ...(body === undefined ? {} : { bodyText: JSON.stringify(body) }),
      })
      hint(`coord: ${context.baseUrl}: ${why}. Queued in ${file}; it is sent as soon as the API answers.`)
      return { kind: 'queued', file, why }
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      throw failure(`coord: ${context.baseUrl}: ${why}; and the call could not be queued: ${reason}`)
    }
  }

  async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
    const first = await client.request(method, path, body, options.timeoutMs)
    const isAskedToWait = first.kind === 'answer' && (first.status === 503 || first.status === 429)
    if (
      !isAskedToWait ||
      first.retryAfterS === null ||
      first.retryAfterS > (options.longestWaitS ?? LONGEST_WAIT_S)
    )
      return first
    hint(`coord: the API asks to wait ${Math.ceil(first.retryAfterS)} s`)
    await sleep(first.retryAfterS * 1000)
    return client.request(method, path, body, options.timeoutMs)
  }

  return {
    client,
    queue,
    close: () => client.close(),
    async get(path) {
      const answer = await ask('GET', path)
      const why = whyNot(answer)
      if (why !== undefined || answer.kind === 'away') return { kind: 'away', detail: why ?? 'no answer' }
      if (answer.status >= 400) return { kind: 'refused', status: answer.status, detail: detailOf(answer) }
      return { kind: 'ok', json: answer.json }
    },
    async write(method, path, body) {
      checked ??= whyNotOurApi(client, options.timeoutMs)
      const before = await checked
      if (before !== undefined && !/^it answered (503|429)/.test(before))
        return queue(method, path, body, before)
      const answer = await ask(method, path, body)
      const why = whyNot(answer)
      if (why !== undefined || answer.kind === 'away') return queue(method, path, body, why ?? 'no answer')
      if (answer.status < 300) return { kind: 'accepted', json: answer.json }
      if (mayMeanWrongAddress(answer.status)) {
        const now = await whyNotOurApi(client, options.timeoutMs)
        if (now !== undefined) return queue(method, path, body, now)
      }
      return { kind: 'refused', status: answer.status, detail: detailOf(answer), json: answer.json }
    },
  }
}
