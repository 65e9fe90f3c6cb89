/** Lists to their end: whatever a list holds, nobody misses a row, and no page stops the server. */
import { serveHere } from './testing/serving.ts'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Serving } from './serve.ts'
import { call, eachOf, readAll, tempFolder, type TestAnswer } from './testing/server.ts'

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
const all = (path: string, between?: Parameters<typeof readAll>[2]) =>
  readAll(serving.url, `/api/coord${path}`, between)
const send = (subject: string, more: object = {}) =>
  api('POST', '/messages', { from_session: 'OTHER/a', project_key: 'p', subject, ...more })
const subjects = (answer: TestAnswer): string[] => answer.body.map((m: { subject: string }) => m.subject)

/** How a row of each list is made, and its name there. */
const KINDS: Readonly<Record<string, readonly [make: (n: number) => Promise<TestAnswer>, field: string]>> = {
  locks: [
    (n) => api('POST', '/locks', { project_key: 'p', session_id: 'M/a', resource: `r${n}` }),
    'resource',
  ],
  components: [(n) => api('PUT', `/components/p/r${n}`, { state: 's' }), 'component'],
  workflows: [(n) => api('POST', '/workflows', { project_key: 'p', name: `r${n}` }), 'name'],
  messages: [(n) => send(`r${n}`), 'subject'],
}

test.each(Object.keys(KINDS))(
  'F1: 1 001 and more rows of %s are read to the end, in both orders, each once',
  async (kind) => {
    const [make, field] = KINDS[kind] ?? []
    if (!make || !field) throw new Error('no such kind')
    await eachOf(1_001, make)
    const first = await api('GET', `/${kind}?order=oldest`)
    expect(first.body).toHaveLength(1_000)
    expect(first.headers.get('link')).toMatch(/^<\/api\/coord\/\S+after=\d+\S*>; rel="next"$/)
    for (const order of ['oldest', 'newest']) {
      const rows = await all(`/${kind}?order=${order}&project_key=p`)
      expect(new Set(rows.map((r) => r[field])).size).toBe(1_001)
      expect(rows).toHaveLength(1_001)
      const [one, , three] = await all(`/${kind}?order=${order}&limit=400`).then((r) => [
        r[0],
        r[1],
        r.at(-1),
      ])
      expect([one[field], three[field]]).toEqual([rows[0][field], rows.at(-1)[field]])
    }
    expect((await api('GET', `/${kind}?limit=5`)).headers.get('x-total-count')).toBe(null)
    expect((await api('GET', `/${kind}?limit=5&count=true`)).headers.get('x-total-count')).toBe('1001')
  },
)

test('F1: work items too, and 10 001 messages', async () => {
  const { body: workflow } = await api('POST', '/workflows', { project_key: 'p', name: 'w' })
  await eachOf(1_001, (n) => api('POST', '/work-items', { workflow_id: workflow.id, title: `t${n}` }))
  expect(await all(`/work-items?workflow_id=${workflow.id}`)).toHaveLength(1_001)
  await eachOf(10_000, (n) => send(`s${n}`, { to_session: `DEAD/${n}` }))
  await send('for me', { to_session: 'ME/claude-main' })
  expect((await api('GET', '/messages?unread_only=true&for_machine=me&order=newest')).body).toMatchObject([
    { subject: 'for me' },
  ])
  expect(await all('/messages?unread_only=true')).toHaveLength(10_001)
  expect((await api('GET', '/status')).body.unread_count).toBe(10_001)
})

test('F9: whoever marks each page read on the way sees every row', async () => {
  await eachOf(250, (n) => send(`s${n}`, { to_session: 'ME/a' }))
  const rows = await all('/messages?to_session=ME%2Fa&unread_only=true&limit=100', async (page) => {
    for (const m of page) await api('PUT', `/messages/${m.id}/read?session_id=ME%2Fa`)
  })
  expect(new Set(rows.map((m) => m.subject)).size).toBe(250)
})

test('F3: a page ends at 4 MiB, whatever its rows are, and the rest follows', async () => {
  const body = 'x'.repeat(250_000)
  for (let n = 0; n < 40; n++) await send(`s${n}`, { body })
  const page = await api('GET', '/messages?order=oldest')
  expect(page.text.length).toBeLessThan(4_194_304 + 10)
  expect(page.body.length).toBeGreaterThan(10)
  expect((await all('/messages?order=oldest')).map((m) => m.subject)).toEqual(
    Array.from({ length: 40 }, (_, n) => `s${n}`),
  )
})

