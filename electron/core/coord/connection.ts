/** One connection for all workspaces and pollers: probes, identification, pauses. The breaker says when, this says to whom. */
import type { ConnectionState, ConnectionView } from '../../../shared/connection.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { Clock, Http, HttpCall, HttpOutcome, Log, Random } from '../ports.ts'
import { breakerAt, CLOSED, hurry, trip, UNTRIED, waitOf, type Breaker } from './breaker.ts'
import { classify } from './classify-answer.ts'
import {
  UNKNOWN_SERVER,
  type GatedConnection,
  type GetOptions,
  type PauseCause,
  type PauseWish,
  type ServerFacts,
} from './connection-port.ts'
import { pauseOf, problemWords, viewOf, type Shown } from './connection-words.ts'
import { identify, isRefusal, wantsToken } from './identify.ts'
import { OverdueRequests } from './overdue-requests.ts'
import { retryAfterMs } from './retry-after.ts'
import { createServerClock } from './server-clock.ts'

export type { GatedConnection } from './connection-port.ts'

const MIN_PROBE_GAP_MS = 1_000
const LIST_BYTES = 16 * 1024 * 1024

export interface ConnectionDeps {
  readonly http: Http
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Sent with every request (the token). */
  readonly headers?: Readonly<Record<string, string>>
  /** Words that say why nothing may be contacted now (the port is held by something else), or null. */
  readonly blocked?: () => string | null
  /** How long a probe may take, in milliseconds, where that is less than a call may: somebody waits in front of it. */
  readonly probeTimeoutMs?: number
}

export function createConnection(deps: ConnectionDeps): GatedConnection {
  return new CoordConnection(deps)
}

class CoordConnection implements GatedConnection {
  readonly #deps: ConnectionDeps
  readonly #listeners = new Set<(view: ConnectionView) => void>()
  readonly #serverClock = createServerClock()
  #breaker: Breaker = UNTRIED
  #shown: Shown
  #server: ServerFacts = UNKNOWN_SERVER
  #lastProbe = -Infinity
  #probing: Promise<boolean> | undefined
  /** The call that goes first while the breaker is half-open. */
  #trial: { readonly ended: Promise<void>; readonly end: () => void } | undefined
  readonly #overdue: OverdueRequests
  #isRunning = false
  #cancelTimer: (() => void) | undefined

