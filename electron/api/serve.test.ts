/** What takes hours and days, with a clock of the test's own. */
import { serveHere } from './testing/serving.ts'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isLoopback } from './guard.ts'
import type { Serving } from './serve.ts'
import { call, tempFolder } from './testing/server.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-05-12T15:00:00Z')
let now = START
let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: Serving

beforeEach(async () => {
  now = START
  folder = await tempFolder()
  serving = await serveHere({
    database: join(folder.path, 'a/b/coord.db'),
    instance: 'mine',
    now: () => now,
  })
})
afterEach(async () => {
  await serving.close()
  await folder.remove()
})

const api = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  call(serving.url, method, `/api/coord${path}`, body, headers)
const claim = (session: string, resource: string, ttl = 2) =>
  api('POST', '/locks', { project_key: 'p', session_id: session, resource, ttl_hours: ttl })

test('an expired lock is no longer held, and another session may claim it', async () => {
  const { body } = await claim('M/a', 'r', 1)
  now += HOUR - 1
  expect((await claim('M/b', 'r')).status).toBe(409)
  now += 1
  expect((await api('GET', '/locks')).body).toEqual([])
  expect((await api('DELETE', `/locks/${body.id}?session_id=M/a`)).status).toBe(404)
  expect((await claim('M/b', 'r')).status).toBe(201)
})

test('a stale lock stays held until it is released in the name of its holder', async () => {
  const { body } = await claim('M/a', 'r', 0)
  await claim('M/a', 'r2', 0)
  now += 3 * HOUR
  expect((await api('GET', '/locks')).body).toHaveLength(2)
  expect((await claim('M/b', 'r')).status).toBe(409)
  expect((await api('DELETE', `/locks/${body.id}?session_id=M/b`)).status).toBe(403)
  expect((await api('DELETE', `/locks/${body.id}?session_id=M/a`)).body).toEqual({ released: 1 })
  expect((await claim('M/b', 'r')).status).toBe(201)
  const rest = (await api('GET', '/locks?resource=r2')).body
  expect(rest[0].last_activity_at).toBe('2026-05-12T15:00:00.000Z')
})

test('a key is forgotten after a week', async () => {
  const send = () =>
    api('POST', '/messages', { from_session: 'M/a', subject: 's' }, { 'idempotency-key': 'k' })
  const first = await send()
  now += 6 * 24 * HOUR
  expect((await send()).body).toEqual(first.body)
  now += 2 * 24 * HOUR
  expect((await send()).body.id).not.toBe(first.body.id)
})

test('loopback is told from names that only look like it', () => {
  for (const host of ['127.0.0.1', '127.9.9.9', 'localhost', '[::1]', '::1', '::ffff:127.0.0.1'])
    expect(isLoopback(host)).toBe(true)
  for (const host of ['127.0.0.1.evil.test', 'localhost.evil.test', '0.0.0.0', '10.0.0.1', ''])
    expect(isLoopback(host)).toBe(false)
})
