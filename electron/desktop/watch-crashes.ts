/** Says what died: helper processes of Chromium, and errors that nobody caught. The app itself goes on. */
import type { DesktopEvent, DesktopLog } from './desktop-engine.ts'
import type { AppPart, Surroundings } from './electron-parts.ts'

export function watchCrashes(
  app: Pick<AppPart, 'on'>,
  process: Pick<Surroundings, 'on'>,
  log: DesktopLog,
  dispatch: (event: DesktopEvent) => void,
): void {
  app.on('child-process-gone', (_event, { type, reason, exitCode, serviceName }) => {
    // Chromium starts each of these again by itself when it needs it.
    if (reason !== 'clean-exit')
      log.warn('a helper process is gone', { type, reason, exitCode, serviceName: serviceName ?? null })
  })
  const say = (what: string) => (cause: unknown) => {
    log.warn(what, { cause: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) })
    dispatch({ kind: 'fault.found', id: 'internal', fault: { kind: 'program-fault' } })
  }
  // Without these two Electron shows a dialog for the first, and drops the second.
  process.on('uncaughtException', say('an error that nobody caught'))
  process.on('unhandledRejection', say('a promise that nobody caught'))
}
