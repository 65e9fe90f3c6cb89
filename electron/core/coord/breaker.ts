/** The circuit breaker of the connection, pure: when a request may go out, from what was seen and from the time. */
import type { PauseCause, PauseWish } from './connection-port.ts'

/** Milliseconds on a monotonic clock. */
type Mono = number

export type Breaker =
  /** Calls go out. */
  | { readonly kind: 'closed' }
  /** Nothing goes out before `until`. */
  | ({ readonly kind: 'open'; readonly until: Mono } & Tripped)
  /** The wait is over: one request goes first, as the trial; what becomes of it closes the breaker or opens it again. */
  | ({ readonly kind: 'half-open' } & Tripped)

interface Tripped {
  /** `start`: nothing was asked yet. */
  readonly cause: PauseCause | 'start'
  /** Until when the API itself asked to wait; never shortened. */
  readonly askedUntil: Mono | null
  /** Back-offs in a row. */
  readonly failures: number
  /** A known API that asked to wait is tried with a call; everything else with a probe that asks who answers. */
  readonly trialBy: 'probe' | 'call'
}

const FIRST_BACKOFF_MS = 1_000
const MAX_BACKOFF_MS = 60_000

export const CLOSED: Breaker = { kind: 'closed' }
export const UNTRIED: Breaker = {
  kind: 'half-open',
  cause: 'start',
  askedUntil: null,
  failures: 0,
  trialBy: 'probe',
}

/** The breaker at a time: a wait that is over ends. */
export function breakerAt(breaker: Breaker, now: Mono): Breaker {
  if (breaker.kind !== 'open' || now < breaker.until) return breaker
  const { cause, failures, trialBy } = breaker
  return { kind: 'half-open', cause, askedUntil: null, failures, trialBy }
}

/**
 * After a failure. `jitter`: a number in [0, 1), for a back-off from 1 s to 60 s where there is no wish.
 * Several calls in flight that fail together are one failure, and none of them shortens a wait.
 */
export function trip(
  before: Breaker,
  now: Mono,
  cause: PauseCause,
  wish: PauseWish | undefined,
  jitter: number,
): Breaker {
  const breaker = breakerAt(before, now)
  const failures = breaker.kind === 'closed' ? 0 : breaker.failures
  if (wish && 'askedMs' in wish) {
    const until = Math.max(breaker.kind === 'open' ? breaker.until : 0, now + wish.askedMs)
    const trialBy = breaker.kind === 'closed' ? 'call' : 'probe'
    return { kind: 'open', cause, until, askedUntil: until, failures, trialBy }
  }
  if (breaker.kind === 'open' && breaker.cause === cause) return breaker
  const askedUntil = breaker.kind === 'open' ? breaker.askedUntil : null
  const backOffMs = wish ? wish.backOffMs : jitter * ceilingMs(failures)
  return {
    kind: 'open',
    cause,
    until: Math.max(now + backOffMs, askedUntil ?? 0),
    askedUntil,
    failures: wish ? failures : failures + 1,
    trialBy: 'probe',
  }
}

const ceilingMs = (failures: number): number =>
  Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures, 10))

/** A person, or a network that changed, ends our own back-off; never a wait that the API asked for. */
export function hurry(before: Breaker, now: Mono): Breaker {
  const breaker = breakerAt(before, now)
  if (breaker.kind === 'closed') return breaker
  if (breaker.kind === 'open' && breaker.askedUntil !== null)
    return { ...breaker, until: breaker.askedUntil, failures: 0 }
  return { kind: 'half-open', cause: breaker.cause, askedUntil: null, failures: 0, trialBy: breaker.trialBy }
}

/** Milliseconds until a request may go out. */
export const waitOf = (breaker: Breaker, now: Mono): number =>
  breaker.kind === 'open' ? Math.max(0, breaker.until - now) : 0
