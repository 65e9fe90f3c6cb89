/** The only place that builds the parts and joins them. Nothing runs before `start`. */
import { networkInterfaces } from 'node:os'
import type { Finding } from '../shared/protocol.ts'
import type { Result } from '../shared/result.ts'
import type { AppSnapshot } from '../shared/snapshot.ts'
import { ensureApi, type ApiHandle, type ApiState } from './adapters/api-process.ts'
import { appendToAppQueue } from './adapters/queue-append.ts'
import { claudeFile, createClaudeProjects } from './adapters/claude-projects.ts'
import { keepSettings, nameOf, resolveConfig } from './adapters/config.ts'
import { createEventStream } from './adapters/event-stream.ts'
import { createFileSystem } from './adapters/file-system.ts'
import { sortFolders, usedFolders } from './adapters/find-workspaces.ts'
import { createGatedHttp } from './adapters/switchable-http.ts'
import { instanceOf } from './adapters/instance.ts'
import { createLog, type FileLog } from './adapters/log.ts'
import { lookAtFolder } from './adapters/look-at-folder.ts'
import { openMemory } from './adapters/engine-memory.ts'
import { createOwner } from './adapters/ownership/owner.ts'
import { real, type Env } from './adapters/places.ts'
import { checkFolder, checkWatcher } from './adapters/self-check.ts'
import { createSessionsLook } from './adapters/session-records.ts'
import { systemClock, systemKeys, systemRandom, systemUtcOffset } from './adapters/system.ts'
import { createUpdateWatch, type UpdateWatch } from './adapters/update-watch.ts'
import { createWatcher } from './adapters/watcher.ts'
import { createDispatcher, type Dispatch } from './bridge/serve-commands.ts'
import type { NotificationView } from './core/engine/notifications/views.ts'
import { createEngine, type Engine, type HookInstaller } from './core/engine/engine.ts'
import { runSteps, toFarewell, type Farewell } from './core/engine/quit.ts'
import { createConnection } from './core/coord/connection.ts'
import { createOutbox } from './core/outbox/outbox.ts'
import { createWorkspaces, type Workspaces } from './core/workspaces.ts'

export interface ComposeOptions {
  readonly env: Env
  /** The `coord` program, whose `serve` is the embedded API. */
  readonly cliFile: string
  /** Named on the command line: only these, and this app's own. */
  readonly workspaces?: readonly string[]
  readonly openPath?: (path: string) => void
  /** In an installed app: what runs its own `coord`, word by word. */
  readonly appCoord?: readonly [string, ...string[]] | null
  /** Shown in the tray's menu. */
  readonly version?: string
  /** One front of a COORD_HOME raises notifications: the tray. */
  readonly raisesNotifications?: boolean
  readonly setStartAtLogin?: (isOn: boolean) => Promise<Result<null, string>>
  /** Asks the person for a folder; null where they gave none. */
  readonly pickFolder?: () => Promise<string | null>
  /** What only this front can find out: tray host, start at login. */
  readonly checkFront?: () => Promise<readonly Finding[]>
}

export interface Composed {
  readonly engine: Engine
  readonly dispatch: Dispatch
  readonly log: FileLog
  readonly home: string
  subscribe(listener: (snapshot: AppSnapshot) => void): () => void
  start(): Promise<void>
  stop(): Promise<void>
}

const LOOK_EVERY_MS = 5_000
/** A stop takes at most a second in all, whatever hangs: no data depends on it. */
const FINISH_MS = 350
const ABANDON_MS = 150
const CLOSE_MS = 150
const API_STOP_MS = 350

/** Changes when the machine joins or leaves a network. */
const networkNow = (): string =>
  JSON.stringify(
    Object.entries(networkInterfaces()).map(([name, all]) => [name, all?.map((one) => one.address)]),
  )

