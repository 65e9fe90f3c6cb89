/** The real window against a page that has turned hostile: one start of the app, as a person who is not root runs it. */
import { join } from 'node:path'
import { expect, test, type ElectronApplication, type Page } from '@playwright/test'
import { commandLineOf, isRoot, processesOf, renderersOf, ROOT, statusOf } from './support/desktop.ts'
import { Story } from './support/story.ts'

// One app lives through all of these, in this order.
test.describe.configure({ mode: 'serial' })

interface Answer {
  readonly ok: boolean
  readonly error?: { readonly code: string }
}
interface Coord {
  invoke(name: unknown, input: unknown): Promise<Answer>
}
let story: Story
let app: ElectronApplication
let page: Page

test.beforeAll(async () => {
  story = await Story.start()
  await story.apiUp()
  ;({ app } = await story.launchApp())
  await story.desktop.registered(app.process().pid)
  const opened = app.waitForEvent('window')
  await story.desktop.click('Open')
  page = await opened
  await expect(page.getByRole('link', { name: /^Now/ })).toBeVisible()
  // Whatever is asked of the system is noted and not done.
  await app.evaluate(({ shell }) => {
    const asked: string[] = []
    Reflect.set(globalThis, 'asked', asked)
    for (const name of ['openExternal', 'openPath'] as const)
      shell[name] = (what: string) => (asked.push(what), Promise.resolve('')) as never
  })
})
test.afterAll(() => story.end())

/** Main still serves the window, and still knows how to say no. */
async function expectAlive(): Promise<void> {
  const answer = await page.evaluate(() =>
    (Reflect.get(window, 'coord') as Coord).invoke('snapshot.get', null),
  )
  expect(answer.ok).toBe(true)
  expect(page.url()).toBe('app://window/index.html')
  expect(app.windows()).toHaveLength(1)
  expect(await story.desktop.tooltip()).toContain('Online')
}

test('every process runs as a user who is not root, with the sandbox on', () => {
  test.skip(isRoot, 'root, and no user namespace to be had here: `npm test` says so')
  const main = app.process().pid ?? 0
  const all = processesOf(story.home.path)
  const lines = all.map(commandLineOf)
  for (const type of ['zygote', 'renderer', 'utility'])
    expect(lines.some((line) => line.includes(`--type=${type}`))).toBe(true)
  for (const [i, pid] of all.entries()) {
    expect(lines[i]).not.toMatch(/--no-sandbox|--disable-[a-z-]*sandbox|--single-process/)
    expect(statusOf(pid, 'Uid'), lines[i]).not.toContain('0')
  }
  expect(statusOf(main, 'CapEff')).toEqual(['0000000000000000'])
  const [renderer = 0] = renderersOf(story.home.path)
  expect(statusOf(renderer, 'Seccomp')).toEqual(['2'])
  expect(statusOf(renderer, 'NoNewPrivs')).toEqual(['1'])
  // It sees only its own processes: further numbers, one for each namespace that the sandbox made.
  expect(statusOf(renderer, 'NSpid').length).toBeGreaterThan(statusOf(main, 'NSpid').length)
})

test('the page reaches two functions, and nothing of Node or Electron', async () => {
  const reach = await page.evaluate(() => ({
    globals: ['require', 'process', 'module', 'Buffer', 'electron'].filter((name) => name in window),
    coord: Object.keys(Reflect.get(window, 'coord') as object),
  }))
  expect(reach).toEqual({ globals: [], coord: ['invoke', 'onSnapshot'] })
})

