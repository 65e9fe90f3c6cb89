/**
 * The storage port of the coordination API: every change is one transaction in the store, never a check in the
 * process, so that several servers may stand behind one database. Expected failures are values; nothing rejects
 * but for bugs.
 */
import type { EpochMs } from '../../shared/time.ts'
import type { Result } from '../../shared/result.ts'

/** Every write that names a session: each of these gets the activity mark on its locks in the change's project. */
interface ByActors {
  readonly actors: readonly string[]
}

export type Change =
  | (ByActors & {
      readonly kind: 'lock.claim'
      readonly project: string
      readonly session: string
      readonly resource: string
      readonly description: string | null
      /** 0 = never expires. */
      readonly ttlHours: number
    })
  | { readonly kind: 'lock.release'; readonly id: string; readonly session: string }
  | { readonly kind: 'lock.release-all'; readonly session: string }
  | (ByActors & {
      readonly kind: 'component.set'
      readonly project: string
      readonly component: string
      readonly state: string
      readonly version: string | null
      readonly notes: string | null
      readonly updatedBy: string | null
      readonly effectiveAt: EpochMs
    })
  | (ByActors & {
      readonly kind: 'workflow.create'
      readonly project: string
      readonly name: string
      readonly description: string | null
      readonly status: string
      readonly createdBy: string | null
    })
  | (ByActors & { readonly kind: 'workflow.change'; readonly id: string; readonly status: string })
  | (ByActors & {
      readonly kind: 'item.create'
      readonly workflowId: string
      /** null = the workflow's. */
      readonly project: string | null
      readonly title: string
      readonly status: string
      readonly priority: number | null
    })
  | (ByActors & { readonly kind: 'item.change'; readonly id: string; readonly status: string })
  | (ByActors & {
      readonly kind: 'message.send'
      readonly from: string
      /** null = broadcast. */
      readonly to: string | null
      readonly project: string | null
      readonly subject: string
      readonly body: string
    })
  | { readonly kind: 'message.read'; readonly id: string; readonly session: string | null }

/** A row as it is answered: flat, with ISO times. */
export type Row = { readonly [field: string]: unknown }

/** What became of a change. All but `failed` variants commit. */
export type Outcome =
  | { readonly kind: 'created'; readonly row: Row }
  | { readonly kind: 'done'; readonly row: Row }
  | { readonly kind: 'released'; readonly count: number }
  | { readonly kind: 'held'; readonly lock: Row; readonly holder: string }
  | { readonly kind: 'not-yours'; readonly lock: Row; readonly holder: string }
  | { readonly kind: 'missing'; readonly what: string }
  | { readonly kind: 'no-parent'; readonly field: string; readonly what: string }

/** A finished answer, as it is sent and as a key remembers it. */
export interface Answer {
  readonly status: number
  /** JSON text. */
  readonly body: string
}

/** An `Idempotency-Key`, and what identifies the call that it was sent with. */
export interface CallKey {
  readonly key: string
  readonly fingerprint: string
}

export interface Slice {
  readonly limit: number
  readonly offset: number
}

export type ListQuery = Slice &
  (
    | { readonly kind: 'locks'; readonly project: string | null; readonly resource: string | null }
    | {
        readonly kind: 'messages'
        readonly to: string | null
        readonly project: string | null
        readonly isUnreadOnly: boolean
        readonly order: 'oldest' | 'newest'
      }
    | { readonly kind: 'components'; readonly project: string | null }
    | { readonly kind: 'workflows'; readonly project: string | null; readonly status: string | null }
    | {
        readonly kind: 'work-items'
        readonly workflowId: string | null
        readonly project: string | null
        readonly status: string | null
      }
  )

export interface Page {
  readonly rows: readonly Row[]
  readonly total: number
}

export interface Overview {
  readonly locks: Page
  readonly components: Page
  readonly workflows: Page
  readonly unreadCount: number
}

/** The database cannot be used now: full, locked by another, unreadable, gone. It may come back by itself. */
export interface StoreFault {
  readonly code: 'full' | 'busy' | 'unreadable' | 'closed'
  /** For the log and the person. */
  readonly message: string
}

export interface Store {
  /**
   * Applies one change at `at`, in one transaction together with its key: a 2xx answer is remembered for a week, the
   * same key answers it again, and another call under the same key gets 422.
   */
  write(change: Change, at: EpochMs, key: CallKey | null): Promise<Result<Answer, StoreFault>>
  list(query: ListQuery, at: EpochMs): Promise<Result<Page, StoreFault>>
  overview(session: string | null, at: EpochMs): Promise<Result<Overview, StoreFault>>
  /** Whether the database can be read and, after a failed write, written. */
  check(at: EpochMs): Promise<boolean>
  /** One small step of housekeeping; how many rows it removed. */
  sweep(at: EpochMs): Promise<Result<number, StoreFault>>
  close(): Promise<void>
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
/** A lock without activity for this long is stale. */
export const STALE_MS = 2 * HOUR_MS
/** How long an answer is remembered under its key. */
export const KEY_KEPT_MS = 7 * DAY_MS
/** How long a released or expired lock stays in the database. */
export const RELEASED_KEPT_MS = 7 * DAY_MS
/** How long a message stays after it was read. */
export const READ_KEPT_MS = 30 * DAY_MS
/** How long a broadcast stays that nobody marked read for all. */
export const BROADCAST_KEPT_MS = 90 * DAY_MS
