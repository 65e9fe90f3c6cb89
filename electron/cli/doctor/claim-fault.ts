/** Why a workspace's calls cannot be taken over, as far as that shows without doing it. */
import { existsSync, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { queueFileOf } from '../../adapters/queue-append.ts'

export interface ClaimFault {
  readonly detail: string
  readonly fix: string
}

/** Overlayfs gives a file and its folder devices that differ on one disk. */
const OVERLAY = 0x794c7630

/** Null where nothing speaks against it. `waiting`: calls that are there. */
export function claimFault(workspace: string, waiting: number): ClaimFault | null {
  const inner = join(workspace, '.claude')
  const outbox = join(inner, '.coord-outbox')
  const folder = existsSync(outbox) ? outbox : inner
  if (waiting === 0 || !existsSync(folder)) return null
  const queue = queueFileOf(workspace)
  const where = existsSync(queue) ? otherPlace(queue, folder) : null
  if (where !== null)
    return {
      detail: `${queue} ${where}: it cannot be taken over, and no call in it can be sent from here`,
      fix: 'Put a plain file with its lines in its place, without the link or the mount.',
    }
  return isFull(folder)
    ? { detail: `the disk is full at ${folder}`, fix: 'Make room there: sending goes on by itself.' }
    : null
}

function otherPlace(queue: string, folder: string): string | null {
  if (isMounted(queue)) return 'is mounted from elsewhere'
  return isOnOtherDisk(queue, folder) ? `lies on another disk than ${folder}` : null
}

/** A rename from one to the other would be refused (EXDEV). */
function isOnOtherDisk(file: string, folder: string): boolean {
  if (statfsSync(folder).type === OVERLAY) return false
  return statSync(file, { bigint: true }).dev !== statSync(folder, { bigint: true }).dev
}

/** Something is mounted right over it, of this disk or of another: it cannot be renamed at all. */
function isMounted(file: string): boolean {
  try {
    const real = realpathSync(file)
    const toPath = (word: string): string =>
      word.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)))
    return readFileSync('/proc/self/mountinfo', 'utf8')
      .split('\n')
      .some((row) => toPath(row.split(' ')[4] ?? '') === real)
  } catch {
    // no Linux
    return false
  }
}

function isFull(folder: string): boolean {
  const { blocks, bavail, bfree, files, ffree } = statfsSync(folder)
  // the last blocks are the superuser's
  const free = process.getuid?.() === 0 ? bfree : bavail
  // 0 of 0: a file system that does not count them
  return (blocks > 0 && free === 0) || (files > 0 && ffree === 0)
}