test('hostile calls: unknown names, wrong shapes and 10 MB get a no, and main lives', async () => {
  const codes = await page.evaluate(async () => {
    const coord = Reflect.get(window, 'coord') as Coord
    const big = 'x'.repeat(10 * 1024 * 1024)
    const calls: readonly (readonly [unknown, unknown])[] = [
      ['no.such', null],
      ['__proto__', null],
      ['constructor', null],
      ['toString', {}],
      [{ name: 'snapshot.get' }, null],
      [null, null],
      [big, null],
      ['queue.flush', 7],
      ['queue.list', { workspace: ['/etc'], end: 'aside', limit: -1 }],
      ['lock.release', { id: { toString: 1 }, force: 'yes' }],
      ['message.send', { from: 'a', to: null, project: 'p', subject: 's', body: big }],
      ['settings.update', { quitChoice: '__proto__' }],
      ['app.quit', { choice: 'format' }],
    ]
    const out: (string | undefined)[] = []
    for (const [name, input] of calls) {
      const { ok, error } = await coord.invoke(name, input)
      out.push(ok ? 'ok' : error?.code)
    }
    // Cannot even leave the page.
    out.push(await coord.invoke('queue.flush', { workspace: () => 1 }).then(String, () => 'not sent'))
    return out
  })
  expect(codes).toEqual([
    ...Array<string>(7).fill('unknown-command'),
    ...Array<string>(6).fill('invalid-input'),
    'not sent',
  ])
  await expectAlive()
})

test('wrong senders are refused: another window with our preload, our page elsewhere, a frame', async () => {
  const answers = await app.evaluate(
    async ({ BrowserWindow }, preload) => {
      const ask = async (partition: string, url: string): Promise<unknown> => {
        const other = new BrowserWindow({
          show: false,
          webPreferences: { preload, partition, sandbox: true, contextIsolation: true },
        })
        try {
          await other.loadURL(url)
          return await other.webContents.executeJavaScript("window.coord.invoke('snapshot.get', null)")
        } finally {
          other.destroy()
        }
      }
      return [await ask('other', 'about:blank'), await ask('ui', 'app://window/index.html')]
    },
    join(ROOT, 'dist/main/preload.cjs'),
  )
  for (const answer of answers as Answer[])
    expect(answer).toMatchObject({ ok: false, error: { code: 'untrusted-sender' } })
  const inFrame = await page.evaluate(() => {
    const frame = document.createElement('iframe')
    document.body.append(frame)
    const kind = typeof Reflect.get(frame.contentWindow ?? {}, 'coord')
    frame.remove()
    return kind
  })
  expect(inFrame).toBe('undefined')
  await expectAlive()
})

test('navigation, popups, forms and links lead nowhere, and nothing is handed to the system', async () => {
  const targets = ['https://example.org/', 'file:///etc/passwd', 'mailto:a@example.org', 'app://other/x']
  for (const target of targets) {
    expect(await page.evaluate((url) => window.open(url) === null, target)).toBe(true)
    await page.evaluate((url) => {
      for (const name of ['', '_blank', '_top']) {
        const link = document.createElement('a')
        link.href = url
        link.target = name
        document.body.append(link)
        link.click()
        link.remove()
      }
      const form = document.createElement('form')
      form.action = url
      document.body.append(form)
      form.submit()
      form.remove()
    }, target)
    await page.evaluate((url) => void (location.href = url), target)
  }
  await expectAlive()
  expect(await app.evaluate(() => Reflect.get(globalThis, 'asked') as string[])).toEqual([])
})

test('permissions, requests and downloads are refused', async () => {
  const refused = await page.evaluate(async () => {
    const isRefused = (task: Promise<unknown>): Promise<string> =>
      task.then(
        () => 'granted',
        () => 'refused',
      )
    return {
      notifications: await Notification.requestPermission(),
      camera: await isRefused(navigator.mediaDevices.getUserMedia({ video: true, audio: true })),
      place: await isRefused(
        new Promise((done, fail) => navigator.geolocation.getCurrentPosition(done, fail)),
      ),
      clipboard: await isRefused(navigator.clipboard.readText()),
      own: await isRefused(fetch('app://window/index.html')),
      foreign: await isRefused(fetch('https://example.org/')),
      local: await isRefused(fetch('file:///etc/passwd')),
    }
  })
  expect(refused).toEqual({
    notifications: 'denied',
    camera: 'refused',
    place: 'refused',
    clipboard: 'refused',
    own: 'refused',
    foreign: 'refused',
    local: 'refused',
  })
  const downloads = await app.evaluate(({ BrowserWindow }) => {
    const window = BrowserWindow.getAllWindows()[0]
    return new Promise((done) => {
      window?.webContents.session.once('will-download', (event) =>
        setImmediate(() => done(event.defaultPrevented)),
      )
      void window?.webContents.downloadURL('data:application/octet-stream;base64,AAAA')
    })
  })
  expect(downloads).toBe(true)
  await expectAlive()
})
