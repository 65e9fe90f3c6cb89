/** Joins the desktop's parts to an engine. The order matters: lock and scheme before ready, the rest after. */
import { join } from 'node:path'
import { serveAppFile } from '../bridge/window-files.ts'
import { APP_SCHEME } from '../bridge/window-origin.ts'
import type { DesktopNotification, JoinedEngine, TrayAction } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { loadTrayIcon } from './icons.ts'
import { serveIpc } from './ipc.ts'
import { createNotifier } from './notifications.ts'
import { watchPower } from './power.ts'
import { prepareApp } from './prepare-app.ts'
import { createQuit } from './quit.ts'
import { guardSession } from './security.ts'
import { watchSessionEnd } from './session-end.ts'
import { takeInstanceLock } from './single-instance.ts'
import { watchToastActivation } from './toast-activation.ts'
import { createDesktopTray, followTrayViews, type DesktopTray } from './tray.ts'
import { hasTrayHost } from './tray-host.ts'
import { watchCrashes } from './watch-crashes.ts'
import { isWayland, keepMemory } from './window-place.ts'
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
  /** The built program, `dist`. */
  readonly distDir: string
  readonly join: (hooks: DesktopHooks) => Promise<JoinedEngine>
  readonly surroundings?: Surroundings
  /** Null: cannot be told. */
  readonly hasTrayHost?: () => Promise<boolean | null>
  readonly hostProbesMs?: readonly number[]
}

/** What the desktop says by itself, not the engine. */
const ownNotification = (id: string, title: string, body: string): DesktopNotification => ({
  id,
  title,
  body,
  isUrgent: false,
})

/** Opens a file of ours; where no program is there for it, shows it in its folder. */
async function openPath(shell: ElectronParts['shell'], path: string): Promise<void> {
  if ((await shell.openPath(path)) !== '') shell.showItemInFolder(path)
}

export async function runDesktop(electron: ElectronParts, options: DesktopOptions): Promise<void> {
  const { app, Menu, nativeTheme, Notification, powerMonitor, session, shell, Tray } = electron
  const surroundings = options.surroundings ?? process
  const { platform } = surroundings
  const isHidden =
    surroundings.argv.includes('--hidden') ||
    (platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin)
  // A second start may ask before there is a window to show.
  let isOpenWanted = false
  let open = (): void => void (isOpenWanted = true)
  if (!takeInstanceLock(app, isHidden, () => open())) return app.exit(0)
  prepareApp(electron, surroundings)
  await app.whenReady()

  const userData = app.getPath('userData')
  let leave: DesktopHooks['leave'] = () => app.quit()
  const joined = await options.join({
    leave: (farewell) => leave(farewell),
    openPath: (path) => void openPath(shell, path),
    userData,
  })
  const { engine, log } = joined
  watchCrashes(app, surroundings, log, (event) => engine.dispatch(event))
  const cleanups: (() => void)[] = []

  const ui = session.fromPartition('ui')
  guardSession(ui)
  guardSession(session.defaultSession)
  ui.protocol.handle(APP_SCHEME, (request) => serveAppFile(join(options.distDir, 'window'), request))

  const notifier = createNotifier({
    create: (view) => new Notification(view),
    isSupported: () => Notification.isSupported(),
    platform,
    onClick: (id) => {
      engine.notificationClicked(id)
      open()
    },
    onOutcome: (notificationId, why) =>
      engine.dispatch(
        why === null
          ? { kind: 'notification.shown', notificationId }
          : { kind: 'notification.failed', notificationId, why: why.replace(/\s+/g, ' ').slice(0, 120) },
      ),
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
    electron,
    session: ui,
    preload: join(options.distDir, 'main', 'preload.cjs'),
    icon: join(options.distDir, 'icons', 'app-64.png'),
    memory: keepMemory(join(userData, 'window.json')),
    isPackaged: app.isPackaged,
    isWayland: isWayland(surroundings, app.commandLine.getSwitchValue('ozone-platform')),
    hasTray: () => isHostThere !== false,
    isLeaving: () => quit.isLeaving(),
    onChange: (isOpen, isFocused) => engine.dispatch({ kind: 'window.changed', isOpen, isFocused }),
    onFirstClose: () =>
      notifier.apply(
        [ownNotification('stays', 'Coord Tray stays in the tray', 'Quit it from its menu there.')],
        [],
      ),
    onCrash: ({ reason, exitCode }, isBack) => {
      log.warn('the window died', { reason, exitCode, isBack })
      if (!isBack)
        notifier.apply(
          [
            ownNotification(
              'window-died',
              'The window of Coord Tray stopped',
              'Open it again from the tray.',
            ),
          ],
          [],
        )
    },
  })
  open = () => window.open()

  const onAction = (action: TrayAction): void => {
    // A second quit forces; the engine has left by now and takes no commands.
    if (quit.isLeaving() && action.kind === 'command' && action.name === 'app.quit') return app.quit()
    // The dispatcher never rejects; what became of a command shows in the next tray view.
    if (action.kind === 'command') return void joined.dispatch(action.name, action.input)
    if (action.kind === 'open-message') engine.openMessage(action.id)
    window.open()
  }
  const tray: DesktopTray = createDesktopTray(
    {
      createTray: (image) => new Tray(image),
      buildMenu: (template) => Menu.buildFromTemplate(template),
      iconFor: (icon) => loadTrayIcon(electron, surroundings, join(options.distDir, 'icons'), icon),
      platform,
      onAction,
    },
    engine.trayView(),
  )
  nativeTheme.on('updated', () => tray.redraw())
  cleanups.push(followTrayViews((listener) => engine.onTrayView(listener), tray))
  cleanups.push(engine.onNotifications((show, withdraw) => notifier.apply(show, withdraw)))
  cleanups.push(serveIpc(electron.ipcMain, joined, () => window.contents()))
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
  watchSessionEnd(electron.BaseWindow, platform, () => quit.sessionEnds())
  watchToastActivation(Notification, platform, () => open())
  if (isOpenWanted || (joined.isFirstRun === true && !isHidden)) open()
  await joined.start()

  const askHost = options.hasTrayHost ?? (() => hasTrayHost(platform))
  for (const delayMs of options.hostProbesMs ?? HOST_PROBES_MS[isHidden ? 'atLogin' : 'byHand']) {
    await new Promise((resolve) => setTimeout(resolve, delayMs))
    if (quit.isLeaving()) return
    isHostThere = await askHost()
    if (isHostThere !== false) return
  }
  log.warn('no tray host on this desktop: an ordinary window instead')
  const hint =
    'This desktop shows no tray icons. On GNOME, install the AppIndicator extension; until then there is this window.'
  notifier.apply([ownNotification('no-tray-host', 'Coord Tray has no tray here', hint)], [])
  if (!isHidden) window.open()
}
