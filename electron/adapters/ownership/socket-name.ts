/** The socket of a folder's owner: its name, and whether somebody listens on it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

/** Processes with the same value see each other's named sockets. */
export function kernelId(): string {
  const read = (task: () => string): string => {
    try {
      return task().trim()
    } catch {
      return ''
    }
  }
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))
  const net = read(() => readlinkSync('/proc/self/ns/net'))
  return boot === '' ? `host:${hostname()}` : `${boot} ${net}`
}

/** A folder's name among the sockets of this machine. */
export function nameOfFolder(parent: string): string {
  let real = parent
  try {
    real = realpathSync.native(parent)
  } catch {
    // not there yet: its name has to do
  }
  return hashed(process.platform === 'win32' ? real.toLowerCase() : real)
}

/** The name of what a folder is, whatever path leads to it; undefined where it is not there. */
export function nameOfIdentity(folder: string): string | undefined {
  try {
    const { dev, ino } = statSync(folder, { bigint: true })
    // some file systems give none
    return ino === 0n ? undefined : hashed(`${dev}:${ino}`)
  } catch {
    return undefined
  }
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)

// An abstract socket has no file to go stale. Node 16 (inside Electron 22, the preview runtime) cannot name one and takes
// a file; the two must see each other, as the app and a `coord` beside it may be of either kind. Goes with Electron 22.
const canBeAbstract = process.platform === 'linux' && Number(process.versions.node.split('.', 1)[0]) >= 20
const abstractName = (name: string): string => `coord-${name}`
/** Asked once: each time it would read /etc/passwd, and a few times who we are. */
let prefix: string | undefined
const fileName = (name: string): string =>
  `${(prefix ??= join(tmpdir(), `coord-${userInfo().uid}-`))}${name}.sock`

export function socketName(name: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\coord-${name}`
  return canBeAbstract ? `\0${abstractName(name)}` : fileName(name)
}

/** Whether some process listens on an abstract socket, as the kernel tells (proc(5), net/unix). */
export function isListenedTo(name: string): boolean {
  return readText('/proc/net/unix')?.includes(` @${name}\n`) ?? false
}

/** Whether an owner of the other kind is there; its socket's name where it can be asked from here. */
export async function otherKind(name: string): Promise<{ readonly socket: string | null } | undefined> {
  if (process.platform !== 'linux') return undefined
  if (!canBeAbstract) return isListenedTo(abstractName(name)) ? { socket: null } : undefined
  const file = fileName(name)
  return existsSync(file) && (await isAnswered(file)) ? { socket: file } : undefined
}

export const isAnswered = (socket: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(socket)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })

export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
