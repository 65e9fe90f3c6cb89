/** The window opens where it was, under real window managers: their frame must not move it each time. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { expect, test, type ElectronApplication } from '@playwright/test'
import { until } from './support/desktop.ts'
import { desks, missingOf, RealDesk } from './support/real-desk.ts'
import { Story } from './support/story.ts'

const isThere = (program: string): boolean => spawnSync('which', [program]).status === 0
interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Closed as a person closes it, and destroyed as it is half a minute later. */
const closeWindow = (app: ElectronApplication): Promise<void> =>
  app.evaluate(({ BrowserWindow }) => {
    const [window] = BrowserWindow.getAllWindows()
    window!.close()
    window!.destroy()
  })
const place = (app: ElectronApplication): Promise<Place> =>
  app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds())
async function openWindow(app: ElectronApplication, clickOpen: () => Promise<void>): Promise<void> {
  await clickOpen()
  await until('the window', () =>
    app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().some((w) => w.isVisible())),
  )
  // The frame comes a moment after the window.
  await new Promise((done) => setTimeout(done, 1_000))
}
async function expectToStay(app: ElectronApplication, clickOpen: () => Promise<void>): Promise<void> {
  await openWindow(app, clickOpen)
  await app.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.setBounds({ x: 150, y: 60, width: 700, height: 500 }),
  )
  await new Promise((done) => setTimeout(done, 1_000))
  await closeWindow(app)
  await openWindow(app, clickOpen)
  const first = await place(app)
  expect([first.width, first.height]).toEqual([700, 500])
  for (let n = 0; n < 10; n++) {
    await closeWindow(app)
    await openWindow(app, clickOpen)
    expect(await place(app)).toEqual(first)
  }
  // Hidden and shown again is no other thing to the person.
  await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close())
  await openWindow(app, clickOpen)
  expect(await place(app)).toEqual(first)
}

for (const manager of ['openbox', 'xfwm4'])
  test(`ten times opened, it is where it was: ${manager} @long`, async () => {
    test.skip(!isThere(manager), `no ${manager}: apt-get install ${manager}`)
    const story = await Story.start()
    let running: ChildProcess | undefined
    try {
      running = spawn(manager, [], { stdio: 'ignore' })
      await story.apiUp()
      const { app } = await story.launchApp('--hidden')
      await story.desktop.registered(app.process().pid)
      await expectToStay(app, () => story.desktop.click('Open'))
    } finally {
      await story.end()
      running?.kill()
    }
  })

test('ten times opened, it is as large as it was, where no program knows its place: sway @long', async () => {
  const [sway] = desks
  const missing = missingOf(sway!)
  test.skip(missing.length > 0, `no ${missing.join(', ')}: apt-get install ${sway!.packages.join(' ')}`)
  const story = await Story.start('--no-tray-host', '--no-notifications')
  const desk = await RealDesk.start(sway!)
  try {
    story.desk = desk.env
    await story.apiUp()
    const { app } = await story.launchApp('--hidden', '--ozone-platform=wayland')
    await sway!.startHost(desk)
    await desk.registered(app.process().pid)
    await expectToStay(app, () => desk.click('Open'))
  } finally {
    await story.end()
    await desk.stop()
  }
})