test('a message is listed as it was answered when it was sent, whatever its text and its times are', async () => {
  const texts = [
    'plain',
    '"quoted" \\ and / slashed',
    '\u0000\u0001\b\t\n\f\r\u001f\u007f\u0080\u2028\u2029\ufeff',
    'é ü 漢字 😀 \ud83d\udc4d',
    'alone: \ud800, \udfff',
    '{"a":[1,"b"]}',
    'é'.repeat(900),
  ]
  const ends = [null, '9999-12-31T23:59:59.999Z', '2099-02-28T23:59:59.001Z', '0001-01-01T00:00:00Z']
  const sent: TestAnswer[] = []
  for (const text of texts)
    for (const expires_at of ends) {
      const all_texts = { from_session: text, to_session: text, project_key: text, subject: text, body: text }
      sent.push(await api('POST', '/messages', { ...all_texts, reply_to: text, expires_at }))
    }
  expect(new Set(sent.map((answer) => answer.status))).toEqual(new Set([201]))
  const kept = sent.map(({ body }) => body).filter((m) => m.expires_at === null || m.expires_at > '2026')
  expect(await all('/messages?order=oldest&limit=9')).toEqual(kept)
  // A lone surrogate cannot be asked for in an address.
  for (const text of texts.filter((one) => one.isWellFormed()))
    expect(await all(`/messages?order=oldest&to_session=${encodeURIComponent(text)}`)).toEqual(
      kept.filter((m) => m.to_session === text),
    )
  const [first] = kept
  await api('PUT', `/messages/${first.id}/read`)
  const read = (await all('/messages?order=oldest')).find((m) => m.id === first.id)
  expect(read).toEqual({ ...first, read_at: new Date(START).toISOString() })
})

test('for_machine gives what is for a machine and what is for all, without regard to case', async () => {
  await send('direct', { to_session: 'Howard-Home/claude' })
  await send('other', { to_session: 'OTHER/x' })
  await send('to all')
  expect(subjects(await api('GET', '/messages?for_machine=HOWARD-HOME&order=oldest'))).toEqual([
    'direct',
    'to all',
  ])
  expect(
    subjects(await api('GET', '/messages?for_machine=howard-home&unread_only=true&project_key=p')),
  ).toEqual(['direct', 'to all'])
  await api('POST', '/locks', { project_key: 'p', session_id: 'Howard-Home/a', resource: 'r1' })
  await api('POST', '/locks', { project_key: 'p', session_id: 'OTHER/a', resource: 'r2' })
  expect((await api('GET', '/locks?for_machine=howard-home')).body).toMatchObject([{ resource: 'r1' }])
})

test('F15: a session is the same session whatever the case of its machine', async () => {
  await send('mail', { to_session: 'Howard-Home/claude-main' })
  const mine = '/messages?to_session=HOWARD-HOME%2Fclaude-main&unread_only=true'
  expect(subjects(await api('GET', mine))).toEqual(['mail'])
  expect((await api('GET', '/status?session_id=howard-home%2Fclaude-main')).body.unread_count).toBe(1)
  expect((await api('GET', '/messages?to_session=Howard-Home%2FCLAUDE-main&unread_only=true')).body).toEqual(
    [],
  )
  const broadcast = (await send('to all')).body
  await api('PUT', `/messages/${broadcast.id}/read?session_id=howard-home%2Fclaude-main`)
  expect(subjects(await api('GET', mine))).toEqual(['mail'])
  const claim = (session_id: string) => api('POST', '/locks', { project_key: 'p', session_id, resource: 'r' })
  expect((await claim('Howard-Home/a')).status).toBe(201)
  expect((await claim('HOWARD-HOME/a')).status).toBe(200)
  expect((await claim('HOWARD-HOME/A')).status).toBe(409)
  expect((await api('DELETE', '/locks?session_id=howard-home%2Fa&release_all=true')).body).toEqual({
    released: 1,
  })
})

test('unread counts of all and of one session are exact, through reads, marks and ends', async () => {
  const count = async (session?: string) =>
    (await api('GET', `/status${session ? `?session_id=${encodeURIComponent(session)}` : ''}`)).body
      .unread_count
  const direct = (await send('direct', { to_session: 'ME/a' })).body
  const broadcast = (await send('to all')).body
  await send('mine', { from_session: 'ME/a' })
  await send('for an hour', { expires_at: new Date(START + HOUR).toISOString() })
  await send('for an hour, to me', { to_session: 'ME/a', expires_at: new Date(START + HOUR).toISOString() })
  expect([await count(), await count('me/a'), await count('ME/b')]).toEqual([5, 4, 3])
  await api('PUT', `/messages/${broadcast.id}/read?session_id=ME%2Fa`)
  expect([await count(), await count('ME/a'), await count('ME/b')]).toEqual([5, 3, 3])
  await api('PUT', `/messages/${direct.id}/read?session_id=ME%2Fa`)
  expect([await count(), await count('ME/a')]).toEqual([4, 2])
  now += HOUR
  expect([await count(), await count('ME/a'), await count('ME/b')]).toEqual([2, 0, 2])
  await api('PUT', `/messages/${broadcast.id}/read`)
  expect([await count(), await count('ME/a'), await count('ME/b')]).toEqual([1, 0, 1])
  expect((await api('GET', '/messages?to_session=ME%2Fa')).body.map((m: { id: string }) => m.id)).toEqual([
    broadcast.id,
    direct.id,
  ])
})

