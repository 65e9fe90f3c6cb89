/** Quit in real Electron with the real window: the question, each answer, a second time, an API that hangs. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, type Page } from '@playwright/test'
import { until } from './support/desktop.ts'
import { SESSION, Story } from './support/story.ts'

const QUIT = 'Quit (1 lock held)…'
let story: Story
let app: Awaited<ReturnType<Story['launchApp']>>
/** Of the lock that this machine holds. */
let lock = ''

test.beforeEach(async () => {
  story = await Story.start()
  await story.apiUp()
  lock = String(((await story.claim('db')) as { id: unknown }).id)
})
test.afterEach(() => story.end())

async function start(): Promise<void> {
  app = await story.launchApp()
  await story.desktop.registered(app.app.process().pid)
  await story.tooltip(/Online · 1 lock held/)
}
/** Chooses Quit in the tray's menu, and waits for the question. */
async function ask(): Promise<Page> {
  const opened = app.app.windows().length > 0 ? null : app.app.waitForEvent('window')
  await story.desktop.click(QUIT)
  const page = (await opened) ?? app.app.windows()[0]
  if (page === undefined) throw new Error('no window')
  await expect(page.getByRole('dialog', { name: 'Quit Coord Tray?' })).toContainText('still holds 1 lock')
  return page
}
const isAlive = (): boolean => app.app.process().exitCode === null && app.app.process().signalCode === null
const releaseOfIt = (): object => ({
  method: 'DELETE',
  path: `/api/coord/locks/${lock}?session_id=${encodeURIComponent(SESSION)}`,
})

test('quit asks: "Cancel" leaves all as it was, "Keep locks and quit" keeps them', async () => {
  await start()
  const page = await ask()
  await page.getByRole('button', { name: 'Cancel' }).click()
  await expect(page.getByRole('dialog')).toHaveCount(0)
  expect(await story.desktop.labels()).toContain(QUIT)
  expect(isAlive()).toBe(true)
  await (await ask()).getByRole('button', { name: 'Keep locks and quit' }).click()
  expect(await app.exited).toBe(0)
  await story.noProcessLeft()
  expect(await story.held()).toEqual(['db'])
})

test('quit asks: "Release all and quit" releases, exits 0 and leaves no process', async () => {
  await start()
  const from = story.desktop.said.length
  await (await ask()).getByRole('button', { name: 'Release all and quit' }).click()
  expect(await app.exited).toBe(0)
  await story.noProcessLeft()
  expect(await story.held()).toEqual([])
  expect(story.raised(from)).toEqual([])
})

test('the API hangs while it releases: three seconds, then kept, said, gone; the next start sends it', async () => {
  await start()
  const page = await ask()
  story.gate.hold('all')
  const from = story.desktop.said.length
  const at = Date.now()
  await page.getByRole('button', { name: 'Release all and quit' }).click()
  expect(await app.exited).toBe(0)
  const took = Date.now() - at
  expect(took).toBeGreaterThanOrEqual(2_900)
  expect(took).toBeLessThan(4_200) // the deadline, one second to stop, and what Chromium needs to go
  await story.noProcessLeft()
  expect(story.appQueue()).toMatchObject([releaseOfIt()])
  // Nothing is left that could be opened, so nothing is offered.
  expect(story.raised(from).map((fact) => [fact['summary'], fact['actions']])).toEqual([
    ['1 lock not released yet', []],
  ])
  // It stays on the screen after the app.
  expect(story.desktop.said.slice(from).filter((fact) => fact.t === 'close')).toEqual([])
  expect(await story.held()).toEqual(['db'])

  story.gate.release()
  const next = story.startApp()
  await story.desktop.registered(next.pid)
  await until('the release to arrive', async () => (await story.held()).length === 0)
})

test('quit twice forces: while it releases, and again while it stops', async () => {
  await start()
  const page = await ask()
  story.gate.hold('all')
  await story.desktop.click('Send waiting calls now') // a read that hangs, for which stopping would wait
  await until('a read under way', () => story.gate.holds())
  await page.getByRole('button', { name: 'Release all and quit' }).click()
  await until('the release under way', () => story.gate.holds() > 1)
  const at = Date.now()
  await story.desktop.click(QUIT) // the deadline is not waited for: kept at once
  await until('the release to be kept', () => story.appQueue().length > 0, 2_000)
  await story.desktop.click(QUIT) // nor are the steps of stopping
  expect(await app.exited).toBe(0)
  expect(Date.now() - at).toBeLessThan(2_500)
  expect(story.appQueue()).toMatchObject([releaseOfIt()])
  expect(readFileSync(join(story.home.path, 'log/coord.log'), 'utf8')).not.toContain('passed its deadline')
})

test('SIGTERM takes the remembered choice, here "release", with no question and nothing sent', async () => {
  writeFileSync(join(story.home.path, 'settings.json'), JSON.stringify({ quitChoice: 'release' }))
  await start()
  story.gate.hold('all')
  app.app.process().kill('SIGTERM')
  expect(await app.exited).toBe(0)
  await story.noProcessLeft()
  expect(story.appQueue()).toMatchObject([releaseOfIt()])
  expect(await story.held()).toEqual(['db'])
})
