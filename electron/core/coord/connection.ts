/** One connection for all workspaces and pollers: probes, "is it our API at all?", pauses and back-off (DESIGN 5, 6). */
import type { ConnectionState, ConnectionView } from '../../../shared/connection.ts'
import { readJson } from '../../../shared/json.ts'
import { assertNever } from '../../../shared/result.ts'
import { toIso, type EpochMs } from '../../../shared/time.ts'
import { healthAnswer, listOf } from '../../../shared/wire.ts'
import type { Clock, Http, HttpCall, HttpOutcome, Log, Random } from '../ports.ts'
import { classify } from './classify-answer.ts'
import type { Connection } from '../outbox/contract.ts'
import { parseHttpDate, retryAfterMs } from './retry-after.ts'

const MIN_PROBE_GAP_MS = 1_000
const FIRST_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 60_000

/** What the outbox needs beyond the public interface: pauses that come from a call's answer. */
export interface GatedConnection extends Connection {
  /**
   * May this very call go out now? As `ensure`, but after a pause that the API asked for only one call goes first, as the
   * probe, whatever workspace or lane it comes from; the others wait for what becomes of it.
   */
  admit(): Promise<boolean>
  /** The call that was admitted does not go out after all. */
  unsent(): void
  /** One call of the outbox, after `admit()` said yes. Learns the server's clock from the answer. */
  call(call: HttpCall): Promise<HttpOutcome>
  /** `asked`: the API's own wish, never shortened. `backOff`: ours. Neither: full jitter from 1 s to 60 s. */
  pause(
    state: 'offline' | 'degraded' | 'wrong-answer',
    detail: string,
    wait?: { readonly askedMs: number } | { readonly backOffMs: number },
  ): void
  /** A call went through after an asked-for pause: online again. */
  succeeded(): void
  /** Bounds of (server clock − local clock); undefined before the first dated answer. */
  skewBounds(): { readonly low: number; readonly high: number } | undefined
  /** Milliseconds until `ensure` may have another answer; 0 when that is now. */
  waitMs(): number
}

export interface ConnectionDeps {
  readonly http: Http
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Sent with every request (the token). */
  readonly headers?: Readonly<Record<string, string>>
  /** Words that say why nothing may be contacted now (the port is held by something else), or null. */
  readonly blocked?: () => string | null
}

