/** Whether another process reads a file now: a session's own catch-up loop, most likely. Linux only (`/proc`). */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'

/** Undefined where the platform cannot tell. Processes of other users that we may not look into count as not reading. */
export async function hasForeignReader(path: string): Promise<boolean | undefined> {
  if (process.platform !== 'linux') return undefined
  const target = await stat(path).catch(() => undefined)
  if (!target) return false
  const names = await readdir('/proc').catch(() => undefined)
  if (!names) return undefined
  for (const pid of names) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue
    const fds = await readdir(`/proc/${pid}/fd`).catch(() => [])
    for (const fd of fds) {
      const link = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')
      // a name first (cheap), the inode only where the base name fits
      if (!link.includes('coord-queue')) continue
      const info = await stat(`/proc/${pid}/fd/${fd}`).catch(() => undefined)
      if (!info || info.ino !== target.ino || info.dev !== target.dev) continue
      const flags = /^flags:\s*([0-7]+)/m.exec(
        await readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => ''),
      )?.[1]
      // O_WRONLY (1) is an appender, no reader; an unreadable fdinfo counts as a reader, to be on the safe side
      if (flags === undefined || (parseInt(flags, 8) & 3) !== 1) return true
    }
  }
  return false
}
