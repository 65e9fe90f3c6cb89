/**
 * The whole story without Electron (issue 3, "Shown by" 3): the real `coord start --browser`, real queue files, the real
 * API, and its window in Debian's Chromium.
 */
import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium, expect, test, type Browser, type Locator, type Page } from '@playwright/test'
import { freePort, processesOf, ROOT, startApi, tempDir, until } from './support/desktop.ts'

const MACHINE = 'M'
const SHOTS = join(ROOT, 'out/shots')
/** Longer than the poll of an engine whose window is closed. */
const POLL = { timeout: 25_000 }

let browser: Browser
let home: ReturnType<typeof tempDir>
let workspace: ReturnType<typeof tempDir>
let port = 0
let url = ''
let api: { stop(): Promise<void> } | undefined
let faults: string[] = []

test.beforeAll(async () => {
  mkdirSync(SHOTS, { recursive: true })
  browser = await chromium.launch({
    executablePath: process.env['COORD_CHROMIUM'] || '/usr/bin/chromium',
    args: ['--no-sandbox'],
  })
})
test.afterAll(() => browser.close())

test.beforeEach(async () => {
  faults = []
  home = tempDir('browser-home')
  workspace = tempDir('browser-project')
  mkdirSync(join(workspace.path, '.claude'))
  port = await freePort()
  url = `http://127.0.0.1:${port}`
})
test.afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
  for (const pid of processesOf(home.path)) process.kill(pid, 'SIGKILL')
  await until('the processes to go', () => processesOf(home.path).length === 0)
  await apiDown()
  home.remove()
  workspace.remove()
  expect(faults).toEqual([])
})

const apiUp = async (): Promise<void> => {
  api = await startApi(port, join(home.path, 'coord.db'))
}
const apiDown = async (): Promise<void> => {
  await api?.stop()
  api = undefined
}

interface Front {
  readonly url: string
  readonly exited: Promise<number | string>
  /** Everything that it said on stderr. */
  said(): string
  kill(signal: NodeJS.Signals): void
}

/** What it said beside the facts of a start: where the API is, what to do next, how to end it. */
const complaints = (front: Front): readonly string[] =>
  front
    .said()
    .split('\n')
    .filter((line) => line !== '' && !/^(Next: |End it with |The coordination API |Your browser )/.test(line))

/** The program as a person starts it; `isEmbedded` leaves COORD_API_URL unset, so that it serves the API itself. */
async function startFront(isEmbedded = false): Promise<Front> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(COORD_|npm_|NODE_)/.test(name))
  const child = spawn(
    process.execPath,
    [join(ROOT, 'build/scripts/coord.mjs'), 'start', '--browser', '--workspace', workspace.path],
    {
      cwd: workspace.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...Object.fromEntries(inherited),
        COORD_HOME: home.path,
        BROWSER: '/bin/true',
        COORD_MACHINE: MACHINE,
        ...(isEmbedded ? { COORD_PORT: String(port) } : { COORD_API_URL: url }),
      },
    },
  )
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text))
  const lines: string[] = []
  createInterface({ input: child.stdout }).on('line', (line) => lines.push(line))
  let end: number | string | undefined
  const exited = new Promise<number | string>((done) =>
    child.once('exit', (code, signal) => done((end = code ?? signal ?? 'unknown'))),
  )
  const address = await until('the address of the window', () => {
    if (end !== undefined) throw new Error(`it ended (${end}): ${said}`)
    return /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{20,}/.exec(lines.join('\n'))?.[0]
  })
  return { url: address, exited, said: () => said, kill: (signal) => void child.kill(signal) }
}

async function openWindow(front: Front): Promise<Page> {
  const page = await (await browser.newContext({ viewport: { width: 640, height: 720 } })).newPage()
  page.on('pageerror', (error) => faults.push(String(error)))
  page.on('console', (text) => {
    // A window whose program has ended finds nobody; everything else counts, the content policy above all.
    if (text.type() === 'error' && !/net::ERR_/.test(text.text())) faults.push(text.text())
  })
  await page.goto(front.url)
  await expect(page.getByRole('navigation', { name: 'Views' })).toBeVisible()
  expect(page.url()).not.toContain('token')
  return page
}
/** A view's tab; `count` is what its number says to a screen reader. */
const tab = (page: Page, name: string, count = ''): Locator =>
  page.getByRole('link', { name: new RegExp(`^${name}${count && ` ?, ${count}$`}`) })
const state = (page: Page): Locator => page.getByRole('navigation', { name: 'Views' })

