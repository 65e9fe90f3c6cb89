/** Where the window was, kept in a file; and whether that is still on a screen. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Rectangle } from 'electron'
import type { Surroundings } from './electron-parts.ts'

export const WINDOW_SIZE = { width: 900, height: 640 } as const

export interface WindowMemory {
  readonly bounds: Rectangle | null
  readonly isMaximized: boolean
  /** The person was told once that closing the window leaves the app in the tray. */
  readonly isTold: boolean
}

const nothingKept: WindowMemory = { bounds: null, isMaximized: false, isTold: false }

const isRectangle = (value: unknown): value is Rectangle =>
  typeof value === 'object' &&
  value !== null &&
  ['x', 'y', 'width', 'height'].every((key) => Number.isFinite((value as Record<string, unknown>)[key]))

export function readMemory(text: string): WindowMemory {
  try {
    const value = JSON.parse(text) as { bounds?: unknown; isMaximized?: unknown; isTold?: unknown }
    return {
      bounds: isRectangle(value.bounds) ? value.bounds : null,
      isMaximized: value.isMaximized === true,
      isTold: value.isTold === true,
    }
  } catch {
    return nothingKept
  }
}

export interface KeptMemory {
  get(): WindowMemory
  change(change: Partial<WindowMemory>): void
}

export function keepMemory(file: string): KeptMemory {
  let memory: WindowMemory
  try {
    memory = readMemory(readFileSync(file, 'utf8'))
  } catch {
    memory = nothingKept
  }
  return {
    get: () => memory,
    change(change) {
      memory = { ...memory, ...change }
      try {
        writeFileSync(file, JSON.stringify(memory), { mode: 0o600 })
      } catch {
        // The window's place is a comfort: losing it disturbs nobody.
      }
    },
  }
}

/** Where it was, if enough of it to be taken hold of is still on a screen. */
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

/** Where a window was asked to be, and where it said to be once the window manager was done with it. */
export interface Placed {
  readonly asked: Rectangle | null
  readonly settled: Rectangle | null
}
/** A window manager on a busy machine needs some tenths of a second for its frame. */
export const SETTLED_AFTER_MS = 700
/** No frame is wider; more than this is a window manager that puts windows where it likes. */
const MAX_FRAME = 80

/**
 * Where to open it next time. On X11 a window is asked for by the corner of its frame, and says the corner of what the
 * frame holds: kept as it was said, it would move by the frame each time it opens.
 */
export function placeToKeep({ asked, settled }: Placed, said: Rectangle): Rectangle {
  if (asked === null) return said
  const now = settled ?? said
  const [dx, dy] = [now.x - asked.x, now.y - asked.y]
  const isFrame = dx >= 0 && dy >= 0 && dx <= MAX_FRAME && dy <= MAX_FRAME
  const isMoved = settled === null ? !isFrame : said.x !== now.x || said.y !== now.y
  if (!isMoved) return { ...said, x: asked.x, y: asked.y }
  return isFrame && settled !== null ? { ...said, x: said.x - dx, y: said.y - dy } : said
}

/** A window of this size in the middle of the first screen. */
export function centred(
  size: { readonly width: number; readonly height: number },
  areas: readonly Rectangle[],
): Rectangle | null {
  const [area] = areas
  if (area === undefined) return null
  const width = Math.min(size.width, area.width)
  const height = Math.min(size.height, area.height)
  return {
    x: area.x + Math.round((area.width - width) / 2),
    y: area.y + Math.round((area.height - height) / 2),
    width,
    height,
  }
}

/** The same window in the middle of the first screen, for one whose own screen is gone. */
export function broughtBack(bounds: Rectangle, areas: readonly Rectangle[]): Rectangle | null {
  return visibleBounds(bounds, areas) === null ? centred(bounds, areas) : null
}

/** Wayland tells no program where its window is, and lets none say: there only the size is kept. */
export function isWayland({ platform, env }: Surroundings, ozonePlatform: string): boolean {
  if (platform !== 'linux') return false
  if (ozonePlatform !== '' && ozonePlatform !== 'auto') return ozonePlatform === 'wayland'
  return Boolean(env['WAYLAND_DISPLAY']) || env['XDG_SESSION_TYPE'] === 'wayland'
}
