/** One app per profile folder: a second start shows the window of the first. */
import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
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

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/** Whether the one that holds the profile runs here. Chromium's lock is a link that names computer and process. */
export function isHeldHere(userData: string): boolean {
  try {
    const [, holder, pid] = /^(.*)-(\d+)$/.exec(readlinkSync(join(userData, 'SingletonLock'))) ?? []
    return holder === hostname() && isAlive(Number(pid))
  } catch {
    return false
  }
}
