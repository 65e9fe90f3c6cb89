/**
 * The states of an outbox and what it does next. Pure: the outbox looks, asks `nextStep`, does that one step, and looks again.
 *
 *   stopped ──acquire──▶ watching (another process or machine owns the folder)
 *      │ours                  │ it is gone
 *      ▼                      ▼
 *   recovering ──▶ replaying ──▶ resting
 *      ▲   ▲           │    └──▶ holding (the API is away, or another program reads the file)
 *      │   └─ until ── blocked (a storage fault, from anywhere)
 *   anything ──stop──▶ stopping ──▶ stopped
 */
import type { OutboxProblem } from '../../../shared/problem.ts'

/** Times are milliseconds on the monotonic clock. */
export type Phase =
  /** Owns nothing: not started, or between two owners. `problem`: what the last turn came to grief on. */
  | { readonly kind: 'stopped'; readonly problem: OutboxProblem | null }
  /** Somebody else sends from the folder. */
  | { readonly kind: 'watching'; readonly who: 'process' }
  | { readonly kind: 'watching'; readonly who: 'machine'; readonly host: string }
  | { readonly kind: 'recovering' }
  | { readonly kind: 'replaying' }
  /** Nothing is to be done. */
  | { readonly kind: 'resting' }
  /** Calls wait, and cannot be sent or claimed now. */
  | { readonly kind: 'holding'; readonly why: 'api-away' | 'foreign-reader'; readonly since: number }
  | { readonly kind: 'blocked'; readonly problem: OutboxProblem; readonly until: number }
  | { readonly kind: 'stopping' }

export type Step = 'acquire' | 'recover' | 'claim' | 'guard' | 'replay' | 'tidy' | 'rest'

/** A queue file that grows past this is claimed even while the API is away. */
const CLAIM_BYTES = 8 * 1024 * 1024

/** What is to be seen before a step. */
export interface View {
  readonly phase: Phase
  /** Monotonic. */
  readonly now: number
  /** A person or a command wants it done now: the wait after a storage fault is not kept. */
  readonly isAsked: boolean
  /** Whoever asked for this turn does not want it any more. */
  readonly isCancelled: boolean
  /** Bytes in the queue file that are ours to claim. */
  readonly queueBytes: number
  /** Another program reads the file now, and its patience is not used up. */
  readonly isRead: boolean
  readonly isOnline: boolean
  readonly hasOpenSegments: boolean
  /** An engine runs here, so a file that waits is guarded against its removal. */
  readonly isGuarding: boolean
  /** Steps of this turn after which nothing has come to light that asks for them again. */
  readonly done: ReadonlySet<Step>
}

export function nextStep(view: View): Step {
  const { phase, done } = view
  if (phase.kind === 'stopping') return 'rest'
  if (!isOwner(phase)) return done.has('acquire') ? 'rest' : 'acquire'
  // a fault of this very turn ends it; one of before is waited out, unless somebody asks
  if (phase.kind === 'blocked' && (done.has('recover') || (!view.isAsked && view.now < phase.until)))
    return 'rest'
  if (!done.has('recover')) return 'recover'
  if (view.isCancelled) return 'rest'
  if (mayClaim(view) && !done.has('claim')) return 'claim'
  const isUnclaimed = view.queueBytes > 0
  if (view.isGuarding && isUnclaimed && !done.has('guard')) return 'guard'
  if (view.hasOpenSegments && !done.has('replay')) return 'replay'
  if (view.isGuarding && !done.has('guard')) return 'guard'
  return done.has('tidy') ? 'rest' : 'tidy'
}

const mayClaim = (view: View): boolean => !view.isRead && isWorthClaiming(view)

/** Whether a queue file would be claimed now, were nobody reading it. */
export const isWorthClaiming = ({ queueBytes, isOnline }: Pick<View, 'queueBytes' | 'isOnline'>): boolean =>
  queueBytes > 0 && (isOnline || queueBytes > CLAIM_BYTES)

/** Whether calls are sent from the folder by this outbox. */
export const isOwner = (phase: Phase): boolean => phase.kind !== 'stopped' && phase.kind !== 'watching'

/** Where a turn ends that was not cut off. */
export function restingPhase(view: View): Phase {
  if (view.queueBytes === 0 && !view.hasOpenSegments) return { kind: 'resting' }
  const why = view.isRead ? 'foreign-reader' : view.isOnline ? undefined : 'api-away'
  if (why === undefined) return { kind: 'resting' }
  const { phase } = view
  return phase.kind === 'holding' && phase.why === why ? phase : { kind: 'holding', why, since: view.now }
}

/** Who sends, as fronts show it. */
export function ownerOf(phase: Phase): 'this' | 'other-process' | 'other-machine' | 'none' {
  if (phase.kind === 'stopped') return 'none'
  if (phase.kind !== 'watching') return 'this'
  return phase.who === 'process' ? 'other-process' : 'other-machine'
}

/** What keeps calls from being sent, as far as the phase says it. */
export function problemOf(phase: Phase): OutboxProblem | null {
  if (phase.kind === 'blocked' || phase.kind === 'stopped') return phase.problem
  if (phase.kind === 'watching' && phase.who === 'machine') return { code: 'other-machine', who: phase.host }
  return null
}
