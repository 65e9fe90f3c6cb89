/** The package's files for a plain Node. */
import { expect, it } from 'vitest'
import { outsideArchive } from './unpacked.ts'

it.each([
  [
    '/opt/Coord Tray/resources/app.asar/dist/cli/cli.cjs',
    '/opt/Coord Tray/resources/app.asar.unpacked/dist/cli/cli.cjs',
  ],
  [
    'C:\\Apps\\resources\\app.asar\\dist\\cli\\cli.cjs',
    'C:\\Apps\\resources\\app.asar.unpacked\\dist\\cli\\cli.cjs',
  ],
  ['/home/me/coord-tray/dist/cli/cli.cjs', '/home/me/coord-tray/dist/cli/cli.cjs'],
  ['/home/me/app.asar.old/dist/cli/cli.cjs', '/home/me/app.asar.old/dist/cli/cli.cjs'],
])('%s', (path, outside) => {
  expect(outsideArchive(path)).toBe(outside)
})
