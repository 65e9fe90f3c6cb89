/** Makes each part of the desktop for an engine that is there: notifications, window, tray item, leaving. */
import { join } from 'node:path'
import type { DesktopBus } from './bus/desktop-bus.ts'
import type { DesktopNotification, Farewell, JoinedEngine, TrayAction } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { loadTrayIcon } from './icons.ts'
import { keepTray, type KeptTray } from './keep-tray.ts'
import { createNotifier, type DesktopNotifier } from './notifications.ts'
import { createQuit, type Quit } from './quit.ts'
import { createDesktopTray, type DesktopTray } from './tray.ts'
import { isWayland, keepMemory } from './window-place.ts'
import { createDesktopWindow, type DesktopWindow } from './window.ts'

/** At login the panel may come up after us; a person who starts the app waits for something to see. */
const PATIENCE_MS = { atLogin: 15_000, byHand: 3_000 } as const

/** What the parts are made of. */
export interface PartsDeps {
  readonly electron: ElectronParts
  readonly surroundings: Surroundings
  readonly joined: JoinedEngine
  readonly bus: DesktopBus
  /** The built program, `dist`. */
  readonly distDir: string
  readonly iconFile: string
  /** Started at login: nobody waits for a window. */
  readonly isHidden: boolean
  /** How long a tray host may be away before the person is told. */
  readonly patienceMs: number | undefined
}

/** What the desktop says by itself, not the engine. */
export const ownNotification = (id: string, title: string, body: string): DesktopNotification => ({
  id,
  title,
  body,
  isUrgent: false,
})

/** One line, also where the system gave no word at all. */
const reasonOf = (why: string): string =>
  why.replace(/\s+/g, ' ').trim().slice(0, 120) || 'the system refused one without a word'

/** Notifications; a click on one asks for the window. */
export function notifierOf(
  { electron, surroundings, joined, bus, iconFile }: PartsDeps,
  openWindow: () => void,
): DesktopNotifier {
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
      openWindow()
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

/** The window; a word to the person where it is closed for the first time, or dies. */
export function windowOf(
  { electron, distDir, surroundings, joined, iconFile }: PartsDeps,
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
    preload: join(distDir, 'main', 'preload.cjs'),
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
export function trayOf(
  { electron, distDir, surroundings, joined, bus, isHidden, patienceMs }: PartsDeps,
  onAction: (action: TrayAction) => void,
  onMissing: (hint: string) => void,
): KeptTray {
  const { Menu, Tray, app } = electron
  const { platform } = surroundings
  const make = (): DesktopTray =>
    createDesktopTray(
      {
        createTray: (image) => new Tray(image),
        buildMenu: (template) => Menu.buildFromTemplate(template),
        iconFor: (view) => loadTrayIcon(electron, surroundings, join(distDir, 'icons'), view),
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
    patienceMs: patienceMs ?? PATIENCE_MS[isHidden ? 'atLogin' : 'byHand'],
    onMissing: () => onMissing(hintOf(hasOlderForm, isHidden)),
  })
}

/** Leaving: what is shown goes, the last words stay on the screen, then the engine stops. */
export function quitOf(
  { electron, joined, bus, iconFile }: PartsDeps,
  parts: () => { readonly notifier: DesktopNotifier; readonly window: DesktopWindow },
  cleanups: readonly (() => void)[],
): { readonly quit: Quit; readonly leave: (farewell: Farewell | null) => void } {
  const { engine, log } = joined
  let lastWords: Farewell | null = null
  const quit = createQuit({
    app: electron.app,
    leaveAtOnce: () => engine.leaveAtOnce(),
    log: (text, cause) => log.warn(text, { cause: String(cause) }),
    async stop() {
      const { notifier, window } = parts()
      cleanups.forEach((cleanup) => cleanup())
      notifier.closeAll()
      const words = lastWords
      // Electron's own always offers "View", and there is nothing any more that could show it.
      if (words !== null && !(await bus.sayLast(words.title, words.body, iconFile)))
        notifier.apply([ownNotification('farewell', words.title, words.body)], [])
      window.destroy()
      await joined.stop()
    },
  })
  const leave = (farewell: Farewell | null): void => {
    lastWords = farewell
    quit.leave()
  }
  return { quit, leave }
}
