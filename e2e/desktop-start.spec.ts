/** `npm start` as a person meets it: one line a fact, also where a library of Electron's is missing. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from '@playwright/test'
import { SYSTEM_LIBRARIES } from '../shared/system-libraries.ts'
import { DesktopDouble, electronPath, killAll, ROOT, tempDir, until } from './support/desktop.ts'

let dir: ReturnType<typeof tempDir>
let home: string
test.beforeEach(() => {
  dir = tempDir('start')
  home = join(dir.path, 'home')
  mkdirSync(home)
})
test.afterEach(async () => {
  await killAll(home)
  dir.remove()
})

interface Started {
  /** Everything that it said, on both streams. */
  said(): string
  says(words: string | RegExp): Promise<unknown>
  end(): Promise<number | null>
}
function start(env: Readonly<Record<string, string>> = {}, args: readonly string[] = []): Started {
  const child = spawn(process.execPath, [join(ROOT, 'build/scripts/start.mjs'), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      COORD_HOME: home,
      COORD_PORT: '0',
      ELECTRON_OVERRIDE_DIST_PATH: dirname(electronPath()),
      BROWSER: '/bin/true',
      ...env,
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text))
  const exited = new Promise<number | null>((done) => child.once('exit', (code) => done(code)))
  return {
    said: () => said,
    says: (words) =>
      until(`"${String(words)}", beside: ${said}`, () =>
        typeof words === 'string' ? said.includes(words) : words.test(said),
      ),
    end: () => {
      child.kill('SIGTERM')
      return exited
    },
  }
}

/** The loader finds this file first, and it is no library. */
function without(file: string): Readonly<Record<string, string>> {
  const hidden = join(dir.path, 'hidden')
  mkdirSync(hidden)
  writeFileSync(join(hidden, file), '')
  return { LD_LIBRARY_PATH: hidden }
}
/** Lines that are ours: Chromium has its own to say. */
const ourLines = (said: string): readonly string[] =>
  said.split('\n').filter((line) => line !== '' && !/^\[\d+:|^\s|libva|dbus/i.test(line))

test('Electron: the runtime and why, the API, what to do next, how to end it; nothing else', async () => {
  const desktop = await DesktopDouble.start()
  const app = start()
  await app.says('ends Coord Tray.')
  expect(ourLines(app.said())).toEqual([
    expect.stringMatching(/^Coord Tray runs in Electron from ELECTRON_OVERRIDE_DIST_PATH.*\.$/),
    expect.stringMatching(/^The coordination API is served here: http:\/\/127\.0\.0\.1:\d+$/),
    expect.stringMatching(/^Next: in a project folder, ".* hook install" connects its AI sessions\.$/),
    expect.stringMatching(/^A click on the icon in the tray opens the window; .* ends Coord Tray\.$/),
  ])
  expect(await app.end()).toBe(0)
  desktop.stop()
})

for (const { file, package: name, neededFor } of SYSTEM_LIBRARIES.filter(({ loaded }) => loaded === 'opened'))
  test(`${file}, which Electron opens by itself, is missing: it is named, with ${name}`, async () => {
    const desktop = await DesktopDouble.start()
    const app = start(without(file))
    await app.says(new RegExp(`without ${file.replaceAll('.', '\\.')}: sudo apt-get install -y ${name}\\n`))
    // Without its notifications the app is still worth having; without a runtime there is the browser.
    await app.says(neededFor === 'start' ? /^Open http:\/\/127/m : 'Coord Tray runs in Electron')
    if (neededFor !== 'start') await desktop.wait('registered')
    await app.end()
    desktop.stop()
  })

test('a library that Electron links to is missing: it is named, and the window is in the browser', async () => {
  const app = start(without('libgbm.so.1'))
  await app.says('Electron does not start without libgbm.so.1: sudo apt-get install -y libgbm1\n')
  await app.says('Coord Tray runs in the browser: Electron lacks what the line above names.\n')
  await app.says(/^Open http:\/\/127\.0\.0\.1:\d+\/#token=/m)
  await app.end()
})

test('the browser form: its window is opened once by each start, and a second start finds the first', async () => {
  const opened = join(dir.path, 'opened')
  const browser = join(dir.path, 'browser')
  writeFileSync(browser, `#!/bin/sh\necho "$1" >> ${opened}\n`, { mode: 0o755 })
  const first = start({ BROWSER: browser }, ['--browser'])
  await first.says('Your browser was asked to open it.')
  await first.says('The coordination API is served here: ')
  const address = /^Open (http:\/\/127\.0\.0\.1:\d+\/#token=.*)$/m.exec(first.said())?.[1] ?? ''
  expect(ourLines(first.said())).toHaveLength(6)

  const second = start({ BROWSER: browser }, ['--browser'])
  await second.says('Coord Tray runs already, as process ')
  await second.says(`Open ${address}`)
  await second.says('Your browser was asked to open it.')
  const addresses = readFileSync(opened, 'utf8').trim().split('\n')
  expect(addresses).toHaveLength(2)
  for (const one of addresses) {
    expect(one).not.toContain('token')
    const answer = await fetch(one, { redirect: 'manual' })
    expect(answer.headers.get('location')).toBe(new URL(address).hash.replace(/^/, '/'))
  }
  await first.end()
})
