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

export const createNotifier = (deps: NotifierDeps): DesktopNotifier => new Notifications(deps)

/** A notification as Electron takes it. */
const optionsOf = (
  { title, body, isUrgent, action }: DesktopNotification,
  { platform, icon }: NotifierDeps,
): NotificationConstructorOptions => ({
  title,
  body: toBody(body, platform),
  urgency: isUrgent ? 'critical' : 'normal',
  timeoutType: isUrgent ? 'never' : 'default',
  ...(platform === 'linux' ? { icon } : {}),
  // Linux shows it from Electron 44.8 on; an older one takes no notice.
  ...(action ? { actions: [{ type: 'button' as const, text: action.label }] } : {}),
})

class Notifications implements DesktopNotifier {
  readonly #deps: NotifierDeps
  // Without this reference a collected Notification loses its click handler.
  readonly #held = new Map<string, NotificationPart>()
  /** Decided on; their service is asked first. */
  readonly #waiting = new Map<string, DesktopNotification>()

  constructor(deps: NotifierDeps) {
    this.#deps = deps
  }

  apply(views: readonly DesktopNotification[], gone: readonly string[]): void {
    for (const id of gone) this.#withdraw(id)
    for (const view of views) this.#show(view)
  }
  count(): number {
    return this.#held.size
  }
  closeAll(): void {
    this.#waiting.clear()
    for (const id of [...this.#held.keys()]) this.#withdraw(id)
  }

  #withdraw(id: string): void {
    this.#waiting.delete(id)
    const notification = this.#held.get(id)
    this.#held.delete(id)
    notification?.close()
  }

  /** A service that stands still would hold up the whole app in Electron's own call, for 25 seconds each time: it is asked first. */
  #show(view: DesktopNotification): void {
    this.#withdraw(view.id)
    const { now, answers } = this.#deps.service
    if (now() === 'absent') return this.#fail(view.id, 'this desktop has no notification service')
    if (!answers) return this.#raise(view)
    this.#waiting.set(view.id, view)
    void answers().then((doesAnswer) => {
      // Withdrawn meanwhile, or another one in its place.
      if (this.#waiting.get(view.id) !== view) return
      this.#waiting.delete(view.id)
      if (doesAnswer) this.#raise(view)
      else this.#fail(view.id, 'the notification service does not answer')
    })
  }

  #raise(view: DesktopNotification): void {
    const notification = this.#deps.create(optionsOf(view, this.#deps))
    this.#follow(view, notification)
    this.#held.set(view.id, notification)
    notification.show()
  }

  #follow({ id, action }: DesktopNotification, notification: NotificationPart): void {
    const { onActed, onClick, onAction, onOutcome } = this.#deps
    const drop = (): void => {
      if (this.#held.get(id) === notification) this.#held.delete(id)
    }
    // Neither is closed in its own event: where the server has it gone already, Electron on Linux destroys it twice, and
    // the app dies. It forgets the toast by itself, so that later would be too late.
    notification.on('click', () => {
      drop()
      onActed()
      onClick(id)
    })
    notification.on('action', () => {
      drop()
      onActed()
      if (action) onAction(action)
    })
    notification.on('close', drop)
    notification.on('failed', (_event, error) => {
      drop()
      this.#fail(id, error)
    })
    notification.on('show', () => onOutcome(id, null))
  }

  #fail(id: string, why: string): void {
    this.#deps.log.warn('notification failed', { id, error: why })
    this.#deps.onOutcome(id, why)
  }
}
