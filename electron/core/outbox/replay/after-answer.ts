/** What follows from the answer to a call: its end in the ledger, or a pause with the call kept first. */
import { assertNever } from '../../../../shared/result.ts'
import { parseTime } from '../../../../shared/time.ts'
import { readJson } from '../../../../shared/json.ts'
import type { Cause } from '../../../../shared/cause.ts'
import { classify, type Verdict } from '../../coord/classify-answer.ts'
import type { GatedConnection } from '../../coord/connection.ts'
import { rejectedField } from '../../coord/rejected-field.ts'
import type { Clock, HttpOutcome, Random } from '../../ports.ts'
import { meaningOfConflict, meaningOfRejection, type Meaning } from './follow-up.ts'
import { saidAtOf, type ComponentHistory } from './component-history.ts'
import type { QueuedCall } from './queued-call.ts'
import { findApplied, type Row } from './find-applied.ts'
import type { EndRecorder } from './record-end.ts'

/** A call that fails this often, over this time, while the API is well, is set aside. */
const POISON_FAILURES = 5
const POISON_MS = 10 * 60_000

/** `next`: the call has its end; the others stop the run, with everything kept. */
export type Step = 'next' | 'paused' | 'fault' | 'stopped'

export interface AnswerDeps {
  readonly clock: Clock
  readonly random: Random
  readonly connection: GatedConnection
  readonly ends: EndRecorder
  readonly history: ComponentHistory
  /** Notes of an intent that its answer shows it had no effect. */
  noteNoEffect(call: QueuedCall): void
}

/** The intent did not leave this machine, or was answered without effect. */
export const noteUnsent = ({ segment, offset, sub }: QueuedCall): void =>
  segment.note({ kind: 'unsent', offset, sub })

/** Records what an answer means, or pauses; a promise only where the API is asked, because the answer alone does not tell. */
export function afterAnswer(deps: AnswerDeps, call: QueuedCall, outcome: HttpOutcome): Step | Promise<Step> {
  const verdict = classify(outcome, deps.clock.now())
  if (verdict.kind !== 'delivered') return afterOther(deps, call, outcome, verdict)
  deps.connection.succeeded()
  const text = outcome.kind === 'answer' ? outcome.text : ''
  // only of a lock and a component is it looked at again what the API made of the call
  const { kind } = call.target.effect
  const isLookedAt = kind === 'claim' || kind === 'component'
  const answer = isLookedAt ? readJson(text) : undefined
  if (kind === 'component' && isAnothers(deps, call, outcome, answer)) {
    deps.ends.deliver(call, verdict.status, 'a newer state stands', null, text)
    return 'next'
  }
  if (kind === 'component') deps.history.noteKept(call.target.resource, rowIn(answer)?.['effective_at'])
  deps.ends.deliver(call, verdict.status, null, answer, text)
  return 'next'
}

const rowIn = (answer: unknown): Row | undefined =>
  typeof answer === 'object' && answer !== null ? (answer as Row) : undefined

/**
 * Whether the state in the answer is one that was said later, by another: it must not pass for this call's. The answer to a
 * repeat says so by its row alone.
 */
function isAnothers(
  { history }: AnswerDeps,
  call: QueuedCall,
  outcome: HttpOutcome,
  answer: unknown,
): boolean {
  if (outcome.kind === 'answer' && outcome.headers['x-coord-superseded'] === 'true') return true
  const row = rowIn(answer)
  const keptAs = parseTime(row?.['effective_at'])
  const saidAt = saidAtOf(history, call)
  if (!row || keptAs === undefined || saidAt === undefined || keptAs <= saidAt) return false
  return findApplied([row], call.request, call.target, -Infinity) === undefined
}

async function afterOther(
  deps: AnswerDeps,
  call: QueuedCall,
  outcome: HttpOutcome,
  verdict: Exclude<Verdict, { kind: 'delivered' }>,
): Promise<Step> {
  const { connection, ends } = deps
  switch (verdict.kind) {
    case 'conflict':
      return afterFollowUp(deps, call, verdict, await meaningOfConflict(connection, call.target, verdict))
    case 'aside':
      // any answer of its own shows that the API is there again
      connection.succeeded()
      ends.setAside(call, rejectionOf(verdict, outcome), verdict.status)
      return 'next'
    case 'ask':
      return afterFollowUp(
        deps,
        call,
        verdict,
        await meaningOfRejection(connection, call.target, verdict.detail),
      )
    case 'trouble':
      return afterTrouble(deps, call, verdict)
    case 'offline':
    case 'in-doubt':
    case 'wait':
    case 'wrong-answer':
      return pause(deps, call, verdict)
    default:
      return assertNever(verdict)
  }
}

