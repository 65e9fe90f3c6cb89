import { expect, it } from 'vitest'
import { APP_ID, TOAST_ACTIVATOR } from './prepare-app.ts'
import { keepShortcut, type ShortcutPlace } from './shortcut.ts'

interface Link {
  target: string
  description?: string
  appUserModelId?: string
  toastActivatorClsid?: string
}
const LINK = 'C:\\Users\\Jo\\AppData\\Roaming\\Microsoft\\Windows\\Start Menu\\Programs\\Coord Tray.lnk'
const EXE = 'C:\\Users\\Jo\\AppData\\Local\\Programs\\coord-tray\\coord-tray.exe'
const place: ShortcutPlace = {
  isPackaged: true,
  platform: 'win32',
  env: { APPDATA: 'C:\\Users\\Jo\\AppData\\Roaming' },
  execPath: EXE,
}

/** Shortcuts as Windows keeps them: what is not there cannot be read. */
function start(links: Record<string, Link>, at: Partial<ShortcutPlace> = {}) {
  let writes = 0
  const shell = {
    readShortcutLink(file: string): Link {
      const link = links[file]
      if (!link) throw new Error('Failed to read shortcut link')
      return link
    },
    writeShortcutLink(file: string, ...[, link]: readonly unknown[]) {
      links[file] = link as Link
      writes += 1
      return true
    },
  }
  keepShortcut(shell, { ...place, ...at })
  return { links, writes }
}

it('puts the activator into the installer’s shortcut, keeps the rest, and does so once', () => {
  const links = { [LINK]: { target: EXE.toUpperCase(), description: 'kept', appUserModelId: APP_ID } }
  expect(start(links)).toMatchObject({ writes: 1 })
  expect(links[LINK]).toEqual({
    target: EXE.toUpperCase(),
    description: 'kept',
    appUserModelId: APP_ID,
    toastActivatorClsid: TOAST_ACTIVATOR,
  })
  expect(start(links)).toMatchObject({ writes: 0 })
})

it.each([
  ['a shortcut to another program', { [LINK]: { target: 'C:\\other.exe' } }, {}],
  ['none', {}, {}],
  ['a clone', { [LINK]: { target: EXE } }, { isPackaged: false }],
  ['another system', { [LINK]: { target: EXE } }, { platform: 'linux' as const }],
  ['no folder of the person’s', { [LINK]: { target: EXE } }, { env: {} }],
])('leaves alone: %s', (_, links: Record<string, Link>, at) => {
  expect(start(links, at).writes).toBe(0)
})
