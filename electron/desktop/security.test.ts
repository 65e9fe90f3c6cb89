/** What SECURITY.md promises, item by item; the last tests hold the table to its word. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type { guardContents } from './security.ts'
import { serveAppFile } from '../bridge/window-files.ts'
import { isAppUrl } from '../bridge/window-origin.ts'
import { isTrustedSender } from './security.ts'
import { Emitter, FakeEvent } from './testing/fake-electron.ts'
import { removeDirs, startDesktop } from './testing/start-desktop.ts'

afterEach(removeDirs)
const root = join(import.meta.dirname, '../..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

/** The program's own sources, without tests. */
function* sources(dir: string): Generator<readonly [string, string]> {
  for (const entry of readdirSync(join(root, dir), { withFileTypes: true })) {
    const path = `${dir}/${entry.name}`
    if (entry.isDirectory()) {
      if (entry.name !== 'testing' && entry.name !== 'conformance') yield* sources(path)
    } else if (/\.tsx?$/.test(path) && !/\.test\.tsx?$/.test(path)) yield [path, read(path)]
  }
}
const using = (pattern: RegExp): readonly string[] =>
  ['electron', 'renderer', 'shared']
    .flatMap((dir) => [...sources(dir)])
    .filter(([, text]) => pattern.test(text))
    .map(([path]) => path)

