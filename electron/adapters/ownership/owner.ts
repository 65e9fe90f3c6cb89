/**
 * One owner a workspace: a named socket among the processes of one kernel (gone with its process, so never stale), and
 * `lease.json` with an epoch where kernels or containers share the folder.
 */
import { existsSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import type { OwnerPort } from '../../core/outbox/owner-port.ts'
import { Leases } from './lease.ts'
import { askOwner, serveAsker, whoListens } from './owner-talk.ts'
import { isAnswered, nameOfFolder, otherKind, socketName } from './socket-name.ts'

const RENEW_MS = 5_000
/** Only for what is said of it: whatever is asked of an owner is proved each time. */
const PROOF_HOLDS_MS = 60_000
const STRANGER = 'a program on this machine that cannot prove to be yours'

interface Held {
  readonly server: Server
  /** Those that ask for something just now. */
  readonly sockets: ReadonlySet<Socket>
  readonly renew: NodeJS.Timeout
  readonly epoch: number
}

export interface OwnerOptions {
  readonly home: string
  readonly baseUrl: string
  /** Our own clock for the age of a foreign lease; a test holds it. */
  readonly monotonic?: () => number
}

export function createOwner(options: OwnerOptions): OwnerPort {
  const monotonic = options.monotonic ?? ((): number => performance.now())
  const leases = new Leases(monotonic)
  const held = new Map<string, Held>()
  /** When the owner of a folder proved itself last: it is not asked to at every look. */
  const provenAt = new Map<string, number>()
  /** The socket to ask, and the name of the folder, by folder. */
  const known = new Map<string, { readonly socket: string; readonly folder: string }>()

  return {
    async acquire(dir, parent, onRequest) {
      const folder = nameOfFolder(parent)
      const other = await otherKind(folder)
      const socket = other?.socket ?? socketName(folder)
      known.set(dir, { socket, folder })
      // two workspaces of this process whose `.claude` is the same folder: the first one sends, the second watches
      if (held.has(dir)) return { kind: 'other-process' }
      if (other) return takenBy(other.socket, folder)
      const sockets = new Set<Socket>()
      const server = await listen(socketName(folder), (asker) => {
        sockets.add(asker)
        asker.once('close', () => sockets.delete(asker))
        serveAsker(options, asker, folder, onRequest).catch(() => asker.destroy())
      })
      if (server === 'taken') return takenBy(socket, folder)
      if (held.has(dir)) {
        if (typeof server !== 'string') server.close()
        return { kind: 'other-process' }
      }
      const lease = leases.claim(dir)
      if (lease.kind === 'foreign') {
        if (typeof server !== 'string') server.close()
        return { kind: 'other-machine', who: lease.who }
      }
      const { epoch } = lease
      const renew = setInterval(() => {
        if (existsSync(dir)) leases.renew(dir, epoch)
      }, RENEW_MS)
      renew.unref()
      if (existsSync(dir)) leases.write(dir, epoch)
      // no socket to be had (a file system or sandbox without them): the lease alone has to do
      held.set(dir, { server: typeof server === 'string' ? createServer() : server, sockets, renew, epoch })
      return { kind: 'this' }
    },
    async release(dir) {
      const had = held.get(dir)
      if (!had) return
      held.delete(dir)
      clearInterval(had.renew)
      leases.release(dir, had.epoch)
      await new Promise<void>((resolve) => {
        if (!had.server.listening) return resolve()
        had.server.close(() => resolve())
        // letting go may be the last step of what somebody asked for: their answer must not wait for itself
        if (had.sockets.size > 0) setImmediate(resolve)
      })
    },
    isStillOwner(dir) {
      const had = held.get(dir)
      return had !== undefined && leases.isHeld(dir, had.epoch)
    },
    fault: (dir) => leases.fault(dir),
    ask(dir, request) {
      const folder = known.get(dir)?.folder ?? nameOfFolder(dir)
      return askOwner(options, known.get(dir)?.socket ?? socketName(folder), folder, request)
    },
  }

  /** Somebody listens: this user's other process, or somebody who cannot prove it, which is said. */
  async function takenBy(
    socket: string | null,
    folder: string,
  ): Promise<{ kind: 'other-process' } | { kind: 'other-machine'; who: string }> {
    // one of the other kind that cannot be asked from here
    if (socket === null) return { kind: 'other-process' }
    if (monotonic() - (provenAt.get(folder) ?? -Infinity) < PROOF_HOLDS_MS) return { kind: 'other-process' }
    const who = await whoListens(options.home, socket, folder)
    if (who === 'proven') provenAt.set(folder, monotonic())
    return who === 'unproven' ? { kind: 'other-machine', who: STRANGER } : { kind: 'other-process' }
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
