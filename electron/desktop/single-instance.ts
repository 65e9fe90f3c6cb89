/** One app per profile folder: a second start shows the window of the first. */
import type { App } from 'electron'

/** False: another one runs and was told; this process is to end. */
export function takeInstanceLock(
  app: Pick<App, 'requestSingleInstanceLock' | 'on'>,
  isHidden: boolean,
  onSecondStart: () => void,
): boolean {
  // argv reaches the first instance rewritten by Chromium; what matters goes as data of its own.
  if (!app.requestSingleInstanceLock({ isHidden })) return false
  app.on('second-instance', (_event, _argv, _cwd, data) => {
    if ((data as { isHidden?: unknown } | null)?.isHidden !== true) onSecondStart()
  })
  return true
}
