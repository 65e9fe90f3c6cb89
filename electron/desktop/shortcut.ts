/** The Start menu's shortcut, by which Windows knows who sends a toast and what to start when an old one is clicked. */
import { win32 } from 'node:path'
import type { Shell } from 'electron'
import { APP_ID, TOAST_ACTIVATOR } from './prepare-app.ts'

export interface ShortcutPlace {
  readonly isPackaged: boolean
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly execPath: string
}

const isSamePath = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/**
 * Writes app id and activator into the installer's shortcut where they are not in it: the installer knows the id alone.
 * Leaves alone what is not there, and what starts another program. Never throws: without it toasts are shown all the same.
 */
export function keepShortcut(
  shell: Pick<Shell, 'readShortcutLink' | 'writeShortcutLink'>,
  { isPackaged, platform, env, execPath }: ShortcutPlace,
): void {
  const { APPDATA: roaming } = env
  if (platform !== 'win32' || !isPackaged || !roaming) return
  const file = win32.join(roaming, 'Microsoft\\Windows\\Start Menu\\Programs\\Coord Tray.lnk')
  try {
    const found = shell.readShortcutLink(file)
    const isKept = found.appUserModelId === APP_ID && found.toastActivatorClsid === TOAST_ACTIVATOR
    if (isKept || !isSamePath(found.target, execPath)) return
    shell.writeShortcutLink(file, 'update', {
      ...found,
      appUserModelId: APP_ID,
      toastActivatorClsid: TOAST_ACTIVATOR,
    })
  } catch {
    // no shortcut: unpacked from the archive, or taken away by a person
  }
}