test('a message whose time is over is gone for every call that names it, also where nothing swept it yet', async () => {
  const end = new Date(START + HOUR).toISOString()
  const keyed = (subject: string, expires_at: string) =>
    api(
      'POST',
      '/messages',
      { from_session: 'OTHER/a', subject, body: 'b', expires_at },
      { 'idempotency-key': subject },
    )
  const ends = await keyed('ends', end)
  const { id } = ends.body
  const statuses = async (of: string) => [
    (await api('GET', `/messages/${of}/receipts`)).status,
    (await api('PUT', `/messages/${of}/read?session_id=M%2Fa`)).status,
    (await api('PUT', `/messages/${of}/read`)).status,
  ]
  now = START + HOUR - 1
  expect(await statuses(id)).toEqual([200, 200, 200])
  expect((await keyed('ends', end)).text).toBe(ends.text)
  now = START + HOUR
  expect(await statuses(id)).toEqual([404, 404, 404])
  expect((await api('PUT', `/messages/${id}/read`)).body).toEqual(
    (await api('PUT', '/messages/none/read')).body,
  )
  expect((await keyed('ends', end)).body).toEqual({ ...ends.body, body: null })

  const over = await keyed('over', end)
  expect([over.status, over.body.body, over.body.expires_at]).toEqual([201, 'b', end])
  expect(await statuses(over.body.id)).toEqual([404, 404, 404])
  expect((await api('GET', '/status')).body.unread_count).toBe(0)
})

test.each(['locks', 'messages', 'components', 'workflows', 'work-items', 'status'])(
  'ETag: %s is 304 until something of it changes',
  async (kind) => {
    const path = `/${kind}`
    const first = await api('GET', path)
    const tag = first.headers.get('etag') ?? ''
    expect(tag).toMatch(/^W\/"[^"]+"$/)
    const again = () => api('GET', path, undefined, { 'if-none-match': `"other", ${tag}` })
    expect((await again()).status).toBe(304)
    expect((await again()).text).toBe('')
    await api('GET', '/status')
    expect((await again()).status).toBe(304)
    const { body: workflow } = await api('POST', '/workflows', { project_key: 'p', name: 'w' })
    await api('POST', '/work-items', { workflow_id: workflow.id, title: 't' })
    await api('PUT', '/components/p/c', { state: 's' })
    await api('POST', '/locks', { project_key: 'p', session_id: 'M/a', resource: 'r' })
    await send('s')
    const changed = await again()
    expect(changed.status).toBe(200)
    expect(changed.headers.get('etag')).not.toBe(tag)
  },
)

test('ETag: what time alone changes, and marks, refusals and activity, change it too', async () => {
  const tag = async (path: string) => (await api('GET', path)).headers.get('etag')
  const changes = async (path: string, act: () => Promise<unknown>) => {
    const before = await tag(path)
    expect(await tag(path)).toBe(before)
    await act()
    expect(await tag(path)).not.toBe(before)
  }
  const { body: sent } = await send('s', { expires_at: new Date(START + HOUR).toISOString() })
  await api('POST', '/locks', { project_key: 'p', session_id: 'M/a', resource: 'r', ttl_hours: 2 })
  await changes('/messages', () => api('PUT', `/messages/${sent.id}/read?session_id=M%2Fa`))
  await changes('/locks', () => api('POST', '/locks', { project_key: 'p', session_id: 'M/b', resource: 'r' }))
  now += 1
  await changes('/locks', () => send('activity', { from_session: 'M/a' }))
  await changes('/messages', async () => (now += HOUR))
  await changes('/locks', async () => (now += HOUR))
  expect((await api('GET', '/locks')).body).toEqual([])
})

test('a list says which field of its query is wrong, and takes more than a page for a page', async () => {
  for (const query of ['limit=0', 'limit=x', 'after=x', 'order=up', 'count=perhaps', 'offset=-1'])
    expect((await api('GET', `/locks?${query}`)).body).toMatchObject({ field: query.split('=')[0] })
  expect((await api('GET', '/locks?limit=100000')).status).toBe(200)
})
