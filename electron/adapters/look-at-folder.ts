/** What a path that a person named is: for the commands that watch folders. */
import { accessSync, constants, existsSync, realpathSync, statSync, type Stats } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import type { FolderCheck } from '../../shared/protocol.ts'
import { queueFileOf } from './queue-append.ts'

/** `~` and `~/…` as a shell has it. */
const expanded = (path: string): string =>
  path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path

/** Looks at the disk; changes nothing and never throws. */
export function lookAtFolder(path: string): FolderCheck {
  const wanted = expanded(path.trim())
  if (!isAbsolute(wanted)) return { state: 'not-absolute', resolved: path }
  let info: Stats
  let resolved: string
  try {
    info = statSync(wanted)
    resolved = realpathSync(wanted)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const isShut = code === 'EACCES' || code === 'EPERM'
    return {
      state: isShut ? 'no-permission' : code === 'ENOTDIR' ? 'not-a-folder' : 'missing',
      resolved: wanted,
    }
  }
  if (!info.isDirectory()) return { state: 'not-a-folder', resolved }
  try {
    accessSync(resolved, constants.R_OK | constants.X_OK)
    if (existsSync(queueFileOf(resolved))) return { state: 'queue', resolved }
    return {
      state: ['.claude', '.git'].some((name) => existsSync(join(resolved, name))) ? 'project' : 'folder',
      resolved,
    }
  } catch {
    return { state: 'no-permission', resolved }
  }
}
