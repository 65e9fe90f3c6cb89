/** The window's own story: the built bundle, the real loopback server, a real browser; only the engine is a fixture. */
import { AxeBuilder } from '@axe-core/playwright'
import { chromium, expect, test, type Browser, type BrowserContextOptions, type Page } from '@playwright/test'
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { serveWindow, type ServedWindow } from '../electron/bridge/loopback.ts'
import { createDispatcher } from '../electron/bridge/serve-commands.ts'
import type { Call } from '../shared/call.ts'
import { commands, type CommandHandlers, type CommandName } from '../shared/protocol.ts'
import { ok } from '../shared/result.ts'
import { appSnapshot, type AppSnapshot, type CallRow } from '../shared/snapshot.ts'

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))
const SHOTS = at('out/shots')
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

function empty(): AppSnapshot {
  return {
    revision: 1,
    at: ago(0),
    machine: { name: 'DESKTOP-1', aliases: [] },
    apiUrl: 'http://127.0.0.1:8001',
    isServedHere: true,
    connection: { state: 'online', since: ago(12), detail: 'The coordination API answers.', until: null },
    workspaces: [],
    totals: totals(0, 0, 0, 0),
    messages: [],
    messagesUnreadable: 0,
    sessions: [],
    locks: [],
    locksUnreadable: 0,
    readAt: ago(0.3),
    components: [],
    workflows: [],
    attention: [],
    settings: {
      machineName: 'DESKTOP-1',
      aliases: [],
      sessions: [],
      workspaces: [],
      ignoredWorkspaces: [],
      apiUrl: null,
      hideContent: false,
      quitChoice: 'ask',
      mutedUntil: null,
      mutedProjects: [],
      quietHours: null,
      startAtLogin: false,
      isSetUp: true,
    },
    front: { notifies: true, startsAtLogin: true },
    suggestions: [],
    openMessage: null,
    quit: { isAsking: false, isReleasing: false },
  }
}

const lock = (
  id: string,
  session: string,
  resource: string,
  change: Partial<AppSnapshot['locks'][number]> = {},
) => ({
  id,
  resource,
  project: 'gururmm',
  session,
  description: 'Changing the schema',
  acquiredAt: ago(70),
  lastActivityAt: ago(35),
  expiresAt: ago(-50),
  staleAt: ago(-85),
  isStale: false,
  isMine: session.startsWith('DESKTOP-1/'),
  refused: [],
  ...change,
})
const totals = (waiting: number, setAside: number, unread: number, locksMine: number) => ({
  waiting,
  setAside,
  unread,
  locksMine,
  messages: 0,
  locks: 0,
  components: 0,
  workflows: 0,
})
/** Bytes and texts that a snapshot does not carry: the engine's double gives them when they are asked for. */
const RAWS = new Map<string, Call>()
const BODIES = new Map<string, string>()
function ended(call: Call): CallRow {
  RAWS.set(call.id, call)
  const { raw, ...row } = call
  const isCall = call.method !== null
  return { ...row, cause: row.reason, preview: isCall || typeof raw !== 'string' ? '' : raw }
}
function message(
  n: number,
  { body, ...change }: Partial<AppSnapshot['messages'][number]> & { body?: string } = {},
) {
  const id = change.id ?? `m${n}`
  BODIES.set(id, body ?? `The migration ${n} is on the server.\nPlease rebase before you go on.`)
  return toMessage(id, n, change)
}
const toMessage = (id: string, n: number, change: Partial<AppSnapshot['messages'][number]>) => ({
  id,
  from: 'LAPTOP-7/claude-main',
  to: 'DESKTOP-1/claude-main',
  project: 'gururmm',
  subject: `Schema step ${n} is ready`,
  createdAt: ago(n * 7),
  isRead: false,
  isSeen: false,
  isBroadcast: false,
  ...change,
})

