/**
 * One owner a workspace: a named socket among the processes of one kernel (gone with its process, so never stale), and
 * `lease.json` with an epoch where kernels or containers share the folder.
 */
import { createHash, randomBytes } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
  openSync,
  fsyncSync,
  closeSync,
} from 'node:fs'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { hostname, tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { err, type Result } from '../../../shared/result.ts'
import { isSameSecret } from '../../../shared/same-secret.ts'
import type { FsError } from '../../core/ports.ts'
import type { OwnerPort, OwnerRequest, OwnerState } from '../../core/outbox/owner-port.ts'

const RENEW_MS = 5_000
const STALE_MS = 60_000

const lease = z.object({
  epoch: z.number(),
  instance: z.string(),
  kernel: z.string(),
  host: z.string(),
  pid: z.number(),
  at: z.string(),
})
type Lease = z.output<typeof lease>

const request = z.union([
  z.object({ what: z.literal('flush'), waitMs: z.number(), lanes: z.number() }),
  z.object({ what: z.literal('send'), id: z.string() }),
  z.object({ what: z.literal('edit'), id: z.string(), line: z.string() }),
  z.object({ what: z.literal('discard'), id: z.string() }),
])
const envelope = z.object({ secret: z.string(), baseUrl: z.string(), request })

/** Processes with the same value see each other's named sockets. */
function kernelId(): string {
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

/** The same user's secret, made on first use, mode 0600. */
export function readSecret(home: string): string {
  const file = join(home, 'secret')
  if (!existsSync(file)) {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    try {
      writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx' })
    } catch {
      // another process was first
    }
  }
  return readFileSync(file, 'utf8').trim()
}

/** A folder's name among the sockets of this machine. */
function nameOf(parent: string): string {
  let real = parent
  try {
    real = realpathSync.native(parent)
  } catch {
    // not there yet: its name has to do
  }
  return createHash('sha256')
    .update(process.platform === 'win32' ? real.toLowerCase() : real)
    .digest('hex')
    .slice(0, 32)
}

// An abstract socket has no file to go stale. Node 16 (inside Electron 22, the preview runtime) cannot name one and takes
// a file; the two must see each other, as the app and a `coord` beside it may be of either kind. Goes with Electron 22.
const canBeAbstract = process.platform === 'linux' && Number(process.versions.node.split('.', 1)[0]) >= 20
const abstractName = (hash: string): string => `coord-${hash}`
const fileName = (hash: string): string => join(tmpdir(), `coord-${userInfo().uid}-${hash}.sock`)

function socketName(hash: string): string {
  if (process.platform === 'win32') return `\\\\.\\pipe\\coord-${hash}`
  return canBeAbstract ? `\0${abstractName(hash)}` : fileName(hash)
}

/** Whether some process listens on an abstract socket, as the kernel tells (proc(5), net/unix). */
export function isListenedTo(name: string): boolean {
  return readText('/proc/net/unix')?.includes(` @${name}\n`) ?? false
}

/** Whether an owner of the other kind is there; its socket's name where it can be asked from here. */
async function otherKind(hash: string): Promise<{ readonly socket: string | null } | undefined> {
  if (process.platform !== 'linux') return undefined
  if (!canBeAbstract) return isListenedTo(abstractName(hash)) ? { socket: null } : undefined
  const file = fileName(hash)
  return existsSync(file) && (await isAnswered(file)) ? { socket: file } : undefined
}

interface Held {
  readonly server: Server
  /** Those that ask for something just now. */
  readonly sockets: ReadonlySet<Socket>
  readonly renew: NodeJS.Timeout
  readonly leaseFile: string
  readonly epoch: number
}

export interface OwnerOptions {
  readonly home: string
  readonly baseUrl: string
  /** Our own clock for the age of a foreign lease; a test holds it. */
  readonly monotonic?: () => number
}

export function createOwner(options: OwnerOptions): OwnerPort {
  const instance = randomBytes(8).toString('hex')
  const kernel = kernelId()
  const monotonic = options.monotonic ?? ((): number => performance.now())
  const held = new Map<string, Held>()
  /** Foreign leases as first observed, by our own clock: never compare another kernel's clock with ours. */
  const observed = new Map<string, { readonly text: string; readonly since: number }>()
  /** The socket to ask, by folder. */
  const names = new Map<string, string>()
  /** Our own lease as it was last read, by folder. */
  const ownText = new Map<string, string>()
  /** Why a lease could not be written, by folder. */
  const faults = new Map<string, FsError>()

  function readLease(file: string): Lease | undefined {
    try {
      const parsed = lease.safeParse(JSON.parse(readFileSync(file, 'utf8')))
      return parsed.success ? parsed.data : undefined
    } catch {
      return undefined
    }
  }

  function writeLease(dir: string, epoch: number): boolean {
    const file = leaseOf(dir)
    const now: Lease = {
      epoch,
      instance,
      kernel,
      host: hostname(),
      pid: process.pid,
      at: new Date().toISOString(),
    }
    try {
      const temp = `${file}.${instance}.tmp`
      const fd = openSync(temp, 'w', 0o600)
      try {
        writeFileSync(fd, JSON.stringify(now))
        fsyncSync(fd)
      } finally {
        closeSync(fd)
      }
      try {
        renameSync(temp, file)
      } catch (error) {
        rmSync(temp, { force: true })
        throw error
      }
      faults.delete(dir)
      return true
    } catch (error) {
      const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
      faults.set(dir, { code: code ?? 'UNKNOWN', path: file, op: 'writing the lease' })
      return false
    }
  }

  async function listen(
    name: string,
    onSocket: (socket: Socket) => void,
  ): Promise<Server | 'taken' | 'impossible'> {
    const attempt = (): Promise<Server | string> =>
      new Promise((resolve) => {
        const server = createServer(onSocket)
        server.once('error', (e: NodeJS.ErrnoException) => resolve(e.code ?? 'UNKNOWN'))
        server.listen(name, () => {
          server.unref()
          resolve(server)
        })
      })
    let done = await attempt()
    if (done === 'EADDRINUSE' && name.startsWith('/')) {
      // a socket file outlives its process: taken only if somebody answers
      if (await isAnswered(name)) return 'taken'
      rmSync(name, { force: true })
      done = await attempt()
    }
    if (typeof done !== 'string') return done
    return done === 'EADDRINUSE' || done === 'EACCES' ? 'taken' : 'impossible'
  }

  function serve(socket: Socket, onRequest: (r: OwnerRequest) => Promise<Result<unknown, unknown>>): void {
    socket.on('error', () => undefined)
    const lines = createInterface({ input: socket })
    lines.once('line', (line) => {
      const answer = async (): Promise<unknown> => {
        const parsed = envelope.safeParse(safeJson(line))
        if (!parsed.success) return err({ code: 'failed', message: 'The request is not understood.' })
        if (!isSameSecret(parsed.data.secret, readSecret(options.home)))
          return err({ code: 'failed', message: 'Another user owns this workspace.' })
        if (parsed.data.baseUrl !== options.baseUrl)
          return err({
            code: 'other-api',
            message: `The running Coord Tray sends from this workspace to ${options.baseUrl}, this command to ${parsed.data.baseUrl}. Nothing was sent. Use the same COORD_API_URL for both.`,
          })
        return onRequest(parsed.data.request)
      }
      answer().then(
        (value) => socket.end(`${JSON.stringify(value)}\n`),
        () => socket.destroy(),
      )
    })
  }

  return {
    async acquire(dir, parent, onRequest) {
      const hash = nameOf(parent)
      const other = await otherKind(hash)
      names.set(dir, other?.socket ?? socketName(hash))
      if (other) return { kind: 'other-process' }
      // two workspaces of this process whose `.claude` is the same folder: the first one sends, the second watches
      if (held.has(dir)) return { kind: 'other-process' }
      const sockets = new Set<Socket>()
      const server = await listen(socketName(hash), (socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        serve(socket, onRequest)
      })
      if (server === 'taken' || held.has(dir)) {
        if (typeof server !== 'string') server.close()
        return { kind: 'other-process' }
      }
      const leaseFile = leaseOf(dir)
      const current = readLease(leaseFile)
      if (current && current.kernel !== kernel) {
        const text = JSON.stringify(current)
        const before = observed.get(dir)
        if (before?.text !== text) observed.set(dir, { text, since: monotonic() })
        if (before?.text !== text || monotonic() - before.since < STALE_MS) {
          if (typeof server !== 'string') server.close()
          return { kind: 'other-machine', who: current.host } satisfies OwnerState
        }
      }
      const epoch = (current?.epoch ?? 0) + 1
      const renew = setInterval(() => {
        if (!existsSync(dir)) return
        const found = readLease(leaseFile)
        // two kernels may have taken the same epoch at the same time: the one that wrote last has it
        if (!found || (found.epoch === epoch && found.instance === instance)) writeLease(dir, epoch)
      }, RENEW_MS)
      renew.unref()
      if (existsSync(dir)) writeLease(dir, epoch)
      // no socket to be had (a file system or sandbox without them): the lease alone has to do
      held.set(dir, {
        server: typeof server === 'string' ? createServer() : server,
        sockets,
        renew,
        leaseFile,
        epoch,
      })
      return { kind: 'this' }
    },
    async release(dir) {
      const had = held.get(dir)
      if (!had) return
      held.delete(dir)
      clearInterval(had.renew)
      const current = readLease(had.leaseFile)
      if (current?.epoch === had.epoch && current.instance === instance)
        try {
          rmSync(had.leaseFile, { force: true })
        } catch {
          // read-only by now: it goes stale by itself
        }
      await new Promise<void>((resolve) => {
        if (!had.server.listening) return resolve()
        had.server.close(() => resolve())
        // letting go may be the last step of what somebody asked for: their answer must not wait for itself
        if (had.sockets.size > 0) setImmediate(resolve)
      })
    },
    isStillOwner(dir) {
      const had = held.get(dir)
      if (!had) return false
      // read before every send (a folder may be shared with another kernel), parsed only where it differs from last time
      const text = readText(had.leaseFile)
      if (text !== undefined && text === ownText.get(dir)) return true
      const current = readLease(had.leaseFile)
      if (current === undefined) return writeLease(dir, had.epoch)
      const isOurs = current.epoch === had.epoch && current.instance === instance
      if (isOurs && text !== undefined) ownText.set(dir, text)
      return isOurs
    },
    fault(dir) {
      const fault = faults.get(dir)
      // a folder that is gone is no fault: it may come back
      return fault?.code === 'ENOENT' || fault?.code === 'ENOTDIR' ? undefined : fault
    },
    ask(dir, ask) {
      return new Promise((resolve) => {
        const fail = (message: string): void => resolve(err({ code: 'not-owner', message }))
        const socket = connect(names.get(dir) ?? socketName(nameOf(dir)))
        socket.on('error', () => fail('The process that owns this workspace does not answer; try again.'))
        createInterface({ input: socket }).once('line', (line) => {
          socket.destroy()
          const answer = safeJson(line)
          if (typeof answer === 'object' && answer !== null && 'ok' in answer)
            resolve(answer as Result<unknown, { code: string; message: string }>)
          else fail('The process that owns this workspace gave no usable answer.')
        })
        socket.on('close', () =>
          fail('The process that owns this workspace ended before it answered; try again.'),
        )
        socket.write(
          `${JSON.stringify({ secret: readSecret(options.home), baseUrl: options.baseUrl, request: ask })}\n`,
        )
      })
    },
  }
}

const leaseOf = (dir: string): string => join(dir, 'lease.json')

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

const isAnswered = (name: string): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = connect(name)
    probe.once('connect', () => {
      probe.destroy()
      resolve(true)
    })
    probe.once('error', () => resolve(false))
  })

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
