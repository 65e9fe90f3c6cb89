/** Locks for work that lasts: renewed, waited for, lost and known to be, released by others only where they are stale. */
import { serveHere } from './testing/serving.ts'
import { request } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Serving } from './serve.ts'
import { call, startServer, tempFolder, until } from './testing/server.ts'

const HOUR = 3_600_000
const START = Date.parse('2026-05-12T15:00:00Z')
let now = START
let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: Serving

beforeEach(async () => {
  now = START
  folder = await tempFolder()
  const database = join(folder.path, 'coord.db')
  serving = await serveHere({ database, now: () => now })
})
afterEach(async () => {
  await serving.close()
  await folder.remove()
})

const api = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
  call(serving.url, method, `/api/coord${path}`, body, headers)
const claim = (session_id: string, resource = 'r', ttl_hours = 2, query = '') =>
  api('POST', `/locks${query}`, { project_key: 'p', session_id, resource, ttl_hours })
const release = (id: string, session: string, more = '') =>
  api('DELETE', `/locks/${id}?session_id=${encodeURIComponent(session)}${more}`)

test('a renewal gives the time again; a lock that was lost is 404, or 409 with who holds it', async () => {
  const { body: lock } = await claim('M/a')
  now += HOUR
  const renewed = await api('PUT', `/locks/${lock.id}/renew?session_id=m%2Fa`)
  expect(renewed.status).toBe(200)
  expect(renewed.body).toMatchObject({
    id: lock.id,
    acquired_at: lock.acquired_at,
    fence: lock.fence,
    expires_at: new Date(START + 3 * HOUR).toISOString(),
  })
  expect((await api('PUT', `/locks/${lock.id}/renew?session_id=M%2Fb`)).body).toMatchObject({
    lock: { id: lock.id, session_id: 'M/a' },
  })
  expect((await api('PUT', `/locks/${lock.id}/renew`)).body).toMatchObject({ field: 'session_id' })
  expect((await api('PUT', '/locks/none/renew?session_id=M%2Fa')).status).toBe(404)
  now += 2 * HOUR
  expect((await api('PUT', `/locks/${lock.id}/renew?session_id=M%2Fa`)).status).toBe(404)
  const { body: next } = await claim('M/b')
  expect(next.fence).toBeGreaterThan(lock.fence)
  const lost = await api('PUT', `/locks/${lock.id}/renew?session_id=M%2Fa`)
  expect(lost.status).toBe(409)
  expect(lost.body.lock).toMatchObject({ id: next.id, session_id: 'M/b' })
})

test('F12: a clock that was set back shortens no lock, neither by a renewal nor by a claim again', async () => {
  const { body: lock } = await claim('M/a')
  now -= 24 * HOUR
  for (const again of [await claim('M/a'), await api('PUT', `/locks/${lock.id}/renew?session_id=M%2Fa`)]) {
    expect(Date.parse(again.body.expires_at)).toBeGreaterThan(Date.parse(lock.acquired_at))
    expect(Date.parse(again.body.last_activity_at)).toBeGreaterThanOrEqual(Date.parse(lock.last_activity_at))
  }
  now = START + HOUR
  expect((await api('GET', '/locks')).body).toHaveLength(1)
})

test('F12: a time to live above 0 is at least one second', async () => {
  expect((await claim('M/a', 'r', 1e-9)).body).toMatchObject({ field: 'ttl_hours' })
  expect((await claim('M/a', 'r', 1 / 3600)).status).toBe(201)
})

test('F10: a lock is released as stale only where it is, and its holder is told by whom', async () => {
  const { body: lock } = await claim('M/a', 'src/a.rs', 0)
  expect((await release(lock.id, 'M/a', '&if_stale=true&released_by=M%2Fb')).body).toMatchObject({
    detail: expect.stringContaining('M/a'),
    lock: { id: lock.id },
  })
  now += 3 * HOUR
  await api('POST', '/messages', { from_session: 'M/a', project_key: 'p', subject: 'still here' })
  expect((await release(lock.id, 'M/a', '&if_stale=true&released_by=M%2Fb')).status).toBe(409)
  now += 3 * HOUR
  const done = await release(lock.id, 'M/a', '&if_stale=true&released_by=M%2Fb')
  expect(done.body).toEqual({ released: 1, released_by: 'M/b' })
  const [told] = (await api('GET', '/messages?to_session=M%2Fa&unread_only=true')).body
  expect(told).toMatchObject({ from_session: 'M/b', to_session: 'M/a', project_key: 'p' })
  expect(told.subject).toContain('src/a.rs')
})