function busy(): AppSnapshot {
  const base = empty()
  const line = (path: string, body: unknown) => JSON.stringify({ ts: ago(90), method: 'POST', path, body })
  return {
    ...base,
    workspaces: [
      {
        path: '/home/mike/projects/gururmm',
        name: 'gururmm',
        waiting: 84,
        delivered: 31,
        setAsideCount: 3,
        skippedCount: 2,
        setAside: [
          ended({
            id: 's.0.0',
            ts: ago(90),
            method: 'POST',
            path: '/api/coord/locks',
            reason: 'resource is required',
            status: 422,
            raw: line('/api/coord/locks', { project_key: 'gururmm' }),
          }),
          ended({
            id: 's.9.0',
            ts: ago(80),
            method: 'POST',
            path: '/api/other/thing',
            reason: 'refused',
            status: null,
            raw: line('/api/other/thing', {}),
          }),
          ended({
            id: 's.19.0',
            ts: null,
            method: null,
            path: null,
            reason: 'This line is no JSON: it ends in the middle.',
            status: null,
            raw: { base64: btoa('{"ts":"2026-05-12T1\xff\x00') },
          }),
        ],
        skipped: [
          ended({
            id: 's.29.0',
            ts: ago(300),
            method: 'POST',
            path: '/api/coord/locks',
            reason: 'expired',
            status: null,
            raw: line('/api/coord/locks', { resource: 'server/' }),
          }),
          ended({
            id: 's.39.0',
            ts: ago(290),
            method: 'PUT',
            path: '/api/coord/components/gururmm/server',
            reason: 'superseded',
            status: null,
            raw: line('/api/coord/components/gururmm/server', {}),
          }),
        ],
        lately: Array.from({ length: 12 }, (_, n) => ({
          id: `d${n}`,
          at: ago(n),
          method: 'PUT',
          path: `/api/coord/components/gururmm/part-${n}`,
          note: n === 2 ? 'already gone' : null,
        })),
        next: Array.from({ length: 50 }, (_, n) => ({
          ts: ago(60 - n),
          method: 'PUT',
          path: `/api/coord/components/gururmm/a-rather-long-component-name-${n}`,
          preview: '',
        })),
        sending: { method: 'PUT', path: '/api/coord/components/gururmm/agent' },
        owner: 'this',
        problem: null,
        oldestWaiting: ago(61),
      },
      {
        path: '/home/mike/projects/a-project-with-a-long-name-that-does-not-fit/inside/another',
        name: 'another',
        waiting: 0,
        delivered: 0,
        setAsideCount: 0,
        skippedCount: 0,
        setAside: [],
        skipped: [],
        lately: [],
        next: [],
        sending: null,
        owner: 'other-process',
        problem: 'The folder cannot be written: nothing is sent from it until it can.',
        oldestWaiting: null,
      },
    ],
    totals: totals(84, 3, 3, 3),
    messages: [
      message(1),
      message(2, { to: null, isBroadcast: true, subject: 'The staging server restarts at six <b>sharp</b>' }),
      message(3, { body: 'word '.repeat(400) }),
      message(4, { isSeen: true }),
      message(5, { isSeen: true, isRead: true }),
    ],
    locks: [
      lock('1', 'DESKTOP-1/claude-main', 'server/src/db', {
        refused: [{ session: 'LAPTOP-7/claude-main', at: ago(5) }],
      }),
      lock('2', 'DESKTOP-1/claude-main', 'server/migrations'),
      lock('3', 'DESKTOP-1/agent-2', 'agent/src', { lastActivityAt: ago(1), expiresAt: null }),
      lock('4', 'LAPTOP-7/claude-main', 'dashboard', { isStale: true, lastActivityAt: ago(200) }),
      lock('5', 'LAPTOP-7/other', 'docs'),
    ],
    sessions: [
      {
        session: 'DESKTOP-1/claude-main',
        life: [
          { kind: 'queue', at: ago(22.4) },
          { kind: 'claim', at: ago(70.4) },
          { kind: 'message', at: ago(130.4) },
        ],
      },
      { session: 'DESKTOP-1/reviewer', life: [{ kind: 'hook', at: ago(240.4) }] },
    ],
    components: ['deployed', 'building', 'degraded', 'strange-new-state'].map((state, n) => ({
      project: 'gururmm',
      component: `part-${n}`,
      state,
      version: '1.2.3',
      notes: n === 2 ? 'Slow since the last deploy' : null,
      updatedBy: 'LAPTOP-7/claude-main',
      updatedAt: ago(n * 30),
    })),
    workflows: [
      {
        id: 'w1',
        project: 'gururmm',
        name: 'Move to the new schema',
        status: 'active',
        itemsTotal: 3,
        itemsCompleted: 1,
        items: [
          { id: 'i1', title: 'Write the migration', status: 'completed' },
          { id: 'i2', title: 'Run it', status: 'in_progress' },
          { id: 'i3', title: 'Remove the old table', status: 'pending' },
        ],
      },
    ],
    attention: [{ kind: 'set-aside', path: '/home/mike/projects/gururmm', name: 'gururmm', count: 3 }],
    settings: {
      ...base.settings,
      workspaces: ['/home/mike/projects/gururmm', '/home/mike/projects/another'],
      mutedProjects: [{ project: 'dataforth-dos', until: ago(-300) }],
      quietHours: { from: '22:00', to: '07:00' },
    },
  }
}
const suggestions = [
  '/home/mike/projects/claudetools',
  '/home/mike/projects/a-project-with-a-long-name-that-does-not-fit/inside/another/and-one-more',
  '/home/mike/work/dataforth-dos',
]
const firstRun = (): AppSnapshot => ({
  ...empty(),
  workspaces: busy().workspaces.slice(0, 1),
  settings: { ...empty().settings, isSetUp: false, startAtLogin: null },
  suggestions,
})
const offline = (): AppSnapshot => ({
  ...busy(),
  connection: {
    state: 'offline',
    since: ago(22),
    detail: 'Nobody answers at 127.0.0.1:8001. It is tried again by itself.',
    until: null,
  },
})
const wrong = (): AppSnapshot => ({
  ...busy(),
  connection: {
    state: 'wrong-answer',
    since: ago(2),
    detail: 'The answer is a web page, not the coordination API. Check the address in Settings.',
    until: null,
  },
})
const asking = (): AppSnapshot => ({ ...busy(), quit: { isAsking: true, isReleasing: false } })
const many = (): AppSnapshot => ({
  ...busy(),
  messages: Array.from({ length: 5000 }, (_, n) => message(n + 1)),
  totals: totals(0, 0, 5000, 3),
})

