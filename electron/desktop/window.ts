/** The one window: made when it is opened, hidden when it is closed, destroyed a while after. */
import { readFileSync, writeFileSync } from 'node:fs'
import { BrowserWindow, screen, type Rectangle, type Session, type WebContents } from 'electron'
import { APP_URL } from './security.ts'

const DESTROY_AFTER_MS = 30_000
const SIZE = { width: 900, height: 640 } as const

interface WindowMemory {
  readonly bounds: Rectangle | null
  /** The person was told once that closing the window leaves the app in the tray. */
  readonly isTold: boolean
}

export interface DesktopWindowDeps {
  readonly session: Session
  readonly preload: string
  readonly icon: string
  /** Where the window's place is kept. */
  readonly memoryFile: string
  readonly isPackaged: boolean
  readonly hasTray: () => boolean
  readonly isLeaving: () => boolean
  readonly onChange: (isOpen: boolean, isFocused: boolean) => void
  readonly onFirstClose: () => void
}

export interface DesktopWindow {
  open(): void
  contents(): WebContents | undefined
  destroy(): void
}

const isRectangle = (value: unknown): value is Rectangle =>
  typeof value === 'object' &&
  value !== null &&
  ['x', 'y', 'width', 'height'].every((key) => Number.isFinite((value as Record<string, unknown>)[key]))

export function readMemory(text: string): WindowMemory {
  try {
    const value = JSON.parse(text) as { bounds?: unknown; isTold?: unknown }
    return { bounds: isRectangle(value.bounds) ? value.bounds : null, isTold: value.isTold === true }
  } catch {
    return { bounds: null, isTold: false }
  }
}

/** Where it was, if that is still on a screen. */
export function visibleBounds(bounds: Rectangle | null, areas: readonly Rectangle[]): Rectangle | null {
  if (bounds === null || bounds.width < 200 || bounds.height < 150) return null
  const isVisible = areas.some(
    (area) =>
      bounds.x + bounds.width > area.x + 80 &&
      bounds.x < area.x + area.width - 80 &&
      bounds.y >= area.y - 8 &&
      bounds.y < area.y + area.height - 60,
  )
  return isVisible ? bounds : null
}

export function createDesktopWindow(deps: DesktopWindowDeps): DesktopWindow {
  let window: BrowserWindow | undefined
  let destroyTimer: NodeJS.Timeout | undefined
  let memory: WindowMemory
  try {
    memory = readMemory(readFileSync(deps.memoryFile, 'utf8'))
  } catch {
    memory = { bounds: null, isTold: false }
  }
  const remember = (change: Partial<WindowMemory>): void => {
    memory = { ...memory, ...change }
    try {
      writeFileSync(deps.memoryFile, JSON.stringify(memory), { mode: 0o600 })
    } catch {
      // The window's place is a comfort: losing it disturbs nobody.
    }
  }
  const report = (): void => {
    const isOpen =
      window !== undefined && !window.isDestroyed() && window.isVisible() && !window.isMinimized()
    deps.onChange(isOpen, isOpen && (window?.isFocused() ?? false))
  }

  const create = (): BrowserWindow => {
    const bounds = visibleBounds(
      memory.bounds,
      screen.getAllDisplays().map((display) => display.workArea),
    )
    const created = new BrowserWindow({
      ...SIZE,
      ...bounds,
      minWidth: 320,
      minHeight: 320,
      show: false,
      title: 'Coord Tray',
      icon: deps.icon,
      autoHideMenuBar: true,
      webPreferences: {
        session: deps.session,
        preload: deps.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
        disableBlinkFeatures: 'Auxclick',
        devTools: !deps.isPackaged,
      },
    })
    created.once('ready-to-show', () => {
      created.show()
      created.focus()
    })
    created.on('close', (event) => {
      if (deps.isLeaving()) return
      event.preventDefault()
      remember({ bounds: created.getNormalBounds() })
      // Without a tray a hidden window could not be found again.
      if (!deps.hasTray()) return created.minimize()
      created.hide()
      if (!memory.isTold) {
        remember({ isTold: true })
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
      if (window === created) window = undefined
      report()
    })
    created.webContents.on('render-process-gone', () => created.destroy())
    void created.loadURL(APP_URL) // a failed load leaves an empty window; the tray and the log say the rest
    return created
  }

  return {
    open() {
      if (deps.isLeaving()) return
      clearTimeout(destroyTimer)
      if (window === undefined) {
        window = create()
        return
      }
      if (window.isMinimized()) window.restore()
      window.show()
      window.focus()
    },
    contents: () => (window === undefined || window.isDestroyed() ? undefined : window.webContents),
    destroy() {
      clearTimeout(destroyTimer)
      window?.destroy()
    },
  }
}
