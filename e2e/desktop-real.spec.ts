/** The tray app on real desktops, as far as this machine has them: panels, notification servers and compositors of Debian. */
import { expect, test } from '@playwright/test'
import { until, windowsOf } from './support/desktop.ts'
import { desks, missingOf, RealDesk } from './support/real-desk.ts'
import { Story } from './support/story.ts'

for (const kind of desks)
  test(`a real desktop: ${kind.name} @long`, async () => {
    const missing = missingOf(kind)
    test.skip(missing.length > 0, `no ${missing.join(', ')}: apt-get install ${kind.packages.join(' ')}`)
    const story = await Story.start('--no-tray-host', '--no-notifications')
    const desk = await RealDesk.start(kind)
    try {
      await story.apiUp()
      story.desk = desk.env
      const flags = kind.isWayland ? ['--ozone-platform=wayland'] : []
      const { app } = await story.launchApp('--hidden', ...flags)
      // As at login: the app stands, and the panel is five seconds late.
      await new Promise((done) => setTimeout(done, 5_000))
      await kind.startHost(desk)
      await desk.registered(app.process().pid)
      expect(await desk.labels()).toEqual(expect.arrayContaining(['Open', 'Send waiting calls now', 'Quit…']))

      await story.messageToUs('the schema is ready', 'First the schema, then the rows.')
      await desk.click('Send waiting calls now')
      const shown = await until('the toast', async () => {
        const all = await desk.kind.toasts(desk)
        return all.length > 0 ? all : undefined
      })
      expect(shown).toEqual([shown[0] === '' ? '' : 'p · OTHER/b'])
      await until('the tooltip', async () => /1 unread message/.test(await desk.tooltip()))
      await new Promise((done) => setTimeout(done, 700)) // until it is painted
      await desk.takePicture('toast')

      expect(windowsOf(story.home.path)).toBe(0)
      const opened = app.waitForEvent('window')
      await kind.clickToast(desk)
      const page = await opened
      await expect(page.getByText('First the schema, then the rows.')).toBeVisible()

      await story.claim('db')
      await desk.click('Send waiting calls now')
      const quit = 'Quit (1 lock held)…'
      await until('the menu', async () => (await desk.labels()).includes(quit))
      await desk.click(quit)
      await expect(page.getByRole('dialog', { name: 'Quit Coord Tray?' })).toContainText('still holds 1 lock')
      await new Promise((done) => setTimeout(done, 700))
      await desk.takePicture('quit')
      const exited = new Promise((done) => app.process().once('exit', done))
      // The page goes with the app, at times before Playwright has heard of its own click.
      await page
        .getByRole('button', { name: 'Keep locks and quit' })
        .click()
        .catch(() => undefined)
      expect(await exited).toBe(0)
      await until('the item to go', async () => (await desk.registeredItems()).length === 0)
    } finally {
      await story.end()
      await desk.stop()
    }
  })
