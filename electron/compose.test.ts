/** The joined engine on real files and a real socket: folders found, files kept aside, leftovers of a quit. */
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { call, startServer, tempFolder } from './api/testing/server.ts'
import { attentionWords } from '../shared/attention.ts'
import { compose, type Composed } from './compose.ts'

let dir: string
let server: Server
let locks: unknown[]
/** Writes, as they arrived. */
let written: string[]
/** From now on requests are taken and never answered. */
let isHanging: boolean
const running = new Set<Composed>()

beforeEach(async () => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'coord-compose-')))
  locks = []
  written = []
  isHanging = false
  server = createServer((req, res) => {
    req.resume()
    req.on('end', () => {
      if (isHanging) return
      if (req.method !== 'GET') written.push(`${req.method} ${req.url}`)
      const body =
        req.url === '/health' ? { status: 'ok' } : req.url?.startsWith('/api/coord/locks') ? locks : []
      res.writeHead(200, { 'content-type': 'application/json' })
      res.end(JSON.stringify(req.method === 'GET' ? body : {}))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
})
afterEach(async () => {
  for (const one of running) await one.stop()
  running.clear()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
})

const home = (): string => join(dir, 'home')
function start(): Composed {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const composed = compose({
    env: { COORD_HOME: home(), COORD_API_URL: url, COORD_MACHINE: 'DESK', HOME: dir },
    cliFile: '/nowhere',
    raisesNotifications: true,
  })
  running.add(composed)
  void composed.start()
  return composed
}
async function stop(composed: Composed): Promise<void> {
  running.delete(composed)
  await composed.stop()
}
function project(name: string, line?: string): string {
  const path = join(dir, name)
  mkdirSync(join(path, '.claude'), { recursive: true })
  if (line !== undefined) appendFileSync(join(path, '.claude', 'coord-queue.jsonl'), `${line}\n`)
  return path
}
const listed = (...paths: string[]): void =>
  writeFileSync(
    join(dir, '.claude.json'),
    JSON.stringify({ projects: Object.fromEntries(paths.map((p) => [p, {}])) }),
  )
const PUT = '{"method":"PUT","path":"/api/coord/components/p/c","body":{"state":"built"}}'
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 120_000, interval: 20 })

it('watches a project of Claude Code that has a queue and says it once; suggests the others; leaves the ignored alone', async () => {
  const [queued, plain, ignored] = [project('queued', PUT), project('plain'), project('ignored', PUT)]
  const used = project('used')
  listed(queued, plain, ignored, join(dir, 'gone'))
  mkdirSync(home())
  writeFileSync(join(home(), 'workspaces.jsonl'), `${JSON.stringify(used)}\n`)
  writeFileSync(join(home(), 'settings.json'), JSON.stringify({ ignoredWorkspaces: [ignored] }))
  const first = start()
  const said: string[] = []
  first.engine.onNotifications(({ show }) => said.push(...show.map((v) => `${v.title}: ${v.body}`)))
  await until(() => expect(written).toEqual(['PUT /api/coord/components/p/c']))
  await until(() => expect(said.join()).toMatch(/Now watching 2 more project folders/))
  const paths = (composed: Composed): string[] => composed.engine.snapshot().workspaces.map((w) => w.path)
  await until(() => expect(paths(first).toSorted()).toEqual([home(), queued, used].toSorted()))
  expect(first.engine.snapshot().suggestions).toEqual([plain])

  // ignored from now on: no longer watched, and not found again
  const update = first.engine.handlers['settings.update']
  await update({ ignoredWorkspaces: [ignored, queued] })
  expect(paths(first).toSorted()).toEqual([home(), used].toSorted())
  // named by the person: the others stay
  await update({ workspaces: [plain] })
  await until(() => expect(paths(first).toSorted()).toEqual([home(), plain, used].toSorted()))
  await stop(first)

  const second = start()
  const again: string[] = []
  second.engine.onNotifications(({ show }) => again.push(...show.map((v) => v.title)))
  await until(() => expect(paths(second).toSorted()).toEqual([home(), plain, used].toSorted()))
  await until(() => expect(second.engine.snapshot().readAt).not.toBeNull())
  expect(again).toEqual([])
})

