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

export function createWorkspaces(deps: WorkspacesDeps): Workspaces {
  const { home, state, dispatch, log, real } = deps
  const outboxes = new Map<string, Outbox>()
  let isLooking = false
  let isStopped = false

  function open(path: string): Outbox {
    const known = outboxes.get(path)
    if (known) return known
    const outbox = deps.create(path, path === home ? THIS_APP : deps.nameOf(path))
    outboxes.set(path, outbox)
    return outbox
  }

  /** One folder that fails must not keep the others from starting. */
  async function start(outbox: Outbox): Promise<void> {
    try {
      await outbox.start()
      dispatch({ kind: 'workspace.changed', summary: await outbox.summary() })
    } catch (cause) {
      log.error('an outbox did not start', { path: outbox.path, cause: String(cause) })
    }
  }

  async function drop(path: string): Promise<void> {
    const outbox = outboxes.get(path)
    outboxes.delete(path)
    await outbox?.stop()
    dispatch({ kind: 'workspace.removed', path })
  }

  const isIgnored = (path: string): boolean =>
    state().settings.ignoredWorkspaces.some((one) => one === path || real(one) === path)

  async function lookOnce(): Promise<void> {
    const { watch, suggest } = await deps.find(isIgnored)
    if (isStopped) return
    // The person may have ignored one, or named one, while the disk was asked.
    const fresh = watch.filter((path) => !outboxes.has(path) && !isIgnored(path))
    if (fresh.length > 0) {
      log.info('project folders were found and are watched', { paths: fresh })
      dispatch({
        kind: 'workspaces.discovered',
        found: fresh.map((path) => ({ path, name: deps.nameOf(path) })),
      })
    }
    for (const path of fresh) void start(open(path))
    const paths = suggest.filter((path) => !outboxes.has(path)).slice(0, MAX_SUGGESTED)
    dispatch({ kind: 'workspaces.suggested', paths })
  }

  open(home)
  return {
    all: () => [...outboxes.values()],
    add: (paths) => paths.forEach((path) => open(real(path))),
    start: async () => void (await Promise.all([...outboxes.values()].map(start))),
    async use(paths) {
      const found = state()
        .found.map((w) => w.path)
        .filter((path) => !isIgnored(path))
      const wanted = new Set([home, ...paths.map(real), ...found])
      for (const path of [...outboxes.keys()]) if (!wanted.has(path)) await drop(path)
      for (const path of wanted) if (!outboxes.has(path)) void start(open(path))
    },
    async look() {
      if (isLooking) return
      isLooking = true
      try {
        await lookOnce()
      } finally {
        isLooking = false
      }
    },
    pokeApp: () => outboxes.get(home)?.poke(),
    async stop() {
      isStopped = true
      await Promise.all([...outboxes.values()].map((o) => o.stop()))
    },
  }
}
