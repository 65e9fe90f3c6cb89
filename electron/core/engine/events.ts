/** Everything that can happen to the engine's state (names: past tense, `noun.verb`). */
import type { Fault } from '../../../shared/attention.ts'
import type { ConnectionView } from '../../../shared/connection.ts'
import type { Machine } from '../../../shared/session.ts'
import type { SettingsView } from '../../../shared/snapshot.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { ComponentRow, LockRow, MessageRow, WorkflowRow, WorkItemRow } from '../../../shared/wire.ts'
import type { OutboxEvent } from '../outbox/contract.ts'
import type { GuardWord } from '../sessions/guard-word.ts'
import type { ShownNotification } from './notifications/views.ts'
import type { NotifiedLedger } from './notifications/notified-ledger.ts'
import type { Notifier } from './notifier.ts'
import type { FoundWorkspace } from './state.ts'

export type AppEvent =
  | OutboxEvent
  | { readonly kind: 'workspace.removed'; readonly path: string }
  | { readonly kind: 'connection.changed'; readonly view: ConnectionView; readonly at: EpochMs }
  | { readonly kind: 'api.served'; readonly isServedHere: boolean; readonly apiUrl: string }
  | { readonly kind: 'update.found'; readonly version: string }
  | {
      readonly kind: 'locks.read'
      readonly rows: readonly LockRow[]
      readonly unreadable: number
      readonly at: EpochMs
      readonly skewMs: number
    }
  | {
      readonly kind: 'messages.read'
      /** Already filtered to this machine's sessions and broadcasts. */
      readonly rows: readonly MessageRow[]
      readonly unreadable: number
      /** Those of what was read that sessions of this machine sent; also what is filtered out of the rows. */
      readonly sent?: readonly MessageRow[]
      readonly at: EpochMs
      readonly skewMs: number
    }
  | {
      readonly kind: 'board.read'
      readonly components: readonly ComponentRow[]
      readonly workflows: readonly WorkflowRow[]
      readonly workItems: readonly WorkItemRow[]
      readonly unreadable: number
    }
  | { readonly kind: 'settings.changed'; readonly settings: SettingsView; readonly machine: Machine }
  | {
      readonly kind: 'sessions.found'
      readonly sessions: readonly string[]
      /** When the tool of such a session last started or ended, where a hook noted it. */
      readonly at?: Readonly<Record<string, EpochMs>>
      /** When one of its hooks was last called, and what its guard last did. */
      readonly hooksAt?: Readonly<Record<string, EpochMs>>
      readonly guards?: Readonly<Record<string, GuardWord>>
    }
  | { readonly kind: 'workspaces.suggested'; readonly paths: readonly string[] }
  /** Found outside the settings, and watched from now on; together, so that they are said together. */
  | { readonly kind: 'workspaces.discovered'; readonly found: readonly FoundWorkspace[] }
  | { readonly kind: 'message.seen'; readonly ids: readonly string[] }
  /** The API's flag was set by an act of the person. */
  | { readonly kind: 'message.marked-read'; readonly id: string }
  | {
      readonly kind: 'notification.clicked'
      readonly messageId: string | null
      readonly notificationId: string
    }
  | {
      readonly kind: 'notifications.decided'
      readonly ledger: NotifiedLedger
      readonly shown: readonly ShownNotification[]
    }
  /** What became of one: the system took it, or did not. One that failed is told again once one can be shown. */
  | { readonly kind: 'notification.failed'; readonly notificationId: string; readonly why: string }
  | { readonly kind: 'notification.shown'; readonly notificationId: string }
  /** The desktop found out whether there is a service that shows them; `there` also when one came back. */
  | { readonly kind: 'notifier.changed'; readonly state: Exclude<Notifier['state'], 'failing'> }
  /** Facts that need no notification any more: a person's own message. */
  | { readonly kind: 'facts.told'; readonly keys: readonly string[] }
  /** The person sent one from here. */
  | { readonly kind: 'message.sent'; readonly row: MessageRow }
  /** Messages, read ones too, as the API's own list still has them. */
  | { readonly kind: 'messages.recalled'; readonly rows: readonly MessageRow[] }
  | { readonly kind: 'message.opened' }
  /** The holder of a lock was asked for it, for the session `by`. */
  | { readonly kind: 'lock.asked'; readonly id: string; readonly by: string; readonly at: EpochMs }
  | { readonly kind: 'fault.found'; readonly id: string; readonly fault: Fault }
  | { readonly kind: 'fault.cleared'; readonly id: string }
  | { readonly kind: 'quit.asked' }
  | { readonly kind: 'quit.cancelled' }
  | { readonly kind: 'quit.releasing' }
  | { readonly kind: 'quit.decided' }
  | { readonly kind: 'window.changed'; readonly isOpen: boolean; readonly isFocused: boolean }
  | { readonly kind: 'power.suspended' }
  | { readonly kind: 'power.resumed' }
  | { readonly kind: 'power.source-changed'; readonly isOnBattery: boolean }
  | { readonly kind: 'screen.locked' }
  | { readonly kind: 'screen.unlocked' }
  | { readonly kind: 'network.changed' }
  | { readonly kind: 'clock.tick'; readonly at: EpochMs; readonly utcOffsetMinutes?: number }
