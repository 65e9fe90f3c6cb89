/** Which Electron an installed package opens: real folders, in the order of how sure it is that it fits. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findApp, type FoundApp } from './find-app.ts'

let dir: string
let folder: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-find-app-'))
  folder = join(dir, 'lib/node_modules/coord-tray')
  put('lib/node_modules/coord-tray/package.json', '{"name":"coord-tray"}')
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function put(path: string, text = '', mode = 0o755): string {
  const file = join(dir, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
  chmodSync(file, mode)
  return file
}
const find = (env: NodeJS.ProcessEnv = {}): FoundApp | null =>
  findApp({
    folder,
    platform: 'linux',
    env: { PATH: join(dir, 'bin'), XDG_CACHE_HOME: join(dir, 'cache'), ...env },
  })

it('finds nothing where nothing is, and no file that cannot be run', () => {
  put('bin/coord-tray', '', 0o644)
  expect(find()).toBeNull()
  expect(find({ ELECTRON_OVERRIDE_DIST_PATH: dir })).toBeNull()
})

it('takes the first that is there: given, beside it, our own app, the preview', () => {
  const preview = put('cache/coord-electron/22.3.25/electron')
  expect(find()).toEqual({
    program: preview,
    args: [folder],
    why: 'Electron 22.3.25, for tests and previews',
  })
  const app = put('bin/coord-tray')
  expect(find()).toMatchObject({ program: app, args: [] })
  put('lib/node_modules/electron/package.json', '{"name":"electron"}')
  expect(find()?.program, 'its download was refused').toBe(app)
  const beside = put('lib/node_modules/electron/dist/electron')
  expect(find()).toMatchObject({ program: beside, args: [folder] })
  const given = put('given/electron')
  expect(find({ ELECTRON_OVERRIDE_DIST_PATH: join(dir, 'given') })).toMatchObject({
    program: given,
    args: [folder],
  })
})
