/** Joins the desktop's parts to an engine. The order matters: lock and scheme before ready, the rest after. */
import { join } from 'node:path'
import {
  app,
  BrowserWindow,
  Menu,
  nativeTheme,
  Notification,
  powerMonitor,
  protocol,
  session,
  shell,
  Tray,
} from 'electron'
import type { DesktopNotification, JoinedEngine, TrayAction } from './desktop-engine.ts'
import { loadTrayIcon } from './icons.ts'
import { serveIpc, type Channels } from './ipc.ts'
import { createNotifier } from './notifications.ts'
import { watchPower } from './power.ts'
import { createQuit } from './quit.ts'
import { APP_SCHEME, guardApp, guardSession } from './security.ts'
import { serveAsset } from './serve-window.ts'
import { takeInstanceLock } from './single-instance.ts'
import { createDesktopTray, followTrayViews, type DesktopTray } from './tray.ts'
import { hasTrayHost } from './tray-host.ts'
import { createDesktopWindow } from './window.ts'

/** At login the panel may come up after us; a person who starts the app waits for something to see. */
const HOST_PROBES_MS = { atLogin: [1000, 4000, 10_000], byHand: [1000, 2000] } as const

/** What the engine may ask of the desktop. */
export interface DesktopHooks {
  /** The quit question is answered and what it promised is done. */
  readonly leave: (farewell: Pick<DesktopNotification, 'title' | 'body'> | null) => void
  readonly openPath: (path: string) => void
  readonly userData: string
}

export interface DesktopOptions {
  readonly channels: Channels
  /** The built program, `dist`. */
  readonly distDir: string
  readonly join: (hooks: DesktopHooks) => Promise<JoinedEngine>
}

export async function runDesktop(options: DesktopOptions): Promise<void> {
  const isHidden = process.argv.includes('--hidden')
  let open: () => void = () => undefined
  if (!takeInstanceLock(app, isHidden, () => open())) return app.exit(0)
  app.enableSandbox()
  app.setAppUserModelId('local.coord-tray')
  app.disableHardwareAcceleration()
  app.commandLine.appendSwitch('disable-gpu') // since Electron 38 the call above alone keeps the GPU process
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true },
    },
  ])
  if (process.platform !== 'darwin') Menu.setApplicationMenu(null)
  guardApp(app)
  app.on('window-all-closed', () => undefined) // the tray stays
  await app.whenReady()

  const userData = app.getPath('userData')
  let leave: DesktopHooks['leave'] = () => app.quit()
  const joined = await options.join({
    leave: (farewell) => leave(farewell),
    openPath: (path) => void shell.openPath(path),
    userData,
  })
  const { engine, log } = joined
  const cleanups: (() => void)[] = []

  const ui = session.fromPartition('ui')
  guardSession(ui)
  guardSession(session.defaultSession)
  ui.protocol.handle(APP_SCHEME, (request) => serveAsset(join(options.distDir, 'window'), request))

  const notifier = createNotifier({
    create: (view) => new Notification(view),
    platform: process.platform,
    onClick: (id) => {
      engine.notificationClicked(id)
      open()
    },
    log,
  })
  let isHostThere: boolean | null = true
  let lastWords: Parameters<DesktopHooks['leave']>[0] = null
  const quit = createQuit({
    app,
    leaveAtOnce: () => engine.leaveAtOnce(),
    log: (text, cause) => log.warn(text, { cause: String(cause) }),
    stop: async () => {
      cleanups.forEach((cleanup) => cleanup())
      notifier.closeAll()
      // Stays on the screen after us.
      if (lastWords !== null) notifier.apply([{ id: 'farewell', ...lastWords, isUrgent: false }], [])
      window.destroy()
      await joined.stop()
    },
  })
  leave = (farewell) => {
    lastWords = farewell
    quit.leave()
  }
  app.on('before-quit', (event) => quit.beforeQuit(event))

  const window = createDesktopWindow({
    session: ui,
    preload: join(options.distDir, 'main', 'preload.cjs'),
    icon: join(options.distDir, 'icons', 'app-64.png'),
    memoryFile: join(userData, 'window.json'),
    isPackaged: app.isPackaged,
    hasTray: () => isHostThere !== false,
    isLeaving: () => quit.isLeaving(),
    onChange: (isOpen, isFocused) => engine.dispatch({ kind: 'window.changed', isOpen, isFocused }),
    onFirstClose: () =>
      notifier.apply(
        [
          {
            id: 'stays',
            title: 'Coord Tray stays in the tray',
            body: 'Quit it from its menu there.',
            isUrgent: false,
          },
        ],
        [],
      ),
  })
  open = () => window.open()

  const onAction = (action: TrayAction): void => {
    // The dispatcher never rejects; what became of a command shows in the next tray view.
    if (action.kind === 'command') return void joined.dispatch(action.name, action.input)
    if (action.kind === 'open-message') engine.openMessage(action.id)
    window.open()
  }
  const tray: DesktopTray = createDesktopTray(
    {
      createTray: (image) => new Tray(image),
      buildMenu: (template) => Menu.buildFromTemplate(template),
      iconFor: (icon) => loadTrayIcon(join(options.distDir, 'icons'), icon),
      onAction,
    },
    engine.trayView(),
  )
  nativeTheme.on('updated', () => tray.redraw())
  cleanups.push(followTrayViews((listener) => engine.onTrayView(listener), tray))
  cleanups.push(engine.onNotifications((show, withdraw) => notifier.apply(show, withdraw)))
  cleanups.push(serveIpc(options.channels, joined, () => window.contents()))
  let wasAsking = false
  cleanups.push(
    engine.onSnapshot(({ quit: { isAsking } }) => {
      if (isAsking && !wasAsking) window.open()
      wasAsking = isAsking
    }),
  )
  app.on('activate', () => window.open())
  watchPower(
    powerMonitor,
    (event) => engine.dispatch(event),
    () => app.quit(),
  )
  if (process.platform === 'win32')
    watchSessionEnd(
      () => engine.leaveAtOnce(),
      () => quit.leave(),
    )
  await joined.start()

  for (const delayMs of HOST_PROBES_MS[isHidden ? 'atLogin' : 'byHand']) {
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    if (quit.isLeaving()) return
    isHostThere = await hasTrayHost(process.platform)
    if (isHostThere !== false) return
  }
  log.warn('no tray host on this desktop: an ordinary window instead')
  const hint =
    'This desktop shows no tray icons. On GNOME, install the AppIndicator extension; until then there is this window.'
  notifier.apply(
    [{ id: 'no-tray-host', title: 'Coord Tray has no tray here', body: hint, isUrgent: false }],
    [],
  )
  if (!isHidden) window.open()
}

/** A process without a window hears nothing of a Windows log-off: one that is never shown listens. */
function watchSessionEnd(onQuery: () => void, onEnd: () => void): void {
  const listener = new BrowserWindow({ show: false, skipTaskbar: true, width: 1, height: 1 })
  listener.on('query-session-end', onQuery)
  listener.on('session-end', onEnd)
}
