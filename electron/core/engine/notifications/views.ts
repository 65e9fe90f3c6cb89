/** The shapes of a notification: what is shown, what is on the screen, what was decided. */
import type { CommandName } from '../../../../shared/protocol.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { NotifiedLedger } from './notified-ledger.ts'

export interface NotificationView {
  /** Stable name, for withdrawing and for the click. */
  readonly id: string
  readonly kind:
    'message' | 'summary' | 'waiting' | 'ending' | 'refused' | 'waits' | 'workspace' | 'done' | 'test'
  /** Plain text, stripped and capped; the desktop escapes it for its platform. */
  readonly title: string
  readonly body: string
  readonly isUrgent: boolean
  /** The message that a click opens; null opens the window. */
  readonly messageId: string | null
  /** A button, where the platform has them: a command of the contract, without a window. */
  readonly action?: NotificationAction
}

export interface NotificationAction {
  readonly label: string
  readonly name: CommandName
  readonly input: unknown
}

/** A notification on the screen: withdrawn when none of its keys needs the person any more. */
export interface ShownNotification {
  readonly id: string
  readonly at: EpochMs
  /** The message that a click opens. */
  readonly messageId: string | null
  readonly keys: readonly string[]
}

export interface NotificationDecision {
  readonly show: readonly NotificationView[]
  /** Ids of notifications to take off the screen. */
  readonly withdraw: readonly string[]
  readonly ledger: NotifiedLedger
  readonly shown: readonly ShownNotification[]
  /** When to decide again, although nothing happened by then. */
  readonly wakeAt: EpochMs | null
}

/** News that may be told: the facts it tells of, and how. */
export interface Candidate {
  readonly keys: readonly string[]
  readonly view: Omit<NotificationView, 'id'>
}

export type IsMuted = (project: string | null) => boolean

export const TITLE_LENGTH = 80
export const BODY_LENGTH = 200
