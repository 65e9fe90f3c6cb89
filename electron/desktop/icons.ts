/** Picks the drawn icon files of this platform and panel (build/icons/draw.mjs). */
import { join } from 'node:path'
import type { NativeImage } from 'electron'
import type { TrayView } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'

/** Bars in the colours of the windows. */
const hasThemedBar = (desktop: string | undefined): boolean => /kde|mate/i.test(desktop ?? '')
/** Bars that are dark whatever the theme. */
const hasDarkBar = (desktop: string | undefined): boolean =>
  /gnome|unity|cinnamon|pantheon/i.test(desktop ?? '')

type Tone = 'dark' | 'light' | 'colour'
function toneOf(platform: NodeJS.Platform, isDarkTheme: boolean, desktop: string | undefined): Tone {
  const themed: Tone = isDarkTheme ? 'dark' : 'light'
  if (platform !== 'linux' || hasThemedBar(desktop)) return themed
  // The panels of Xfce, LXQt and bare window managers have any tone, and nothing tells which.
  return hasDarkBar(desktop) ? 'dark' : 'colour'
}

/** What of the engine's view the picture shows. */
export type TrayPicture = Pick<TrayView, 'icon' | 'isSilent'>

export interface IconFiles {
  readonly main: string
  /** The same for a screen of twice the density. */
  readonly double: string | null
}

export function iconFiles(
  dir: string,
  picture: TrayPicture,
  platform: NodeJS.Platform,
  isDarkTheme: boolean,
  desktop: string | undefined,
): IconFiles {
  const name = picture.isSilent ? `${picture.icon}-silent` : picture.icon
  // macOS colours template images itself and finds the @2x file by its name.
  if (platform === 'darwin') return { main: join(dir, `${name}Template.png`), double: null }
  const tone = toneOf(platform, isDarkTheme, desktop)
  if (platform === 'win32') return { main: join(dir, `${name}-${tone}.ico`), double: null }
  return { main: join(dir, `${name}-${tone}-22.png`), double: join(dir, `${name}-${tone}-44.png`) }
}

export function loadTrayIcon(
  { nativeImage, nativeTheme }: Pick<ElectronParts, 'nativeImage' | 'nativeTheme'>,
  { platform, env }: Surroundings,
  dir: string,
  picture: TrayPicture,
): NativeImage {
  const files = iconFiles(dir, picture, platform, nativeTheme.shouldUseDarkColors, env['XDG_CURRENT_DESKTOP'])
  const image = nativeImage.createFromPath(files.main)
  if (files.double !== null) {
    const double = nativeImage.createFromPath(files.double)
    image.addRepresentation({ scaleFactor: 2, buffer: double.toPNG() })
  }
  return image
}
