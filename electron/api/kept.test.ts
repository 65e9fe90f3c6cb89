/** What is kept for a stated time, and who may ask a server that listens beyond loopback. */
import { serveHere } from './testing/serving.ts'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveApi } from './serve.ts'
import { openSqliteStore } from './sqlite/store.ts'
import { BROADCAST_KEPT_MS, DIRECT_KEPT_MS, KEY_KEPT_MS, READ_KEPT_MS, RELEASED_KEPT_MS } from './store.ts'
import { call, tempFolder } from './testing/server.ts'

const MESSAGES = {
  kind: 'messages',
  to: null,
  machine: null,
  project: null,
  isUnreadOnly: false,
  limit: 10,
  offset: 0,
  after: null,
  order: 'oldest',
  isCounted: false,
} as const

let folder: Awaited<ReturnType<typeof tempFolder>>
beforeEach(async () => {
  folder = await tempFolder()
})
afterEach(() => folder.remove())

test('messages, released locks and keys go after their time; held locks and messages that say so stay', async () => {
  const file = join(folder.path, 'coord.db')
  const start = Date.parse('2026-05-12T15:00:00Z')
  const served = await serveHere({
    database: file,
    now: () => start,
  })
  const api = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    call(served.url, method, `/api/coord${path}`, body, headers)
  const message = (subject: string) =>
    api(
      'POST',
      '/messages',
      { from_session: 'a/b', to_session: 'c/d', project_key: 'p', subject, body: 'x' },
      { 'idempotency-key': subject },
    )
  const read = await message('read')
  await message('unread')
  const says = (subject: string, hours: number, more: object) =>
    api('POST', '/messages', {
      from_session: 'a/b',
      subject,
      expires_at: new Date(start + hours * 3_600_000).toISOString(),
      ...more,
    })
  await says('longer', 24 * 365, { to_session: 'c/d' })
  await says('broadcast longer', 24 * 365, {})
  await says('shorter', 24, { to_session: 'c/d' })
  await api('POST', '/messages', { from_session: 'a/b', subject: 'broadcast' })
  await api('PUT', `/messages/${read.body.id}/read`)
  const lock = await api('POST', '/locks', {
    project_key: 'p',
    session_id: 'a/b',
    resource: 'gone',
    ttl_hours: 0,
  })
  await api('DELETE', `/locks/${lock.body.id}?session_id=a%2Fb`)
  await api('POST', '/locks', { project_key: 'p', session_id: 'a/b', resource: 'held', ttl_hours: 0 })
  await served.close()

  const opened = await openSqliteStore(file)
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const sweep = async (at: number): Promise<number> => {
    const swept = await store.sweep(at)
    return swept.ok ? swept.value : -1
  }
  const DAY = 24 * 3_600_000
  expect(await sweep(start + 1)).toBe(0)
  expect(await sweep(start + DAY)).toBe(1)
  // two keys and one released lock
  expect(await sweep(start + Math.max(KEY_KEPT_MS, RELEASED_KEPT_MS) + 1)).toBe(3)
  expect(await sweep(start + BROADCAST_KEPT_MS)).toBe(0)
  // Whoever has the list is not told that it is the same when a row of it is gone.
  const tag = async (): Promise<string> => {
    const list = await store.list(MESSAGES, start + BROADCAST_KEPT_MS + 1, [])
    return list.ok ? list.value.tag : ''
  }
  const before = await tag()
  expect(await tag()).toBe(before)
  expect(await sweep(start + BROADCAST_KEPT_MS + 1)).toBe(1)
  expect(await tag()).not.toBe(before)
  expect(await sweep(start + DIRECT_KEPT_MS)).toBe(0)
  // the one that was read, and the one that nobody read
  expect(await sweep(start + Math.max(DIRECT_KEPT_MS, READ_KEPT_MS) + 1)).toBe(2)
  expect(await sweep(start + READ_KEPT_MS + 2)).toBe(0)
  await store.close()

  const again = await serveHere({
    database: file,
    now: () => start + READ_KEPT_MS,
  })
  const left = await call(again.url, 'GET', '/api/coord/messages')
  expect(left.body.map((m: { subject: string }) => m.subject)).toEqual(['broadcast longer', 'longer'])
  const locks = await call(again.url, 'GET', '/api/coord/locks')
  expect(locks.body.map((l: { resource: string }) => l.resource)).toEqual(['held'])
  await again.close()
})

test('beyond loopback a token is needed to serve, and demanded from every caller', async () => {
  const database = join(folder.path, 'coord.db')
  const without = await serveApi({ host: '0.0.0.0', port: 0, database, instance: 'i' })
  expect(without.ok ? '' : without.error.code).toBe('token-needed')
  const weak = await serveApi({ host: '0.0.0.0', port: 0, database, instance: 'i', token: 'short' })
  expect(weak.ok ? '' : weak.error.code).toBe('token-weak')
  const token = '0123456789abcdef0123456789abcdef'
  const served = await serveHere({ host: '0.0.0.0', database, token })
  const url = `http://127.0.0.1:${new URL(served.url).port}`
  expect((await call(url, 'GET', '/api/coord/locks')).status).toBe(401)
  expect(
    (await call(url, 'GET', '/api/coord/locks', undefined, { authorization: 'Bearer wrong' })).status,
  ).toBe(401)
  expect(
    (await call(url, 'GET', '/api/coord/locks', undefined, { authorization: `Bearer ${token}` })).status,
  ).toBe(200)
  const live = await call(url, 'GET', '/health/live')
  expect([live.status, live.body]).toEqual([200, { status: 'ok' }])
  expect((await call(url, 'GET', '/health')).status).toBe(401)
  await served.close()
})