/** What is there before anything runs: settings, log, memory, HTTP that is told later where to go, the connection. */
function createGround(options: ComposeOptions) {
  const { env } = options
  const config = resolveConfig(env)
  const log = createLog(config.home, config.token === null ? [] : [config.token])
  const isEmbedded = config.apiUrl === null
  const baseUrl = config.apiUrl ?? `http://127.0.0.1:${config.port}`
  const http = createGatedHttp(baseUrl, isEmbedded ? { home: config.home } : null)
  if (!isEmbedded) http.aim(baseUrl, '')
  /** Why nothing may be contacted now. */
  const gate: { blocked: string | null } = { blocked: null }
  // A token only to an address that a person configured.
  const headers: Record<string, string> =
    config.token === null || isEmbedded ? {} : { authorization: `Bearer ${config.token}` }
  const connection = createConnection({
    http,
    clock: systemClock,
    random: systemRandom,
    log,
    blocked: () => gate.blocked,
    headers,
  })
  const eventStream = createEventStream(() => {
    const url = http.url()
    return url === null ? null : { url, headers }
  })
  const memory = openMemory(config.home)
  const watch = createWatcher()
  return { env, config, log, isEmbedded, baseUrl, http, gate, connection, eventStream, memory, watch }
}
type Ground = ReturnType<typeof createGround>

/** The watched folders, each with an outbox on the real disk. */
function joinWorkspaces(ground: Ground, engine: () => Engine): Workspaces {
  const { env, config, log, connection, baseUrl, watch } = ground
  const fs = createFileSystem()
  const owner = createOwner({ home: config.home, baseUrl })
  const projects = createClaudeProjects(claudeFile(env))
  const workspaces: Workspaces = createWorkspaces({
    home: real(config.home),
    nameOf,
    real,
    log,
    state: () => engine().state(),
    dispatch: (event) => engine().dispatch(event),
    find: async (isIgnored) => sortFolders(usedFolders(config.home), await projects.read(), isIgnored),
    create: (workspace, name) =>
      createOutbox({
        workspace,
        name,
        fs,
        clock: systemClock,
        random: systemRandom,
        keys: systemKeys,
        log,
        connection,
        owner,
        watch,
        neighbours: () => [...workspaces.all().map((one) => one.path), ...usedFolders(config.home)],
        emit: (event) => engine().dispatch(event),
      }),
  })
  return workspaces
}

/** What this machine's part of the self-test finds: each watched folder, the watcher. */
async function checkMachine({ config, watch }: Ground, workspaces: Workspaces): Promise<readonly Finding[]> {
  const appHome = real(config.home)
  const folders = workspaces
    .all()
    .map(({ path }) =>
      path === appHome
        ? checkFolder('data folder', path, 'Make it writable, or set COORD_HOME to a folder that is.')
        : checkFolder(
            `workspace ${nameOf(path)}`,
            path,
            'Make the folder writable, or stop watching it in Settings.',
          ),
    )
  return [...folders, await checkWatcher(watch, config.home)]
}

/** Loaded when a window asks for it: its parser of settings is of no use before. */
function joinHooks(
  { env, cliFile, appCoord = null }: ComposeOptions,
  { home, node }: Ground['config'],
): HookInstaller {
  const load = async () => {
    const { createHookInstaller } = await import('./adapters/hook-installer.ts')
    const facts = { platform: process.platform, execPath: node ?? process.execPath, appCoord, env }
    return createHookInstaller({ home, cliFile, facts })
  }
  return {
    preview: async (target) => (await load()).preview(target),
    install: async (target) => (await load()).install(target),
  }
}

function joinEngine(
  options: ComposeOptions,
  ground: Ground,
  workspaces: Workspaces,
  updates: UpdateWatch | null,
): Engine {
  const { env, config, log, isEmbedded, baseUrl, connection, eventStream, memory } = ground
  const { home, settings } = config
  const isNamed = (options.workspaces ?? []).length > 0
  return createEngine({
    clock: systemClock,
    random: systemRandom,
    log,
    connection,
    server: isEmbedded ? `embedded:${instanceOf(home)}` : baseUrl,
    apiUrl: baseUrl,
    isServedHere: false,
    machine: { name: settings.machineName, aliases: settings.aliases },
    settings,
    saveSettings: (next) => Promise.resolve(keepSettings(env, config, next)),
    eventStream,
    memory,
    remembered: memory.remembered,
    outboxes: workspaces.all,
    useWorkspaces: workspaces.use,
    enqueue(line) {
      const kept = appendToAppQueue(home, [line])
      workspaces.pokeApp()
      return Promise.resolve(kept)
    },
    enqueueSync: (lines) => appendToAppQueue(home, lines),
    openLog() {
      options.openPath?.(log.file)
      return Promise.resolve()
    },
    raisesNotifications: options.raisesNotifications ?? false,
    utcOffsetAt: systemUtcOffset,
    settingsSetBy: { ...config.setBy, ...(isNamed ? { workspaces: '--workspace' } : {}) },
    checkFolder: lookAtFolder,
    hooks: joinHooks(options, config),
    ...(options.pickFolder ? { pickFolder: options.pickFolder } : {}),
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(options.setStartAtLogin ? { setStartAtLogin: options.setStartAtLogin } : {}),
    checkHere: async () => [
      ...(await checkMachine(ground, workspaces)),
      ...((await options.checkFront?.()) ?? []),
      ...(updates === null ? [] : [updates.finding()]),
    ],
  })
}

