/**
 * The outbox as the rest of the program sees it: one per workspace, and the shared connection that gates them all.
 * Facts leave it as events; nobody reaches into its files.
 */
import type { Call, CallFacts, SkipReason } from '../../../shared/call.ts'
import type { CauseCode } from '../../../shared/cause.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { Result } from '../../../shared/result.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { EndsAt } from './segments/ends-lately.ts'

/** A call that ended without being delivered, as a list shows it; `show` gives its bytes. */
export interface EndedRow extends Omit<Call, 'raw'>, CallFacts {
  /** Why, as a code. */
  readonly cause: CauseCode | SkipReason
  /** The field that the API rejected: as it named it, else the first that the protocol wants and that is missing. */
  readonly field: string | null
  readonly holder: string | null
  /** The beginning of a line that is no call, which has no other name; empty for a call. */
  readonly preview: string
}

/** What one workspace holds now. Counts are of calls, not of lines. */
export interface WorkspaceSummary {
  readonly path: string
  readonly name: string
  /** Unclaimed lines and claimed calls that have no end yet. */
  readonly waiting: number
  /** Delivered, as far back as the outbox keeps its segments (seven days). */
  readonly delivered: number
  readonly setAsideCount: number
  readonly skippedCount: number
  /** The newest, at most 200 each; without their bytes. */
  readonly setAside: readonly EndedRow[]
  readonly skipped: readonly EndedRow[]
  readonly lately: readonly DeliveredRow[]
  /** The first 50 that wait, in order. */
  readonly next: readonly WaitingCall[]
  readonly sending: { readonly method: string; readonly path: string } | null
  readonly owner: 'this' | 'other-process' | 'other-machine' | 'none'
  readonly problem: string | null
  readonly oldestWaiting: EpochMs | null
}
export interface DeliveredCall {
  readonly id: string
  readonly at: EpochMs
  readonly method: string
  readonly path: string
  readonly note: string | null
}
export type DeliveredRow = DeliveredCall & CallFacts
export interface WaitingCall extends CallFacts {
  /** The same for as long as it waits, claimed or not; no id of a call. */
  readonly id: string
  readonly ts: string | null
  readonly method: string | null
  readonly path: string | null
  /** The line as text, cut; empty where it is no text. */
  readonly raw: string
}
/** A part of all that waits, in the order in which it will be sent. */
export interface WaitingPage {
  readonly rows: readonly WaitingCall[]
  readonly total: number
}

/** A message that was sent; its text is cut. */
export interface SentMessage {
  /** The API's; null where its answer named none. */
  readonly id: string | null
  readonly from: string
  /** Null: to everyone. */
  readonly to: string | null
  readonly project: string | null
  readonly subject: string
  readonly body: string
}

export type OutboxEvent =
  | { readonly kind: 'workspace.changed'; readonly summary: WorkspaceSummary }
  /** What its ledgers tell of the last day: all that ended in it, whichever process saw it end. */
  | { readonly kind: 'workspace.recovered'; readonly workspace: string; readonly ends: readonly EndsAt[] }
  | {
      readonly kind: 'call.delivered'
      readonly workspace: string
      readonly call: DeliveredCall
      /** Its `ts` as written: when its session was at work. */
      readonly queuedAt: string | null
      readonly sessions: readonly string[]
      /** What was said, where the call sent a message. */
      readonly message?: SentMessage | undefined
    }
  | {
      readonly kind: 'call.set-aside'
      readonly workspace: string
      /** When it ended. */
      readonly at: EpochMs
      readonly call: Call
      readonly sessions: readonly string[]
    }
  | {
      readonly kind: 'call.skipped'
      readonly workspace: string
      readonly at: EpochMs
      readonly call: Call
      readonly reason: SkipReason
      readonly sessions: readonly string[]
    }

export interface FlushRequest {
  /** Wait for one `Retry-After` (or a foreign reader) up to this long; 0 for hooks. */
  readonly waitMs: number
  /** Calls in flight at once; 1 = strict file order. */
  readonly lanes: number
  /** Told about progress now and then. */
  readonly onProgress?: (p: { readonly done: number; readonly waiting: number }) => void
  /** A person changed their mind: the call in flight is finished, no other is begun. */
  readonly isCancelled?: () => boolean
}
export type FlushError =
  | { readonly code: 'other-api'; readonly message: string }
  | { readonly code: 'not-owner'; readonly message: string }

/** One workspace's outbox. */
export interface Outbox {
  readonly path: string
  /** Takes ownership if it can, recovers, guards and watches; from then on flushes by itself while the API answers. */
  start(): Promise<void>
  /** Finishes or abandons the call in flight (nothing is lost either way) and lets go. */
  stop(): Promise<void>
  /** Something may have changed in the folder: look now. */
  poke(): void
  /** Claims and sends all that waits, once; counts of this run. */
  flush(request: FlushRequest): Promise<Result<FlushCounts, FlushError>>
  /** Reads what is there, without claiming or sending. */
  summary(): Promise<WorkspaceSummary>
  /** All calls that need a person, streamed from disk; newest last. */
  list(end: 'set-aside' | 'skipped', limit: number): Promise<readonly Call[]>
  /** The same without their bytes. */
  rows(end: 'set-aside' | 'skipped', limit: number): Promise<readonly EndedRow[]>
  /** `limit` calls that wait, behind the first `offset`. */
  waiting(offset: number, limit: number): Promise<WaitingPage>
  /** One set-aside, skipped or waiting call with its bytes, read from disk: summaries are to carry none. */
  show(id: string): Promise<Result<Call, ActionError>>
  /** Sends a set-aside or skipped call anyway, with a new key. Fails for `refused` ones (they may only be edited). */
  sendAnyway(id: string): Promise<Result<null, ActionError>>
  /** Replaces a call by an edited line, sent with a new key. */
  edit(id: string, line: string): Promise<Result<null, ActionError>>
  /** Forgets a set-aside or skipped call; its bytes go with its segment. */
  discard(id: string): Promise<Result<null, ActionError>>
}
export interface ActionError {
  readonly code: 'not-found' | 'refused' | 'storage' | 'not-owner'
  readonly message: string
}

export type { EndsAt } from './segments/ends-lately.ts'
export type { Connection } from '../coord/connection-port.ts'
