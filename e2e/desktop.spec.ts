/** The whole story in real Electron: real queue file, real API, and a double for the desktop's bus (issue 3, "Shown by" 2). */
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import {
  DesktopDouble,
  freePort,
  killAll,
  processesOf,
  windowsOf,
  ROOT,
  startApi,
  startApp,
  tempDir,
  until,
} from './support/desktop.ts'

const MACHINE = 'E2E'
let desktop: DesktopDouble
let home: ReturnType<typeof tempDir>
let workspace: ReturnType<typeof tempDir>
let port = 0
let url = ''
let api: { stop(): Promise<void> } | undefined

test.beforeEach(async () => {
  desktop = await DesktopDouble.start()
  home = tempDir('home')
  workspace = tempDir('project')
  mkdirSync(join(workspace.path, '.claude'))
  port = await freePort()
  url = `http://127.0.0.1:${port}`
})
test.afterEach(async () => {
  await killAll(home.path)
  await api?.stop()
  api = undefined
  desktop.stop()
  home.remove()
  workspace.remove()
})

const apiUp = async (): Promise<void> => {
  api = await startApi(port, join(home.path, 'api.db'))
}
const app = (): ReturnType<typeof startApp> =>
  startApp(
    { COORD_HOME: home.path, COORD_API_URL: url, COORD_MACHINE: MACHINE, COORD_WORKSPACES: workspace.path },
    [`--user-data-dir=${join(home.path, 'electron')}`, ROOT],
  )
