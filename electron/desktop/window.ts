/** The one window: made when it is opened, hidden when it is closed, destroyed a while after. */
import type { Rectangle, RenderProcessGoneDetails, Session } from 'electron'
import type { ElectronParts, SessionPart, WindowContents, WindowPart } from './electron-parts.ts'
import { APP_URL } from '../bridge/window-origin.ts'
import {
  broughtBack,
  centred,
  placeToKeep,
  SETTLED_AFTER_MS,
  visibleBounds,
  WINDOW_SIZE,
  type KeptMemory,
  type Placed,
} from './window-place.ts'

export const DESTROY_AFTER_MS = 30_000
/** A window that dies again so soon is not opened again by itself. */
const CRASH_AGAIN_MS = 60_000

export interface DesktopWindowDeps {
  readonly electron: Pick<ElectronParts, 'BrowserWindow' | 'screen'>
  readonly session: SessionPart
  readonly preload: string
  readonly icon: string
  readonly memory: KeptMemory
  readonly isPackaged: boolean
  readonly isWayland: boolean
  readonly hasTray: () => boolean
  readonly isLeaving: () => boolean
  readonly onChange: (isOpen: boolean, isFocused: boolean) => void
  readonly onFirstClose: () => void
  /** The page's process died; `isBack`: the window was opened again. */
  readonly onCrash: (details: RenderProcessGoneDetails, isBack: boolean) => void
  readonly now?: () => number
}

export interface DesktopWindow {
  open(): void
  contents(): WindowContents | undefined
  destroy(): void
}

/** Where the window was and is to be, over its lives. */
interface PlaceKeeper {
  /** Where it is to open. On X11 a place is always named: only so is the frame known that is added to it. */
  place(): Partial<Rectangle>
  /** It opens there. */
  opens(at: Placed['asked']): void
  /** It is shown: once the window manager has put its frame around it, its place is looked at. */
  shown(window: WindowPart): void
  remember(window: WindowPart): void
  /** A display went, or changed: a window that nobody sees any more comes back. */
  bringBack(window: WindowPart): void
  stop(): void
}

function keepPlace({ memory, isWayland, electron: { screen } }: DesktopWindowDeps): PlaceKeeper {
  let placed: Placed = { asked: null, settled: null }
  let settleTimer: NodeJS.Timeout | undefined
  const areas = (): readonly Rectangle[] => screen.getAllDisplays().map((display) => display.workArea)
  return {
    place() {
      const { bounds } = memory.get()
      if (isWayland) return bounds === null ? {} : { width: bounds.width, height: bounds.height }
      return visibleBounds(bounds, areas()) ?? centred(WINDOW_SIZE, areas()) ?? {}
    },
    opens: (asked) => void (placed = { asked, settled: null }),
    shown(window) {
      clearTimeout(settleTimer)
      settleTimer = setTimeout(() => {
        if (placed.settled === null && !window.isDestroyed() && window.isVisible())
          placed = { ...placed, settled: window.getNormalBounds() }
      }, SETTLED_AFTER_MS)
    },
    remember(window) {
      const isMaximized = window.isMaximized()
      const bounds = window.getNormalBounds()
      if (!isWayland) return memory.change({ bounds: placeToKeep(placed, bounds), isMaximized })
      const { x, y } = memory.get().bounds ?? { x: 0, y: 0 }
      memory.change({ bounds: { ...bounds, x, y }, isMaximized })
    },
    bringBack(window) {
      if (window.isDestroyed() || isWayland) return
      const bounds = broughtBack(window.getNormalBounds(), areas())
      if (bounds !== null) window.setBounds(bounds)
    },
    stop: () => clearTimeout(settleTimer),
  }
}

/** A window that is not shown yet. */
function newWindow(
  { electron, session, icon, preload, isPackaged }: DesktopWindowDeps,
  place: Partial<Rectangle>,
) {
  return new electron.BrowserWindow({
    ...WINDOW_SIZE,
    ...place,
    minWidth: 320,
    minHeight: 320,
    show: false,
    title: 'Coord Tray',
    icon,
    autoHideMenuBar: true,
    webPreferences: {
      session: session as Session,
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      disableBlinkFeatures: 'Auxclick',
      devTools: !isPackaged,
    },
  })
}

export function createDesktopWindow(deps: DesktopWindowDeps): DesktopWindow {
  const { memory } = deps
  const { screen } = deps.electron
  const places = keepPlace(deps)
  const now = deps.now ?? (() => performance.now())
  let window: WindowPart | undefined
  let destroyTimer: NodeJS.Timeout | undefined
  let crashedAt = -Infinity
  const report = (): void => {
    const isOpen =
      window !== undefined && !window.isDestroyed() && window.isVisible() && !window.isMinimized()
    deps.onChange(isOpen, isOpen && (window?.isFocused() ?? false))
  }
  const bringBack = (): void => {
    if (window !== undefined) places.bringBack(window)
  }
  screen.on('display-removed', bringBack)
  screen.on('display-metrics-changed', bringBack)

  const afterCrash = (crashed: WindowPart, details: RenderProcessGoneDetails): void => {
    if (details.reason === 'clean-exit') return
    const wasVisible = !crashed.isDestroyed() && crashed.isVisible()
    const isBack = wasVisible && now() - crashedAt > CRASH_AGAIN_MS && !deps.isLeaving()
    crashedAt = now()
    // Not inside the event of the page that is to be destroyed.
    setImmediate(() => {
      if (!crashed.isDestroyed()) crashed.destroy()
      if (isBack) open()
      deps.onCrash(details, isBack)
    })
  }

  const create = (): WindowPart => {
    const place = places.place()
    const { x, y, width, height } = { ...WINDOW_SIZE, ...place }
    places.opens(x === undefined || y === undefined ? null : { x, y, width, height })
    const created = newWindow(deps, place)
    created.once('ready-to-show', () => {
      if (memory.get().isMaximized) created.maximize()
      created.show()
      created.focus()
    })
    created.on('show', () => places.shown(created))
    created.on('close', (event) => {
      if (deps.isLeaving()) return
      event.preventDefault()
      places.remember(created)
      // Without a tray a hidden window could not be found again.
      if (!deps.hasTray()) return created.minimize()
      created.hide()
      if (!memory.get().isTold) {
        memory.change({ isTold: true })
        deps.onFirstClose()
      }
    })
    created.on('hide', () => {
      clearTimeout(destroyTimer)
      destroyTimer = setTimeout(() => {
        if (!created.isDestroyed() && !created.isVisible()) created.destroy()
      }, DESTROY_AFTER_MS)
      report()
    })
    for (const event of ['show', 'focus', 'blur', 'minimize', 'restore'] as const)
      created.on(event as 'show', report)
    created.on('closed', () => {
      clearTimeout(destroyTimer)
      places.stop()
      if (window === created) window = undefined
      report()
    })
    created.webContents.on('render-process-gone', (_event, details) => afterCrash(created, details))
    void created.loadURL(APP_URL) // a failed load leaves an empty window; the tray and the log say the rest
    return created
  }

  function open(): void {
    if (deps.isLeaving()) return
    clearTimeout(destroyTimer)
    if (window === undefined) {
      window = create()
      return
    }
    if (window.isMinimized()) window.restore()
    window.show()
    window.focus()
  }

  return {
    open,
    contents: () => (window === undefined || window.isDestroyed() ? undefined : window.webContents),
    destroy() {
      clearTimeout(destroyTimer)
      window?.destroy()
    },
  }
}
