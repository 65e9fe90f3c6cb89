/** What a ledger says of a segment and its calls, as the program holds it. Short names exist on disk only (`ledger-format.ts`). */
import type { SkipReason } from '../../../../shared/call.ts'
import type { CauseCode } from '../../../../shared/cause.ts'
import type { EpochMs } from '../../../../shared/time.ts'

export const LEDGER_VERSION = 1

/** Where the bytes of a segment came from. `queue`: claimed by rename. `removed`: another program removed the file, our guard kept it. `again`: a person sends a call anyway. */
export type Origin = 'queue' | 'removed' | 'again'

/** A call's place in its segment: byte offset of its line, and its index among the calls of that line. */
export interface Place {
  readonly offset: number
  readonly sub: number
}

export interface HeaderRecord {
  readonly kind: 'header'
  readonly version: number
  readonly at: EpochMs
  /** Device and inode of the claimed file, and its size and mtime at the claim. */
  readonly identity: string
  readonly size: number
  readonly mtime: EpochMs
  readonly origin: Origin
  /** For `again`: the id of the call that it replaces. */
  readonly replaces?: string
}
export interface IntentRecord extends Place {
  readonly kind: 'intent'
  readonly at: EpochMs
  /** Counts from 1. */
  readonly attempt: number
}
export interface DeliveredRecord extends Place {
  readonly kind: 'delivered'
  readonly at: EpochMs
  readonly status: number
  /** Hashes for the `duplicate` rule; `sessionHash` is empty where the call names no session. */
  readonly lineHash: string
  readonly resourceHash: string
  readonly sessionHash: string
  readonly note?: string
  /** Id of the resource lock that a claim got. */
  readonly lock?: string
  /** The drain that got it: from when the backlog was not empty any more to when it was empty again. */
  readonly drain?: string
  /** Component and the `updated_at` that the answer gave: a replay's own write never supersedes. */
  readonly component?: readonly [key: string, updatedAt: string | null]
}
export interface SetAsideRecord extends Place {
  readonly kind: 'set-aside'
  readonly at: EpochMs
  readonly cause: CauseCode
  /** Words made from the cause and its data. */
  readonly reason: string
  readonly status: number | null
  /** The field that the API named in its answer. */
  readonly field?: string
  /** Who held the lock. */
  readonly holder?: string
}
export interface SkippedRecord extends Place {
  readonly kind: 'skipped'
  readonly at: EpochMs
  readonly reason: SkipReason
}

/** Every call of the first `offset` bytes has its end; `drain`: and so has every other one, which ended that drain. */
export interface EndRecord {
  readonly kind: 'end'
  readonly offset: number
  readonly at: EpochMs
  readonly drain?: string
}

/** `at`: wall clock of this machine. */
export type LedgerRecord =
  | HeaderRecord
  /** Bytes below `offset`, and not below an earlier one, were first seen at `at` by a running engine; null: none was running then. */
  | { readonly kind: 'first-seen'; readonly offset: number; readonly at: EpochMs | null }
  | IntentRecord
  /** The intent did not leave this machine, or was answered without effect. */
  | ({ readonly kind: 'unsent' } & Place)
  /** The API failed to answer the call; `isHealthy`: it answered another one well. */
  | ({
      readonly kind: 'retry'
      readonly at: EpochMs
      readonly status: number
      readonly isHealthy: boolean
    } & Place)
  | DeliveredRecord
  | SetAsideRecord
  | SkippedRecord
  /** A person dealt with a set-aside or skipped call, or its writer completed its line. */
  | ({
      readonly kind: 'resolved'
      readonly at: EpochMs
      readonly how: 'discarded' | 'again' | 'completed'
    } & Place)
  /** A `resolved` before this one does not count: the person was told that it failed. */
  | ({ readonly kind: 'resolution-reverted' } & Place)
  /**
   * Whoever wrote what follows knew this ledger with so many damaged lines before this one. A `checkpoint` or `end` behind
   * damage that its writer did not know of says nothing: the damaged line may have been the only one that set a call aside.
   */
  | { readonly kind: 'damage-noted'; readonly lines: number }
  /** Every call below this offset has its end. */
  | { readonly kind: 'checkpoint'; readonly offset: number }
  | EndRecord
  /** Written by a newer build: kept in the file, no meaning here. */
  | { readonly kind: 'unknown' }