test('a release without a name, and by the holder itself, is told to nobody', async () => {
  const { body: one } = await claim('M/a', 'one')
  const { body: two } = await claim('M/a', 'two')
  expect((await release(one.id, 'M/a')).body).toEqual({ released: 1 })
  expect((await release(two.id, 'M/a', '&released_by=m%2Fa')).body).toEqual({
    released: 1,
    released_by: 'm/a',
  })
  expect((await api('GET', '/messages')).body).toEqual([])
})

test('a claim waits until the lock is free, whichever way it becomes so', async () => {
  const { body: held } = await claim('M/a', 'src/')
  const waiting = claim('M/b', 'src/x.rs', 2, '?wait=20')
  await until(async () => (await api('GET', '/locks')).body[0]?.refused.length === 1)
  await release(held.id, 'M/a')
  expect((await waiting).status).toBe(201)
  const second = claim('M/c', 'src/x.rs', 2, '?wait=20')
  await until(async () => (await api('GET', '/locks')).body[0]?.refused.length === 1)
  await api('DELETE', '/locks?session_id=M%2Fb&release_all=true')
  expect((await second).status).toBe(201)
})

test('a claim that waits in vain ends with 409 and the lock', async () => {
  await claim('M/a')
  const began = performance.now()
  const answer = await claim('M/b', 'r', 2, '?wait=1')
  expect(performance.now() - began).toBeGreaterThan(950)
  expect(answer.status).toBe(409)
  expect(answer.body.lock.session_id).toBe('M/a')
  expect((await claim('M/b', 'r', 2, '?wait=x')).body).toMatchObject({ field: 'wait' })
})

test('among many who wait, each release gives the lock to one, in the order in which they came', async () => {
  let holder = (await claim('M/0')).body
  const order: string[] = []
  const waiting: Promise<unknown>[] = []
  for (let n = 1; n <= 8; n++) {
    waiting.push(
      claim(`M/${n}`, 'r', 2, '?wait=30').then(async ({ body, status }) => {
        order.push(`${status} ${body.session_id}`)
        holder = body
        await release(holder.id, holder.session_id)
      }),
    )
    await until(async () => (await api('GET', '/locks')).body[0]?.refused.length === n)
  }
  await release(holder.id, 'M/0')
  await Promise.all(waiting)
  expect(order).toEqual(Array.from({ length: 8 }, (_, n) => `201 M/${n + 1}`))
})

test('who went away while it waited gets no lock', async () => {
  const { body: held } = await claim('M/a')
  const body = JSON.stringify({ project_key: 'p', session_id: 'M/gone', resource: 'r' })
  const gone = request(`${serving.url}/api/coord/locks?wait=20`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-length': body.length },
    agent: false,
  })
  gone.on('error', () => undefined).end(body)
  await until(async () => (await api('GET', '/locks')).body[0]?.refused.length === 1)
  gone.destroy()
  // Its end is heard before the release is: the claim that follows proves it.
  await new Promise((go) => setTimeout(go, 100))
  await release(held.id, 'M/a')
  expect((await claim('M/b', 'r', 2, '?wait=5')).status).toBe(201)
})

test('a release through another server on the same database is heard by who waits', async () => {
  const other = await startServer(join(folder.path, 'coord.db'))
  try {
    const { body: held } = await claim('M/a')
    const waiting = claim('M/b', 'r', 2, '?wait=20')
    await until(async () => (await api('GET', '/locks')).body[0]?.refused.length === 1)
    now = Date.now()
    await call(other.url, 'DELETE', '/api/coord/locks?session_id=M%2Fa&release_all=true')
    await call(other.url, 'DELETE', `/api/coord/locks/${held.id}?session_id=M%2Fa`)
    expect((await waiting).status).toBe(201)
  } finally {
    await other.stop()
  }
})