it('files that are damaged are kept aside and said, and are no first run', async () => {
  mkdirSync(home())
  for (const name of ['settings.json', 'notified.json', 'seen.json'])
    writeFileSync(join(home(), name), '{"torn')
  const composed = start()
  const texts = (): string =>
    composed.engine
      .snapshot()
      .attention.map((a) => attentionWords(a).text)
      .join('\n')
  await until(() => expect(texts()).toMatch(/settings\.json could not be read and was kept as/))
  expect(texts()).toMatch(/notified\.json/)
  expect(texts()).toMatch(/seen\.json/)
  expect(readdirSync(home()).filter((name) => name.includes('.corrupt-'))).toHaveLength(3)
  expect(composed.engine.snapshot().settings.isSetUp).toBe(true)
})

it('what a quit could only append is sent by the next start', async () => {
  mkdirSync(home())
  writeFileSync(join(home(), 'settings.json'), JSON.stringify({ quitChoice: 'release' }))
  locks = [
    { id: 'L1', session_id: 'DESK/a', resource: 'r', acquired_at: new Date().toISOString() },
    { id: 'L2', session_id: 'OTHER/a', resource: 's', acquired_at: new Date().toISOString() },
  ]
  const first = start()
  await until(() => expect(first.engine.snapshot().totals.locksMine).toBe(1))
  // the system goes down: the API can no longer be asked, only the disk
  server.closeAllConnections()
  await stop(first)
  expect(first.engine.leaveAtOnce()).toEqual({ queued: 1 })
  expect(written).toEqual([])
  start()
  await until(() => expect(written).toEqual(['DELETE /api/coord/locks/L1?session_id=DESK%2Fa']))
})

it('the whole stop takes at most a second while the API hangs, and loses no call', async () => {
  const queued = project('queued')
  listed(queued)
  const composed = start()
  await until(() => expect(composed.engine.snapshot().readAt).not.toBeNull())
  isHanging = true
  project('queued', PUT)
  // a read and a call hang
  void composed.engine.handlers['queue.flush']({ workspace: null })
  await until(() => expect(composed.engine.state().workspaces.some((w) => w.waiting > 0)).toBe(true))
  const startedAt = performance.now()
  await stop(composed)
  // Without that limit it would be the 15 s that an answer may take; a busy machine is slow.
  expect(performance.now() - startedAt).toBeLessThan(5_000)
  isHanging = false
  start()
  await until(() => expect(written).toEqual(['PUT /api/coord/components/p/c']))
})

it('with a server that tells changes, a message is notified long before the next poll', async () => {
  const folder = await tempFolder()
  const api = await startServer(join(folder.path, 'api.db'))
  try {
    const composed = compose({
      env: { COORD_HOME: home(), COORD_API_URL: api.url, COORD_MACHINE: 'DESK', HOME: dir },
      cliFile: '/nowhere',
      raisesNotifications: true,
    })
    running.add(composed)
    const shownAt: number[] = []
    composed.engine.onNotifications(({ show }) => {
      if (show.length > 0) shownAt.push(performance.now())
    })
    let isListening = false
    const unsubscribe = composed.engine.onEvent((event) => (isListening ||= event.kind === 'messages.read'))
    void composed.start()
    await until(() => expect(isListening).toBe(true))
    unsubscribe()
    const times: number[] = []
    for (let n = 0; n < 3; n++) {
      // what the first look read is behind us
      await new Promise((done) => setTimeout(done, 600))
      const before = shownAt.length
      const row = { from_session: 'A/x', to_session: 'DESK/y', project_key: 'p', subject: `${n}`, body: 'b' }
      const postedAt = performance.now()
      await call(api.url, 'POST', '/api/coord/messages', row)
      await until(() => expect(shownAt.length).toBeGreaterThan(before))
      times.push((shownAt.at(-1) ?? Infinity) - postedAt)
    }
    // by polling it would be some ten seconds; how quick it is, the bench says
    expect(times.toSorted((a, b) => a - b)[1]).toBeLessThan(3_000)
  } finally {
    await api.stop('SIGKILL')
    await folder.remove()
  }
})
