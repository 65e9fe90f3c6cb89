/** What the desktop needs of the engine: projections as data, one way back. `electron/compose.ts` gives it. */
import type { Result } from '../../shared/result.ts'
import type { Fault } from '../../shared/attention.ts'
import type { NotificationView } from '../core/engine/notifications/views.ts'
import type { TrayView } from '../core/engine/views/to-tray-view.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'

export type { TrayAction, TrayIcon, TrayMenuItem, TrayView } from '../core/engine/views/to-tray-view.ts'

/** What is shown of the engine's notification; its other fields are the engine's business. */
export type DesktopNotification = Pick<NotificationView, 'id' | 'title' | 'body' | 'isUrgent'> &
  Partial<Pick<NotificationView, 'action'>>

/** The last words of an app that leaves. */
export type Farewell = Pick<DesktopNotification, 'title' | 'body'>

/** What the desktop tells the engine; a part of the engine's own events. */
export type DesktopEvent =
  | { readonly kind: 'window.changed'; readonly isOpen: boolean; readonly isFocused: boolean }
  | { readonly kind: 'power.suspended' | 'power.resumed' | 'screen.locked' | 'screen.unlocked' }
  | { readonly kind: 'power.source-changed'; readonly isOnBattery: boolean }
  /** What the person is told in the app: in the tray's words and under "what needs a person". */
  | { readonly kind: 'fault.found'; readonly id: string; readonly fault: Fault }
  | { readonly kind: 'fault.cleared'; readonly id: string }
  /** Whether this desktop has a service for notifications now: none at all, one that ended, one that is (again) there. */
  | { readonly kind: 'notifier.changed'; readonly state: 'there' | 'none' | 'died' }
  /** What became of a notification. One that failed is told again once one can be shown. */
  | { readonly kind: 'notification.shown'; readonly notificationId: string }
  | { readonly kind: 'notification.failed'; readonly notificationId: string; readonly why: string }

export type Unsubscribe = () => void

export interface DesktopEngine {
  trayView(): TrayView
  onTrayView(listener: (view: TrayView) => void): Unsubscribe
  onSnapshot(listener: (snapshot: AppSnapshot) => void): Unsubscribe
  onNotifications(
    listener: (show: readonly DesktopNotification[], withdraw: readonly string[]) => void,
  ): Unsubscribe
  /** The engine sets `openMessage`; the window shows it. */
  notificationClicked(id: string): void
  openMessage(id: string): void
  dispatch(event: DesktopEvent): void
  /** The system wants the app gone: takes the remembered choice at once, at most a synchronous append. */
  leaveAtOnce(): void
}

export interface DesktopLog {
  warn(message: string, data?: Readonly<Record<string, unknown>>): void
}

/** The engine with its life and its dispatcher, as `compose` returns it. */
export interface JoinedEngine {
  readonly engine: DesktopEngine
  readonly dispatch: (name: unknown, input: unknown) => Promise<Result<unknown, unknown>>
  readonly log: DesktopLog
  /** Nothing is set up yet: the window asks. */
  readonly isFirstRun?: boolean
  start(): Promise<void>
  stop(): Promise<void>
}
