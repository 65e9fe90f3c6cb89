/** Hears of a Windows log-off: a process without a window is told nothing, so one that is never shown listens. */
import type { ElectronParts } from './electron-parts.ts'

/**
 * Only `session-end` counts: what `query-session-end` asks, another program may still refuse, and then our locks
 * would be gone while the person works on. A BaseWindow has no page, so no window process comes with it.
 */
export function watchSessionEnd(
  BaseWindow: ElectronParts['BaseWindow'],
  platform: NodeJS.Platform,
  onEnd: () => void,
): void {
  if (platform !== 'win32') return
  const listener = new BaseWindow({ show: false, skipTaskbar: true, width: 1, height: 1 })
  listener.on('session-end', onEnd)
}
