/** Picks the drawn icon files of this platform and panel (build/icons/draw.mjs). */
import { join } from 'node:path'
import type { NativeImage } from 'electron'
import type { TrayIcon } from './desktop-engine.ts'
import type { ElectronParts, Surroundings } from './electron-parts.ts'

/** Bars in the colours of the windows. GNOME's, its kin's and those of bare window managers are dark whatever the theme. */
const hasThemedBar = (desktop: string | undefined): boolean =>
  /kde|lxqt|mate|budgie|deepin/i.test(desktop ?? '')

export interface IconFiles {
  readonly main: string
  /** The same for a screen of twice the density. */
  readonly double: string | null
}

export function iconFiles(
  dir: string,
  icon: TrayIcon,
  platform: NodeJS.Platform,
  isDarkTheme: boolean,
  desktop: string | undefined,
): IconFiles {
  // macOS colours template images itself and finds the @2x file by its name.
  if (platform === 'darwin') return { main: join(dir, `${icon}Template.png`), double: null }
  const panel = isDarkTheme || (platform === 'linux' && !hasThemedBar(desktop)) ? 'dark' : 'light'
  if (platform === 'win32') return { main: join(dir, `${icon}-${panel}.ico`), double: null }
  return { main: join(dir, `${icon}-${panel}-22.png`), double: join(dir, `${icon}-${panel}-44.png`) }
}

export function loadTrayIcon(
  { nativeImage, nativeTheme }: Pick<ElectronParts, 'nativeImage' | 'nativeTheme'>,
  { platform, env }: Surroundings,
  dir: string,
  icon: TrayIcon,
): NativeImage {
  const files = iconFiles(dir, icon, platform, nativeTheme.shouldUseDarkColors, env['XDG_CURRENT_DESKTOP'])
  const image = nativeImage.createFromPath(files.main)
  if (files.double !== null) {
    const double = nativeImage.createFromPath(files.double)
    image.addRepresentation({ scaleFactor: 2, buffer: double.toPNG() })
  }
  return image
}
