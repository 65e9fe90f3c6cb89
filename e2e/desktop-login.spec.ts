/** What a login finds: the app before its panel, no notification service yet, a data folder that cannot be used. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect, test } from '@playwright/test'
import { DesktopDouble, ROOT, startApp, until, windowsOf, type RunningApp } from './support/desktop.ts'
import { Story } from './support/story.ts'

test('the app before its panel: the item is there once the panel is, in the newer form', async () => {
  const story = await Story.start('--no-tray-host')
  const running = story.startApp('--hidden')
  await story.apiUp()
  let panel: DesktopDouble | undefined
  try {
    // The engine does not wait for it.
    const id = await story.messageToUs('before the panel')
    expect((await story.desktop.wait('notify', 0, 30_000))['body']).toBe('before the panel')
    expect(id).toBeTruthy()
    // KDE's watcher comes first, its panel after it.
    panel = await DesktopDouble.start('--no-notifications', '--no-panel')
    await new Promise((done) => setTimeout(done, 500))
    expect(panel.all('registered')).toEqual([])
    panel.panelComes()
    await panel.registered(running.pid)
    await until('the tooltip', async () => /unread message/.test((await panel?.tooltip()) ?? ''))
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Open']))
    expect(windowsOf(story.home.path)).toBe(0)
  } finally {
    panel?.stop()
    await story.end()
  }
})

test('a panel that ends before it has taken the item: the next one has it', async () => {
  const story = await Story.start('--no-tray-host')
  let panel = await DesktopDouble.start('--no-notifications', '--takes-no-item')
  try {
    await story.apiUp()
    const running = story.startApp('--hidden')
    await panel.wait('refused')
    panel.stop()
    panel = await DesktopDouble.start('--no-notifications')
    await panel.registered(running.pid)
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Open', 'Quit…']))
  } finally {
    panel.stop()
    await story.end()
  }
})

test('X11 without a host for a while: one hint with true words, the older form; the newer one when a host comes', async () => {
  const story = await Story.start('--no-tray-host')
  let panel: DesktopDouble | undefined
  try {
    await story.apiUp()
    const running = story.startApp('--hidden')
    const hint = await story.desktop.wait('notify', 0, 30_000)
    expect(hint['summary']).toBe('No tray host on this desktop')
    expect(String(hint['body'])).toContain('start it once more to open its window')
    panel = await DesktopDouble.start('--no-notifications')
    await panel.registered(running.pid)
    expect(await panel.labels()).toEqual(expect.arrayContaining(['Open', 'Quit…']))
    // What the hint says is so.
    const second = story.startApp()
    expect(await second.exited).toBe(0)
    await until('the window', () => windowsOf(story.home.path) === 1)
    expect(story.raised(0)).toHaveLength(1)
  } finally {
    panel?.stop()
    await story.end()
  }
})

test('no notification service, then one: what could not be shown is shown, once', async () => {
  const story = await Story.start('--no-notifications')
  let service: DesktopDouble | undefined
  try {
    await story.apiUp()
    story.startApp('--hidden')
    await story.tooltip(/has no notification service/)
    await story.messageToUs('in the silence')
    await story.tooltip(/1 unread message/, 30_000)
    service = await DesktopDouble.start('--no-tray-host')
    expect((await service.wait('notify'))['body']).toBe('in the silence')
    await story.tooltip(/^(?!.*Notifications do not arrive)/)
    service.stop()
    await story.tooltip(/Notifications do not arrive/)
    service = await DesktopDouble.start('--no-tray-host')
    await story.tooltip(/^(?!.*Notifications do not arrive)/)
    expect(service.all('notify')).toEqual([])
  } finally {
    service?.stop()
    await story.end()
  }
})

test('a notification service that stands still holds nothing up: the tray item goes on, and it is said', async () => {
  const story = await Story.start('--no-notifications')
  const service = await DesktopDouble.start('--no-tray-host')
  try {
    await story.apiUp()
    story.startApp('--hidden')
    await story.tooltip(/Online/)
    service.signal('SIGSTOP')
    await story.messageToUs('in the silence')
    // Electron's own call would wait for 25 seconds, and the item with it.
    await story.tooltip(/Notifications do not arrive/, 20_000)
    service.signal('SIGCONT')
    expect(service.all('notify')).toEqual([])
  } finally {
    service.signal('SIGCONT')
    service.stop()
    await story.end()
  }
})

/** Closes the dialog as a person does, once it is on the screen; a key that came before it had the focus is pressed again. */
async function answerDialog(running: RunningApp): Promise<number | string> {
  let isSeen = false
  await until(
    'the dialog to go',
    () => {
      if (running.exitCode !== null) return true
      const { status } = spawnSync(
        'xdotool',
        ['search', '--onlyvisible', '--name', '^Error$', 'key', 'Return'],
        { timeout: 5_000 },
      )
      isSeen ||= status === 0
      return false
    },
    40_000,
  )
  expect(isSeen).toBe(true)
  return running.exited
}

test('a data folder that cannot be used is said on the screen and on stderr, exit 1 @long', async () => {
  test.skip(spawnSync('xdotool', ['version']).status !== 0, 'no xdotool: apt-get install xdotool')
  const story = await Story.start()
  try {
    const file = join(story.home.path, 'file')
    writeFileSync(file, '')
    const shut = join(story.home.path, 'shut')
    mkdirSync(shut, { mode: 0o555 })
    const places: [string, RegExp][] = [[file, /no folder/]]
    // Nothing is shut to root, who runs this where no user namespace is to be had.
    if (process.getuid?.() !== 0) places.push([shut, /may not be written/])
    for (const [path, words] of places) {
      const said: Buffer[] = []
      const running = startApp({ ...story.env, COORD_HOME: path }, [ROOT])
      running.stderr?.on('data', (bytes: Buffer) => said.push(bytes))
      expect(await answerDialog(running)).toBe(1)
      expect(String(Buffer.concat(said))).toMatch(words)
    }
    expect(readdirSync(shut)).toEqual([])
  } finally {
    await story.end()
  }
})

test('a session whose bus goes away first: no process is left, and the remembered choice is taken whole or not at all', async () => {
  const shared = process.env['DBUS_SESSION_BUS_ADDRESS']
  const config = join(ROOT, 'e2e/support/bus.conf')
  const daemon = spawn('dbus-daemon', ['--nofork', '--print-address', `--config-file=${config}`], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  process.env['DBUS_SESSION_BUS_ADDRESS'] = await new Promise<string>((done) =>
    createInterface({ input: daemon.stdout }).once('line', done),
  )
  const story = await Story.start()
  try {
    writeFileSync(join(story.home.path, 'settings.json'), JSON.stringify({ quitChoice: 'release' }))
    await story.apiUp()
    await story.claim('db')
    const running = story.startApp('--hidden')
    await story.desktop.registered(running.pid)
    await story.tooltip(/1 lock held/)
    daemon.kill('SIGKILL')
    await running.exited
    await story.noProcessLeft()
    // Chromium aborts by itself when the bus goes, now and then before we are told of it
    expect([[], ['DELETE']]).toContainEqual(story.appQueue().map((line) => line.method))
  } finally {
    process.env['DBUS_SESSION_BUS_ADDRESS'] = shared
    daemon.kill('SIGKILL')
    await story.end()
  }
})
