/** One call: looked up where it is in doubt, decided on, its intent made durable, sent, its answer dealt with. */
import { toIso, type EpochMs } from '../../../../shared/time.ts'
import type { HttpOutcome } from '../../ports.ts'
import type { Doubt } from '../segments/call-states.ts'
import type { Segment } from '../segments/segment.ts'
import { afterAnswer, noteUnsent, type AnswerDeps, type Step } from './after-answer.ts'
import { saidAtOf, type ComponentHistory } from './component-history.ts'
import { decideCall, type DecideDeps } from './decide-call.ts'
import { findApplied, type Row } from './find-applied.ts'
import { askWhereItShows } from './follow-up.ts'
import type { QueuedCall } from './queued-call.ts'
import type { ReadyCall } from './ready-call.ts'
import type { Decision } from './rules.ts'

/** An equal call within this time of a doubt makes its row no proof. */
const EQUAL_NEAR_MS = 5_000

export interface SendDeps extends DecideDeps, AnswerDeps {
  readonly ready: ReadyCall
  /** Makes a segment's noted records durable; false where the disk refused. */
  commit(segment: Segment): Promise<boolean>
  /** Reads the lease, once for all whose intents went into one sync. */
  isOwnerSince(segment: Segment): boolean
  /** Calls in flight at once; 1 = strict file order. */
  lanes(): number
  onSending(call: { readonly method: string; readonly path: string } | null): void
}

/**
 * Sends a call with an intent of its own, made durable before the first byte goes out. `whileItWorks`: done once the call is
 * under way.
 */
export async function sendCall(deps: SendDeps, call: QueuedCall, whileItWorks?: () => void): Promise<Step> {
  const doubt = call.segment.doubtOf(call.offset, call.sub)
  if (doubt) {
    const row = await lookUp(deps, call, doubt)
    if (row === 'paused') return row
    if (row) return endFoundApplied(deps, call, row)
  }
  const asked = decideCall(deps, call)
  const decision = asked instanceof Promise ? await asked : asked
  if (decision.kind === 'paused') return 'paused'
  if (decision.kind !== 'send') return endUnsent(deps, call, decision)
  deps.history.noteSent(call.target)
  // another workspace may have been told to wait meanwhile: the pause is one for all
  if (!deps.connection.isReady() && !(await deps.connection.admit())) return 'paused'
  const headers = await commitIntent(deps, call, doubt)
  if (typeof headers === 'string') return headers
  const onSent = (): void => {
    call.hashes()
    whileItWorks?.()
  }
  return afterAnswer(deps, call, await request(deps, call, headers, onSent))
}

/** The headers to send the call with, once its intent is on disk; else why it may not go out. */
async function commitIntent(
  deps: SendDeps,
  call: QueuedCall,
  doubt: Doubt | undefined,
): Promise<Readonly<Record<string, string>> | Exclude<Step, 'next'>> {
  const { connection } = deps
  const { segment, offset, sub } = call
  const attempt = (doubt?.attempt ?? 0) + 1
  segment.note({ kind: 'intent', offset, sub, at: deps.clock.now(), attempt })
  // the end of the call before and this intent: one write, one sync, before the first byte goes out
  const committed = deps.commit(segment)
  // while the disk works
  const isStrict = deps.lanes() <= 1
  if (isStrict) deps.ready.readLease(call)
  const headers = withCallTime(deps, call, deps.ready.keyOf(call))
  if (!(await committed)) {
    segment.dropIntent(offset, sub, doubt)
    connection.unsent()
    return 'fault'
  }
  const isPaused = connection.waitMs() > 0
  if (!isPaused && (isStrict ? deps.ready.mayGo(call) : deps.isOwnerSince(segment))) return headers
  // told to wait while the disk worked, or another owner's lease stands in the folder: nothing went out
  noteUnsent(call)
  connection.unsent()
  return isPaused ? 'paused' : 'stopped'
}

/** The headers of a call, made when its turn is there: by then the answers to those before it in its lane are known. */
export function withCallTime(
  { history }: SendDeps,
  call: QueuedCall,
  key: string,
): Readonly<Record<string, string>> {
  const saidAt = saidAtOf(history, call)
  return {
    'idempotency-key': key,
    ...(saidAt === undefined ? {} : { 'x-coord-queued-at': toIso(saidAt) }),
  }
}

export async function request(
  deps: SendDeps,
  { request: { method, path, body } }: QueuedCall,
  headers: Readonly<Record<string, string>>,
  onSent?: () => void,
): Promise<HttpOutcome> {
  deps.onSending({ method, path })
  const outcome = await deps.connection.call({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(onSent === undefined ? {} : { onSent }),
  })
  deps.onSending(null)
  return outcome
}

/** The row that shows that a call in doubt was applied. */
export async function lookUp(
  deps: SendDeps,
  call: QueuedCall,
  doubt: Doubt,
): Promise<Row | undefined | 'paused'> {
  const asked = await askWhereItShows(deps.connection, call.target)
  if (asked?.kind === 'paused') return 'paused'
  return asked?.kind === 'rows'
    ? findApplied(asked.rows, call.request, call.target, ...notBefore(deps, doubt.at, call.hashes().line))
    : undefined
}

/** The doubt's time on the server's clock; taken late where an equal call went out shortly before, so that its row is no proof. */
export function notBefore(deps: SendDeps, intentAt: EpochMs, hash: string): [at: EpochMs, isExact: boolean] {
  const skew = deps.connection.skewBounds() ?? { low: 0, high: 0 }
  const hasEqual = deps.recent.hasEqualNear(hash, intentAt, EQUAL_NEAR_MS)
  return [intentAt + (hasEqual ? skew.high : skew.low), hasEqual]
}

/** What stands there was found to be what the call wrote. */
export function markFound(history: ComponentHistory, { target: { resource } }: QueuedCall, row: Row): void {
  history.markOwn(resource)
  history.noteKept(resource, row['effective_at'])
}

export function endFoundApplied(deps: SendDeps, call: QueuedCall, row: Row): 'next' {
  if (call.target.effect.kind === 'component') markFound(deps.history, call, row)
  deps.ends.deliver(call, 200, 'found applied', row)
  return 'next'
}

export function endUnsent(
  deps: SendDeps,
  call: QueuedCall,
  decision: Exclude<Decision, { kind: 'send' }>,
): 'next' {
  if (decision.kind === 'skip') deps.ends.skip(call, decision.reason)
  else deps.ends.setAside(call, decision.cause, null)
  return 'next'
}
