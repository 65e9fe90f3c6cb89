/**
 * Whether a queued call is sent, skipped or set aside: a blind replay hours later does harm. Pure. Where a rule needs to know
 * what the API shows now, the decision is a question, and the caller decides again with the answer.
 */
import type { SkipReason } from '../../../../shared/call.ts'
import type { Cause } from '../../../../shared/cause.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { ComponentRow, LockRow } from '../../../../shared/wire.ts'
import type { CallEffect, CallTarget } from './call-target.ts'
import { claimLifeMs } from './call-time.ts'
import { CLOCK_SLACK_MS } from './component-history.ts'

export type Decision =
  | { readonly kind: 'send' }
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  | { readonly kind: 'set-aside'; readonly cause: Cause }
export type Question =
  | { readonly kind: 'ask'; readonly about: 'resource'; readonly project: string; readonly resource: string }
  | { readonly kind: 'ask'; readonly about: 'locks' }
  | { readonly kind: 'ask'; readonly about: 'component'; readonly project: string }

/** A call as the rules see it. */
export interface RuledCall {
  readonly method: string
  readonly target: CallTarget
  /** When it was made; undefined: no rule that needs a time fires. */
  readonly time: EpochMs | undefined
}

/** What is known when the decision is made. Answers are undefined while nobody asked, null where the API has no such list. */
export interface Known {
  readonly now: EpochMs
  /** Server clock minus ours. */
  readonly skewMs: number
  /** The most that the server's clock can be ahead; absent where that was not measured. */
  readonly highestSkewMs?: number | undefined
  /** The same bytes were delivered in the last ten minutes, with no call on that resource or session between. */
  readonly isDuplicate: boolean
  /** Further on in the backlog: a release-all of the session; any release of a lock; the release of this lock. */
  isReleasedLater(session: string): boolean
  readonly hasReleaseLater: boolean
  isLockReleasedLater(id: string): boolean
  /** Whether a call of this drain got this lock. */
  isOurLock(id: string): boolean
  readonly locks?: readonly LockRow[] | null
  /** The component's row as it stood before this drain's first call to it. */
  readonly row?: ComponentRow | null | undefined
  /** Whether a replay of ours wrote that row. */
  isOwnRow(row: ComponentRow): boolean
}

const SEND: Decision = { kind: 'send' }
const skip = (reason: SkipReason): Decision => ({ kind: 'skip', reason })

export function decideReplay(call: RuledCall, known: Known): Decision | Question {
  if (known.isDuplicate)
    return call.method === 'POST' ? { kind: 'set-aside', cause: { code: 'duplicate' } } : skip('duplicate')
  const { effect } = call.target
  if (effect.kind === 'claim') return decideClaim(effect, call.time, known)
  if (call.time === undefined) return SEND
  if (effect.kind === 'release-all') return decideReleaseAll(effect.session, call.time, known)
  if (effect.kind === 'component') return decideComponent(effect.project, call.time, known)
  return SEND
}

function decideClaim(
  effect: Extract<CallEffect, { kind: 'claim' }>,
  time: EpochMs | undefined,
  known: Known,
): Decision | Question {
  const { project, resource, session } = effect
  if (time !== undefined && known.now - time > claimLifeMs(effect.ttlHours)) return skip('expired')
  if (known.isReleasedLater(session)) return skip('released-later')
  if (!known.hasReleaseLater) return SEND
  // the lock's id is known only where the session holds it already
  if (known.locks === undefined) return { kind: 'ask', about: 'resource', project, resource }
  const held = known.locks?.find((row) => row.session_id === session && row.resource === resource)
  return held && known.isLockReleasedLater(held.id) ? skip('released-later') : SEND
}

/** Released hours later, it would take the locks that the session has got since. */
function decideReleaseAll(session: string, time: EpochMs, known: Known): Decision | Question {
  if (known.locks === undefined) return { kind: 'ask', about: 'locks' }
  const isActive = known.locks?.some((row) => {
    const acquired = parseTime(row.acquired_at)
    return (
      row.session_id === session &&
      acquired !== undefined &&
      // surely later: the server's clock is known to a second, and a session may end right after a claim
      acquired > time + Math.max(known.skewMs, known.highestSkewMs ?? known.skewMs) &&
      !known.isOurLock(row.id)
    )
  })
  return isActive === true ? { kind: 'set-aside', cause: { code: 'session-active' } } : SEND
}

/** Replayed late, it would bring an older state back. */
function decideComponent(project: string, time: EpochMs, known: Known): Decision | Question {
  if (known.row === undefined) return { kind: 'ask', about: 'component', project }
  const updated = parseTime(known.row?.updated_at)
  if (known.row === null || updated === undefined || known.isOwnRow(known.row)) return SEND
  return updated > time + known.skewMs + CLOCK_SLACK_MS ? skip('superseded') : SEND
}