export function createConnection(deps: ConnectionDeps): GatedConnection {
  const { http, clock, random, log } = deps
  const listeners = new Set<(view: ConnectionView) => void>()
  let state: ConnectionState = 'connecting'
  let since: EpochMs = clock.now()
  let detail = `Connecting to ${http.baseUrl}.`
  /** Monotonic time before which no probe may go out: an API's own wish, or our back-off. */
  let notBefore = 0
  let until: EpochMs | null = null
  let lastProbe = -Infinity
  let failures = 0
  let probing: Promise<boolean> | undefined
  let cancelTimer: (() => void) | undefined
  let isRunning = false
  /** After an asked-for pause of a known API the first call is itself the probe. */
  let isHalfOpen = false
  let probeCall: { readonly ended: Promise<void>; readonly end: () => void } | undefined
  let skew: { low: number; high: number } | undefined

  const view = (): ConnectionView => ({
    state,
    since: toIso(since),
    detail,
    until: until === null ? null : toIso(until),
  })

  function change(next: ConnectionState, words: string, waitUntil: EpochMs | null): void {
    if (state !== next) {
      since = clock.now()
      log.info(`connection: ${next}`, { detail: words })
    } else if (words === detail && waitUntil === until) return
    state = next
    detail = words
    until = waitUntil
    const now = view()
    for (const listener of listeners) listener(now)
  }

  function learn(outcome: HttpOutcome, sentAt: EpochMs): void {
    if (outcome.kind !== 'answer') return
    const date = outcome.headers['date'] === undefined ? undefined : parseHttpDate(outcome.headers['date'])
    if (date === undefined) return
    // `Date` has whole seconds, and some servers cache it for a moment: the true instant lies in [date, date + 1 s)
    const low = date - clock.now()
    const high = date + 1_050 - sentAt
    skew =
      skew && Math.max(skew.low, low) <= Math.min(skew.high, high)
        ? { low: Math.max(skew.low, low), high: Math.min(skew.high, high) }
        : { low, high }
  }

  async function request(call: HttpCall): Promise<HttpOutcome> {
    const sentAt = clock.now()
    const outcome = await http.request(
      deps.headers ? { ...call, headers: { ...deps.headers, ...call.headers } } : call,
    )
    learn(outcome, sentAt)
    return outcome
  }

  function backOff(): number {
    const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10))
    failures++
    return random.next() * ceiling
  }

  function pause(
    next: 'offline' | 'degraded' | 'wrong-answer',
    words: string,
    wish?: { readonly askedMs: number } | { readonly backOffMs: number },
  ): void {
    const asked = wish && 'askedMs' in wish ? wish.askedMs : undefined
    const at = clock.monotonic()
    if (asked !== undefined) notBefore = Math.max(notBefore, at + asked)
    // several calls in flight fail together: that is one failure, and shortens no wait
    else if (state === next && at < notBefore) return
    else notBefore = at + (wish && 'backOffMs' in wish ? wish.backOffMs : backOff())
    isHalfOpen = asked !== undefined && state === 'online'
    endProbeCall()
    change(next, words, asked === undefined ? null : clock.now() + (notBefore - at))
    plan()
  }

  /** The call that went first has shown what it could. */
  function endProbeCall(): void {
    probeCall?.end()
    probeCall = undefined
  }

  async function admit(): Promise<boolean> {
    for (;;) {
      if (!(await ensure())) return false
      if (state === 'online') return true
      // another lane was told to wait in this very instant: no probe now, or nobody would ever say what became of it
      if (clock.monotonic() < notBefore) return false
      if (!probeCall) {
        let end: () => void = () => undefined
        const ended = new Promise<void>((resolve) => (end = resolve))
        probeCall = { ended, end }
        return true
      }
      await probeCall.ended
    }
  }

  /** Probes by itself while not online, no sooner than allowed. */
  function plan(): void {
    cancelTimer?.()
    cancelTimer = undefined
    if (!isRunning || state === 'online') return
    const delay = Math.max(notBefore - clock.monotonic(), lastProbe + MIN_PROBE_GAP_MS - clock.monotonic(), 0)
    cancelTimer = clock.schedule(delay, () => {
      cancelTimer = undefined
      void probe()
    })
  }

  function failed(outcome: HttpOutcome): boolean {
    const verdict = classify(outcome)
    switch (verdict.kind) {
      case 'offline':
        pause(
          'offline',
          `The coordination API at ${http.baseUrl} cannot be reached (${verdict.detail}). Calls wait and will be sent as soon as it answers.`,
        )
        return true
      case 'in-doubt':
        pause(
          'offline',
          `The coordination API at ${http.baseUrl} does not answer (${verdict.detail}). Calls wait and will be sent as soon as it does.`,
        )
        return true
      case 'wait':
        pause('degraded', `The coordination API asks to wait (${verdict.detail}).`, {
          askedMs: verdict.waitMs,
        })
        return true
      case 'trouble':
        pause(
          'degraded',
          `The coordination API has trouble (${verdict.detail}). Calls wait; it is tried again by itself.`,
        )
        return true
      case 'delivered':
      case 'ask':
      case 'conflict':
      case 'aside':
      case 'wrong-answer':
        return false
      default:
        return assertNever(verdict)
    }
  }

  async function identify(): Promise<boolean> {
    const wrong = (what: string): boolean => {
      pause(
        'wrong-answer',
        `${http.baseUrl} does not look like the coordination API: ${what}. Nothing is sent. Check the API address in the settings (COORD_API_URL).`,
      )
      return false
    }
    const health = await request({ method: 'GET', path: '/health', headers: {}, maxAnswerBytes: 65_536 })
    if (failed(health)) return false
    if (
      health.kind !== 'answer' ||
      health.status < 200 ||
      health.status >= 300 ||
      !healthAnswer.safeParse(readJson(health.text)).success
    )
      return wrong('its /health is no JSON object with a status')
    const locks = await request({
      method: 'GET',
      path: '/api/coord/locks',
      headers: {},
      maxAnswerBytes: 16 * 1024 * 1024,
    })
    if (failed(locks)) return false
    if (
      locks.kind !== 'answer' ||
      locks.status < 200 ||
      locks.status >= 300 ||
      listOf(readJson(locks.text), 'locks') === undefined
    )
      return wrong(
        locks.kind === 'answer' ? `GET /api/coord/locks gives no list (${locks.status})` : 'no answer',
      )
    return true
  }

  /** At most one probe a second, whatever asks for it; one at a time. */
  function probe(): Promise<boolean> {
    probing ??= (async () => {
      // one turn later, so that `probing` is set before the `finally` below clears it
      await Promise.resolve()
      try {
        if (clock.monotonic() - lastProbe < MIN_PROBE_GAP_MS) return state === 'online'
        lastProbe = clock.monotonic()
        const blocked = deps.blocked?.() ?? null
        if (blocked !== null) {
          pause('wrong-answer', blocked)
          return false
        }
        if (!(await identify())) return false
        failures = 0
        notBefore = 0
        change('online', `Connected to ${http.baseUrl}.`, null)
        endProbeCall()
        return true
      } finally {
        probing = undefined
        plan()
      }
    })()
    return probing
  }

  const ensure = async (): Promise<boolean> => {
    if (state === 'online') return true
    if (probing) return probing
    if (clock.monotonic() < notBefore) return false
    return isHalfOpen ? true : probe()
  }

  return {
    view,
    onChange(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    ensure,
    admit,
    unsent: endProbeCall,
    isReady: () => state === 'online',
    retryNow() {
      // a wait that the API asked for is kept; our own back-off is not
      if (state === 'online' || (state === 'degraded' && until !== null)) return
      failures = 0
      notBefore = 0
      if (isRunning) plan()
    },
    start() {
      isRunning = true
      plan()
    },
    stop() {
      isRunning = false
      cancelTimer?.()
      cancelTimer = undefined
    },
    async get(path) {
      const outcome = await request({ method: 'GET', path, headers: {}, maxAnswerBytes: 16 * 1024 * 1024 })
      if (state === 'online') failed(outcome)
      return outcome
    },
    async send(call) {
      const outcome = await request(call)
      if (
        state === 'online' &&
        (outcome.kind !== 'answer' || retryAfterMs(outcome.headers, outcome.text) !== undefined)
      )
        failed(outcome)
      return outcome
    },
    serverSkewMs: () => (skew ? (skew.low + skew.high) / 2 : 0),
    call: request,
    pause,
    skewBounds: () => skew,
    succeeded() {
      // a call that was on its way when the API asked to wait ends no pause
      if (state === 'online' || clock.monotonic() < notBefore) return
      failures = 0
      notBefore = 0
      change('online', `Connected to ${http.baseUrl}.`, null)
      endProbeCall()
      plan()
    },
    waitMs: () =>
      state === 'online'
        ? 0
        : Math.max(
            0,
            notBefore - clock.monotonic(),
            isHalfOpen ? 0 : lastProbe + MIN_PROBE_GAP_MS - clock.monotonic(),
          ),
  }
}

export { readJson as json } from '../../../shared/json.ts'
