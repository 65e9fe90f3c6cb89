/** Whether another process reads a file now: a session's own catch-up loop, most likely. Linux only (`/proc`). */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'

/** The loop is given back after this long; a machine may have thousands of open files. */
const SLICE_MS = 4

const orElse = <T>(task: () => T, other: T): T => {
  try {
    return task()
  } catch {
    return other // gone meanwhile, or of another user
  }
}

/**
 * Undefined where the platform cannot tell. Processes of other users that we may not look into count as not reading.
 * Each look stands between a line and its call. These are answers out of the kernel's memory, microseconds each: asked
 * through the thread pool, the way there and back cost a hundred milliseconds of CPU on a desktop's few thousand files.
 */
export async function hasForeignReader(path: string): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return undefined
  const target = await stat(path).catch(() => undefined)
  if (!target) return false
  const names = await readdir('/proc').catch(() => undefined)
  if (!names) return undefined
  let since = performance.now()
  for (const pid of names) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    if (performance.now() - since > SLICE_MS) {
      await new Promise((resolve) => setImmediate(resolve))
      since = performance.now()
    }
    for (const fd of orElse(() => readdirSync(`/proc/${pid}/fd`), [])) {
      const link = orElse(() => readlinkSync(`/proc/${pid}/fd/${fd}`), '')
      // a name first (cheap), the inode only where the base name fits
      if (!link.includes('coord-queue')) continue
      const info = orElse(() => statSync(`/proc/${pid}/fd/${fd}`), undefined)
      if (!info || info.ino !== target.ino || info.dev !== target.dev) continue
      const text = orElse(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'), '')
      const flags = /^flags:\s*([0-7]+)/m.exec(text)?.[1]
      // O_WRONLY (1) is an appender, no reader; an unreadable fdinfo counts as a reader, to be on the safe side
      if (flags === undefined || (parseInt(flags, 8) & 3) !== 1) return true
    }
  }
  return false
}