const post = async (path: string, body: unknown): Promise<void> => {
  const answer = await fetch(`${url}/api/coord/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
}
const rows = async (path: string): Promise<readonly Record<string, unknown>[]> => {
  const value = (await (await fetch(`${url}/api/coord/${path}`)).json()) as object
  return (Array.isArray(value) ? value : Object.values(value).find(Array.isArray)) as readonly Record<
    string,
    unknown
  >[]
}
const heldResources = async (): Promise<readonly string[]> =>
  (await rows('locks')).map((row) => String(row['resource'])).sort()
const sentSubjects = async (): Promise<readonly string[]> =>
  (await rows('messages?to_session=OTHER%2Fb&order=oldest')).map((row) => String(row['subject']))
const message = (subject: string): Record<string, unknown> => ({
  from_session: `${MACHINE}/a`,
  to_session: 'OTHER/b',
  project_key: 'p',
  subject,
  body: 'x',
})
const claim = (resource: string, session = `${MACHINE}/a`): Promise<void> =>
  post('locks', { session_id: session, resource, project_key: 'p', ttl_hours: 2, description: 'e2e' })

/** As a session does it: one line, one write of bash. */
const appendFromBash = (line: string): void => {
  execFileSync('bash', [
    '-c',
    'printf "%s\\n" "$1" >> "$2"',
    'bash',
    line,
    join(workspace.path, '.claude/coord-queue.jsonl'),
  ])
}
const call = (path: string, body: unknown): string =>
  JSON.stringify({ ts: new Date().toISOString(), method: 'POST', path, body })
const appendMessage = (n: number): void =>
  appendFromBash(call('/api/coord/messages', message(`message ${n}`)))

test('lines appended while the API is down are said, and arrive in order when it is up', async () => {
  const page = await openWindow(await startFront())
  for (const n of [1, 2, 3]) appendMessage(n)
  await expect(state(page)).toContainText('Offline · 3 kept', { timeout: 15_000 })
  await expect(tab(page, 'Queue', '3 waiting, 0 set aside')).toBeVisible()
  await expect(page.getByRole('heading', { name: 'Offline: 3 calls kept safe' })).toBeVisible()
  await tab(page, 'Queue').click()
  await expect(page.getByText('3 waiting · 0 set aside')).toBeVisible()
  await page.screenshot({ path: join(SHOTS, 'browser-offline.png') })

  await apiUp()
  await expect.poll(sentSubjects, { timeout: 30_000 }).toEqual(['message 1', 'message 2', 'message 3'])
  await expect(state(page)).toContainText(/Online · \d+ sessions?/)
  await expect(page.getByText('0 waiting · 0 set aside')).toBeVisible()
})

test('a message posted to the API appears; opening it marks it seen, not read for the session', async () => {
  await apiUp()
  const front = await startFront()
  const page = await openWindow(front)
  await expect(state(page)).toContainText('Online')
  await tab(page, 'Messages').click()
  await expect(page.getByText('No messages for the sessions of M')).toBeVisible()
  await post('messages', {
    ...message('please review'),
    from_session: 'OTHER/b',
    to_session: `${MACHINE}/a`,
    body: 'The branch is <b>ready</b>.',
  })
  const row = page.getByRole('row', { name: /please review/ })
  await expect(row).toBeVisible(POLL)
  await expect(tab(page, 'Messages', '1 unread')).toBeVisible()
  await expect(page.getByText('1 new to you')).toBeVisible()
  await row.click()
  await expect(page.getByText('The branch is <b>ready</b>.')).toBeVisible()
  await expect(page.getByText('Nothing new to you')).toBeVisible()
  await expect(page.getByRole('link', { name: 'Messages', exact: true })).toBeVisible()
  // Only the person has seen it: the session still finds it unread.
  expect(await rows(`messages?to_session=${MACHINE}%2Fa&unread_only=true`)).toHaveLength(1)

  // It is still seen for a new program on the same home.
  front.kill('SIGTERM')
  expect(await front.exited).toBe(0)
  const again = await openWindow(await startFront())
  await tab(again, 'Messages').click()
  await expect(again.getByRole('row', { name: /please review/ })).toBeVisible(POLL)
  await expect(again.getByText('Nothing new to you')).toBeVisible()
})

test('locks of this machine appear, and "Clean up session" releases them and no others', async () => {
  await apiUp()
  await claim('db')
  await claim('deploy')
  await claim('docs', 'OTHER/b')
  const page = await openWindow(await startFront())
  await tab(page, 'Locks', '2 held by this machine').click()
  await expect(page.getByRole('row', { name: /· 2 locks/ })).toBeVisible()
  await expect(page.getByText('deploy', { exact: true })).toBeVisible()
  await page.screenshot({ path: join(SHOTS, 'browser-locks.png') })
  await page.getByRole('button', { name: 'Clean up session M/a' }).click()
  // The session worked a moment ago, so the window asks.
  const question = page.getByRole('alertdialog', { name: 'This session is still at work' })
  await expect(question).toContainText('db (p)')
  expect(await heldResources()).toEqual(['db', 'deploy', 'docs'])
  await question.getByRole('button', { name: 'Release 2 anyway' }).click()
  await expect(page.getByRole('list', { name: 'Notices' })).toContainText('2 locks released.')
  expect(await heldResources()).toEqual(['docs'])
  await expect(page.getByRole('button', { name: 'Clean up session M/a' })).toHaveCount(0)
  await expect(page.getByRole('link', { name: 'Locks', exact: true })).toBeVisible()
})

test('what is no call is set aside with a sentence, stays readable, and holds nothing up', async () => {
  await apiUp()
  const page = await openWindow(await startFront())
  const foreign = call('/api/other/thing', { secret: 42 })
  appendFromBash('remember: ask Mike about the "lock"')
  appendFromBash(foreign)
  appendMessage(1)
  await expect.poll(sentSubjects, { timeout: 15_000 }).toEqual(['message 1'])
  await expect(tab(page, 'Queue', '0 waiting, 2 set aside')).toBeVisible({ timeout: 15_000 })
  await expect(page.getByRole('row', { name: /2 calls were set aside/ })).toBeVisible()
  await tab(page, 'Queue').click()

  await page.getByRole('row', { name: /remember: ask Mike about the "lock"/ }).click()
  const text = page.getByRole('region', { name: 'The call as it was queued' })
  await expect(text).toHaveText('remember: ask Mike about the "lock"')
  await expect(page.getByText('not JSON: the line is not a JSON object').last()).toBeVisible()
  await expect(page.getByRole('button', { name: 'Send again' })).toHaveCount(0)
  await page.screenshot({ path: join(SHOTS, 'browser-set-aside.png') })
  await page.getByRole('button', { name: 'Close' }).click()

  await page.getByRole('row', { name: /the path is outside \/api\/coord\// }).click()
  await expect(text).toContainText('secret') // the bytes are asked for when a call is opened
  expect(JSON.parse((await text.textContent()) ?? '')).toEqual(JSON.parse(foreign))
  await expect(page.getByRole('button', { name: 'Send again' })).toHaveCount(0)
  await expect(page.getByRole('button', { name: 'Edit' })).toBeVisible()
})

test('quit asks; "Release all and quit" releases, exits 0 and leaves no process, its API neither', async () => {
  // Locks from an earlier day, in the database that the program is going to serve.
  await apiUp()
  await claim('db')
  await claim('deploy')
  await claim('docs', 'OTHER/b')
  await apiDown()
  const front = await startFront(true)
  const page = await openWindow(front)
  await expect(tab(page, 'Locks', '2 held by this machine')).toBeVisible({ timeout: 15_000 })
  expect(processesOf(home.path).length, 'the program and its API').toBeGreaterThanOrEqual(2)
  await tab(page, 'Settings').click()
  const quit = page.getByRole('button', { name: 'Quit… (2 locks held)' })
  const question = page.getByRole('dialog', { name: 'Quit Coord Tray?' })
  await quit.click()
  await expect(question).toContainText('This machine still holds 2 locks.')
  for (const name of [/M\/a/, /^db/, /^deploy/])
    await expect(question.getByRole('row', { name })).toBeVisible()
  await page.screenshot({ path: join(SHOTS, 'browser-quit.png') })
  await question.getByRole('button', { name: 'Cancel' }).click()
  await expect(question).toHaveCount(0)
  expect(await heldResources()).toEqual(['db', 'deploy', 'docs'])

  await quit.click()
  await question.getByRole('button', { name: 'Release all and quit' }).click()
  expect(await front.exited).toBe(0)
  await until('no process left', () => processesOf(home.path).length === 0)
  expect(complaints(front)).toEqual([])
  await expect(page.getByRole('alert')).toContainText('Coord Tray does not answer.')
  // Read back from the database that it left.
  await apiUp()
  expect(await heldResources()).toEqual(['docs'])
})

test('with no API named it serves one itself; SIGTERM ends it with no question and keeps the locks', async () => {
  await apiUp()
  await claim('db')
  await apiDown()
  const front = await startFront(true)
  const page = await openWindow(front)
  await expect(state(page)).toContainText('Online', { timeout: 15_000 })
  await tab(page, 'Settings').click()
  await expect(page.getByText(`In use now: ${url}`)).toBeVisible()
  expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ service: 'coord' })
  appendMessage(1)
  await expect.poll(sentSubjects, { timeout: 15_000 }).toEqual(['message 1'])
  await expect(tab(page, 'Locks', '1 held by this machine')).toBeVisible(POLL)

  front.kill('SIGTERM')
  expect(await front.exited).toBe(0)
  await until('no process left', () => processesOf(home.path).length === 0)
  expect(complaints(front)).toEqual([])
  await expect(fetch(`${url}/health`)).rejects.toThrow()
  await apiUp()
  expect(await heldResources()).toEqual(['db'])
  expect(await sentSubjects()).toEqual(['message 1'])
})

test('the program is killed and started again: the page that is open finds it, and its address still works', async () => {
  await apiUp()
  const front = await startFront()
  const page = await openWindow(front)
  await expect(state(page)).toContainText('Online')
  await page.route(/BoardView.*\.js$/, (route) => route.abort())
  await page.reload()
  await expect(state(page)).toContainText('Online')
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  const check = page.getByRole('button', { name: 'Check again' })
  await check.press('Enter')
  front.kill('SIGKILL')
  await expect(page.getByRole('alert')).toContainText('Coord Tray does not answer.')
  // What cannot be done now says so and keeps the focus, until it can again.
  await expect(check).toHaveAttribute('aria-disabled', 'true')
  await expect(check).toBeFocused()
  // A view that was not fetched before the program went comes when it is back.
  await page.keyboard.press('g')
  await page.keyboard.press('b')
  const board = page.getByRole('heading', { level: 1, name: 'Board' })
  await expect(board).toBeFocused()
  await expect(page.getByText('It is fetched as soon as Coord Tray answers.')).toBeVisible()
  await page.unroute(/BoardView.*\.js$/)
  await claim('db')
  const again = await startFront()
  expect(again.url).toBe(front.url)
  await expect(page.getByRole('alert')).toHaveCount(0)
  await expect(page.getByText('No component and no workflow is known.')).toBeVisible(POLL)
  await expect(board).toBeFocused()
  await page.keyboard.press('g')
  await page.keyboard.press('c')
  await expect(page.getByRole('heading', { level: 1, name: 'Check' })).toBeFocused()
  await expect(check).not.toHaveAttribute('aria-disabled', 'true')
  await expect(tab(page, 'Locks', '1 held by this machine')).toBeVisible(POLL)
  await page.reload()
  await expect(tab(page, 'Locks', '1 held by this machine')).toBeVisible(POLL)
})

/** Views are fetched ahead while the page has nothing to do; what a stranger answers in their place is an error in the console. */
async function allViewsAreHere(page: Page): Promise<void> {
  const fetched = (): Promise<number> => page.evaluate(() => performance.getEntriesByType('resource').length)
  const more = async (): Promise<number> => {
    const before = await fetched()
    await page.waitForTimeout(700)
    return (await fetched()) - before
  }
  await expect.poll(more, { timeout: 20_000 }).toBe(0)
}

test('another program on the port of one that ended: no page gives it the key, and each says what to do', async () => {
  await apiUp()
  const front = await startFront()
  const page = await openWindow(front)
  await expect(state(page)).toContainText('Online')
  await allViewsAreHere(page)
  front.kill('SIGKILL')
  await front.exited
  const keys: unknown[] = []
  const squatter = createServer((asked, answer) => {
    keys.push(asked.headers['x-coord-token'])
    answer.end()
  })
  await new Promise<void>((done) => squatter.listen(Number(new URL(front.url).port), '127.0.0.1', done))
  await expect(page.getByRole('alert')).toContainText('This page has no valid key.')
  expect((await startFront()).url).not.toBe(front.url)
  await until('a page that asks', () => keys.length > 0)
  expect(keys.every((key) => key === undefined)).toBe(true)
  squatter.closeAllConnections()
  await new Promise((done) => squatter.close(done))
})

test('a request without the token is refused', async () => {
  const front = await startFront()
  const base = front.url.split('#')[0] ?? ''
  const token = /#token=(.+)$/.exec(front.url)?.[1] ?? ''
  const ask = (path: 'command' | 'snapshots', headers: Record<string, string>): Promise<number> =>
    new Promise((done, fail) => {
      const asked = request(
        base + path,
        {
          method: path === 'command' ? 'POST' : 'GET',
          headers: { 'content-type': 'application/json', ...headers },
        },
        (answer) => {
          done(answer.statusCode ?? 0)
          answer.destroy()
        },
      )
      asked.once('error', fail)
      asked.end(path === 'command' ? JSON.stringify({ name: 'snapshot.get', input: null }) : undefined)
    })
  const key = { 'x-coord-token': token }
  for (const path of ['command', 'snapshots'] as const) {
    expect(await ask(path, key)).toBe(200)
    expect(await ask(path, {})).toBe(401)
    expect(await ask(path, { 'x-coord-token': `${token.slice(0, -1)}_` })).toBe(401)
    expect(await ask(path, { ...key, host: 'evil.test' })).toBe(403)
    expect(await ask(path, { ...key, origin: 'http://evil.test' })).toBe(403)
  }
  const page = await browser.newPage()
  await page.goto(base)
  await expect(page.getByRole('alert')).toContainText('This page has no valid key.')
  await expect(page.getByRole('navigation', { name: 'Views' })).toHaveCount(0)
})
