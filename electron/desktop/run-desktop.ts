/** Runs the desktop. The order matters: lock and scheme before ready, the rest after. */
import { join } from 'node:path'
import { serveAppFile } from '../bridge/window-files.ts'
import { APP_SCHEME } from '../bridge/window-origin.ts'
import { openDesktopBus, type DesktopBus, type Watched } from './bus/desktop-bus.ts'
import type { DesktopEngine, Farewell, JoinedEngine } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { joinParts, type JoinedParts } from './join-parts.ts'
import { mayStart, type DataFolders } from './may-start.ts'
import { watchPower } from './power.ts'
import { prepareApp } from './prepare-app.ts'
import { guardSession } from './security.ts'
import { watchSessionEnd } from './session-end.ts'
import { watchToastActivation } from './toast-activation.ts'
import { watchCrashes } from './watch-crashes.ts'

/** What the engine may ask of the desktop. */
export interface DesktopHooks {
  /** The quit question is answered and what it promised is done. */
  readonly leave: (farewell: Farewell | null) => void
  readonly openPath: (path: string) => void
  readonly pickFolder: () => Promise<string | null>
  readonly userData: string
  readonly bus: DesktopBus
}

export interface DesktopOptions extends DataFolders {
  /** The built program, `dist`. */
  readonly distDir: string
  readonly join: (hooks: DesktopHooks) => Promise<JoinedEngine>
  readonly surroundings?: Surroundings
  readonly openBus?: (surroundings: Surroundings) => Promise<DesktopBus>
  /** How long a tray host may be away before the person is told. */
  readonly patienceMs?: number
}

/** Opens a file of ours; where no program is there for it, shows it in its folder. */
async function openPath(shell: ElectronParts['shell'], path: string): Promise<void> {
  if ((await shell.openPath(path)) !== '') shell.showItemInFolder(path)
}

/** Asks for one folder; null where the person changed their mind. */
async function pickFolder(dialog: ElectronParts['dialog']): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory'] })
  return canceled ? null : (filePaths[0] ?? null)
}

/** Says to the engine whether anybody shows notifications: none ever, one that ended, one that is there. */
function followService(service: Watched, dispatch: DesktopEngine['dispatch']): void {
  let wasThere = false
  service.follow((presence) => {
    const isThere = presence !== 'absent'
    wasThere ||= presence === 'running'
    dispatch({ kind: 'notifier.changed', state: isThere ? 'there' : wasThere ? 'died' : 'none' })
  })
}

/** Started at login, where nobody waits for a window. */
const startsHidden = (app: ElectronParts['app'], { argv, platform }: Surroundings): boolean =>
  argv.includes('--hidden') || (platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin)

/** The session of the window: guarded as each is, and the only one that gets the window's files. */
function openSession({ session }: ElectronParts, distDir: string) {
  const ui = session.fromPartition('ui')
  guardSession(ui)
  guardSession(session.defaultSession)
  ui.protocol.handle(APP_SCHEME, (request) => serveAppFile(join(distDir, 'window'), request))
  return ui
}

/** Follows what the system does with the app: wakes it, ends its session, brings it to the front. */
function followSystem(
  electron: ElectronParts,
  { platform }: Surroundings,
  bus: DesktopBus,
  engine: DesktopEngine,
  { window, quit }: JoinedParts,
): void {
  const { app } = electron
  app.on('activate', () => window.open())
  watchPower(
    electron.powerMonitor,
    (event) => engine.dispatch(event),
    () => app.quit(),
  )
  watchSessionEnd(electron.BaseWindow, platform, () => quit.sessionEnds())
  // Some log-offs take the bus away first, and Chromium ends with it: what was remembered is kept before.
  bus.onClosed(() => quit.sessionEnds())
  watchToastActivation(electron.Notification, platform, () => window.open())
}

/** Runs until it quits; resolves once all is joined and the engine was told to start. */
export async function runDesktop(electron: ElectronParts, options: DesktopOptions): Promise<void> {
  const { app } = electron
  const { distDir, patienceMs, surroundings = process } = options
  const isHidden = startsHidden(app, surroundings)
  // A second start may ask before there is a window to show.
  let isOpenWanted = false
  let open = (): void => void (isOpenWanted = true)
  if (!(await mayStart(electron, surroundings, options, isHidden, () => open()))) return
  prepareApp(electron, surroundings)
  const [bus] = await Promise.all([(options.openBus ?? openDesktopBus)(surroundings), app.whenReady()])

  let leave: DesktopHooks['leave'] = () => app.quit()
  const joined = await options.join({
    leave: (farewell) => leave(farewell),
    openPath: (path) => void openPath(electron.shell, path),
    pickFolder: () => pickFolder(electron.dialog),
    userData: app.getPath('userData'),
    bus,
  })
  const { engine, log } = joined
  watchCrashes(app, surroundings, log, (event) => engine.dispatch(event))
  const session = openSession(electron, distDir)
  followService(bus.notifications, (event) => engine.dispatch(event))

  const iconFile = join(distDir, 'icons', 'app-64.png')
  const parts = joinParts(
    { electron, surroundings, joined, bus, distDir, iconFile, isHidden, patienceMs },
    session,
  )
  leave = parts.leave
  open = () => parts.window.open()
  followSystem(electron, surroundings, bus, engine, parts)
  if (isOpenWanted || (joined.isFirstRun === true && !isHidden)) open()
  await joined.start()
}