/** The engine's double: a snapshot that tests change, and a record of commands. */
interface Engine {
  readonly url: string
  readonly commands: [string, unknown][]
  set(change: (was: AppSnapshot) => AppSnapshot): void
  stop(): Promise<void>
}

/** All rows are on the first page. */
const whole = (one: AppSnapshot): AppSnapshot => {
  const { totals: given, messages, locks, components, workflows } = one
  const counts = {
    messages: messages.length,
    locks: locks.length,
    components: components.length,
    workflows: workflows.length,
  }
  return appSnapshot.parse({ ...one, totals: { ...given, ...counts } })
}

async function startEngine(first: AppSnapshot): Promise<Engine> {
  let snapshot = whole(first)
  const listeners = new Set<(snapshot: AppSnapshot) => void>()
  const seen: [string, unknown][] = []
  const set: Engine['set'] = (change) => {
    snapshot = whole({ ...change(snapshot), revision: snapshot.revision + 1 })
    for (const listener of listeners) listener(snapshot)
  }
  const released = { released: 2, queued: 0, refused: [] }
  const answers: Partial<Record<CommandName, () => unknown>> = {
    'snapshot.get': () => snapshot,
    'queue.flush': () => ({ delivered: 5, setAside: 0, skipped: 0, waiting: 0 }),
    'queue.list': () => ({ calls: snapshot.workspaces[0]?.setAside ?? [] }),
    'lock.release': () => released,
    'session.cleanUp': () => released,
    'machine.releaseAll': () => released,
    'queue.all': () => ({ done: 2_498, left: 2 }),
    'notifications.mute': () => ({ until: ago(-60) }),
    'notifications.test': () => ({ outcome: 'failed', detail: 'the system does not allow it' }),
    'check.run': () => ({
      findings: [
        { check: 'coordination API', isWell: true, detail: 'http://127.0.0.1:8001: answers', fix: null },
        { check: 'list of locks', isWell: true, detail: '5 rows', fix: null },
        { check: 'list of workflows', isWell: null, detail: 'answers 404', fix: 'That view stays empty.' },
        {
          check: 'workspace a-project-with-a-long-name-that-does-not-fit',
          isWell: false,
          detail:
            "EACCES: permission denied, open '/home/mike/projects/a-project-with-a-long-name/.claude/x'",
          fix: 'Make the folder writable, or stop watching it in Settings.',
        },
      ],
    }),
    'message.send': () => ({ id: '1', queued: false }),
  }
  const handlers = Object.fromEntries(
    (Object.keys(commands) as CommandName[]).map((name) => [
      name,
      async (input: unknown) => {
        if (name !== 'snapshot.get') seen.push([name, input])
        if (name === 'message.seen') {
          const { ids } = input as { ids: string[] }
          set((was) => ({
            ...was,
            messages: was.messages.map((one) => (ids.includes(one.id) ? { ...one, isSeen: true } : one)),
          }))
        }
        if (name === 'queue.show') return ok(RAWS.get((input as { id: string }).id))
        if (name === 'message.get') return ok({ body: BODIES.get((input as { id: string }).id) ?? '' })
        return ok(answers[name]?.() ?? null)
      },
    ]),
  ) as unknown as CommandHandlers
  const served: ServedWindow = await serveWindow({
    dispatch: createDispatcher(handlers, () => undefined),
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    windowDir: at('dist/window'),
  })
  return { url: served.url, commands: seen, set, stop: () => served.close() }
}

