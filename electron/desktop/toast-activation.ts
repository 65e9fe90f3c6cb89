/** A click on a Windows toast whose run of the app is over: it may be what started this one. */
import type { ElectronParts } from './electron-parts.ts'

/**
 * Windows gives back the arguments of Electron's own toast, which name no message: the window opens, where unread
 * ones stand first. A toast of this run fires its own click besides, which says the message. What a toast brings
 * (a reply, inputs) is never read.
 */
export function watchToastActivation(
  Notification: Pick<ElectronParts['Notification'], 'isSupported' | 'handleActivation'>,
  platform: NodeJS.Platform,
  open: () => void,
): void {
  if (platform !== 'win32') return
  Notification.isSupported() // registers the activator: without it a click that started the app reaches nobody
  Notification.handleActivation(() => open())
}
