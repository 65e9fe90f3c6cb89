/** Which project folders are watched: named by a person, found where a command or a tool was used. One outbox each. */
import { THIS_APP } from '../../shared/this-app.ts'
import type { Outbox } from './outbox/contract.ts'
import type { AppEvent } from './engine/events.ts'
import type { AppState } from './engine/state.ts'
import type { Log } from './ports.ts'

const MAX_SUGGESTED = 100

export interface FoundFolders {
  /** Canonical paths to watch from now on. */
  readonly watch: readonly string[]
  /** Projects of a tool that have no queue yet. */
  readonly suggest: readonly string[]
}

export interface WorkspacesDeps {
  /** Canonical path of this app's own folder. */
  readonly home: string
  /** Builds the outbox of a folder; nothing of it runs yet. */
  readonly create: (path: string, name: string) => Outbox
  readonly nameOf: (path: string) => string
  /** Canonical path with links resolved. */
  readonly real: (path: string) => string
  /** Folders that nobody named, without the ignored ones. */
  readonly find: (isIgnored: (path: string) => boolean) => Promise<FoundFolders>
  readonly state: () => Pick<AppState, 'settings' | 'found'>
  readonly dispatch: (event: AppEvent) => void
  readonly log: Log
}

export interface Workspaces {
  readonly all: () => readonly Outbox[]
  /** Watches these, too, from `start` on. */
  readonly add: (paths: readonly string[]) => void
  readonly start: () => Promise<void>
  /** Watches exactly these and what was found; stops the others. */
  readonly use: (paths: readonly string[]) => Promise<void>
  /** Looks once for folders that nobody named. */
  readonly look: () => Promise<void>
  /** This app's own queue has a new line. */
  readonly pokeApp: () => void
  readonly stop: () => Promise<void>
}

export const createWorkspaces = (deps: WorkspacesDeps): Workspaces => new WatchedFolders(deps)

/** The only writer of the set of outboxes; this app's own folder is always among them. */
class WatchedFolders implements Workspaces {
  private readonly deps: WorkspacesDeps
  private readonly outboxes = new Map<string, Outbox>()
  private isLooking = false
  private isStopped = false

  constructor(deps: WorkspacesDeps) {
    this.deps = deps
    this.open(deps.home)
  }

  all = (): readonly Outbox[] => [...this.outboxes.values()]
  add = (paths: readonly string[]): void => paths.forEach((path) => this.open(this.deps.real(path)))
  start = async (): Promise<void> => void (await Promise.all(this.all().map((one) => this.run(one))))
  pokeApp = (): void => this.outboxes.get(this.deps.home)?.poke()

  use = async (paths: readonly string[]): Promise<void> => {
    const { home, real, state } = this.deps
    const found = state()
      .found.map((w) => w.path)
      .filter((path) => !this.isIgnored(path))
    const wanted = new Set([home, ...paths.map(real), ...found])
    for (const path of [...this.outboxes.keys()]) if (!wanted.has(path)) await this.drop(path)
    for (const path of wanted) if (!this.outboxes.has(path)) void this.run(this.open(path))
  }

  look = async (): Promise<void> => {
    if (this.isLooking) return
    this.isLooking = true
    try {
      await this.lookOnce()
    } finally {
      this.isLooking = false
    }
  }

  stop = async (): Promise<void> => {
    this.isStopped = true
    await Promise.all(this.all().map((one) => one.stop()))
  }

  private open(path: string): Outbox {
    const known = this.outboxes.get(path)
    if (known) return known
    const { home, create, nameOf } = this.deps
    const outbox = create(path, path === home ? THIS_APP : nameOf(path))
    this.outboxes.set(path, outbox)
    return outbox
  }

  /** One folder that fails must not keep the others from starting. */
  private async run(outbox: Outbox): Promise<void> {
    try {
      await outbox.start()
      this.deps.dispatch({ kind: 'workspace.changed', summary: await outbox.summary() })
    } catch (cause) {
      this.deps.log.error('an outbox did not start', { path: outbox.path, cause: String(cause) })
    }
  }

  private async drop(path: string): Promise<void> {
    const outbox = this.outboxes.get(path)
    this.outboxes.delete(path)
    await outbox?.stop()
    this.deps.dispatch({ kind: 'workspace.removed', path })
  }

  private isIgnored(path: string): boolean {
    const { state, real } = this.deps
    return state().settings.ignoredWorkspaces.some((one) => one === path || real(one) === path)
  }

  private async lookOnce(): Promise<void> {
    const { find, dispatch } = this.deps
    const { watch, suggest } = await find((path) => this.isIgnored(path))
    if (this.isStopped) return
    // The person may have ignored one, or named one, while the disk was asked.
    const fresh = watch.filter((path) => !this.outboxes.has(path) && !this.isIgnored(path))
    if (fresh.length > 0) this.tellFound(fresh)
    for (const path of fresh) void this.run(this.open(path))
    const paths = suggest.filter((path) => !this.outboxes.has(path)).slice(0, MAX_SUGGESTED)
    dispatch({ kind: 'workspaces.suggested', paths })
  }

  private tellFound(paths: readonly string[]): void {
    const { log, dispatch, nameOf } = this.deps
    log.info('project folders were found and are watched', { paths })
    const found = paths.map((path) => ({ path, name: nameOf(path) }))
    dispatch({ kind: 'workspaces.discovered', found })
  }
}