test('a work item is claimed by one: the status that is expected decides', async () => {
  const { body: workflow } = await api('POST', '/workflows', { project_key: 'p', name: 'w' })
  const { body: item } = await api('POST', '/work-items', { workflow_id: workflow.id, title: 't' })
  const take = (assignee: string) =>
    api('PATCH', `/work-items/${item.id}`, { status: 'in_progress', assignee, expected_status: 'pending' })
  const answers = await Promise.all(Array.from({ length: 16 }, (_, n) => take(`M/${n}`)))
  const won = answers.filter((a) => a.status === 200)
  expect(won).toHaveLength(1)
  for (const lost of answers.filter((a) => a.status !== 200)) {
    expect(lost.status).toBe(409)
    expect(lost.body.work_item).toMatchObject({ id: item.id, assignee: won[0]?.body.assignee })
  }
  expect((await api('PATCH', `/work-items/${item.id}`, { assignee: '' })).body).toMatchObject({
    status: 'in_progress',
    assignee: null,
  })
  expect((await api('PATCH', `/work-items/${item.id}`, {})).body).toMatchObject({ field: 'status' })
  expect(
    (await api('PATCH', `/workflows/${workflow.id}`, { status: 'active', expected_status: 'blocked' })).body,
  ).toMatchObject({ field: 'expected_status', workflow: { status: 'planning' } })
})

test('F15: a queued state does not undo a newer one; equal times and unqueued calls do as they say', async () => {
  const put = (state: string, at?: string) =>
    api('PUT', '/components/p/c', { state }, at === undefined ? {} : { 'x-coord-queued-at': at })
  await put('deployed')
  const late = await put('building', '2026-01-01T00:00:00Z')
  expect(late.status).toBe(200)
  expect(late.body.state).toBe('deployed')
  expect(late.headers.get('x-coord-superseded')).toBe('true')
  // Each header that a change's answer has is part of what is told again.
  const keyed = { 'x-coord-queued-at': '2026-01-01T00:00:00Z', 'idempotency-key': 'late' }
  const tell = () => api('PUT', '/components/p/c', { state: 'building' }, keyed)
  const [told, again] = [await tell(), await tell()]
  expect([again.text, again.headers.get('x-coord-superseded')]).toEqual([told.text, 'true'])
  expect((await put('later', new Date(START).toISOString())).body.state).toBe('later')
  expect((await put('now')).body.state).toBe('now')
  expect((await put('no such day', '2026-02-30T00:00:00Z')).body.state).toBe('no such day')
  // What did not wait is the latest by its coming, whatever the clock says; what waited is held to it from then on.
  now -= 1000
  const setBack = await put('set back')
  expect([setBack.body.state, setBack.headers.get('x-coord-superseded')]).toEqual(['set back', null])
  expect((await put('waited', new Date(now - 1).toISOString())).body.state).toBe('set back')
  now += 1000
})

test('a message carries what it answers and when it ends, and says who read it', async () => {
  const send = (body: object) => api('POST', '/messages', { from_session: 'M/a', subject: 's', ...body })
  const { body: first } = await send({})
  const { body: answer } = await send({
    reply_to: first.id,
    expires_at: new Date(START + HOUR).toISOString(),
  })
  expect(answer).toMatchObject({ reply_to: first.id, expires_at: '2026-05-12T16:00:00.000Z' })
  expect((await send({ expires_at: '2026-02-30T00:00:00Z' })).body).toMatchObject({ field: 'expires_at' })
  const receipts = async (id: string) => (await api('GET', `/messages/${id}/receipts`)).body
  expect(await receipts(first.id)).toEqual([])
  await api('PUT', `/messages/${first.id}/read?session_id=M%2Fb`)
  await api('PUT', `/messages/${first.id}/read?session_id=M%2Fc`)
  expect((await receipts(first.id)).map((r: { session_id: string }) => r.session_id)).toEqual(['M/b', 'M/c'])
  now += 1
  await api('PUT', `/messages/${first.id}/read`)
  expect(await receipts(first.id)).toContainEqual({ session_id: null, read_at: '2026-05-12T15:00:00.001Z' })
  expect((await api('GET', '/messages/none/receipts')).status).toBe(404)
  now += HOUR
  expect((await api('GET', '/messages')).body.map((m: { id: string }) => m.id)).toEqual([first.id])
})

test('F15: a keyed answer is given again to the letter, and a long body is kept once', async () => {
  const body = 'x'.repeat(200_000)
  const send = () =>
    api('POST', '/messages', { from_session: 'M/a', subject: 's', body }, { 'idempotency-key': 'k' })
  const first = await send()
  await api('PUT', `/messages/${first.body.id}/read`)
  expect((await send()).text).toBe(first.text)
  await serving.close()
  const { DatabaseSync } = await import('node:sqlite')
  const db = new DatabaseSync(join(folder.path, 'coord.db'))
  expect(db.prepare('SELECT max(length(body)) AS longest FROM call_keys').get()).toMatchObject({
    longest: expect.toSatisfy((n: number) => n < 1_000),
  })
  db.close()
})
