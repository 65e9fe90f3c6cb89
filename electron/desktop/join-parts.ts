/** Joins the parts of the desktop to the engine and to each other; they leave together. */
import type { DesktopEngine, Farewell, TrayAction } from './desktop-engine.ts'
import { notifierOf, ownNotification, quitOf, trayOf, windowOf, type PartsDeps } from './desktop-parts.ts'
import type { ElectronParts } from './electron-parts.ts'
import { serveIpc } from './ipc.ts'
import type { KeptTray } from './keep-tray.ts'
import type { DesktopNotifier } from './notifications.ts'
import type { Quit } from './quit.ts'
import type { DesktopWindow } from './window.ts'

/** Shows what the engine says; the returned functions end that. */
function followEngine(
  engine: DesktopEngine,
  parts: {
    readonly tray: KeptTray
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

/** Does what a person asked the tray item for. */
function takeAction(
  { electron, joined }: PartsDeps,
  quit: Quit,
  window: DesktopWindow,
  action: TrayAction,
): void {
  // A second quit forces; the engine has left by now and takes no commands.
  if (quit.isLeaving() && action.kind === 'command' && action.name === 'app.quit') return electron.app.quit()
  // The dispatcher never rejects; what became of a command shows in the next tray view.
  if (action.kind === 'command') return void joined.dispatch(action.name, action.input)
  if (action.kind === 'open-message') joined.engine.openMessage(action.id)
  window.open()
}

export interface JoinedParts {
  readonly window: DesktopWindow
  readonly quit: Quit
  /** Leaves with these last words; null: with none. */
  readonly leave: (farewell: Farewell | null) => void
}

export function joinParts(
  deps: PartsDeps,
  session: ReturnType<ElectronParts['session']['fromPartition']>,
): JoinedParts {
  const { electron, joined, isHidden } = deps
  const cleanups: (() => void)[] = []
  const notifier = notifierOf(deps, () => window.open())
  const { quit, leave } = quitOf(deps, () => ({ notifier, window }), cleanups)
  electron.app.on('before-quit', (event) => quit.beforeQuit(event))
  const window = windowOf(deps, session, notifier, {
    hasTray: () => tray.isShown(),
    isLeaving: () => quit.isLeaving(),
  })
  const onMissing = (hint: string): void => {
    if (quit.isLeaving()) return
    joined.log.warn('no tray host on this desktop')
    notifier.apply([ownNotification('no-tray-host', 'No tray host on this desktop', hint)], [])
    if (!isHidden) window.open()
  }
  const tray = trayOf(deps, (action) => takeAction(deps, quit, window, action), onMissing)
  electron.nativeTheme.on('updated', () => tray.redraw())
  cleanups.push(serveIpc(electron.ipcMain, joined, () => window.contents()))
  cleanups.push(...followEngine(joined.engine, { tray, notifier, window }))
  return { window, quit, leave }
}
