/** Shows and withdraws notifications that the engine decided; keeps each alive until it is closed. */
import type { NotificationConstructorOptions } from 'electron'
import type { NotificationAction } from '../core/engine/notifications/views.ts'
import type { WatchedService } from './bus/desktop-bus.ts'
import type { DesktopLog, DesktopNotification } from './desktop-engine.ts'
import type { NotificationPart } from './electron-parts.ts'
import { toBody } from './notification-body.ts'

export interface NotifierDeps {
  readonly create: (options: NotificationConstructorOptions) => NotificationPart
  /** Who shows them, as far as the system tells. */
  readonly service: Pick<WatchedService, 'now' | 'answers'>
  readonly platform: NodeJS.Platform
  /** Linux takes the picture from the notification; the other systems from the app. */
  readonly icon: string
  readonly onClick: (id: string) => void
  /** The button: what it stands for is done, and no window is wanted. */
  readonly onAction: (action: NotificationAction) => void
  /** One was clicked, or its button pressed: where its server leaves it on the screen, it goes. */
  readonly onActed: () => void
  /** What became of one: null once the system has taken it. The engine tells one that failed again. */
  readonly onOutcome: (id: string, failure: string | null) => void
  readonly log: DesktopLog
}

export interface DesktopNotifier {
  apply(show: readonly DesktopNotification[], withdraw: readonly string[]): void
  /** For tests and for the log: how many are held. */
  count(): number
  closeAll(): void
}

export function createNotifier(deps: NotifierDeps): DesktopNotifier {
  const isLinux = deps.platform === 'linux'
  // Without this reference a collected Notification loses its click handler.
  const held = new Map<string, Pick<NotificationPart, 'close'>>()
  /** Decided on; their service is asked first. */
  const waiting = new Map<string, DesktopNotification>()
  const withdraw = (id: string): void => {
    waiting.delete(id)
    const notification = held.get(id)
    held.delete(id)
    notification?.close()
  }
  const fail = (id: string, why: string): void => {
    deps.log.warn('notification failed', { id, error: why })
    deps.onOutcome(id, why)
  }
  const raise = (view: DesktopNotification): void => {
    const { action } = view
    const notification = deps.create({
      title: view.title,
      body: toBody(view.body, deps.platform),
      urgency: view.isUrgent ? 'critical' : 'normal',
      timeoutType: view.isUrgent ? 'never' : 'default',
      ...(isLinux ? { icon: deps.icon } : {}),
      // Linux shows it from Electron 44.8 on; an older one takes no notice.
      ...(action ? { actions: [{ type: 'button' as const, text: action.label }] } : {}),
    })
    const drop = (): void => {
      if (held.get(view.id) === notification) held.delete(view.id)
    }
    // Neither is closed in its own event: where the server has it gone already, Electron on Linux destroys it twice, and
    // the app dies. It forgets the toast by itself, so that later would be too late.
    notification.on('click', () => {
      drop()
      deps.onActed()
      deps.onClick(view.id)
    })
    notification.on('action', () => {
      drop()
      deps.onActed()
      if (action) deps.onAction(action)
    })
    notification.on('close', drop)
    notification.on('failed', (_event, error) => {
      drop()
      fail(view.id, error)
    })
    notification.on('show', () => deps.onOutcome(view.id, null))
    held.set(view.id, notification)
    notification.show()
  }
  /** A service that stands still would hold up the whole app in Electron's own call, for 25 seconds each time: it is asked first. */
  const show = (view: DesktopNotification): void => {
    withdraw(view.id)
    const { now, answers } = deps.service
    if (now() === 'absent') return fail(view.id, 'this desktop has no notification service')
    if (!answers) return raise(view)
    waiting.set(view.id, view)
    void answers().then((doesAnswer) => {
      // Withdrawn meanwhile, or another one in its place.
      if (waiting.get(view.id) !== view) return
      waiting.delete(view.id)
      if (doesAnswer) raise(view)
      else fail(view.id, 'the notification service does not answer')
    })
  }
  return {
    apply(views, gone) {
      gone.forEach(withdraw)
      views.forEach(show)
    },
    count: () => held.size,
    closeAll() {
      waiting.clear()
      for (const id of [...held.keys()]) withdraw(id)
    },
  }
}