const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
  const answer = await fetch(`${url}/api/coord/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(answer.ok, `${path}: ${answer.status}`).toBe(true)
  return (await answer.json()) as Record<string, unknown>
}
const rows = async (path: string): Promise<readonly Record<string, unknown>[]> => {
  const value = (await (await fetch(`${url}/api/coord/${path}`)).json()) as unknown
  return (
    Array.isArray(value) ? value : Object.values(value as object).find(Array.isArray)
  ) as readonly Record<string, unknown>[]
}
const message = (n: number): Record<string, unknown> => ({
  from_session: `${MACHINE}/a`,
  to_session: 'OTHER/b',
  project_key: 'p',
  subject: `message ${n}`,
  body: 'x',
})
/** As a session does it: one line, one write of bash. */
const appendFromBash = (n: number): void => {
  const line = JSON.stringify({
    ts: new Date().toISOString(),
    method: 'POST',
    path: '/api/coord/messages',
    body: message(n),
  })
  execFileSync('bash', [
    '-c',
    'printf "%s\\n" "$1" >> "$2"',
    'bash',
    line,
    join(workspace.path, '.claude/coord-queue.jsonl'),
  ])
}
const claim = (resource: string): Promise<Record<string, unknown>> =>
  post('locks', {
    session_id: `${MACHINE}/a`,

    resource,
    project_key: 'p',
    ttl_hours: 2,
    description: 'e2e',
  })
const sentSubjects = async (): Promise<readonly string[]> =>
  (await rows('messages?to_session=OTHER%2Fb&order=oldest')).map((row) => String(row['subject']))
const tooltipSays = (pattern: RegExp, timeoutMs = 20_000): Promise<string> =>
  until(
    `the tooltip to match ${pattern}`,
    async () => {
      const tip = await desktop.tooltip()
      return pattern.test(tip) ? tip : undefined
    },
    timeoutMs,
  )

test('lines appended while the API is down are said, and arrive in order when it is up', async () => {
  const running = app()
  await desktop.registered(running.pid)
  expect(await desktop.labels()).toEqual(expect.arrayContaining(['Open', 'Flush now', 'Quit…']))
  for (const n of [1, 2, 3]) appendFromBash(n)
  await tooltipSays(/3 calls waiting/)
  await apiUp()
  await until('the three messages', async () => (await sentSubjects()).length === 3, 70_000)
  expect(await sentSubjects()).toEqual(['message 1', 'message 2', 'message 3'])
})

test('a message becomes one notification, whose click opens the window', async () => {
  await apiUp()
  const running = app()
  await desktop.registered(running.pid)
  await tooltipSays(/Online/)
  await post('messages', {
    ...message(1),
    from_session: 'OTHER/b',
    to_session: `${MACHINE}/a`,
    subject: 'please review',
  })
  const shown = await desktop.wait('notify', 0, 60_000)
  expect(String(shown['body']) + String(shown['summary'])).toContain('please review')
  desktop.clickNotification(shown['id'])
  await until('a window', () => windowsOf(home.path) > 0)
  expect(desktop.all('notify').filter((fact) => JSON.stringify(fact).includes('please review'))).toHaveLength(
    1,
  )
})

test('held locks appear, and "Clean up session" releases them', async () => {
  await apiUp()
  await claim('db')
  await claim('deploy')
  const running = app()
  await desktop.registered(running.pid)
  await tooltipSays(/2 locks held/)
  await desktop.click(`Clean up session ${MACHINE}/a`)
  await until('no lock', async () => (await rows('locks')).length === 0)
  await until('the menu without locks', async () => (await desktop.labels()).includes('Quit…'), 30_000)
})

test('SIGTERM with locks held ends it without a question, and keeps them', async () => {
  await apiUp()
  await claim('db')
  const running = app()
  await desktop.registered(running.pid)
  await tooltipSays(/1 lock held/)
  running.kill('SIGTERM')
  expect(await running.exited).toBe(0)
  await until('no process left', () => processesOf(home.path).length === 0)
  expect(await rows('locks')).toHaveLength(1)
})

test('kill -9 in the middle of a flush: nothing lost, nothing doubled, no toast twice', async () => {
  await apiUp()
  const slow = await slowProxy(port)
  const direct = url
  url = `http://127.0.0.1:${slow.port}`
  await post('messages', {
    ...message(0),
    from_session: 'OTHER/b',
    to_session: `${MACHINE}/a`,
    subject: 'once only',
  })
  const total = 20
  for (let n = 1; n <= total; n++) appendFromBash(n)
  const first = app()
  await desktop.registered(first.pid)
  await desktop.wait('notify', 0, 60_000)
  url = direct
  await until('the first of the calls', async () => (await sentSubjects()).length >= 3)
  first.kill('SIGKILL')
  await first.exited
  await killAll(home.path)
  expect((await sentSubjects()).length).toBeLessThan(total)
  const before = desktop.said.length
  url = `http://127.0.0.1:${slow.port}`
  const second = app()
  await desktop.registered(second.pid)
  url = direct
  await until('all calls', async () => (await sentSubjects()).length >= total, 60_000)
  await tooltipSays(/Online(?!.*waiting)/)
  expect(await sentSubjects()).toEqual(Array.from({ length: total }, (_, i) => `message ${i + 1}`))
  expect(
    desktop.said.slice(before).filter((fact) => JSON.stringify(fact).includes('once only')),
  ).toHaveLength(0)
  slow.server.close()
})

/** Hands everything on to the API, each write 150 ms late, so that a kill can fall between two. */
async function slowProxy(target: number): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const hand = async (): Promise<void> => {
        if (request.method !== 'GET') await new Promise((done) => setTimeout(done, 150))
        const headers = Object.fromEntries(
          Object.entries(request.headers).filter(
            ([name]) => !['host', 'connection', 'content-length'].includes(name),
          ),
        ) as Record<string, string>
        const body = parts.length > 0 ? Buffer.concat(parts) : undefined
        const answer = await fetch(`http://127.0.0.1:${target}${request.url}`, {
          method: request.method ?? 'GET',
          headers,
          ...(body ? { body } : {}),
        })
        response.writeHead(answer.status, {
          'content-type': answer.headers.get('content-type') ?? 'application/json',
          date: answer.headers.get('date') ?? '',
        })
        response.end(Buffer.from(await answer.arrayBuffer()))
      }
      hand().catch(() => response.destroy())
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return { port: (server.address() as { port: number }).port, server }
}
