/** Quit in real Electron with the real window: the question, and "Release all and quit" (issue 3, "Shown by" 2). */
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import {
  DesktopDouble,
  freePort,
  killAll,
  launchApp,
  processesOf,
  ROOT,
  startApi,
  tempDir,
  until,
} from './support/desktop.ts'

test('quit asks; "Release all and quit" releases, exits 0 and leaves no process', async () => {
  const desktop = await DesktopDouble.start()
  const home = tempDir('quit')
  const port = await freePort()
  const api = await startApi(port, join(home.path, 'api.db'))
  try {
    const locks = async (): Promise<string> => (await fetch(`${api.url}/api/coord/locks`)).text()
    await fetch(`${api.url}/api/coord/locks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        session_id: 'E2E/a',
        resource_key: 'db',
        resource: 'db',
        project_key: 'p',
        ttl_hours: 2,
      }),
    })
    expect(await locks()).toContain('E2E/a')
    const { app, exited } = await launchApp(
      { COORD_HOME: home.path, COORD_API_URL: api.url, COORD_MACHINE: 'E2E' },
      [`--user-data-dir=${join(home.path, 'electron')}`, ROOT],
    )
    await desktop.wait('registered')
    await until('the lock in the menu', async () => (await desktop.labels()).includes('Quit (1 lock held)…'))
    const opened = app.waitForEvent('window')
    await desktop.click('Quit (1 lock held)…')
    const page = await opened
    await page.getByRole('button', { name: /release all and quit/i }).click()
    expect(await exited).toBe(0)
    expect(await locks()).not.toContain('E2E/a')
    await until('no process left', () => processesOf(home.path).length === 0)
  } finally {
    await killAll(home.path)
    await api.stop()
    desktop.stop()
    home.remove()
  }
})
