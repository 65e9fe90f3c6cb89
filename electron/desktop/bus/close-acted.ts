/**
 * Takes a toast off the screen once its action was invoked. Electron forgets it at that moment, and some servers (dunst and
 * mako, asked by their own commands) leave it there until it is closed. Which one it was is told by the server's own signal,
 * just before or behind Electron's event.
 */
import { NOTIFICATION_SERVER, NOTIFICATIONS } from './notification-names.ts'
import type { SessionBus } from './session-bus.ts'

/** The signal and Electron's event of one act lie no further apart. */
const TOGETHER_MS = 1_000
/** A server that closes by itself does so by then; a second close could only confuse. */
const PATIENCE_MS = 300

/** The returned function: an action of ours was invoked just now. */
export function createActedCloser(bus: SessionBus, now = (): number => performance.now()): () => void {
  let acted: { readonly id: number; readonly at: number } | undefined
  let wantedAt = -Infinity
  const timers = new Map<number, NodeJS.Timeout>()

  function closeSoon(id: number): void {
    acted = undefined
    wantedAt = -Infinity
    const timer = setTimeout(() => {
      timers.delete(id)
      void bus.call({ ...NOTIFICATION_SERVER, member: 'CloseNotification', signature: 'u', body: [id] })
    }, PATIENCE_MS)
    timer.unref()
    timers.set(id, timer)
  }
  const on = (member: string, listener: (id: number) => void): void =>
    bus.onSignal({ sender: NOTIFICATIONS, interface: NOTIFICATIONS, member }, ([id]) => {
      if (typeof id === 'number') listener(id)
    })

  on('ActionInvoked', (id) => {
    if (now() - wantedAt < TOGETHER_MS) closeSoon(id)
    else acted = { id, at: now() }
  })
  on('NotificationClosed', (id) => {
    clearTimeout(timers.get(id))
    timers.delete(id)
    if (acted?.id === id) acted = undefined
  })
  return () => {
    if (acted && now() - acted.at < TOGETHER_MS) closeSoon(acted.id)
    else wantedAt = now()
  }
}