let browser: Browser
let engine: Engine | undefined
let faults: string[] = []

test.beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  await build({ configFile: at('build/vite/window.config.ts'), logLevel: 'warn' })
  browser = await chromium.launch({
    executablePath: process.env.COORD_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
})
test.afterAll(() => browser.close())
test.beforeEach(() => (faults = []))
test.afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  await engine?.stop()
  expect(faults).toEqual([])
})

/** Opens the window on a snapshot; CSP and Trusted Types violations and page errors fail the test. */
async function open(
  snapshot: AppSnapshot,
  options: BrowserContextOptions = {},
  first: 'tablist' | 'form' = 'tablist',
): Promise<Page> {
  engine = await startEngine(snapshot)
  const context = await browser.newContext({ viewport: { width: 640, height: 720 }, ...options })
  const page = await context.newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (text) => {
    if (text.type() === 'error' && !/ERR_CONNECTION|ERR_INCOMPLETE|ERR_FAILED|ERR_INTERNET/.test(text.text()))
      faults.push(text.text())
  })
  await page.goto(engine.url)
  await expect(first === 'form' ? page.locator('form') : page.getByRole('tablist')).toBeVisible()
  return page
}
const tab = (page: Page, name: string) => page.getByRole('tab', { name: new RegExp(`^${name}`) })
const ran = (name: string): unknown[] =>
  (engine?.commands ?? []).filter(([one]) => one === name).map(([, input]) => input)

async function expectAccessible(page: Page): Promise<void> {
  const found = await new AxeBuilder({ page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'])
    .analyze()
  expect(found.violations.map(({ id, nodes }) => [id, nodes.map((node) => node.html.slice(0, 160))])).toEqual(
    [],
  )
}

const looks: [string, BrowserContextOptions][] = [
  ['light', { colorScheme: 'light' }],
  ['dark', { colorScheme: 'dark' }],
  ['forced', { forcedColors: 'active' }],
  // What a window of 640 × 720 has left at 200 %.
  ['zoom', { viewport: { width: 320, height: 360 }, deviceScaleFactor: 2, reducedMotion: 'reduce' }],
]
for (const [look, options] of looks) {
  test(`every view is accessible and nothing is cut off: ${look}`, async () => {
    const page = await open({ ...busy(), suggestions }, options)
    for (const name of ['Now', 'Queue', 'Messages', 'Locks', 'Board', 'Settings', 'Check']) {
      await tab(page, name).click()
      if (name === 'Queue')
        await page
          .getByRole('button', { name: /POST locks/ })
          .first()
          .click()
      if (name === 'Settings') await page.getByText(/Projects of Claude Code that are not/).click()
      if (name === 'Check') await expect(page.getByText('1 of 4 need you.')).toBeVisible()
      if (name === 'Messages') await page.getByRole('button', { name: /Schema step 1 / }).click()
      await expectAccessible(page)
      await page.screenshot({ path: `${SHOTS}/${name.toLowerCase()}-${look}.png` })
      const isTooWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)
      expect(isTooWide, `${name} scrolls sideways`).toBe(false)
      if (name !== 'Settings') continue
      await page.getByLabel('One project').scrollIntoViewIfNeeded()
      await page.screenshot({ path: `${SHOTS}/settings-quiet-${look}.png` })
    }
    engine?.set((was) => ({ ...was, settings: { ...was.settings, isSetUp: false } }))
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Set up Coord Tray')
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/first-run-${look}.png` })
    expect(await page.evaluate(() => document.documentElement.scrollWidth > innerWidth)).toBe(false)
  })
}

for (const [name, make] of [
  ['empty', empty],
  ['offline', offline],
  ['wrong-answer', wrong],
  ['quit', asking],
] as const) {
  test(`the state is said in words and accessible: ${name}`, async () => {
    const page = await open(make())
    await expectAccessible(page)
    await page.screenshot({ path: `${SHOTS}/state-${name}.png` })
    if (name !== 'empty') return
    for (const view of ['Queue', 'Messages', 'Locks', 'Board']) {
      await tab(page, view).click()
      await expectAccessible(page)
      await page.screenshot({ path: `${SHOTS}/empty-${view.toLowerCase()}.png` })
    }
  })
}

test('the token leaves the address bar and survives a reload', async () => {
  const page = await open(busy())
  expect(page.url()).not.toContain('token')
  await page.reload()
  await expect(page.getByRole('tablist')).toBeVisible()
})

test('a page without a key says so and shows nothing', async () => {
  engine = await startEngine(busy())
  const page = await browser.newPage()
  await page.goto(engine.url.split('#')[0] ?? '')
  await expect(page.getByRole('alert')).toContainText('no valid key')
  await expect(page.getByText('gururmm')).toHaveCount(0)
})

test('a lost connection is said, and heals by itself with what changed meanwhile', async () => {
  const page = await open(busy())
  // The page's own fetch, with a switch: the stream breaks and cannot be opened until the switch is back.
  await page.addInitScript(() => {
    const real = window.fetch.bind(window)
    const line = new AbortController()
    let isCut = false
    window.addEventListener('cut', () => {
      isCut = true
      line.abort()
    })
    window.addEventListener('mend', () => (isCut = false))
    let isFirst = true
    window.fetch = (input, init) => {
      if (input !== '/snapshots') return real(input, init)
      if (isCut) return Promise.reject(new TypeError('cut'))
      const signal = isFirst ? line.signal : (init?.signal ?? null)
      isFirst = false
      return real(input, { ...init, signal })
    }
  })
  await page.reload()
  await expect(page.getByRole('tablist')).toBeVisible()
  await page.evaluate(() => window.dispatchEvent(new Event('cut')))
  await expect(page.getByRole('alert')).toContainText('connection to Coord Tray is lost')
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/lost.png` })
  engine?.set((was) => ({ ...was, connection: { ...was.connection, state: 'offline' } }))
  await page.evaluate(() => window.dispatchEvent(new Event('mend')))
  await expect(page.getByRole('alert')).toHaveCount(0, { timeout: 10_000 })
  await expect(page.getByRole('status').first()).toContainText('Offline')
})