  constructor(deps: ConnectionDeps) {
    this.#deps = deps
    const detail = `Connecting to ${deps.http.baseUrl}.`
    const since = deps.clock.now()
    this.#shown = { state: 'connecting', isRefused: false, isOverdue: false, since, detail, until: null }
    this.#overdue = new OverdueRequests({
      clock: deps.clock,
      // a pause says more, and the first question of all is still "connecting"
      onOverdue: (words) =>
        this.isReady() && !this.#shown.isOverdue ? this.#show('degraded', words, null, true) : null,
      onAnswer: () => (this.#shown.isOverdue && this.isReady() ? this.#close() : null),
    })
  }

  view(): ConnectionView {
    return viewOf(this.#shown)
  }

  onChange(listener: (view: ConnectionView) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  isReady(): boolean {
    return this.#breaker.kind === 'closed'
  }

  server(): ServerFacts {
    return this.#server
  }

  serverSkewMs(): number {
    return this.#serverClock.skewMs()
  }

  skewBounds(): { readonly low: number; readonly high: number } | undefined {
    return this.#serverClock.bounds()
  }

  async ensure(): Promise<boolean> {
    if (this.isReady()) return true
    if (this.#probing) return this.#probing
    const breaker = this.#now()
    if (breaker.kind === 'open') return false
    return breaker.kind === 'half-open' && breaker.trialBy === 'call' ? true : this.#probe()
  }

  async admit(): Promise<boolean> {
    for (;;) {
      if (!(await this.ensure())) return false
      if (this.isReady()) return true
      // another lane was told to wait in this very instant: no trial now, or nobody would ever say what became of it
      if (this.#now().kind === 'open') return false
      if (!this.#trial) {
        let end: () => void = () => undefined
        const ended = new Promise<void>((resolve) => (end = resolve))
        this.#trial = { ended, end }
        return true
      }
      await this.#trial.ended
    }
  }

  unsent(): void {
    this.#trial?.end()
    this.#trial = undefined
  }

  call(call: HttpCall): Promise<HttpOutcome> {
    const { http, clock, headers } = this.#deps
    const sentAt = clock.now()
    const isOver = this.#overdue.watch(call)
    const sent = http.request(headers ? { ...call, headers: { ...headers, ...call.headers } } : call)
    return sent.then((outcome) => {
      isOver(outcome)
      this.#serverClock.learn(outcome, sentAt, clock.now())
      return outcome
    })
  }

  async get(
    path: string,
    { maxAnswerBytes = LIST_BYTES, ifNoneMatch }: GetOptions = {},
  ): Promise<HttpOutcome> {
    const headers = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }
    const outcome = await this.call({ method: 'GET', path, headers, maxAnswerBytes })
    // What was asked for so: the caller has it already.
    if (ifNoneMatch !== undefined && outcome.kind === 'answer' && outcome.status === 304) return outcome
    if (this.#now().kind !== 'open') this.pauseFor(outcome)
    // The token is no longer good: it is said now, not when the next call is sent.
    if (this.isReady() && wantsToken(outcome)) void this.#probe()
    return outcome
  }

  async send(call: HttpCall): Promise<HttpOutcome> {
    const outcome = await this.call(call)
    // one write that an otherwise healthy API fails on says nothing about the next one
    const isTelling =
      outcome.kind !== 'answer' ||
      retryAfterMs(outcome.headers, outcome.text, this.#deps.clock.now()) !== undefined
    if (this.isReady() && isTelling) this.pauseFor(outcome)
    return outcome
  }

  pause(cause: PauseCause, detail: string, wish?: PauseWish): void {
    const { clock, random } = this.#deps
    const now = clock.monotonic()
    const before = this.#now()
    this.#breaker = trip(before, now, cause, wish, random.next())
    if (this.#breaker === before) return
    this.unsent()
    const isAsked = wish !== undefined && 'askedMs' in wish
    this.#show(cause, detail, isAsked ? clock.now() + waitOf(this.#breaker, now) : null)
    this.#plan()
  }

  pauseFor(outcome: HttpOutcome): boolean {
    const pause = pauseOf(classify(outcome, this.#deps.clock.now()), this.#deps.http.baseUrl)
    if (!pause) return false
    this.pause(pause.cause, pause.words, pause.wish)
    return true
  }

  succeeded(): void {
    // a call that was on its way when the API asked to wait ends no pause
    if (this.isReady() || this.#now().kind === 'open') return
    this.#close()
    this.#plan()
  }

  retryNow(): void {
    const before = this.#breaker
    this.#breaker = hurry(before, this.#deps.clock.monotonic())
    if (this.#breaker !== before) this.#plan()
  }

  start(): void {
    this.#isRunning = true
    this.#plan()
  }

  stop(): void {
    this.#isRunning = false
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  waitMs(): number {
    const now = this.#deps.clock.monotonic()
    const breaker = this.#now()
    if (breaker.kind === 'closed') return 0
    const gap = breaker.trialBy === 'call' ? 0 : this.#lastProbe + MIN_PROBE_GAP_MS - now
    return Math.max(0, waitOf(breaker, now), gap)
  }

  #now(): Breaker {
    return breakerAt(this.#breaker, this.#deps.clock.monotonic())
  }

  #close(): void {
    this.#breaker = CLOSED
    this.#show('online', `Connected to ${this.#deps.http.baseUrl}.`, null)
    this.unsent()
  }

  #show(cause: PauseCause | 'online', detail: string, until: EpochMs | null, isOverdue = false): void {
    const { clock, log } = this.#deps
    const before = this.#shown
    const isRefused = cause === 'refused'
    const state: ConnectionState = isRefused ? 'wrong-answer' : cause
    if (before.state !== state) log.info(`connection: ${state}`, { detail })
    else if (before.detail === detail && before.until === until) return
    const since = before.state === state ? before.since : clock.now()
    this.#shown = { state, isRefused, isOverdue, since, detail, until }
    const view = this.view()
    for (const listener of this.#listeners) listener(view)
  }

  /** Probes by itself while not online, no sooner than allowed. */
  #plan(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (!this.#isRunning || this.isReady()) return
    const { clock } = this.#deps
    const now = clock.monotonic()
    const delay = Math.max(waitOf(this.#breaker, now), this.#lastProbe + MIN_PROBE_GAP_MS - now, 0)
    this.#cancelTimer = clock.schedule(delay, () => {
      this.#cancelTimer = undefined
      void this.#probe()
    })
  }

  /** At most one probe a second, whatever asks for it; one at a time. */
  #probe(): Promise<boolean> {
    this.#probing ??= (async () => {
      // one turn later, so that `#probing` is set before the `finally` below clears it
      await Promise.resolve()
      try {
        return await this.#probeOnce()
      } finally {
        this.#probing = undefined
        this.#plan()
      }
    })()
    return this.#probing
  }

  async #probeOnce(): Promise<boolean> {
    const { clock, http, headers, blocked, probeTimeoutMs } = this.#deps
    if (clock.monotonic() - this.#lastProbe < MIN_PROBE_GAP_MS) return this.isReady()
    this.#lastProbe = clock.monotonic()
    const why = blocked?.() ?? null
    if (why !== null) {
      this.pause('wrong-answer', why)
      return false
    }
    const within = probeTimeoutMs === undefined ? {} : { timeoutMs: probeTimeoutMs }
    const identity = await identify(
      (path, maxAnswerBytes) => this.call({ method: 'GET', path, headers: {}, maxAnswerBytes, ...within }),
      (outcome) => pauseOf(classify(outcome, clock.now()), http.baseUrl) !== undefined,
    )
    switch (identity.kind) {
      case 'away':
        this.pauseFor(identity.outcome)
        return false
      case 'other':
        this.pause(
          isRefusal(identity.problem) ? 'refused' : 'wrong-answer',
          problemWords(identity.problem, http.baseUrl, headers?.['authorization'] !== undefined),
        )
        return false
      case 'coord':
        this.#server = identity.server
        this.#close()
        return true
    }
  }
}