/** Serves the API on this workstation or joins the one that is there, and says where it is. */
function createEmbeddedApi(options: ComposeOptions, ground: Ground, engine: Engine) {
  const { env, config, log, isEmbedded, baseUrl, http, gate, connection } = ground
  let api: ApiHandle | null = null
  let isStopped = false
  let starting: Promise<void> = Promise.resolve()

  function follow(state: ApiState): void {
    gate.blocked = state.kind === 'blocked' ? state.message : null
    if (state.kind === 'blocked') {
      http.aim(null, state.message)
      const fault = { kind: 'api-blocked', detail: state.message } as const
      engine.dispatch({ kind: 'fault.found', id: 'api', fault })
      engine.dispatch({ kind: 'api.served', isServedHere: false, apiUrl: baseUrl })
      return
    }
    http.aim(state.url, '')
    engine.dispatch({ kind: 'fault.cleared', id: 'api' })
    engine.dispatch({ kind: 'api.served', isServedHere: state.kind === 'serving', apiUrl: state.url })
    connection.retryNow()
  }

  async function serveOrJoin(): Promise<void> {
    if (!isEmbedded) return
    const { home, port, node = null } = config
    const handle = await ensureApi({ home, port, cliPath: options.cliFile, node, env, log })
    if (isStopped) return handle.stop()
    api = handle
    handle.onChange(follow)
    follow(handle.state())
  }

  return {
    start() {
      starting = serveOrJoin()
        .catch((cause: unknown) => {
          const message = `The API could not be started: ${String(cause)}`
          log.error(message)
          follow({ kind: 'blocked', message })
        })
        .then(() => {
          // From now on: a probe before would call a starting API offline.
          if (!isStopped) connection.start()
        })
    },
    async stop() {
      isStopped = true
      await starting
      await api?.stop()
    },
  }
}

/** Looks each few seconds at what tells nobody by itself: sessions that hooks registered, the network, new folders. */
function createLookout(ground: Ground, engine: Engine, workspaces: Workspaces, isFinding: boolean) {
  const { config, log } = ground
  const sessionsNow = createSessionsLook(config.home)
  let network = networkNow()
  let timer: NodeJS.Timeout | undefined
  const look = (): void => {
    engine.dispatch({ kind: 'sessions.found', ...sessionsNow() })
    const before = network
    network = networkNow()
    if (network !== before) engine.dispatch({ kind: 'network.changed' })
    if (!isFinding) return
    workspaces
      .look()
      .catch((cause: unknown) => log.warn('looking for project folders failed', { cause: String(cause) }))
  }
  return {
    start() {
      look()
      timer = setInterval(look, LOOK_EVERY_MS)
      timer.unref()
    },
    stop: () => clearInterval(timer),
  }
}

/** Whoever raises notifications asks for a later version, where a person has set an address; nobody else does. */
function createUpdates(
  { raisesNotifications, version }: ComposeOptions,
  { config, log }: Ground,
  engine: () => Engine,
): UpdateWatch | null {
  if (config.updateUrl === null || raisesNotifications !== true || version === undefined) return null
  return createUpdateWatch({
    address: config.updateUrl,
    own: version,
    home: config.home,
    clock: systemClock,
    log,
    tell: (update) => engine().dispatch({ kind: 'update.found', version: update.version }),
  })
}

