/** The only place that builds the parts and joins them. Nothing runs before `start`. */
import { recordedSessions } from './adapters/session-records.ts'
import { networkInterfaces } from 'node:os'
import type { Finding } from '../shared/protocol.ts'
import { err, ok, type Result } from '../shared/result.ts'
import type { Machine } from '../shared/session.ts'
import type { AppSnapshot, SettingsView } from '../shared/snapshot.ts'
import { ensureApi, type ApiHandle, type ApiState } from './adapters/api-process.ts'
import { appendToAppQueue } from './adapters/app-queue.ts'
import { claudeFile, createClaudeProjects } from './adapters/claude-projects.ts'
import { nameOf, resolveConfig, settingsFile } from './adapters/config.ts'
import { createFileSystem } from './adapters/file-system.ts'
import { sortFolders, usedFolders } from './adapters/find-workspaces.ts'
import { createGatedHttp } from './adapters/switchable-http.ts'
import { instanceOf } from './adapters/instance.ts'
import { createLog, type FileLog } from './adapters/log.ts'
import { openMemory } from './adapters/engine-memory.ts'
import { createOwner } from './adapters/ownership/owner.ts'
import { real, type Env } from './adapters/places.ts'
import { checkFolder, checkWatcher } from './adapters/self-check.ts'
import { systemClock, systemKeys, systemRandom, systemUtcOffset } from './adapters/system.ts'
import { createWatcher } from './adapters/watcher.ts'
import { createDispatcher, type Dispatch } from './bridge/serve-commands.ts'
import type { NotificationView } from './core/engine/notifications/views.ts'
import { createEngine, type Engine } from './core/engine/engine.ts'
import { runSteps, toFarewell, type Farewell } from './core/engine/quit.ts'
import { createConnection } from './core/coord/connection.ts'
import { createOutbox } from './core/outbox/outbox.ts'
import type { Outbox } from './core/outbox/contract.ts'

