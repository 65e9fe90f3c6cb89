/** Where the window was, kept in a file; and whether that is still on a screen. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Rectangle } from 'electron'
import type { Surroundings } from './electron-parts.ts'

export const WINDOW_SIZE = { width: 900, height: 640 } as const

export interface WindowMemory {
  readonly bounds: Rectangle | null
  /** The person was told once that closing the window leaves the app in the tray. */
  readonly isTold: boolean
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

export interface KeptMemory {
  get(): WindowMemory
  change(change: Partial<WindowMemory>): void
}

export function keepMemory(file: string): KeptMemory {
  let memory: WindowMemory
  try {
    memory = readMemory(readFileSync(file, 'utf8'))
  } catch {
    memory = { bounds: null, isTold: false }
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

/** The same window in the middle of the first screen, for one whose own screen is gone. */
export function broughtBack(bounds: Rectangle, areas: readonly Rectangle[]): Rectangle | null {
  const [area] = areas
  if (area === undefined || visibleBounds(bounds, areas) !== null) return null
  const width = Math.min(bounds.width, area.width)
  const height = Math.min(bounds.height, area.height)
  return {
    x: area.x + Math.round((area.width - width) / 2),
    y: area.y + Math.round((area.height - height) / 2),
    width,
    height,
  }
}

/** Wayland tells no program where its window is, and lets none say: there only the size is kept. */
export function isWayland({ platform, env }: Surroundings, ozonePlatform: string): boolean {
  if (platform !== 'linux') return false
  if (ozonePlatform !== '' && ozonePlatform !== 'auto') return ozonePlatform === 'wayland'
  return Boolean(env['WAYLAND_DISPLAY']) || env['XDG_SESSION_TYPE'] === 'wayland'
}
