/** Joins the desktop's parts to an engine. The order matters: lock and scheme before ready, the rest after. */
import { join } from 'node:path'
import { serveAppFile } from '../bridge/window-files.ts'
import { APP_SCHEME } from '../bridge/window-origin.ts'
import { openDesktopBus, type DesktopBus, type Watched } from './bus/desktop-bus.ts'
import type { DesktopEngine, DesktopNotification, JoinedEngine, TrayAction } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { loadTrayIcon } from './icons.ts'
import { serveIpc } from './ipc.ts'
import { keepTray } from './keep-tray.ts'
import { mayStart, type DataFolders } from './may-start.ts'
import { createNotifier, type DesktopNotifier } from './notifications.ts'
import { watchPower } from './power.ts'
import { prepareApp } from './prepare-app.ts'
import { createQuit, type Quit } from './quit.ts'
import { guardSession } from './security.ts'
import { watchSessionEnd } from './session-end.ts'
import { watchToastActivation } from './toast-activation.ts'
import { createDesktopTray, type DesktopTray } from './tray.ts'
import { watchCrashes } from './watch-crashes.ts'
import { isWayland, keepMemory } from './window-place.ts'
import { createDesktopWindow, type DesktopWindow } from './window.ts'

/** At login the panel may come up after us; a person who starts the app waits for something to see. */
const PATIENCE_MS = { atLogin: 15_000, byHand: 3_000 } as const

export type Farewell = Pick<DesktopNotification, 'title' | 'body'>

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

/** Asks for one folder; null where the person changed their mind. */
async function pickFolder(dialog: ElectronParts['dialog']): Promise<string | null> {
  const { canceled, filePaths } = await dialog.showOpenDialog({ properties: ['openDirectory'] })
  return canceled ? null : (filePaths[0] ?? null)
}

/** One line, also where the system gave no word at all. */
const reasonOf = (why: string): string =>
  why.replace(/\s+/g, ' ').trim().slice(0, 120) || 'the system refused one without a word'

/** Says to the engine whether anybody shows notifications: none ever, one that ended, one that is there. */
function followService(service: Watched, dispatch: DesktopEngine['dispatch']): void {
  let wasThere = false
  service.follow((presence) => {
    const isThere = presence !== 'absent'
    wasThere ||= presence === 'running'
    dispatch({ kind: 'notifier.changed', state: isThere ? 'there' : wasThere ? 'died' : 'none' })
  })
}

/** Everything after the engine is there; one object, so that each part sees the others. */
interface Joined {
  readonly electron: ElectronParts
  readonly options: DesktopOptions
  readonly surroundings: Surroundings
  readonly joined: JoinedEngine
  readonly bus: DesktopBus
  readonly iconFile: string
  readonly open: () => void
}

function notifierOf({ electron, surroundings, joined, bus, iconFile, open }: Joined): DesktopNotifier {
  const { Notification } = electron
  const { engine, log } = joined
  return createNotifier({
    create: (view) => new Notification(view),
    service:
      surroundings.platform === 'linux'
        ? bus.notifications
        : { now: () => (Notification.isSupported() ? 'unknown' : 'absent') },
    platform: surroundings.platform,
    icon: iconFile,
    onClick: (id) => {
      engine.notificationClicked(id)
      open()
    },
    // The dispatcher never rejects; a message that is gone meanwhile is no failure to the person.
    onActed: () => bus.closeActed(),
    onAction: ({ name, input }) => void joined.dispatch(name, input),
    onOutcome: (notificationId, why) =>
      engine.dispatch(
        why === null
          ? { kind: 'notification.shown', notificationId }
          : { kind: 'notification.failed', notificationId, why: reasonOf(why) },
      ),
    log,
  })
}