/** Why, with the field that the API names. */
function rejectionOf({ detail }: Extract<Verdict, { kind: 'aside' }>, outcome: HttpOutcome): Cause {
  const field = outcome.kind === 'answer' ? rejectedField(outcome.text) : undefined
  return { code: 'rejected', detail, ...(field === undefined ? {} : { field }) }
}

function afterFollowUp(
  deps: AnswerDeps,
  call: QueuedCall,
  verdict: { readonly status: number; readonly detail: string },
  meaning: Meaning,
): Step {
  const { connection, ends } = deps
  // the lists were read: the API is there again, and the calls behind a trial call may go
  if (meaning.kind === 'delivered' || meaning.kind === 'set-aside') connection.succeeded()
  if (meaning.kind === 'delivered') ends.deliver(call, verdict.status, meaning.note)
  else if (meaning.kind === 'set-aside') ends.setAside(call, meaning.cause, verdict.status)
  else {
    deps.noteNoEffect(call)
    if (meaning.kind === 'wrong-answer')
      connection.pause(
        'wrong-answer',
        `The address rejects everything (${verdict.detail}). Nothing is sent. Check the API address and the token (COORD_API_URL, COORD_TOKEN).`,
      )
    return 'paused'
  }
  return 'next'
}

function pause(
  deps: AnswerDeps,
  call: QueuedCall,
  verdict: Extract<Verdict, { kind: 'offline' | 'in-doubt' | 'wait' | 'wrong-answer' }>,
): 'paused' {
  const { connection } = deps
  // in doubt: the intent stands, and is looked up first
  if (verdict.kind !== 'in-doubt') deps.noteNoEffect(call)
  if (verdict.kind === 'offline')
    connection.pause(
      'offline',
      `The coordination API cannot be reached (${verdict.detail}). Calls wait and will be sent as soon as it answers.`,
    )
  else if (verdict.kind === 'in-doubt')
    connection.pause(
      'offline',
      `The coordination API broke off (${verdict.detail}). Calls wait; the one in flight is looked up before it is sent again.`,
    )
  else if (verdict.kind === 'wait')
    connection.pause('degraded', `The coordination API asks to wait (${verdict.detail}).`, {
      askedMs: verdict.waitMs,
    })
  else
    connection.pause(
      'wrong-answer',
      `${call.request.method} ${call.request.path}: ${verdict.detail}. Nothing more is sent. Check the API address in the settings (COORD_API_URL).`,
    )
  return 'paused'
}

/** Backs off; a call that alone keeps failing, while the API is well, is set aside in the end. */
async function afterTrouble(
  deps: AnswerDeps,
  call: QueuedCall,
  verdict: Extract<Verdict, { kind: 'trouble' }>,
): Promise<Step> {
  const { clock, connection, ends } = deps
  const { segment, offset, sub } = call
  const status = await connection.call({ method: 'GET', path: '/api/coord/status', headers: {} })
  const isHealthy = status.kind === 'answer' && status.status === 200
  const at = clock.now()
  segment.note({ kind: 'retry', offset, sub, at, status: verdict.status, isHealthy })
  // a gateway's 502, 504 and a 408 may hide an effect: the doubt stays and is looked up; the others were answered by the API itself
  if (verdict.status !== 502 && verdict.status !== 504 && verdict.status !== 408) deps.noteNoEffect(call)
  const trouble = segment.troubleOf(offset, sub)
  if (trouble && trouble.count >= POISON_FAILURES && at - trouble.firstAt >= POISON_MS) {
    const cause = { code: 'keeps-failing', failures: trouble.count, detail: verdict.detail } as const
    ends.setAside(call, cause, verdict.status)
    // were it the trial call after a pause, those that wait for it go on
    connection.unsent()
    return 'next'
  }
  const ceiling = Math.min(60_000, 1_000 * 2 ** Math.min(trouble?.count ?? 1, 8))
  connection.pause(
    'degraded',
    `${call.method ?? ''} ${call.path ?? ''} fails (${verdict.detail}). It is tried again by itself; the calls behind it wait.`,
    { backOffMs: deps.random.next() * ceiling },
  )
  return 'paused'
}
