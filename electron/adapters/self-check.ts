/** The part of the self-test that asks this machine: folders that can be written, the watcher's hints. Leaves nothing behind. */
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diskWords } from '../../shared/data-folder.ts'
import type { Finding } from '../../shared/protocol.ts'
import type { WatchPort } from '../core/outbox/outbox.ts'
import { makeFolder } from './make-folder.ts'

const PROBE_MS = 3_000

/** Whether a file can be made there; `.claude` where the project has one, since queues live in it. */
export function checkFolder(check: string, path: string, fix: string): Finding {
  try {
    const inner = join(path, '.claude')
    const at = statSync(inner, { throwIfNoEntry: false })?.isDirectory() ? inner : path
    const probe = join(at, `.coord-check-${process.pid}`)
    writeFileSync(probe, 'x', { mode: 0o600 })
    rmSync(probe)
    return { check, isWell: true, detail: `${path} can be written`, fix: null }
  } catch (cause) {
    return { check, isWell: false, detail: whyNotWritten(path, cause), fix }
  }
}

function whyNotWritten(path: string, cause: unknown): string {
  const { code = '' } = cause as NodeJS.ErrnoException
  if (['ENOENT', 'ENOTDIR'].includes(code)) return `${path} is no folder`
  if (['EACCES', 'EPERM', 'EROFS'].includes(code)) return `${path} may not be written`
  return diskWords(cause)
}

/** Writes a queue file in a folder of its own and waits for the hint. */
export async function checkWatcher(watch: WatchPort, home: string): Promise<Finding> {
  const found = (isWell: boolean, detail: string): Finding => ({
    check: 'watcher',
    isWell,
    detail,
    fix: isWell
      ? null
      : 'Nothing is lost: each queue file is looked at once a second. On Linux, raise fs.inotify.max_user_watches.',
  })
  let dir: string
  try {
    makeFolder(home, 0o700)
    dir = mkdtempSync(join(home, '.check-'))
  } catch (cause) {
    return found(false, diskWords(cause))
  }
  let again: NodeJS.Timeout | undefined
  let unwatch = (): void => {}
  try {
    const startedAt = performance.now()
    const isHinted = await new Promise<boolean>((resolve) => {
      unwatch = watch.watch(dir, () => resolve(true))
      // Written again and again: a watcher may need a moment before it hears anything.
      const write = (n: number): void => {
        if (performance.now() - startedAt > PROBE_MS) return resolve(false)
        writeFileSync(join(dir, 'coord-queue.jsonl'), 'x'.repeat(n))
        again = setTimeout(write, 50, n + 1)
      }
      write(1)
    })
    return found(
      isHinted,
      isHinted
        ? `tells of a change after ${Math.round(performance.now() - startedAt)} ms`
        : 'tells of no change',
    )
  } catch (cause) {
    return found(false, diskWords(cause))
  } finally {
    clearTimeout(again)
    unwatch()
    rmSync(dir, { recursive: true, force: true })
  }
}