function windowOf(
  { electron, options, surroundings, joined, iconFile }: Joined,
  session: ReturnType<ElectronParts['session']['fromPartition']>,
  notifier: DesktopNotifier,
  { hasTray, isLeaving }: { readonly hasTray: () => boolean; readonly isLeaving: () => boolean },
): DesktopWindow {
  const { app } = electron
  const say = (...words: Parameters<typeof ownNotification>): void =>
    notifier.apply([ownNotification(...words)], [])
  return createDesktopWindow({
    electron,
    session,
    preload: join(options.distDir, 'main', 'preload.cjs'),
    icon: iconFile,
    memory: keepMemory(join(app.getPath('userData'), 'window.json')),
    isPackaged: app.isPackaged,
    isWayland: isWayland(surroundings, app.commandLine.getSwitchValue('ozone-platform')),
    hasTray,
    isLeaving,
    onChange: (isOpen, isFocused) => joined.engine.dispatch({ kind: 'window.changed', isOpen, isFocused }),
    onFirstClose: () => say('stays', 'Coord Tray stays in the tray', 'Quit it from its menu there.'),
    onCrash: ({ reason, exitCode }, isBack) => {
      joined.log.warn('the window died', { reason, exitCode, isBack })
      if (!isBack) say('window-died', 'The window of Coord Tray stopped', 'Open it again from the tray.')
    },
  })
}

/** What is so and what helps; nobody can be asked whether a bar of the older form is there. */
const hintOf = (hasOlderForm: boolean, isHidden: boolean): string =>
  [
    hasOlderForm ? 'Only a bar that knows the older form of tray icons shows this one.' : '',
    'On GNOME, install the AppIndicator extension.',
    isHidden
      ? 'Coord Tray runs: start it once more to open its window.'
      : 'Until there is an icon, there is this window.',
  ]
    .join(' ')
    .trim()

/** The tray item, whenever somebody shows it; where nobody does for a while, a word that is true. */
function trayOf(
  { electron, options, surroundings, joined, bus }: Joined,
  isHidden: boolean,
  onAction: (action: TrayAction) => void,
  onMissing: (hint: string) => void,
): ReturnType<typeof keepTray> {
  const { Menu, Tray, app } = electron
  const { platform } = surroundings
  const make = (): DesktopTray =>
    createDesktopTray(
      {
        createTray: (image) => new Tray(image),
        buildMenu: (template) => Menu.buildFromTemplate(template),
        iconFor: (view) => loadTrayIcon(electron, surroundings, join(options.distDir, 'icons'), view),
        platform,
        onAction,
      },
      joined.engine.trayView(),
    )
  const hasOlderForm =
    platform === 'linux' && !isWayland(surroundings, app.commandLine.getSwitchValue('ozone-platform'))
  return keepTray({
    host: bus.trayHost,
    make,
    hasOlderForm,
    patienceMs: options.patienceMs ?? PATIENCE_MS[isHidden ? 'atLogin' : 'byHand'],
    onMissing: () => onMissing(hintOf(hasOlderForm, isHidden)),
  })
}

/** Leaving: what is shown goes, the last words stay on the screen, then the engine stops. */
function quitOf(
  { electron, joined, bus, iconFile }: Joined,
  parts: () => { readonly notifier: DesktopNotifier; readonly window: DesktopWindow },
  farewell: () => Farewell | null,
  cleanups: readonly (() => void)[],
): Quit {
  const { engine, log } = joined
  return createQuit({
    app: electron.app,
    leaveAtOnce: () => engine.leaveAtOnce(),
    log: (text, cause) => log.warn(text, { cause: String(cause) }),
    async stop() {
      const { notifier, window } = parts()
      cleanups.forEach((cleanup) => cleanup())
      notifier.closeAll()
      const words = farewell()
      // Electron's own always offers "View", and there is nothing any more that could show it.
      if (words !== null && !(await bus.sayLast(words.title, words.body, iconFile)))
        notifier.apply([{ id: 'farewell', ...words, isUrgent: false }], [])
      window.destroy()
      await joined.stop()
    },
  })
}

