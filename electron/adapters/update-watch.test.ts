/** Asking for a later version: a real server, a real file, and a clock that the test moves. */
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Update } from '../../shared/updates.ts'
import type { Clock } from '../core/ports.ts'
import { createUpdateWatch, type UpdateWatch } from './update-watch.ts'

const DAY_MS = 24 * 3_600_000
const START = Date.UTC(2026, 10, 27)
let home: string
let server: Server
let url: string
let answer: () => { status: number; body: string; headers?: Record<string, string> }
let asked: { path: string | undefined; headers: NodeJS.Dict<string | string[]> }[]
let now: number
let timers: { at: number; task: () => void }[]
let told: Update[]
const watches: UpdateWatch[] = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'coord-updates-'))
  asked = []
  told = []
  timers = []
  now = START
  answer = () => ({ status: 200, body: '{"version":"0.2.0","url":"https://coord.example/0.2.0"}' })
  server = createServer((req, res) => {
    asked.push({ path: req.url, headers: req.headers })
    const { status, body, headers = {} } = answer()
    res.writeHead(status, headers).end(body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/latest.json?channel=main`
})
afterEach(async () => {
  for (const watch of watches.splice(0)) watch.stop()
  await new Promise((done) => server.close(done))
  rmSync(home, { recursive: true, force: true })
})

const clock: Clock = {
  now: () => now,
  monotonic: () => now,
  schedule(delayMs, task) {
    const timer = { at: now + delayMs, task }
    timers.push(timer)
    return () => void (timers = timers.filter((one) => one !== timer))
  },
}
function pass(ms: number): void {
  const end = now + ms
  for (;;) {
    const [next] = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
    if (!next) break
    timers = timers.filter((one) => one !== next)
    now = next.at
    next.task()
  }
  now = end
}
const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
function start(address = url, own = '0.1.0'): UpdateWatch {
  const watch = createUpdateWatch({ address, own, home, clock, log, tell: (update) => told.push(update) })
  watches.push(watch)
  watch.start()
  return watch
}

it('asks behind the start, tells what is newer, and says so in Check', async () => {
  const watch = start()
  pass(1_000)
  expect(asked).toEqual([])
  expect(watch.finding()).toMatchObject({ check: 'version', isWell: true })
  pass(60_000)
  await expect.poll(() => told).toEqual([{ version: '0.2.0', url: 'https://coord.example/0.2.0' }])
  expect(asked[0]?.path).toBe('/latest.json?channel=main')
  expect(asked[0]?.headers['authorization']).toBeUndefined()
  expect(watch.finding()).toMatchObject({
    isWell: null,
    detail: '0.2.0 is there, this is 0.1.0: https://coord.example/0.2.0',
  })
})

it('asks at most once a day, whatever was answered, and across starts', async () => {
  answer = () => ({ status: 500, body: 'away' })
  const first = start()
  pass(60_000)
  await expect.poll(() => first.finding().detail).toContain('could not be asked: it answered 500')
  pass(20 * 3_600_000)
  first.stop()
  start()
  pass(3_600_000)
  expect(asked).toHaveLength(1)
  pass(DAY_MS)
  await expect.poll(() => asked).toHaveLength(2)
})

it('remembers what it was told, asks nobody for it again, and forgets it once it is installed', async () => {
  start()
  pass(60_000)
  await expect.poll(() => told).toHaveLength(1)
  start()
  expect(told).toHaveLength(2)
  start(url, '0.2.0')
  expect(told).toHaveLength(2)
  expect(asked).toHaveLength(1)
})

it.each([
  ['a redirect is not followed', () => ({ status: 302, body: '', headers: { location: '/elsewhere' } })],
  ['a page is no answer', () => ({ status: 200, body: '<html>Sign in</html>' })],
  [
    'an endless answer is cut',
    () => ({ status: 200, body: `{"version":"9.9.9","x":"${'x'.repeat(200_000)}"}` }),
  ],
])('%s', async (_, given) => {
  answer = given
  const watch = start()
  pass(60_000)
  await expect.poll(() => watch.finding().isWell).toBeNull()
  expect(told).toEqual([])
  expect(asked).toHaveLength(1)
})

it('another address knows nothing of what the first one said', async () => {
  start()
  pass(60_000)
  await expect.poll(() => told).toHaveLength(1)
  start(`${url}&other`)
  expect(told).toHaveLength(1)
})