export interface ComposeOptions {
  readonly env: Env
  /** The `coord` program, whose `serve` is the embedded API. */
  readonly cliFile: string
  /** Named on the command line: only these, and this app's own. */
  readonly workspaces?: readonly string[]
  readonly openPath?: (path: string) => void
  /** Shown in the tray's menu. */
  readonly version?: string
  /** One front of a COORD_HOME raises notifications: the tray. */
  readonly raisesNotifications?: boolean
  readonly setStartAtLogin?: (isOn: boolean) => Promise<Result<null, string>>
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

export const THIS_APP = 'this app'
const LOOK_EVERY_MS = 5_000
const MAX_SUGGESTED = 100

const machineOf = (settings: SettingsView): Machine => ({
  name: settings.machineName,
  aliases: settings.aliases,
})

/** Changes when the machine joins or leaves a network. */
const networkNow = (): string =>
  JSON.stringify(
    Object.entries(networkInterfaces()).map(([name, all]) => [name, all?.map((one) => one.address)]),
  )

export function compose(options: ComposeOptions): Composed {
  const { env } = options
  const config = resolveConfig(env)
  const { home } = config
  const named = options.workspaces ?? []
  const workspaces = named.length > 0 ? named : config.workspaces
  const log = createLog(home, config.token === null ? [] : [config.token])
  const memory = openMemory(home)
  const isEmbedded = config.apiUrl === null
  const baseUrl = config.apiUrl ?? `http://127.0.0.1:${config.port}`

  /** Why nothing may be contacted now. */
  let blocked: string | null = null
  const http = createGatedHttp(baseUrl)
  if (!isEmbedded) http.aim(baseUrl, '')
  const fs = createFileSystem()
  const owner = createOwner({ home, baseUrl })
  const watch = createWatcher()
  const connection = createConnection({
    http,
    clock: systemClock,
    random: systemRandom,
    log,
    blocked: () => blocked,
    ...(config.token === null ? {} : { headers: { authorization: `Bearer ${config.token}` } }),
  })

  const outboxes = new Map<string, Outbox>()
  const appHome = real(home)
  let isStarted = false
  const open = (path: string, name = nameOf(path)): Outbox => {
    const known = outboxes.get(path)
    if (known) return known
    const outbox = createOutbox({
      workspace: path,
      name,
      fs,
      clock: systemClock,
      random: systemRandom,
      keys: systemKeys,
      log,
      connection,
      owner,
      watch,
      emit: (event) => {
        engine.dispatch(event)
      },
    })
    outboxes.set(path, outbox)
    return outbox
  }
  /** One folder that fails must not keep the others from starting. */
  const startOutbox = async (outbox: Outbox): Promise<void> => {
    try {
      await outbox.start()
      engine.dispatch({ kind: 'workspace.changed', summary: await outbox.summary() })
    } catch (cause) {
      log.error('an outbox did not start', { path: outbox.path, cause: String(cause) })
    }
  }

  const engine: Engine = createEngine({
    clock: systemClock,
    random: systemRandom,
    log,
    connection,
    server: isEmbedded ? `embedded:${instanceOf(home)}` : baseUrl,
    apiUrl: baseUrl,
    isServedHere: false,
    machine: machineOf(config.settings),
    settings: config.settings,
    saveSettings(next) {
      const file = settingsFile(home)
      // The file holds what the person chose; what the environment says stays out of it.
      const { value: before } = file.read()
      const after: typeof before = { ...before, ...next }
      if (env['COORD_MACHINE'] && next.machineName === config.settings.machineName) {
        if (before.machineName === undefined) delete after.machineName
        else after.machineName = before.machineName
      }
      if (env['COORD_WORKSPACES'] && next.workspaces.join('\n') === config.settings.workspaces.join('\n'))
        after.workspaces = before.workspaces ?? []
      if (!file.write(after)) return Promise.resolve(err(`${file.path} could not be written`))
      return Promise.resolve(ok({ name: env['COORD_MACHINE'] || next.machineName, aliases: next.aliases }))
    },
    memory,
    remembered: memory.remembered,
    outboxes: () => [...outboxes.values()],
    async useWorkspaces(paths) {
      const { found, settings } = engine.state()
      const ignored = new Set(settings.ignoredWorkspaces.map(real))
      const stays = found.map((w) => w.path).filter((path) => !ignored.has(path))
      const wanted = new Set([appHome, ...paths.map(real), ...stays])
      for (const [path, outbox] of outboxes) {
        if (wanted.has(path)) continue
        outboxes.delete(path)
        await outbox.stop()
        engine.dispatch({ kind: 'workspace.removed', path })
      }
      for (const path of wanted) if (!outboxes.has(path)) void startOutbox(open(path))
    },
    enqueue(line) {
      const kept = appendToAppQueue(home, [line])
      outboxes.get(appHome)?.poke()
      return Promise.resolve(kept)
    },
    enqueueSync: (lines) => appendToAppQueue(home, lines),
    openLog() {
      options.openPath?.(log.file)
      return Promise.resolve()
    },
    raisesNotifications: options.raisesNotifications ?? false,
    utcOffsetAt: systemUtcOffset,
    ...(options.version === undefined ? {} : { version: options.version }),
    ...(options.setStartAtLogin ? { setStartAtLogin: options.setStartAtLogin } : {}),
    async checkHere() {
      const folders = [...outboxes.values()].map((o) =>
        o.path === appHome
          ? checkFolder('data folder', o.path, 'Make it writable, or set COORD_HOME to a folder that is.')
          : checkFolder(
              `workspace ${nameOf(o.path)}`,
              o.path,
              'Make the folder writable, or stop watching it in Settings.',
            ),
      )
      return [...folders, await checkWatcher(watch, home), ...((await options.checkFront?.()) ?? [])]
    },
  })

  open(appHome, THIS_APP)
  for (const path of workspaces) open(real(path))

  const projects = createClaudeProjects(claudeFile(env))
  const isIgnored = (path: string): boolean =>
    engine.state().settings.ignoredWorkspaces.some((one) => one === path || real(one) === path)
  let isLooking = false
  /** Folders that nobody named: where a command was used, and projects of the tool that have a queue. */
  async function lookForFolders(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      const { watch: found, suggest } = await sortFolders(usedFolders(home), await projects.read(), isIgnored)
      if (isStopping) return
      // The person may have ignored one, or named one, while the disk was asked.
      const fresh = found.filter((path) => !outboxes.has(path) && !isIgnored(path))
      if (fresh.length > 0) {
        log.info('project folders were found and are watched', { paths: fresh })
        engine.dispatch({
          kind: 'workspaces.discovered',
          found: fresh.map((path) => ({ path, name: nameOf(path) })),
        })
      }
      for (const path of fresh) void startOutbox(open(path))
      engine.dispatch({
        kind: 'workspaces.suggested',
        paths: suggest.filter((path) => !outboxes.has(path)).slice(0, MAX_SUGGESTED),
      })
    } finally {
      isLooking = false
    }
  }
  let network = networkNow()