describe('the window', () => {
  it('has no Node, is isolated and sandboxed, and weakens nothing', async () => {
    const { openWindow, sessions } = await startDesktop()
    // Exactly these: webSecurity, insecure content, experimental and Blink features stay as Electron has them.
    expect(openWindow().options.webPreferences).toEqual({
      session: sessions[0],
      preload: '/dist/main/preload.cjs',
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      disableBlinkFeatures: 'Auxclick',
      devTools: false,
    })
  })

  it('loads its own page and nothing remote', async () => {
    const { openWindow } = await startDesktop()
    expect(openWindow().url).toBe('app://window/index.html')
    expect(using(/\.loadURL\(|\.loadFile\(/)).toEqual(['electron/desktop/window.ts'])
    expect(read('renderer/index.html')).not.toMatch(/https?:|file:/)
  })

  it('keeps no profile on disk', async () => {
    const { calls } = await startDesktop()
    expect(calls.filter((call) => call.startsWith('fromPartition'))).toEqual(['fromPartition "ui"'])
  })
})

describe('a session', () => {
  it('refuses every permission, check and device', async () => {
    const { sessions } = await startDesktop()
    for (const { handlers } of sessions) {
      const answers: boolean[] = []
      handlers.request!({} as never, 'geolocation', (is) => answers.push(is), {} as never)
      answers.push(handlers.check!({} as never, 'notifications', '', {} as never))
      answers.push(handlers.device!({} as never))
      expect(answers).toEqual([false, false, false])
    }
  })

  it.each([
    ['app://window/index.html', false],
    ['devtools://devtools/x', false],
    ['data:image/png;base64,', false],
    ['http://127.0.0.1:8001/', true],
    ['https://example.org/', true],
    ['file:///etc/passwd', true],
    ['ws://127.0.0.1/', true],
    ['ftp://example.org/app:', true],
  ])('cancels requests to other schemes: %s', async (url, isCancelled) => {
    const { sessions } = await startDesktop()
    for (const { beforeRequest } of sessions) {
      const answers: unknown[] = []
      beforeRequest!({ url } as never, (answer) => answers.push(answer))
      expect(answers).toEqual([{ cancel: isCancelled }])
    }
  })

  it('starts no download and fetches no dictionary', async () => {
    const { sessions } = await startDesktop()
    for (const session of sessions) {
      const event = new FakeEvent()
      session.emit('will-download', event)
      expect(event.defaultPrevented).toBe(true)
      expect(session.dictionary).toBe('app://none/')
    }
  })
})

describe('a page, whoever made it', () => {
  async function page() {
    const { electron } = await startDesktop()
    let opened: ((details: never) => unknown) | undefined
    const contents = Object.assign(new Emitter(), {
      setWindowOpenHandler: (handler: (details: never) => unknown) => void (opened = handler),
    }) satisfies Parameters<typeof guardContents>[0]
    electron.app.emit('web-contents-created', new FakeEvent(), contents)
    return { contents, open: (url: string) => opened!({ url } as never) }
  }

  it.each([
    ['app://window/index.html', false],
    ['app://window.evil/index.html', true],
    ['app://windowx/', true],
    ['https://window/', true],
    ['http://window@example.org/', true],
    ['file:///index.html', true],
    ['javascript:alert(1)', true],
    ['', true],
  ])('goes nowhere else: %s', async (url, isPrevented) => {
    const { contents } = await page()
    const asked = [new FakeEvent(), new FakeEvent(), Object.assign(new FakeEvent(), { url })]
    contents.emit('will-navigate', asked[0], url)
    contents.emit('will-redirect', asked[1], url)
    contents.emit('will-frame-navigate', asked[2])
    expect(asked.map((event) => event.defaultPrevented)).toEqual([isPrevented, isPrevented, isPrevented])
    expect(isAppUrl(url)).toBe(!isPrevented)
  })

  it('opens no other window', async () => {
    const { open } = await page()
    expect([open('https://example.org/'), open('app://window/index.html')]).toEqual([
      { action: 'deny' },
      { action: 'deny' },
    ])
  })

  it('attaches no webview', async () => {
    const { contents } = await page()
    const event = new FakeEvent()
    contents.emit('will-attach-webview', event, { nodeIntegration: true }, {})
    expect(event.defaultPrevented).toBe(true)
  })
})

describe('IPC', () => {
  const url = 'app://window/index.html'
  const mainFrame = { url }

  it('is one channel that is answered, in one file', async () => {
    const { seen } = await startDesktop()
    expect([...seen.ipc.keys()]).toEqual(['app:command'])
    expect(using(/\bipcMain\b\s*\./)).toEqual(['electron/desktop/ipc.ts'])
    expect(using(/sendSync|\.returnValue/)).toEqual([])
  })

  it.each([
    ['no frame', null, { mainFrame }],
    ['a frame of another page', { url }, { mainFrame }],
    ['no window', mainFrame, undefined],
    ['a foreign page in the main frame', { url: 'https://example.org/' }, 'itself'],
  ])('trusts only the main frame on its own page: %s', (_what, senderFrame, contents) => {
    const asked = contents === 'itself' ? { mainFrame: senderFrame } : (contents as { mainFrame: unknown })
    expect(isTrustedSender({ senderFrame }, asked)).toBe(false)
  })

  it('refuses a foreign sender before anything is dispatched', async () => {
    const { seen, told, openWindow } = await startDesktop()
    const window = openWindow()
    const ask = seen.ipc.get('app:command')!
    const answer = ask(
      { senderFrame: { url } } as never,
      'queue.flush' as never,
      { workspace: null } as never,
    )
    expect(answer).toEqual({ ok: false, error: { code: 'untrusted-sender', message: 'Refused.' } })
    expect(told).toMatchObject({
      commands: [],
      log: ['a command from an untrusted sender was refused'],
    })
    await ask({ senderFrame: window.webContents.mainFrame } as never, 'queue.flush' as never, null as never)
    expect(told.commands).toEqual([['queue.flush', null]])
  })
})

describe('files of the window', () => {
  const dir = mkdtempSync(join(tmpdir(), 'coord-assets-'))
  mkdirSync(join(dir, 'window/assets'), { recursive: true })
  writeFileSync(join(dir, 'window/index.html'), 'page')
  writeFileSync(join(dir, 'window/assets/a.js'), 'code')
  writeFileSync(join(dir, 'window/notes.txt'), 'notes')
  writeFileSync(join(dir, 'secret.js'), 'secret')
  symlinkSync(join(dir, 'secret.js'), join(dir, 'window/link.js'))
  const get = (url: string, method = 'GET') => serveAppFile(join(dir, 'window'), { url, method })
  afterAll(() => rmSync(dir, { recursive: true }))

  it('every file comes with the policy', async () => {
    for (const name of ['', 'index.html', 'assets/a.js']) {
      const { status, headers } = await get(`app://window/${name}`)
      expect([status, headers.get('x-content-type-options')]).toEqual([200, 'nosniff'])
      const policy = headers.get('content-security-policy')!.split('; ')
      expect(policy).toEqual(
        expect.arrayContaining([
          "default-src 'none'",
          "script-src 'self'",
          "connect-src 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
        ]),
      )
      expect(policy.join()).not.toMatch(/unsafe|\*|https?:/)
    }
  })

  it.each([
    ['app://window/../secret.js'],
    ['app://window/..%2fsecret.js'],
    ['app://window/%2e%2e/secret.js'],
    ['app://window/..%5csecret.js'],
    ['app://window/assets/..%2f..%2fsecret.js'],
    ['app://window/%00index.html'],
    ['app://window/%E0%A4%A'],
    ['app://other/index.html'],
    ['app://window//etc/passwd'],
    ['app://window/notes.txt'],
    ['app://window/link.js'],
    ['app://window/nothing.js'],
    ['no url'],
  ])('no file outside, and no other kind: %s', async (url) => {
    expect((await get(url)).status).toBe(404)
  })

  it('answers nothing but GET', async () => {
    expect((await get('app://window/index.html', 'POST')).status).toBe(404)
  })
})

it('nothing opens an address outside', () => {
  // The allow-list for openExternal is empty: links are text, and the log is opened by its own path.
  expect(using(/openExternal/)).toEqual([])
  expect(using(/shell\.openPath/)).toEqual(['electron/desktop/run-desktop.ts'])
})

it('the pinned Electron is exact, supported, and none whose tray is dead', () => {
  const { devDependencies } = JSON.parse(read('package.json')) as { devDependencies: Record<string, string> }
  const [major, minor] = /^(\d+)\.(\d+)\.\d+$/
    .exec(devDependencies['electron'] ?? '')!
    .slice(1)
    .map(Number)
  expect(major).toBeGreaterThanOrEqual(43)
  expect(major === 43 && minor! >= 3 && minor! <= 4).toBe(false)
  expect(major === 44 && minor === 0).toBe(false)
})

it('the fuses are set, and only runAsNode stays on', async () => {
  const before = { ...process.env }
  Object.assign(process.env, { COORD_PACK_STAGE: '/stage', COORD_PACK_VERSION: '45.4.1' })
  try {
    const config = (await import(join(root, 'build/electron-builder.mjs'))) as {
      default: { appId: string; electronFuses: Record<string, boolean> }
    }
    expect(config.default.appId).toBe('local.coord-tray')
    expect(config.default.electronFuses).toEqual({
      runAsNode: true,
      enableCookieEncryption: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      loadBrowserProcessSpecificV8Snapshot: false,
      grantFileProtocolExtraPrivileges: false,
      resetAdHocDarwinSignature: true,
    })
  } finally {
    process.env = before
  }
})

describe('SECURITY.md', () => {
  const rows = read('electron/desktop/SECURITY.md')
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
    .filter(([first]) => /^(\d+|own)$/.test(first ?? ''))

  it('has all twenty items of the checklist', () => {
    expect(rows.map(([number]) => Number(number)).filter((n) => n > 0)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    )
  })

  it.each(rows.map((cells) => [cells[1] ?? '', cells]))(
    'names code and tests that are there: %s',
    (_, cells) => {
      const quoted = (cell: string | undefined) => [...(cell ?? '').matchAll(/`([^`]+)`/g)].map((m) => m[1]!)
      const places = quoted(cells[2])
      const tests = quoted(cells[3])
      expect(places.length).toBeGreaterThan(0)
      expect(tests.length).toBeGreaterThan(0)
      for (const place of places) {
        const [file = '', symbol = ''] = place.split(':')
        expect(read(file)).toContain(symbol)
      }
      for (const name of tests) {
        const [file = '', title = ''] = name.split(' › ')
        expect(read(file)).toMatch(
          new RegExp(`(\\b(it|test)|\\]\\))\\(\\s*['"]${title.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`),
        )
      }
    },
  )
})
