/** The coordination API as a hook asks it: within a deadline, and where no answer comes there is none. */
import { extensions, type Extension } from '../../../shared/extensions.ts'
import { readJson } from '../../../shared/json.ts'
import type { EpochMs } from '../../../shared/time.ts'
import { healthAnswer, lockRow, type LockRow, type MessageRow } from '../../../shared/wire.ts'
import { createLightHttp } from '../../adapters/light-http.ts'
import { UNKNOWN_SERVER } from '../../core/coord/connection-port.ts'
import { createCoordClient, type CoordClient } from '../../core/coord/coord-client.ts'
import type { ListRead } from '../../core/coord/read-list.ts'
import type { Http, HttpOutcome } from '../../core/ports.ts'
import type { Context } from '../context.ts'

type Answer = Extract<HttpOutcome, { kind: 'answer' }>

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
const OWN_MARKS = 'coord'
/** A question that had less time says nothing of the server: the machine was slow. */
const FAIR_MS = 100

export class HookApi {
  readonly #http: Http
  readonly #lists: CoordClient
  readonly #deadline: number
  #clockAhead = 0
  #isAway = false
  #isSilent = false
  #extensions: ReadonlySet<Extension> = new Set()
  #service = ''

  /** `deadline` is a time of `performance.now()`; behind it nothing is asked any more. */
  constructor(context: Context, deadline: number) {
    // a token goes only to an address that a person configured
    this.#http = createLightHttp({
      baseUrl: context.baseUrl,
      token: context.isEmbedded ? null : context.token,
      proof: context.isEmbedded ? { home: context.home } : null,
    })
    this.#lists = createCoordClient({
      get: (path) => this.#request('GET', path),
      server: () => ({ ...UNKNOWN_SERVER, extensions: this.#extensions, isOurs: this.keepsOwnMarks }),
    })
    this.#deadline = deadline
  }

  /** No answer came in time to one of the questions. */
  get isAway(): boolean {
    return this.#isAway
  }
  /** It was really asked, with time to answer, and did not. */
  get isSilent(): boolean {
    return this.#isSilent
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
    const health = answer && isOk(answer) ? healthAnswer.safeParse(jsonOf(answer)) : undefined
    if (!health?.success) return false
    this.#service = health.data.service ?? ''
    this.#extensions = new Set(extensions.filter((name) => health.data.extensions?.includes(name)))
    return true
  }

  /** The locks held in a project; null where they cannot be had. */
  async locks(project: string): Promise<readonly LockRow[] | null> {
    return rowsOf(await this.#lists.locks({ project }))
  }

  /** Unread messages that the server has for a session, broadcasts included where it includes them; null where they cannot be had. */
  async unread(session: string): Promise<readonly MessageRow[] | null> {
    return rowsOf(await this.#lists.messages({ to: session, isUnreadOnly: true }))
  }

  async claim(body: NewClaim): Promise<ClaimOutcome> {
    const answer = await this.#ask('POST', LOCKS, body)
    if (answer === null) return { kind: 'away' }
    const json = jsonOf(answer)
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

  /** Gives a lock back; what cannot be given back in time runs out by itself. */
  async release(lock: string, session: string): Promise<void> {
    await this.#ask(
      'DELETE',
      `${LOCKS}/${encodeURIComponent(lock)}?session_id=${encodeURIComponent(session)}`,
    )
  }

  /** `done`, `refused` for good, or `away`: then it is to be queued. */
  async markRead(path: string): Promise<'done' | 'refused' | 'away'> {
    const answer = await this.#ask('PUT', path)
    if (answer === null || isTrouble(answer)) return 'away'
    return isOk(answer) ? 'done' : 'refused'
  }

  close(): void {
    void this.#http.close()
  }

  /** Null where no answer came, and from then on. */
  async #ask(method: string, path: string, body?: unknown): Promise<Answer | null> {
    const outcome = await this.#request(method, path, body)
    return outcome.kind === 'answer' ? outcome : null
  }

  async #request(method: string, path: string, body?: unknown): Promise<HttpOutcome> {
    const left = this.#deadline - performance.now()
    if (this.#isAway || left <= 0) {
      this.#isAway = true
      return { kind: 'unreachable', detail: 'no time is left' }
    }
    const payload = body === undefined ? {} : { body: JSON.stringify(body) }
    const outcome = await this.#http.request({ method, path, headers: {}, timeoutMs: left, ...payload })
    if (outcome.kind !== 'answer') {
      this.#isAway = true
      this.#isSilent = left >= FAIR_MS
    } else {
      const date = Date.parse(outcome.headers['date'] ?? '')
      if (!Number.isNaN(date)) this.#clockAhead = date - Date.now()
    }
    return outcome
  }
}

const rowsOf = <T>(read: ListRead<T>): readonly T[] | null => (read.kind === 'rows' ? read.rows : null)
const jsonOf = ({ text }: Answer): unknown => readJson(text)
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