test('new snapshots show at once, and the state is a live region', async () => {
  const page = await open(busy())
  engine?.set((was) => ({
    ...was,
    connection: { ...was.connection, state: 'offline', detail: 'Nobody answers.' },
  }))
  await expect(page.getByRole('status').first()).toContainText('Offline. 84 calls wait')
})

test('keyboard only: tabs, queue, edit, discard with a confirmation', async () => {
  const page = await open(busy())
  await page.keyboard.press('Tab')
  await expect(tab(page, 'Now')).toBeFocused()
  await page.keyboard.press('ArrowRight')
  await expect(tab(page, 'Queue')).toBeFocused()
  await page.keyboard.press('4')
  await expect(tab(page, 'Locks')).toHaveAttribute('aria-selected', 'true')
  await page.keyboard.press('2')
  await expect(tab(page, 'Queue')).toBeFocused()
  // Past the toolbar's and the workspace's button, into the list.
  for (let n = 0; n < 3; n++) await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: /^Set aside/ })).toBeFocused()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Send anyway' })).toBeVisible()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await expect(page.getByRole('button', { name: 'Send anyway' })).toBeFocused()
  await page.keyboard.press('Enter')
  await expect.poll(() => ran('queue.send')).toEqual([{ ids: ['s.0.0'] }])

  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  const edit = page.getByRole('dialog', { name: 'Edit this call' })
  await expect(edit.getByRole('textbox')).toBeFocused()
  await edit.getByRole('textbox').fill('{ "method": "PUT" }')
  await expect(edit.getByRole('button', { name: 'Save' })).toBeDisabled()
  await edit.getByRole('textbox').fill('{\n"method": "PUT", "path": "/api/coord/components/a/b"}')
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/edit.png` })
  await edit.getByRole('button', { name: 'Save' }).press('Enter')
  await expect
    .poll(() => ran('queue.edit'))
    .toEqual([{ id: 's.0.0', line: '{"method":"PUT","path":"/api/coord/components/a/b"}' }])
  await expect(edit).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Edit…' })).toBeFocused()

  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/confirm.png` })
  await page.keyboard.press('Escape')
  expect(ran('queue.discard')).toEqual([])
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Discard', exact: true }).press('Enter')
  await expect.poll(() => ran('queue.discard')).toEqual([{ ids: ['s.0.0'] }])
})

