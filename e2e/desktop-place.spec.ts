/** The window opens where it was, under real window managers: their frame must not move it each time. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { expect, test } from '@playwright/test'
import { until } from './support/desktop.ts'
import { Story } from './support/story.ts'

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

for (const manager of ['openbox', 'xfwm4'])
  test(`ten times opened, it is where it was: ${manager}`, async () => {
    test.skip(!isThere(manager), `no ${manager}: apt-get install ${manager}`)
    const story = await Story.start()
    let running: ChildProcess | undefined
    try {
      running = spawn(manager, [], { stdio: 'ignore' })
      await story.apiUp()
      const { app } = await story.launchApp('--hidden')
      await story.desktop.registered(app.process().pid)
      const openWindow = async (): Promise<void> => {
        await story.desktop.click('Open')
        await until('the window', () =>
          app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().some((w) => w.isVisible())),
        )
        // The frame comes a moment after the window.
        await new Promise((done) => setTimeout(done, 1_000))
      }
      const place = (): Promise<Place> =>
        app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds())
      /** Closed as a person closes it, and destroyed as it is half a minute later. */
      const closeWindow = (): Promise<void> =>
        app.evaluate(({ BrowserWindow }) => {
          const [window] = BrowserWindow.getAllWindows()
          window!.close()
          window!.destroy()
        })
      await openWindow()
      await app.evaluate(({ BrowserWindow }) =>
        BrowserWindow.getAllWindows()[0]!.setBounds({ x: 150, y: 60, width: 700, height: 500 }),
      )
      await new Promise((done) => setTimeout(done, 1_000))
      await closeWindow()
      await openWindow()
      const first = await place()
      for (let n = 0; n < 10; n++) {
        await closeWindow()
        await openWindow()
        expect(await place()).toEqual(first)
      }
      // Hidden and shown again is no other thing to the person.
      await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
      await openWindow()
      expect(await place()).toEqual(first)
    } finally {
      await story.end()
      running?.kill()
    }
  })
