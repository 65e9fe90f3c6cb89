/**
 * One owner a workspace: a named socket among the processes of one kernel (gone with its process, so never stale), and
 * `lease.json` with an epoch where kernels or containers share the folder.
 */
import { existsSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import type { Result } from '../../../shared/result.ts'
import type { FsError } from '../../core/ports.ts'
import type { OwnerPort, OwnerRequest, OwnerState } from '../../core/outbox/owner-port.ts'
import { Askers } from './askers.ts'
import { Leases } from './lease.ts'
import { listen } from './listen.ts'
import { OtherNames } from './other-names.ts'
import { FollowedOwners } from './followed-owners.ts'
import { askOwner, meetListener } from './owner-talk.ts'
import { nameOfFolder, otherKind, socketName } from './socket-name.ts'

const RENEW_MS = 5_000
const STRANGER = 'a program on this machine that cannot prove to be yours'
const SHARES_OUTBOX = 'another project, whose .coord-outbox is the same folder'
const OTHER_PROCESS: OwnerState = { kind: 'other-process' }

type Serve = (request: OwnerRequest) => Promise<Result<unknown, unknown>>

interface Held {
  /** Undefined where no socket is to be had: the lease alone has to do. */
  readonly server: Server | undefined
  readonly otherNames: OtherNames
  readonly askers: Askers
  readonly renew: NodeJS.Timeout
  readonly epoch: number
}

/** A folder whose socket somebody else has. */
interface Taken {
  readonly dir: string
  readonly socket: string | null
  readonly folder: string
  readonly onOwnerEnd: () => void
}

export interface OwnerOptions {
  readonly home: string
  readonly baseUrl: string
  /** Our own clock for the age of a foreign lease; a test holds it. */
  readonly monotonic?: () => number
  /** What a folder is, whatever its path; a test holds it. */
  readonly identify?: (folder: string) => string | undefined
}

export const createOwner = (options: OwnerOptions): OwnerPort => new Owner(options)

class Owner implements OwnerPort {
  readonly #options: OwnerOptions
  readonly #monotonic: () => number
  readonly #leases: Leases
  readonly #held = new Map<string, Held>()
  readonly #followed: FollowedOwners
  /** The socket to ask, and the name of the folder, by folder. */
  readonly #known = new Map<string, { readonly socket: string; readonly folder: string }>()

  constructor(options: OwnerOptions) {
    this.#options = options
    this.#monotonic = options.monotonic ?? ((): number => performance.now())
    this.#leases = new Leases(this.#monotonic)
    this.#followed = new FollowedOwners(this.#monotonic)
  }

  async acquire(
    dir: string,
    parent: string,
    onRequest: Serve,
    onOwnerEnd: () => void = () => undefined,
  ): Promise<OwnerState> {
    const folder = nameOfFolder(parent)
    const other = await otherKind(folder)
    const socket = other?.socket ?? socketName(folder)
    this.#known.set(dir, { socket, folder })
    // two workspaces of this process whose `.claude` is the same folder: the first one sends, the second watches
    if (this.#held.has(dir)) return OTHER_PROCESS
    if (other) return this.#takenBy({ dir, socket: other.socket, folder, onOwnerEnd })
    const askers = new Askers(this.#options, onRequest)
    const server = await listen(socketName(folder), (asker) => askers.serve(asker, folder))
    if (server === 'taken') return this.#takenBy({ dir, socket, folder, onOwnerEnd })
    const otherNames = this.#otherNames(dir, parent, askers)
    const state = await this.#underOtherNames(dir, otherNames, onOwnerEnd)
    const lease = state ?? this.#lease(dir)
    if ('epoch' in lease) {
      const renew = this.#renewal(dir, lease.epoch, otherNames)
      const isOpen = typeof server !== 'string'
      this.#held.set(dir, { ...lease, server: isOpen ? server : undefined, otherNames, askers, renew })
      this.#followed.leave(dir)
      return { kind: 'this' }
    }
    otherNames.close()
    if (typeof server !== 'string') server.close()
    askers.endIdle()
    return lease
  }

  #otherNames(dir: string, parent: string, askers: Askers): OtherNames {
    const { home, identify } = this.#options
    const isGone = async (name: string): Promise<boolean> => {
      const met = await meetListener(home, socketName(name), name)
      if (met.kind === 'proven') met.connection.destroy()
      return met.kind === 'gone'
    }
    const serve = (asker: Socket, name: string): void => askers.serve(asker, name)
    return new OtherNames({ dir, parent, serve, onDrop: () => askers.endIdle(), isGone, identify })
  }

  /** Who sends from the folder under another of its paths; undefined: nobody. */
  async #underOtherNames(
    dir: string,
    otherNames: OtherNames,
    onOwnerEnd: () => void,
  ): Promise<OwnerState | undefined> {
    const taken = await otherNames.take()
    if (taken === undefined) return this.#held.has(dir) ? OTHER_PROCESS : undefined
    // its owner claims its own queue file, which is not ours: nothing can be asked of it
    if (taken.shared === 'outbox') return { kind: 'other-machine', who: SHARES_OUTBOX }
    const socket = socketName(taken.name)
    this.#known.set(dir, { socket, folder: taken.name })
    return this.#takenBy({ dir, socket, folder: taken.name, onOwnerEnd })
  }

  /** The epoch that is ours, written down; else the other kernel that has it. */
  #lease(dir: string): OwnerState | { readonly epoch: number } {
    const lease = this.#leases.claim(dir)
    if (lease.kind === 'foreign') return { kind: 'other-machine', who: lease.who }
    if (existsSync(dir)) this.#leases.write(dir, lease.epoch)
    return { epoch: lease.epoch }
  }

  #renewal(dir: string, epoch: number, otherNames: OtherNames): NodeJS.Timeout {
    const renew = setInterval(() => {
      if (existsSync(dir)) this.#leases.renew(dir, epoch)
      void otherNames.refresh()
    }, RENEW_MS)
    renew.unref()
    return renew
  }

  async release(dir: string): Promise<void> {
    const had = this.#held.get(dir)
    if (!had) return
    this.#held.delete(dir)
    clearInterval(had.renew)
    had.otherNames.close()
    this.#leases.release(dir, had.epoch)
    const { server, askers } = had
    askers.endIdle()
    if (!server) return
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      // letting go may be the last step of what somebody asked for: their answer must not wait for itself
      if (askers.isAnswering) setImmediate(resolve)
    })
  }

  isElsewhere(dir: string): boolean {
    return this.#followed.mayRest(dir)
  }

  leave(dir: string): void {
    this.#followed.leave(dir)
  }

  isStillOwner(dir: string): boolean {
    const had = this.#held.get(dir)
    return had !== undefined && this.#leases.isHeld(dir, had.epoch)
  }

  fault(dir: string): FsError | undefined {
    return this.#leases.fault(dir)
  }

  ask(dir: string, request: OwnerRequest): ReturnType<OwnerPort['ask']> {
    const folder = this.#known.get(dir)?.folder ?? nameOfFolder(dir)
    return askOwner(this.#options, this.#known.get(dir)?.socket ?? socketName(folder), folder, request)
  }

  /** Somebody listens: this user's other process, or somebody who cannot prove it, which is said. */
  async #takenBy({ dir, socket, folder, onOwnerEnd }: Taken): Promise<OwnerState> {
    // one of the other kind that cannot be asked from here
    if (socket === null || this.#followed.noteTried(dir)) return OTHER_PROCESS
    const met = await meetListener(this.#options.home, socket, folder)
    if (met.kind === 'proven') this.#followed.follow(dir, met.connection, onOwnerEnd)
    return met.kind === 'unproven' ? { kind: 'other-machine', who: STRANGER } : OTHER_PROCESS
  }
}