/** What a person should know of the files that were read at the start. */
function tellProblems({ config, memory, log }: Ground, engine: Engine): void {
  for (const [i, detail] of [...config.problems, ...memory.problems].entries()) {
    log.warn(detail)
    engine.dispatch({
      kind: 'fault.found',
      id: `config-${i}`,
      fault: { kind: 'settings-unreadable', detail },
    })
  }
}

/** Builds the parts. Rejects nothing; what cannot be read is said by the engine. */
export function compose(options: ComposeOptions): Composed {
  const ground = createGround(options)
  const { config, log, http, connection } = ground
  const named = options.workspaces ?? []
  const workspaces = joinWorkspaces(ground, () => engine)
  const updates = createUpdates(options, ground, () => engine)
  const engine: Engine = joinEngine(options, ground, workspaces, updates)
  workspaces.add(named.length > 0 ? named : config.workspaces)
  const api = createEmbeddedApi(options, ground, engine)
  const lookout = createLookout(ground, engine, workspaces, named.length === 0)
  let isStarted = false
  let isStopping = false

  return {
    engine,
    dispatch: createDispatcher(engine.handlers, (text, cause) => log.warn(text, { cause: String(cause) })),
    log,
    home: config.home,
    subscribe: engine.onSnapshot,
    async start() {
      if (isStarted) return
      isStarted = true
      tellProblems(ground, engine)
      lookout.start()
      engine.start()
      updates?.start()
      // Not awaited: the tray stands before the API's process answers.
      api.start()
      await workspaces.start()
    },
    async stop() {
      if (isStopping) return
      isStopping = true
      lookout.stop()
      updates?.stop()
      const stopping = Promise.all([engine.stop(), workspaces.stop()]).then(() => undefined)
      const close = async (): Promise<void> => {
        connection.stop()
        await http.close()
      }
      await runSteps(
        [
          // The calls in flight may end by themselves; then they are cut off, and looked up at the next start.
          { name: 'calls in flight', deadlineMs: FINISH_MS, run: () => stopping },
          { name: 'connection', deadlineMs: CLOSE_MS, run: close },
          { name: 'engine and outboxes', deadlineMs: ABANDON_MS, run: () => stopping },
          { name: 'api', deadlineMs: API_STOP_MS, run: () => api.stop() },
        ],
        systemClock,
        log,
      )
    },
  }
}

export interface DesktopComposeOptions {
  readonly env: Env
  readonly cliFile: string
  /** The quit question is answered and what it promised is done. */
  readonly leave: (farewell: Farewell | null) => void
  readonly openPath: (path: string) => void
  readonly userData: string
  readonly version: string
  readonly appCoord: readonly [string, ...string[]] | null
  readonly pickFolder?: () => Promise<string | null>
  readonly setStartAtLogin?: (isOn: boolean) => Promise<Result<null, string>>
  readonly checkFront?: () => Promise<readonly Finding[]>
}

/** The same parts in the shape that the desktop asks for. */
export function composeForDesktop(options: DesktopComposeOptions) {
  const composed = compose({
    env: options.env,
    cliFile: options.cliFile,
    raisesNotifications: true,
    version: options.version,
    openPath: options.openPath,
    appCoord: options.appCoord,
    ...(options.pickFolder ? { pickFolder: options.pickFolder } : {}),
    ...(options.setStartAtLogin ? { setStartAtLogin: options.setStartAtLogin } : {}),
    ...(options.checkFront ? { checkFront: options.checkFront } : {}),
  })
  const { engine, dispatch, log } = composed
  engine.onQuit((outcome) => options.leave(toFarewell(outcome)))
  return Promise.resolve({
    engine: {
      trayView: engine.trayView,
      onTrayView: engine.onTrayView,
      onSnapshot: engine.onSnapshot,
      onNotifications: (listener: (show: readonly NotificationView[], withdraw: readonly string[]) => void) =>
        engine.onNotifications(({ show, withdraw }) => listener(show, withdraw)),
      notificationClicked: engine.notificationClicked,
      openMessage: engine.openMessage,
      dispatch: engine.dispatch,
      leaveAtOnce: (): void => void engine.leaveAtOnce(),
    },
    dispatch,
    log,
    settings: () => engine.state().settings,
    isFirstRun: !engine.state().settings.isSetUp,
    start: () => composed.start(),
    stop: () => composed.stop(),
  })
}
