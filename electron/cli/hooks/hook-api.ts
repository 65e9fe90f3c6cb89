/** The coordination API as a hook asks it: within a deadline, and where no answer comes there is none. */
import { extensions, type Extension } from '../../../shared/extensions.ts'
import type { EpochMs } from '../../../shared/time.ts'
import {
  decodeRows,
  healthAnswer,
  lockRow,
  messageRow,
  type LockRow,
  type MessageRow,
} from '../../../shared/wire.ts'
import { createClient, type Answer as AnyAnswer, type Client } from '../../adapters/light-http.ts'
import type { Context } from '../context.ts'

type Answer = Extract<AnyAnswer, { kind: 'answer' }>

export type ClaimOutcome =
  | { readonly kind: 'claimed'; readonly lock: LockRow | null }
  | { readonly kind: 'held'; readonly lock: LockRow | null }
  | { readonly kind: 'refused'; readonly status: number }
  | { readonly kind: 'away' }

export interface NewClaim {
  readonly project_key: string
  readonly session_id: string
  readonly resource: string
  readonly description: string
  readonly ttl_hours: number
}

const LOCKS = '/api/coord/locks'
/** Lists longer than this are read no further by a hook. */
const MAX_PAGES = 8
const OWN_MARKS = 'coord'

export class HookApi {
  readonly #client: Client
  readonly #context: Context
  readonly #deadline: number
  #clockAhead = 0
  #isAway = false
  #extensions: ReadonlySet<string> = new Set()
  #service = ''

  /** `deadline` is a time of `performance.now()`; behind it nothing is asked any more. */
  constructor(context: Context, deadline: number) {
    // a token goes only to an address that a person configured
    this.#client = createClient(
      context.baseUrl,
      context.isEmbedded ? null : context.token,
      context.isEmbedded ? { home: context.home } : null,
    )
    this.#context = context
    this.#deadline = deadline
  }

  /** No answer came in time to one of the questions. */
  get isAway(): boolean {
    return this.#isAway
  }
  offers(extension: Extension): boolean {
    return this.#extensions.has(extension)
  }
  /** A server that keeps read marks of broadcasts per session. */
  get keepsOwnMarks(): boolean {
    return this.#service === OWN_MARKS
  }
  /** Now by the server's clock, as its last answer had it. */
  now(): EpochMs {
    return Date.now() + this.#clockAhead
  }

  /** Asks what answers there and what it offers; false where nothing that looks like the API, and proves it, does. */
  async hello(): Promise<boolean> {
    const answer = await this.#ask('GET', '/health')
    const health = answer && isOk(answer) ? healthAnswer.safeParse(answer.json) : undefined
    if (!health?.success) return false
    this.#service = health.data.service ?? ''
    this.#extensions = new Set(
      health.data.extensions?.filter((name) => (extensions as readonly string[]).includes(name)),
    )
    return true
  }

  /** The locks held in a project; null where they cannot be had. */
  locks(project: string): Promise<readonly LockRow[] | null> {
    return this.#rows(`${LOCKS}?project_key=${encodeURIComponent(project)}`, 'locks', lockRow)
  }

  /** Unread messages that the server has for a session, broadcasts included where it includes them; null where they cannot be had. */
  unread(session: string): Promise<readonly MessageRow[] | null> {
    const query = `to_session=${encodeURIComponent(session)}&unread_only=true`
    return this.#rows(`/api/coord/messages?${query}`, 'messages', messageRow)
  }

  async claim(body: NewClaim): Promise<ClaimOutcome> {
    const answer = await this.#ask('POST', LOCKS, body)
    if (answer === null) return { kind: 'away' }
    const json = answer.json
    if (isOk(answer)) return { kind: 'claimed', lock: lockOf(json) }
    if (answer.status === 409) return { kind: 'held', lock: heldLock(json) }
    return isTrouble(answer) ? { kind: 'away' } : { kind: 'refused', status: answer.status }
  }

  /** True where the lock is still this session's, with its time begun anew. */
  async renew(lock: string, session: string): Promise<boolean> {
    const path = `${LOCKS}/${encodeURIComponent(lock)}/renew?session_id=${encodeURIComponent(session)}`
    const answer = await this.#ask('PUT', path)
    return answer !== null && isOk(answer)
  }

  /** `done`, `refused` for good, or `away`: then it is to be queued. */
  async markRead(path: string): Promise<'done' | 'refused' | 'away'> {
    const answer = await this.#ask('PUT', path)
    if (answer === null || isTrouble(answer)) return 'away'
    return isOk(answer) ? 'done' : 'refused'
  }

  async #rows<S extends typeof lockRow | typeof messageRow>(
    first: string,
    name: 'locks' | 'messages',
    schema: S,
  ): Promise<readonly ReturnType<S['parse']>[] | null> {
    const rows: ReturnType<S['parse']>[] = []
    let path: string | undefined = first
    for (let page = 0; path !== undefined && page < MAX_PAGES; page++) {
      const answer = await this.#ask('GET', path)
      if (answer === null || !isOk(answer)) return null
      const found = decodeRows(answer.json, name, schema)
      if (!found) return null
      rows.push(...(found.rows as ReturnType<S['parse']>[]))
      path = nextOf(answer, this.#context.baseUrl)
    }
    return rows
  }

  close(): void {
    this.#client.close()
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const left = this.#deadline - performance.now()
    const answer = this.#isAway || left <= 0 ? null : await this.#client.request(method, path, body, left)
    if (answer?.kind !== 'answer') {
      this.#isAway = true
      return null
    }
    const date = Date.parse(answer.headers['date'] ?? '')
    if (!Number.isNaN(date)) this.#clockAhead = date - Date.now()
    return answer
  }
}

const isOk = (answer: Answer): boolean => answer.status >= 200 && answer.status < 300
const isTrouble = (answer: Answer): boolean => answer.status >= 500 || answer.status === 429

function lockOf(json: unknown): LockRow | null {
  const parsed = lockRow.safeParse(json)
  return parsed.success ? parsed.data : null
}

/** The lock that a refused claim names, wherever the answer has it. */
function heldLock(json: unknown): LockRow | null {
  if (typeof json !== 'object' || json === null) return null
  const places = [json, ...Object.values(json as Record<string, unknown>)].flatMap((v) =>
    Array.isArray(v) ? (v as unknown[]) : [v],
  )
  return places.map(lockOf).find((lock) => lock !== null) ?? null
}

/** The path of the next page, below the base address. */
function nextOf(answer: Answer, baseUrl: string): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers['link'] ?? '')?.[1]
  if (target === undefined) return undefined
  const prefix = new URL(baseUrl).pathname.replace(/\/+$/, '')
  const { pathname, search } = new URL(target, `${baseUrl}/`)
  return pathname.startsWith(`${prefix}/api/coord/`) ? pathname.slice(prefix.length) + search : undefined
}