test('a refused call cannot be sent as it is, alone or among all', async () => {
  const page = await open(busy())
  await tab(page, 'Queue').click()
  await page.getByRole('button', { name: /api\/other\/thing/ }).click()
  await expect(page.getByRole('button', { name: 'Edit…' })).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send anyway' })).toHaveCount(0)
  await page.getByRole('button', { name: 'Send all…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('2 calls can only be edited')
  await page.getByRole('button', { name: 'Send all', exact: true }).click()
  await expect.poll(() => ran('queue.send')).toEqual([{ ids: ['s.0.0'] }])
})

test('copies a call as curl', async () => {
  const page = await open(busy(), { permissions: ['clipboard-read', 'clipboard-write'] })
  await tab(page, 'Queue').click()
  await page
    .getByRole('button', { name: /POST locks/ })
    .first()
    .click()
  await page.getByRole('button', { name: 'Copy as curl' }).click()
  await expect(page.getByRole('log')).toContainText('Copied')
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
    /^curl .*'http:\/\/127\.0\.0\.1:8001\/api\/coord\/locks'$/,
  )
})

test('opening a message is seen by the person; read for the session is another, confirmed act', async () => {
  const page = await open(busy())
  await tab(page, 'Messages').click()
  await page.getByRole('button', { name: /Schema step 1 / }).click()
  await expect.poll(() => ran('message.seen')).toEqual([{ ids: ['m1'] }])
  expect(ran('message.read')).toEqual([])
  await page.getByRole('button', { name: 'Mark read for the session…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('will then not see this message')
  await page.getByRole('button', { name: 'Mark read', exact: true }).click()
  await expect.poll(() => ran('message.read')).toEqual([{ id: 'm1', session: 'DESKTOP-1/claude-main' }])
})

test('answers a message, and writes a broadcast', async () => {
  const page = await open(busy())
  await tab(page, 'Messages').click()
  await page.getByRole('button', { name: /Schema step 1 / }).click()
  await page.getByRole('button', { name: 'Answer…' }).click()
  await expect(page.getByLabel('Message', { exact: true })).toBeFocused()
  await page.keyboard.type('Done.')
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/answer.png` })
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect
    .poll(() => ran('message.send'))
    .toEqual([
      {
        from: 'DESKTOP-1/claude-main',
        to: 'LAPTOP-7/claude-main',
        project: 'gururmm',
        subject: 'Re: Schema step 1 is ready',
        body: 'Done.',
      },
    ])
  await page.getByRole('button', { name: 'New message…' }).click()
  await page.getByLabel('Broadcast: to every session').check()
  await page.getByLabel('Subject').fill('All')
  await page.getByRole('button', { name: 'Send', exact: true }).click()
  await expect.poll(() => ran('message.send')[1]).toMatchObject({ to: null, subject: 'All' })
})

test('a click on a notification opens that message', async () => {
  const page = await open(many())
  engine?.set((was) => ({ ...was, openMessage: 'm4000' }))
  await expect(tab(page, 'Messages')).toHaveAttribute('aria-selected', 'true')
  await expect(page.getByText('The migration 4000 is on the server.')).toBeInViewport()
  await expect.poll(() => ran('message.seen')).toEqual([{ ids: ['m4000'] }])
})

test('5,000 messages: few are drawn, all are reached by keys', async () => {
  const page = await open(many())
  await tab(page, 'Messages').click()
  expect(await page.getByRole('listitem').count()).toBeLessThan(60)
  await page.getByRole('button', { name: /Schema step 1 / }).focus()
  await page.keyboard.press('End')
  await expect(page.getByRole('button', { name: /Schema step 5000 / })).toBeFocused()
  await expect(page.getByRole('button', { name: /Schema step 5000 / })).toBeInViewport()
  await page.keyboard.press('Home')
  await expect(page.getByRole('button', { name: /Schema step 1 / })).toBeFocused()
  await page.screenshot({ path: `${SHOTS}/many.png` })
})

test('locks: cleanup is one click, a live session and a foreign stale lock are asked about', async () => {
  const page = await open(busy())
  await tab(page, 'Locks').click()
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/claude-main' }).click()
  await expect.poll(() => ran('session.cleanUp')).toEqual([{ session: 'DESKTOP-1/claude-main' }])
  await expect(page.getByRole('log')).toContainText('2 locks released.')
  await page.getByRole('button', { name: 'Release agent/src' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('active in the last ten minutes')
  await page.keyboard.press('Escape')
  expect(ran('lock.release')).toEqual([])
  await expect(page.getByRole('button', { name: /docs/ })).toHaveCount(0)
  await page.getByRole('button', { name: /Force release of dashboard/ }).click()
  await expect(page.getByRole('alertdialog')).toContainText('LAPTOP-7/claude-main')
  await expect(page.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await page.getByRole('button', { name: 'Release it' }).click()
  await expect.poll(() => ran('lock.release')).toEqual([{ id: '4', force: true }])
})

test('quit: says what is held, Escape cancels, a choice may be remembered', async () => {
  const page = await open(asking())
  const dialog = page.getByRole('dialog', { name: 'Quit Coord Tray?' })
  await expect(dialog).toContainText('DESKTOP-1/agent-2')
  await page.keyboard.press('Escape')
  await expect.poll(() => ran('app.quit')).toEqual([{ choice: 'cancel', remember: false }])
  await page.getByLabel(/Remember my choice/).check()
  await page.getByRole('button', { name: 'Release all and quit' }).click()
  await expect.poll(() => ran('app.quit')[1]).toEqual({ choice: 'release', remember: true })
})

test('settings: only what was changed is sent', async () => {
  const page = await open(busy())
  await tab(page, 'Settings').click()
  await expect(page.getByRole('button', { name: 'Save' })).toBeDisabled()
  await page.getByLabel(/Project folders/).fill('/a\n\n/b\n/a')
  await page.getByLabel("Join the team's API").check()
  await page.getByLabel(/Its address/).fill('http://coord.test:8001')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect
    .poll(() => ran('settings.update'))
    .toEqual([{ workspaces: ['/a', '/b'], apiUrl: 'http://coord.test:8001' }])
})

test('settings: quiet hours, ignored folders, sessions and start at login are sent as they are', async () => {
  const page = await open({ ...empty(), suggestions })
  await tab(page, 'Settings').click()
  await page.getByLabel(/nothing else tells of/).fill('DESKTOP-1/a\nDESKTOP-1/b')
  await page.getByLabel('Start Coord Tray when I log in').check()
  await page.getByText('Projects of Claude Code that are not watched (3)').click()
  await page.getByRole('button', { name: 'Watch /home/mike/projects/claudetools' }).click()
  await expect(page.getByText('Projects of Claude Code that are not watched (2)')).toBeVisible()
  await page.getByLabel(/Never watch these/).fill('/tmp/scratch')
  await page.getByLabel('Quiet hours, each day').check()
  await page.getByLabel('from').fill('21:30')
  await page.getByRole('button', { name: 'Save' }).click()
  await expect
    .poll(() => ran('settings.update'))
    .toEqual([
      {
        sessions: ['DESKTOP-1/a', 'DESKTOP-1/b'],
        startAtLogin: true,
        workspaces: ['/home/mike/projects/claudetools'],
        ignoredWorkspaces: ['/tmp/scratch'],
        quietHours: { from: '21:30', to: '07:00' },
      },
    ])
})

test('mute: all, one project, and off again', async () => {
  const page = await open(busy())
  await tab(page, 'Settings').click()
  await page.getByRole('button', { name: 'Mute for an hour', exact: true }).click()
  await expect(page.getByRole('log')).toContainText('Messages still count')
  await page.getByRole('button', { name: 'Mute gururmm until tomorrow' }).click()
  await page.getByRole('button', { name: 'Unmute dataforth-dos' }).click()
  await expect
    .poll(() => ran('notifications.mute'))
    .toEqual([
      { until: 'in-an-hour', project: null },
      { until: 'tomorrow', project: 'gururmm' },
      { until: null, project: 'dataforth-dos' },
    ])
  engine?.set((was) => ({ ...was, settings: { ...was.settings, mutedUntil: ago(-60) } }))
  await page.getByRole('button', { name: 'Unmute', exact: true }).click()
  await expect.poll(() => ran('notifications.mute').at(-1)).toEqual({ until: null, project: null })
})

test('check: runs by itself, what needs a person first; a test notification that failed is said here', async () => {
  const page = await open(busy())
  await page.keyboard.press('7')
  await expect(tab(page, 'Check')).toHaveAttribute('aria-selected', 'true')
  await expect(page.locator('.finding').first()).toContainText('Make the folder writable')
  await page.getByRole('button', { name: 'Send a test notification' }).click()
  await expect(page.getByText('It could not be shown: the system does not allow it.')).toBeVisible()
  await expectAccessible(page)
  await page.screenshot({ path: `${SHOTS}/check-failed.png` })
  await page.getByRole('button', { name: 'Check again' }).click()
  await expect.poll(() => ran('check.run')).toHaveLength(2)
  engine?.set((was) => ({ ...was, front: { notifies: false, startsAtLogin: false } }))
  await expect(page.getByRole('button', { name: 'Send a test notification' })).toHaveCount(0)
})

test('first run: four answers are one command; "Later" puts it off', async () => {
  const page = await open(firstRun(), {}, 'form')
  await page.getByLabel(/Name, as in/).fill('DESK')
  await page.getByLabel(suggestions[2] ?? '').check()
  await page.getByLabel(/Other folders/).fill('/srv/x')
  await page.getByLabel("Join the team's API").check()
  await page.getByRole('button', { name: 'Done' }).click()
  expect(ran('settings.update')).toEqual([]) // no address yet
  await page.getByLabel(/Its address/).fill('http://coord.test:8001')
  await page.getByLabel('Start Coord Tray when I log in').check()
  await page.getByRole('button', { name: 'Done' }).click()
  await expect
    .poll(() => ran('settings.update'))
    .toEqual([
      {
        machineName: 'DESK',
        aliases: [],
        workspaces: [suggestions[2], '/srv/x'],
        apiUrl: 'http://coord.test:8001',
        startAtLogin: true,
        isSetUp: true,
      },
    ])
  await page.getByRole('button', { name: 'Later' }).click()
  await expect(page.getByRole('tablist')).toBeVisible()
})

test('locks: each session with its evidence of life, and one that lives is asked about', async () => {
  const page = await open(busy())
  await tab(page, 'Locks').click()
  await expect(
    page.getByText(
      'queued a call 22 min ago · claimed a lock 1 h 10 min ago · sent a message 2 h 10 min ago',
    ),
  ).toBeVisible()
  await expect(page.getByText('its tool started or ended 4 h ago')).toBeVisible()
  engine?.set((was) => ({
    ...was,
    sessions: [{ session: 'DESKTOP-1/claude-main', life: [{ kind: 'message', at: ago(2.5) }] }],
  }))
  await expect(page.getByText('sent a message 2 min ago')).toBeVisible()
  await page.getByRole('button', { name: 'Clean up session DESKTOP-1/claude-main' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('active in the last ten minutes')
})

test('a component call that was set aside can be sent in the other form', async () => {
  const base = busy()
  const path = '/api/coord/components/gururmm/server'
  const raw = JSON.stringify({ ts: ago(9), method: 'PUT', path, body: { state: 'built' } })
  const call = { id: 's.50.0', ts: ago(9), method: 'PUT', path, reason: 'not found', status: 404, raw }
  const [first] = base.workspaces
  if (!first) throw new Error('no workspace')
  const page = await open({ ...base, workspaces: [{ ...first, setAside: [ended(call)], setAsideCount: 1 }] })
  await tab(page, 'Queue').click()
  await page
    .getByRole('button', { name: /PUT components/ })
    .first()
    .click()
  await page.screenshot({ path: `${SHOTS}/other-form.png` })
  await page.getByRole('button', { name: 'Send in the other form' }).click()
  await expect.poll(() => ran('queue.edit')).toHaveLength(1)
  const { id, line } = ran('queue.edit')[0] as { id: string; line: string }
  expect(id).toBe('s.50.0')
  expect(JSON.parse(line)).toMatchObject({
    path: '/api/coord/components',
    body: { project_key: 'gururmm', component: 'server', state: 'built' },
  })
})

test('"Send all" of more than can be listed goes by the number, and says what stays', async () => {
  const base = busy()
  const [first] = base.workspaces
  if (!first) throw new Error('no workspace')
  const page = await open({ ...base, workspaces: [{ ...first, setAsideCount: 2_500 }] })
  await tab(page, 'Queue').click()
  await page.getByRole('button', { name: 'Send all…' }).click()
  await expect(page.getByRole('alertdialog')).toContainText('Send 2,500 calls anyway?')
  await page.getByRole('button', { name: 'Send all', exact: true }).click()
  await expect(page.getByRole('log')).toContainText('2,498 calls to be sent, 2 stay.')
  expect(ran('queue.all')).toEqual([{ workspace: first.path, end: 'set-aside', act: 'send' }])
  expect(ran('queue.list')).toEqual([])
})

test('hostile text stays text', async () => {
  const page = await open({
    ...busy(),
    messages: [message(1, { subject: '<img src=x onerror=alert(1)>', body: '<script>alert(1)</script>' })],
  })
  await tab(page, 'Messages').click()
  await page.getByRole('button', { name: /<img src=x/ }).click()
  await expect(page.getByText('<script>alert(1)</script>')).toBeVisible()
})
