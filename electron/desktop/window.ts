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

export const createDesktopWindow = (deps: DesktopWindowDeps): DesktopWindow => new OneWindow(deps)

class OneWindow implements DesktopWindow {
  readonly #deps: DesktopWindowDeps
  readonly #places: PlaceKeeper
  readonly #now: () => number
  #window: WindowPart | undefined
  #destroyTimer: NodeJS.Timeout | undefined
  #crashedAt = -Infinity

  constructor(deps: DesktopWindowDeps) {
    this.#deps = deps
    this.#places = keepPlace(deps)
    this.#now = deps.now ?? (() => performance.now())
    const { screen } = deps.electron
    const bringBack = (): void => {
      if (this.#window !== undefined) this.#places.bringBack(this.#window)
    }
    screen.on('display-removed', bringBack)
    screen.on('display-metrics-changed', bringBack)
  }

  open(): void {
    if (this.#deps.isLeaving()) return
    clearTimeout(this.#destroyTimer)
    if (this.#window === undefined) {
      this.#window = this.#create()
      return
    }
    if (this.#window.isMinimized()) this.#window.restore()
    this.#window.show()
    this.#window.focus()
  }

  contents(): WindowContents | undefined {
    return this.#window === undefined || this.#window.isDestroyed() ? undefined : this.#window.webContents
  }

  destroy(): void {
    clearTimeout(this.#destroyTimer)
    this.#window?.destroy()
  }

  #create(): WindowPart {
    const place = this.#places.place()
    const { x, y, width, height } = { ...WINDOW_SIZE, ...place }
    this.#places.opens(x === undefined || y === undefined ? null : { x, y, width, height })
    const created = newWindow(this.#deps, place)
    created.once('ready-to-show', () => {
      if (this.#deps.memory.get().isMaximized) created.maximize()
      created.show()
      created.focus()
    })
    created.on('show', () => this.#places.shown(created))
    created.on('close', (event) => {
      if (this.#deps.isLeaving()) return
      event.preventDefault()
      this.#hide(created)
    })
    created.on('hide', () => this.#hidden(created))
    for (const event of ['show', 'focus', 'blur', 'minimize', 'restore'] as const)
      created.on(event as 'show', () => this.#report())
    created.on('closed', () => this.#closed(created))
    created.webContents.on('render-process-gone', (_event, details) => this.#crashed(created, details))
    void created.loadURL(APP_URL) // a failed load leaves an empty window; the tray and the log say the rest
    return created
  }

  #report(): void {
    const window = this.#window
    const isOpen =
      window !== undefined && !window.isDestroyed() && window.isVisible() && !window.isMinimized()
    this.#deps.onChange(isOpen, isOpen && window.isFocused())
  }

  /** What a person closes is hidden. */
  #hide(window: WindowPart): void {
    const { memory, hasTray, onFirstClose } = this.#deps
    this.#places.remember(window)
    // Without a tray a hidden window could not be found again.
    if (!hasTray()) return window.minimize()
    window.hide()
    if (memory.get().isTold) return
    memory.change({ isTold: true })
    onFirstClose()
  }

  #hidden(window: WindowPart): void {
    clearTimeout(this.#destroyTimer)
    this.#destroyTimer = setTimeout(() => {
      if (!window.isDestroyed() && !window.isVisible()) window.destroy()
    }, DESTROY_AFTER_MS)
    this.#report()
  }

  #closed(window: WindowPart): void {
    clearTimeout(this.#destroyTimer)
    this.#places.stop()
    if (this.#window === window) this.#window = undefined
    this.#report()
  }

  #crashed(window: WindowPart, details: RenderProcessGoneDetails): void {
    if (details.reason === 'clean-exit') return
    const wasVisible = !window.isDestroyed() && window.isVisible()
    const isBack = wasVisible && this.#now() - this.#crashedAt > CRASH_AGAIN_MS && !this.#deps.isLeaving()
    this.#crashedAt = this.#now()
    // Not inside the event of the page that is to be destroyed.
    setImmediate(() => {
      if (!window.isDestroyed()) window.destroy()
      if (isBack) this.open()
      this.#deps.onCrash(details, isBack)
    })
  }
}
