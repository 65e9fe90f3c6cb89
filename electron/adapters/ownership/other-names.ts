/**
 * A folder may be reached by several paths that no look at links makes one: a bind mount (a container's view of a project), or
 * an outbox folder that is a link. Beside the socket of its path, an owner holds one for each folder itself, so that no second
 * one sends from it.
 */
import type { Server, Socket } from 'node:net'
import { listen } from './listen.ts'
import { nameOfIdentity, socketName } from './socket-name.ts'

/** `workspace`: the whole `.claude` folder is another's; `outbox`: only the outbox folder in it is. */
export type SharedFolder = 'workspace' | 'outbox'

export interface OtherNamesDeps {
  /** The outbox folder, which need not exist yet, and `.claude` around it. */
  readonly dir: string
  readonly parent: string
  /** Serves somebody who asks by one of these names. */
  serve(asker: Socket, name: string): void
  /** A name was given up: who waits at it for our end must look again. */
  onDrop(): void
  /** Whether what listens by a name has ended meanwhile. */
  isGone(name: string): Promise<boolean>
  /** A test's, which can make no bind mount. */
  readonly identify?: ((folder: string) => string | undefined) | undefined
}

export class OtherNames {
  readonly #deps: OtherNamesDeps
  readonly #servers = new Map<string, Server>()
  #isClosed = false

  constructor(deps: OtherNamesDeps) {
    this.#deps = deps
  }

  #names(): ReadonlyMap<string, SharedFolder> {
    const { dir, parent, identify = nameOfIdentity } = this.#deps
    const names = new Map<string, SharedFolder>()
    const [outbox, workspace] = [identify(dir), identify(parent)]
    if (outbox !== undefined) names.set(outbox, 'outbox')
    if (workspace !== undefined) names.set(workspace, 'workspace')
    // the whole is asked for first: what shares it shares the outbox in it too
    return new Map([...names].reverse())
  }

  /** Takes all of them; where one is another's, none, and says which. */
  async take(): Promise<{ readonly name: string; readonly shared: SharedFolder } | undefined> {
    for (const [name, shared] of this.#names()) {
      if (await this.#listen(name)) continue
      this.close()
      return { name, shared }
    }
    return undefined
  }

  /** The folder was moved, or made anew: what it is now is held, and what it was is free for whoever has it. */
  async refresh(): Promise<void> {
    const names = this.#names()
    this.#drop((name) => !names.has(name))
    for (const name of names.keys()) await this.#listen(name)
  }

  /** False where another listens. */
  async #listen(name: string): Promise<boolean> {
    if (this.#servers.has(name)) return true
    const attempt = (): ReturnType<typeof listen> =>
      listen(socketName(name), (asker) => this.#answer(asker, name))
    let server = await attempt()
    if (server === 'taken' && (await this.#deps.isGone(name))) server = await attempt()
    if (typeof server === 'string') return server !== 'taken'
    if (this.#isClosed) server.close()
    else this.#servers.set(name, server)
    return true
  }

  #answer(asker: Socket, name: string): void {
    if (this.#names().has(name)) return this.#deps.serve(asker, name)
    this.#drop((one) => one === name)
    asker.destroy()
  }

  #drop(isOver: (name: string) => boolean): void {
    for (const [name, server] of this.#servers) {
      if (!isOver(name)) continue
      server.close()
      this.#servers.delete(name)
      this.#deps.onDrop()
    }
  }

  close(): void {
    this.#isClosed = true
    this.#drop(() => true)
  }
}
