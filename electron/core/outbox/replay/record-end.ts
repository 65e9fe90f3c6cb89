/** Writes the end of a call: into the ledger, off the backlog's count, and told once to whoever shows it. */
import type { SkipReason } from '../../../../shared/call.ts'
import { causeText, type Cause } from '../../../../shared/cause.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { Clock } from '../../ports.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import type { Backlog } from './backlog.ts'
import type { DrainLocks } from './drain-locks.ts'
import { sessionsOf, type QueuedCall, type QueuedEntry } from './queued-call.ts'

/** The end of a call, with the call: nothing of it need be read back. */
export type EndedCall = {
  readonly call: QueuedEntry
  readonly at: EpochMs
  /** The sessions that it names. */
  readonly sessions: readonly string[]
} & (
  | {
      readonly end: 'delivered'
      readonly note: string | null
      readonly status: number
      /** What the API said, as it came, where that is known. */
      readonly answer?: string
    }
  | {
      readonly end: 'set-aside'
      readonly cause: Cause
      readonly reason: string
      readonly status: number | null
    }
  | { readonly end: 'skipped'; readonly reason: SkipReason }
)

export interface EndRecorder {
  /**
   * `answer`: what the API said of the row, parsed, where the call's effect is one that is looked at later; null: the row that
   * stands there is another's. `text`: as it came.
   */
  deliver(call: QueuedCall, status: number, note: string | null, answer?: unknown, text?: string): void
  setAside(call: QueuedEntry, cause: Cause, status: number | null): void
  skip(call: QueuedEntry, reason: SkipReason): void
}

export function createEndRecorder(deps: {
  readonly clock: Clock
  readonly backlog: Backlog
  readonly drainLocks: DrainLocks
  onEnd(ended: EndedCall): void
}): EndRecorder {
  const { clock, backlog, drainLocks } = deps
  return {
    deliver(call, status, note, answer, text) {
      const at = clock.now()
      call.segment.note(deliveredRecord(call, at, status, note, answer, drainLocks))
      backlog.close(call)
      const told = { call, at, sessions: sessionsOf(call), end: 'delivered' as const, note, status }
      deps.onEnd(text === undefined ? told : { ...told, answer: text })
    },
    setAside(call, cause, status) {
      const at = clock.now()
      const reason = causeText(cause)
      const { segment, offset, sub } = call
      segment.note({
        kind: 'set-aside',
        offset,
        sub,
        at,
        cause: cause.code,
        reason,
        status,
        ...namedIn(cause),
      })
      backlog.close(call)
      deps.onEnd({ call, at, sessions: sessionsOf(call), end: 'set-aside', cause, reason, status })
    },
    skip(call, reason) {
      const at = clock.now()
      call.segment.note({ kind: 'skipped', offset: call.offset, sub: call.sub, at, reason })
      backlog.close(call)
      deps.onEnd({ call, at, sessions: sessionsOf(call), end: 'skipped', reason })
    },
  }
}

/** What a cause names: kept, so that nothing need be read out of its words later. */
export function namedIn(cause: Cause): { readonly field?: string; readonly holder?: string } {
  if (cause.code === 'held') return { holder: cause.holder }
  return cause.code === 'rejected' && cause.field !== undefined ? { field: cause.field } : {}
}

function deliveredRecord(
  call: QueuedCall,
  at: EpochMs,
  status: number,
  note: string | null,
  answer: unknown,
  drainLocks: DrainLocks,
): DeliveredRecord {
  const { effect, resource } = call.target
  const hashes = call.hashes()
  const row = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
  const id = row['id']
  const isLock = effect.kind === 'claim' && (typeof id === 'string' || typeof id === 'number')
  const updated = typeof row['updated_at'] === 'string' ? row['updated_at'] : null
  return {
    kind: 'delivered',
    offset: call.offset,
    sub: call.sub,
    at,
    status,
    lineHash: hashes.line,
    resourceHash: hashes.resource,
    sessionHash: hashes.session,
    ...(note === null ? {} : { note }),
    ...(isLock ? { lock: String(id), drain: drainLocks.drain() } : {}),
    ...(effect.kind === 'component' && answer !== null ? { component: [resource, updated] as const } : {}),
  }
}