  let api: ApiHandle | null = null
  let starting: Promise<void> = Promise.resolve()
  let isStopping = false
  let lookTimer: NodeJS.Timeout | undefined

  function follow(state: ApiState): void {
    blocked = state.kind === 'blocked' ? state.message : null
    if (state.kind === 'blocked') {
      http.aim(null, state.message)
      engine.dispatch({
        kind: 'fault.found',
        id: 'api',
        fault: { kind: 'api-blocked', detail: state.message },
      })
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
    const handle = await ensureApi({
      home,
      port: config.port,
      cliPath: options.cliFile,
      node: config.node ?? null,
      env,
      log,
    })
    if (isStopping) return handle.stop()
    api = handle
    handle.onChange(follow)
    follow(handle.state())
  }

  return {
    engine,
    dispatch: createDispatcher(engine.handlers, (text, cause) => log.warn(text, { cause: String(cause) })),
    log,
    home,
    subscribe: engine.onSnapshot,
    async start() {
      if (isStarted) return
      isStarted = true
      for (const [i, text] of [...config.problems, ...memory.problems].entries()) {
        log.warn(text)
        engine.dispatch({
          kind: 'fault.found',
          id: `config-${i}`,
          fault: { kind: 'settings-unreadable', detail: text },
        })
      }
      const look = (): void => {
        engine.dispatch({ kind: 'sessions.found', ...recordedSessions(home) })
        const networkBefore = network
        network = networkNow()
        if (network !== networkBefore) engine.dispatch({ kind: 'network.changed' })
        if (named.length > 0) return
        lookForFolders().catch((cause: unknown) =>
          log.warn('looking for project folders failed', { cause: String(cause) }),
        )
      }
      look()
      lookTimer = setInterval(look, LOOK_EVERY_MS)
      lookTimer.unref()
      engine.start()
      // Not awaited: the tray stands before the API's process answers.
      starting = serveOrJoin()
        .catch((cause: unknown) => {
          const text = `The API could not be started: ${String(cause)}`
          log.error(text)
          follow({ kind: 'blocked', message: text })
        })
        .then(() => {
          // From now on: a probe before would call a starting API offline.
          if (!isStopping) connection.start()
        })
      await Promise.all([...outboxes.values()].map(startOutbox))
    },
    async stop() {
      if (isStopping) return
      isStopping = true
      clearInterval(lookTimer)
      await runSteps(
        [
          { name: 'engine', deadlineMs: 1_500, run: () => engine.stop() },
          {
            name: 'outboxes',
            deadlineMs: 2_000,
            run: async () => void (await Promise.all([...outboxes.values()].map((o) => o.stop()))),
          },
          {
            name: 'connection',
            deadlineMs: 1_000,
            run: async () => {
              connection.stop()
              await http.close()
            },
          },
          { name: 'api', deadlineMs: 2_500, run: () => starting.then(() => api?.stop()) },
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
