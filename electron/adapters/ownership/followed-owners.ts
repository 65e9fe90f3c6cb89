/**
 * The owners that other processes are, each by a connection that proved itself once and stays open. Its end, in whatever way the
 * owner ends, is told at once; until then a look at the folder costs nothing.
 */
import type { Socket } from 'node:net'

/** Owners of builds that keep the connection when they let go are found out by then. */
const TRY_ANYWAY_MS = 30_000
/** Whoever hangs up within this time is asked again at the next look, not at once: the two could go on like this for ever. */
const HANGS_UP_MS = 1_000

interface Followed {
  readonly connection: Socket
  /** Monotonic, as of the last time that the folder was tried. */
  triedAt: number
}

export class FollowedOwners {
  readonly #monotonic: () => number
  readonly #byFolder = new Map<string, Followed>()

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Whether the owner stands, and it is too early to try the folder all the same. */
  mayRest(dir: string): boolean {
    const followed = this.#byFolder.get(dir)
    return followed !== undefined && this.#monotonic() - followed.triedAt < TRY_ANYWAY_MS
  }

  /** The folder was tried, and is somebody's. Whether that is known to be the owner that is followed. */
  noteTried(dir: string): boolean {
    const followed = this.#byFolder.get(dir)
    if (followed) followed.triedAt = this.#monotonic()
    return followed !== undefined
  }

  /** `onEnd` is called when the owner ends the connection, or ends. */
  follow(dir: string, connection: Socket, onEnd: () => void): void {
    this.leave(dir)
    if (connection.destroyed) return
    const since = this.#monotonic()
    const followed = { connection: connection.unref(), triedAt: since }
    this.#byFolder.set(dir, followed)
    connection.once('close', () => {
      if (this.#byFolder.get(dir) !== followed) return
      this.#byFolder.delete(dir)
      if (this.#monotonic() - since >= HANGS_UP_MS) onEnd()
    })
  }

  leave(dir: string): void {
    const followed = this.#byFolder.get(dir)
    this.#byFolder.delete(dir)
    followed?.connection.destroy()
  }
}
