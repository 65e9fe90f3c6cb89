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

interface StatusChange {
  readonly id: string
  /** undefined = as it was. */
  readonly status: string | undefined
  /** Changed only where this is the status; undefined = whatever it is. */
  readonly expectedStatus: string | undefined
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
  | { readonly kind: 'lock.renew'; readonly id: string; readonly session: string }
  | {
      readonly kind: 'lock.release'
      readonly id: string
      readonly session: string
      /** Released only where it is stale: by somebody else, in its holder's name. */
      readonly isIfStale: boolean
      /** Who releases it, where that is not the holder. */
      readonly releasedBy: string | null
    }
  | { readonly kind: 'lock.release-all'; readonly session: string }
  /**
   * A claim whose caller is gone: the lock is released and its key forgotten, unless the same key was answered again
   * meanwhile. No call of the protocol is this.
   */
  | {
      readonly kind: 'lock.give-back'
      readonly id: string
      readonly session: string
      readonly claimedAt: EpochMs
      readonly key: CallKey | null
    }
  | (ByActors & {
      readonly kind: 'component.set'
      readonly project: string
      readonly component: string
      readonly state: string
      readonly version: string | null
      readonly notes: string | null
      readonly updatedBy: string | null
      /**
       * When a call was made that waited in a queue; older than what the row says, it changes nothing. null: it is made
       * now, by the store's own clock.
       */
      readonly effectiveAt: EpochMs | null
    })
  | (ByActors & {
      readonly kind: 'workflow.create'
      readonly project: string
      readonly name: string
      readonly description: string | null
      readonly status: string
      readonly createdBy: string | null
    })
  | (ByActors & StatusChange & { readonly kind: 'workflow.change' })
  | (ByActors & {
      readonly kind: 'item.create'
      readonly workflowId: string
      /** null = the workflow's. */
      readonly project: string | null
      readonly title: string
      readonly status: string
      readonly priority: number | null
      readonly assignee: string | null
    })
  | (ByActors &
      StatusChange & {
        readonly kind: 'item.change'
        /** undefined = as it was, null = nobody. */
        readonly assignee: string | null | undefined
      })
  | (ByActors & {
      readonly kind: 'message.send'
      readonly from: string
      /** null = broadcast. */
      readonly to: string | null
      readonly project: string | null
      readonly subject: string
      readonly body: string
      readonly replyTo: string | null
      /** null = kept as long as its kind is. */
      readonly expiresAt: EpochMs | null
    })
  | { readonly kind: 'message.read'; readonly id: string; readonly session: string | null }

/** Whose token a call came with. */
export interface Caller {
  /** The machine that it acts for; an administrator's name. */
  readonly machine: string
  /** May act in anybody's name. */
  readonly isAdmin: boolean
}

/** What is kept of a token: never itself. */
export interface TokenRow extends Caller {
  readonly created_at: string
  /** null = it is good. */
  readonly revoked_at: string | null
}

/** Whose a token is, good or not. */
export interface FoundToken extends Caller {
  readonly isRevoked: boolean
}

/** Tokens, and who released, forced and revoked what. */
export interface AccessStore {
  add(token: Caller & { readonly hash: string }, at: EpochMs): Promise<Result<void, StoreFault>>
  /** Revokes all of a machine; how many there were. */
  revoke(machine: string, at: EpochMs): Promise<Result<number, StoreFault>>
  list(): Promise<Result<readonly TokenRow[], StoreFault>>
  /** Whose it is, by its hash, or was; undefined where it is unknown. */
  find(hash: string): Promise<Result<FoundToken | undefined, StoreFault>>
  /** The newest entries: `{at, caller, act, session_id, what}`. */
  audit(limit: number): Promise<Result<readonly Row[], StoreFault>>
}

/** An entry that is kept of what somebody did to another's, or to tokens. */
export interface Audited {
  readonly act: 'released' | 'released-all' | 'released-stale' | 'forced' | 'token-added' | 'token-revoked'
  readonly session: string | null
  readonly what: string
}

/** How many entries of who did what stay. */
export const AUDIT_KEPT = 100_000

/** A row as it is answered: flat, with ISO times. */
export type Row = { readonly [field: string]: unknown }

/** What became of a change. All but `failed` variants commit. */
export type Outcome =
  | { readonly kind: 'created'; readonly row: Row }
  | { readonly kind: 'done'; readonly row: Row }
  | { readonly kind: 'released'; readonly count: number; readonly by?: string | null }
  /** `asked` is the resource that was claimed, where it is another spelling or another part than the lock's. */
  | { readonly kind: 'held'; readonly lock: Row; readonly holder: string; readonly asked: string }
  | { readonly kind: 'alive'; readonly lock: Row; readonly holder: string }
  | { readonly kind: 'lost'; readonly lock: Row; readonly holder: string }
  | { readonly kind: 'differs'; readonly what: string; readonly row: Row; readonly status: string }
  | { readonly kind: 'superseded'; readonly row: Row }
  | { readonly kind: 'not-yours'; readonly lock: Row; readonly holder: string }
  /** Another machine's mail, or everybody's. */
  | { readonly kind: 'foreign-mail'; readonly to: string | null }
  /** A work item that another machine's session works on. */
  | { readonly kind: 'foreign-item'; readonly assignee: string; readonly row: Row }
  | { readonly kind: 'missing'; readonly what: string }
  | { readonly kind: 'no-parent'; readonly field: string; readonly what: string }

/** A finished answer, as it is sent and as a key remembers it. */
export interface Answer {
  readonly status: number
  /** JSON text. */
  readonly body: string
  readonly headers?: Readonly<Record<string, string>>
  /** Remembered under its key: this call changed nothing. */
  readonly isAgain?: true
}

/** An `Idempotency-Key`, and what identifies the call that it was sent with. */
export interface CallKey {
  readonly key: string
  readonly fingerprint: string
}

export interface Slice {
  readonly limit: number
  /** Rows before the first; for callers that know no keys. */
  readonly offset: number
  /** The key of the last row that was read; rows that go meanwhile hide none. */
  readonly after: string | null
  readonly order: 'oldest' | 'newest'
  readonly isCounted: boolean
}

export type ListQuery = Slice &
  (
    | {
        readonly kind: 'locks'
        readonly project: string | null
        readonly resource: string | null
        readonly machine: string | null
      }
    | {
        readonly kind: 'messages'
        readonly to: string | null
        /** Messages to sessions of this machine, and broadcasts. */
        readonly machine: string | null
        readonly project: string | null
        readonly isUnreadOnly: boolean
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
export type ListKind = ListQuery['kind']

export interface Page {
  /** JSON text of an array. */
  readonly rows: string
  readonly count: number
  /** The key to go on after; null at the end. */
  readonly next: string | null
  /** null where it was not asked for. */
  readonly total: number | null
}

/** What was read, and the tag of its state; or that nothing changed since the tag that the caller knows. */
export type Tagged<T> =
  | { readonly tag: string; readonly isUnchanged: true }
  | { readonly tag: string; readonly isUnchanged: false; readonly value: T }

export interface Overview {
  readonly locks: Page
  readonly components: Page
  readonly workflows: Page
  readonly unreadCount: number
}

/** One entry of the log of changes. */
export interface ChangeEntry {
  readonly seq: number
  readonly kind: ListKind
  readonly act: string
  readonly project: string | null
  readonly id: string
  /** The machine that it is for, as compared; null = every. */
  readonly machine: string | null
  readonly at: EpochMs
}

/** Numbers that follow each other, both ends among them. */
export interface Gap {
  readonly from: number
  readonly to: number
}

/** Numbers that were missing in the log of changes. */
export interface Missing {
  /** To be looked for now; some of `all`, in their order. */
  readonly now: readonly Gap[]
  /** All that are known to be missing, in their order: they are not counted as there. */
  readonly all: readonly Gap[]
}

/** The log of changes after a position, or that it was cut there. */
export interface ChangeLog {
  /** In the order of their numbers, those that came late first. */
  readonly entries: readonly ChangeEntry[]
  readonly last: number
  readonly isCut: boolean
  /**
   * Numbers that are not there and may still come, in their order: between the position and the last of `entries`; where there was
   * no position, or the log was cut, in the whole of the log. Several writers commit in any order.
   */
  readonly missing: readonly Gap[]
}

/**
 * Why the database cannot be used. The first four may pass by themselves; with the others waiting does not help: a
 * person has to act, and nothing is written until the server starts anew.
 */
export interface StoreFault {
  readonly code: 'full' | 'busy' | 'unreadable' | 'closed' | 'replaced' | 'removed' | 'damaged'
  /** For the log and the person; with the way out where a person has to act. */
  readonly message: string
}

export interface Store {
  /**
   * Applies one change at `at` (a store that several machines share has one clock, its own), in one transaction together with its key: a 2xx answer is remembered for a week, the
   * same key answers it again, and another call under the same key gets 422.
   */
  write(
    change: Change,
    at: EpochMs,
    key: CallKey | null,
    caller?: Caller | null,
  ): Promise<Result<Answer, StoreFault>>
  readonly access: AccessStore
  /** One page; `known` is the tag of the state that the caller has. */
  list(query: ListQuery, at: EpochMs, known: readonly string[]): Promise<Result<Tagged<Page>, StoreFault>>
  overview(
    session: string | null,
    at: EpochMs,
    known: readonly string[],
  ): Promise<Result<Tagged<Overview>, StoreFault>>
  /** Who read a message, and when; undefined where there is no such message, or its time is over. */
  receipts(id: string, at: EpochMs): Promise<Result<readonly Row[] | undefined, StoreFault>>
  /**
   * What changed after `seq`; null: only where the log ends. At most `limit` entries, and as many at most of those of `missing`
   * that have come since they were missed.
   */
  changes(after: number | null, limit: number, missing?: Missing): Promise<Result<ChangeLog, StoreFault>>
  /** Called after each commit of this process that changed something; returns the unsubscribe function. */
  onCommit(listener: () => void): () => void
  /** Whether the database can be read and, after a failed write, written; the fault where not. */
  check(at: EpochMs): Promise<Result<void, StoreFault>>
  /** Whether the last call could use the database; asks nobody. */
  isUsable(): boolean
  /** One small step of housekeeping of each kind, each by itself; how many rows were removed. A fault where none could be made. */
  sweep(at: EpochMs): Promise<Result<number, StoreFault>>
  /** Connections to a database server, in use and at rest, and calls that wait for one; where it has such. */
  connections?(): { readonly used: number; readonly idle: number; readonly waiting: number }
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
/** How long a message to one session stays that nobody reads. */
export const DIRECT_KEPT_MS = 30 * DAY_MS
/** How long a broadcast stays that nobody marked read for all. */
export const BROADCAST_KEPT_MS = 14 * DAY_MS
/** How many entries of the log of changes stay. */
export const CHANGES_KEPT = 10_000
/** How long each stays at least: one that is committed late is read before it goes. */
export const CHANGES_KEPT_MS = 60_000

/** A page ends here, whatever the rows: a client reads it in one go, and the server builds it without a pause. */
export const PAGE_BYTES = 4_194_304
/** How many rows of each kind the overview has. */
export const OVERVIEW_ROWS = 200
export const OVERVIEW_LOCKS = 1000

/** All from the newest on: for lists that are looked at rather than read. */
export const newest = (limit: number): Slice => ({
  limit,
  offset: 0,
  after: null,
  order: 'newest',
  isCounted: false,
})

/** When a lock ends by itself; 0 hours: never. */
export const expiryOf = (ttlHours: number, from: EpochMs): EpochMs | null =>
  ttlHours === 0 ? null : from + Math.round(ttlHours * HOUR_MS)

/** How many refused sessions a lock remembers, the latest ones. */
export const REFUSALS_KEPT = 100
export const NO_LOCK = 'lock is held (released, expired or unknown)'
/** Who releases a lock without a name. */
export const NOBODY = 'coord/server'
const SUBJECT_LENGTH = 1_000

/** What the holder of a lock is told that another released. */
export function releaseNotice(lock: {
  readonly id: string
  readonly resource: string
  readonly by: string | null
  readonly lastActivity: string
}): { readonly subject: string; readonly body: string } {
  const { id, resource, by, lastActivity } = lock
  return {
    subject: `Your lock was released: ${resource}`.slice(0, SUBJECT_LENGTH),
    body: `${by ?? 'A session that gave no name'} released your lock on ${resource} (id ${id}). Its last activity was ${lastActivity}. Claim it again before you go on.`,
  }
}
