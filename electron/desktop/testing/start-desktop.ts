/** The whole desktop on doubles: a system by name, an engine that writes down what it is told. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AppSnapshot } from '../../../shared/snapshot.ts'
import { ok } from '../../../shared/result.ts'
import type { DesktopBus, Presence, Watched } from '../bus/desktop-bus.ts'
import type { DesktopEvent, DesktopNotification, JoinedEngine, TrayView } from '../desktop-engine.ts'
import type { Surroundings } from '../electron-parts.ts'
import { findFolderFault } from '../../adapters/data-folder.ts'
import { runDesktop, type DesktopHooks, type DesktopOptions } from '../run-desktop.ts'
import { createFakeElectron, Emitter } from './fake-electron.ts'

export const idleView: TrayView = {
  icon: 'idle',
  isSilent: false,
  count: 0,
  tooltip: 'Coord Tray: Online',
  menu: [
    { kind: 'text', label: 'Online' },
    { kind: 'action', label: 'Open', action: { kind: 'open' } },
    { kind: 'action', label: 'Show log', action: { kind: 'command', name: 'app.openLog', input: null } },
  ],
}

export interface StartOptions extends Partial<Pick<DesktopOptions, 'patienceMs' | 'dataFolders'>> {
  /** What the bus tells of this desktop at first. */
  readonly host?: Presence
  readonly service?: Presence
  readonly platform?: NodeJS.Platform
  readonly argv?: readonly string[]
  readonly isFirstRun?: boolean
  readonly env?: Surroundings['env']
  /** Before the app starts: what this machine is like. */
  readonly with?: (fake: ReturnType<typeof createFakeElectron>) => void
  /** While the engine is joined. */
  readonly whileJoining?: (fake: ReturnType<typeof createFakeElectron>) => void
  /** The engine's stop: resolves at once unless a test says otherwise. */
  readonly stop?: () => Promise<void>
}

class FakeWatched implements Watched {
  private presence: Presence
  private readonly listeners: ((presence: Presence) => void)[] = []
  constructor(presence: Presence) {
    this.presence = presence
  }
  now = (): Presence => this.presence
  follow(listener: (presence: Presence) => void): void {
    this.listeners.push(listener)
    listener(this.presence)
  }
  becomes(presence: Presence): void {
    this.presence = presence
    this.listeners.forEach((listener) => listener(presence))
  }
}

/** The session's bus as far as the desktop asks it. */
class FakeBus implements DesktopBus {
  readonly trayHost: FakeWatched
  readonly notifications: FakeWatched
  readonly said: string[] = []
  acted = 0
  readonly closeActed = (): void => void this.acted++
  close = (): void => undefined
  constructor(host: Presence, service: Presence) {
    this.trayHost = new FakeWatched(host)
    this.notifications = new FakeWatched(service)
  }
  onClosed(listener: () => void): void {
    this.close = listener
  }
  sayLast(title: string): Promise<boolean> {
    if (this.notifications.now() !== 'running') return Promise.resolve(false)
    this.said.push(title)
    return Promise.resolve(true)
  }
}

const dirs: string[] = []
export const removeDirs = (): void => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true }))

export async function startDesktop(options: StartOptions = {}) {
  const userData = mkdtempSync(join(tmpdir(), 'coord-desktop-'))
  dirs.push(userData)
  const fake = createFakeElectron(userData)
  options.with?.(fake)
  const told = {
    events: [] as DesktopEvent[],
    clicked: [] as string[],
    commands: [] as unknown[],
    log: [] as string[],
    stderr: [] as string[],
    left: 0,
    started: 0,
    stopped: 0,
  }
  const say: {
    view?: (view: TrayView) => void
    notify?: (show: readonly DesktopNotification[], withdraw: readonly string[]) => void
    snapshot?: (snapshot: AppSnapshot) => void
    hooks?: DesktopHooks
  } = {}
  const joined: JoinedEngine = {
    engine: {
      trayView: () => idleView,
      onTrayView: (listener) => ((say.view = listener), () => undefined),
      onSnapshot: (listener) => ((say.snapshot = listener), () => undefined),
      onNotifications: (listener) => ((say.notify = listener), () => undefined),
      notificationClicked: (id) => void told.clicked.push(id),
      openMessage: () => undefined,
      dispatch: (event) => void told.events.push(event),
      leaveAtOnce: () => void told.left++,
    },
    dispatch: (name, input) => {
      told.commands.push([name, input])
      return Promise.resolve(ok(null))
    },
    isFirstRun: options.isFirstRun ?? false,
    log: { warn: (text) => void told.log.push(text) },
    start: () => {
      told.started++
      return Promise.resolve()
    },
    stop: () => {
      told.stopped++
      return options.stop?.() ?? Promise.resolve()
    },
  }
  const system = new Emitter()
  const bus = new FakeBus(options.host ?? 'running', options.service ?? 'running')
  await runDesktop(fake.electron, {
    distDir: '/dist',
    join: (hooks) => {
      say.hooks = hooks
      options.whileJoining?.(fake)
      return Promise.resolve(joined)
    },
    surroundings: Object.assign(system, {
      platform: options.platform ?? 'linux',
      argv: options.argv ?? [],
      env: options.env ?? {},
      stderr: { write: (text: string) => void told.stderr.push(text) },
    }),
    dataFolders: options.dataFolders ?? [],
    findFolderFault,
    openBus: () => Promise.resolve(bus),
    patienceMs: options.patienceMs ?? 0,
  })
  const { seen } = fake
  return {
    ...fake,
    told,
    say,
    bus,
    userData,
    /** The process: errors that nobody caught. */
    system,
    /** The window that is there now. */
    window: () => seen.windows.filter((window) => !window.isDestroyed()).at(-1),
    /** As the person sees it: made, loaded, painted. */
    openWindow: () => {
      const [tray] = seen.trays
      if (options.platform === 'darwin') fake.electron.app.emit('activate')
      else tray?.emit('click')
      const window = seen.windows.at(-1)
      window?.emit('ready-to-show')
      if (!window) throw new Error('no window was made')
      return window
    },
    /** What became of notifications. */
    outcomes: () => told.events.filter((event) => event.kind.startsWith('notification.')),
    faults: () => told.events.filter((event) => event.kind.startsWith('fault.')),
  }
}
