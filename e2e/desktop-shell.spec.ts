/** The desktop's own parts in real Electron, joined to an engine that does nothing (electron/desktop/testing/preview.ts). */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { build } from 'vite'
import { nodeBundle } from '../build/vite/bundle.ts'
import { DesktopDouble, killAll, ROOT, startApp, tempDir, until } from './support/desktop.ts'

const built = tempDir('preview')
const dist = join(built.path, 'dist')
let desktop: DesktopDouble
let home: ReturnType<typeof tempDir>
const preview = join(dist, 'main/preview.cjs')

test.beforeAll(async () => {
  const bundle = (entry: string, fileName: string): ReturnType<typeof build> =>
    build({
      configFile: false,
      logLevel: 'error',
      ...nodeBundle({ entry, outDir: join(dist, 'main'), fileName, target: 'node16', isSplit: false }),
    })
  await bundle('electron/desktop/testing/preview.ts', 'preview.cjs')
  await bundle('electron/preload.ts', 'preload.cjs')
  mkdirSync(join(dist, 'window'), { recursive: true })
  cpSync(join(ROOT, 'build/icons/drawn'), join(dist, 'icons'), { recursive: true })
  writeFileSync(join(dist, 'window/index.html'), '<!doctype html><title>Coord Tray</title><p>window</p>')
})
test.afterAll(() => built.remove())
test.beforeEach(async () => {
  desktop = await DesktopDouble.start()
  home = tempDir('shell')
})
test.afterEach(async () => {
  desktop.stop()
  await killAll(home.path)
  home.remove()
})
const env = (): Record<string, string> => ({ COORD_HOME: home.path, COORD_DIST: dist })
const profile = (): string => `--user-data-dir=${join(home.path, 'profile')}`

test('@long registers one tray item with tooltip, picture and menu, and updates it in place', async () => {
  const app = startApp(env(), [profile(), preview])
  await desktop.registered(app.pid)
  expect(await desktop.tooltip()).toContain('Coord Tray: idle')
  expect(((await desktop.ask('tray', 'tray'))['icons'] as unknown[]).length).toBeGreaterThan(0)
  for (const state of ['waiting', 'unread', 'offline', 'attention']) {
    await desktop.click('Next state')
    await until(`tooltip ${state}`, async () => (await desktop.tooltip()).includes(state))
    await until(`menu ${state}`, async () => (await desktop.labels())[0] === `State: ${state}`)
  }
  expect(desktop.all('registered')).toHaveLength(1)
})