function followEngine(
  engine: DesktopEngine,
  parts: {
    readonly tray: ReturnType<typeof keepTray>
    readonly notifier: DesktopNotifier
    readonly window: DesktopWindow
  },
): (() => void)[] {
  const { tray, notifier, window } = parts
  let wasAsking = false
  return [
    () => tray.stop(),
    engine.onTrayView((view) => tray.update(view)),
    engine.onNotifications((show, withdraw) => notifier.apply(show, withdraw)),
    engine.onSnapshot(({ quit: { isAsking } }) => {
      if (isAsking && !wasAsking) window.open()
      wasAsking = isAsking
    }),
  ]
}

/** Runs until it quits; resolves once all is joined and the engine was told to start. */
export async function runDesktop(electron: ElectronParts, options: DesktopOptions): Promise<void> {
  const { app, nativeTheme, Notification, powerMonitor, session, shell } = electron
  const surroundings = options.surroundings ?? process
  const { platform } = surroundings
  const isHidden =
    surroundings.argv.includes('--hidden') ||
    (platform === 'darwin' && app.getLoginItemSettings().wasOpenedAtLogin)
  // A second start may ask before there is a window to show.
  let isOpenWanted = false
  let open = (): void => void (isOpenWanted = true)
  if (!(await mayStart(electron, surroundings, options, isHidden, () => open()))) return
  prepareApp(electron, surroundings)
  const [bus] = await Promise.all([(options.openBus ?? openDesktopBus)(surroundings), app.whenReady()])

  let leave: DesktopHooks['leave'] = () => app.quit()
  const joined = await options.join({
    leave: (farewell) => leave(farewell),
    openPath: (path) => void openPath(shell, path),
    pickFolder: () => pickFolder(electron.dialog),
    userData: app.getPath('userData'),
    bus,
  })
  const { engine, log } = joined
  watchCrashes(app, surroundings, log, (event) => engine.dispatch(event))
  const ui = session.fromPartition('ui')
  guardSession(ui)
  guardSession(session.defaultSession)
  ui.protocol.handle(APP_SCHEME, (request) => serveAppFile(join(options.distDir, 'window'), request))

  const iconFile = join(options.distDir, 'icons', 'app-64.png')
  const all: Joined = { electron, options, surroundings, joined, bus, iconFile, open: () => open() }
  const cleanups: (() => void)[] = []
  let lastWords: Farewell | null = null
  const notifier = notifierOf(all)
  followService(bus.notifications, (event) => engine.dispatch(event))
  const quit = quitOf(
    all,
    () => ({ notifier, window }),
    () => lastWords,
    cleanups,
  )
  leave = (farewell) => {
    lastWords = farewell
    quit.leave()
  }
  app.on('before-quit', (event) => quit.beforeQuit(event))
  const window = windowOf(all, ui, notifier, {
    hasTray: () => tray.isShown(),
    isLeaving: () => quit.isLeaving(),
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
  const tray = trayOf(all, isHidden, onAction, (hint) => {
    if (quit.isLeaving()) return
    log.warn('no tray host on this desktop')
    notifier.apply([ownNotification('no-tray-host', 'No tray host on this desktop', hint)], [])
    if (!isHidden) window.open()
  })
  nativeTheme.on('updated', () => tray.redraw())
  cleanups.push(serveIpc(electron.ipcMain, joined, () => window.contents()))
  cleanups.push(...followEngine(engine, { tray, notifier, window }))
  app.on('activate', () => window.open())
  watchPower(
    powerMonitor,
    (event) => engine.dispatch(event),
    () => app.quit(),
  )
  watchSessionEnd(electron.BaseWindow, platform, () => quit.sessionEnds())
  // Some log-offs take the bus away first, and Chromium ends with it: what was remembered is kept before.
  bus.onClosed(() => quit.sessionEnds())
  watchToastActivation(Notification, platform, () => open())
  if (isOpenWanted || (joined.isFirstRun === true && !isHidden)) open()
  await joined.start()
}
