/** Events: hints of what changed, in order, bounded, and resumed after a break. */
import { serveHere } from './testing/serving.ts'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Serving } from './serve.ts'
import { listenTo, type Heard, type Listener } from './testing/listener.ts'
import { call, eachOf, startServer, tempFolder } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: Serving
const listeners: Listener[] = []

beforeEach(async () => {
  folder = await tempFolder()
  const database = join(folder.path, 'coord.db')
  serving = await serveHere({ database })
})
afterEach(async () => {
  for (const one of listeners.splice(0)) one.close()
  await serving.close()
  await folder.remove()
})

async function listen(query = '', headers: Record<string, string> = {}): Promise<Listener> {
  const listener = await listenTo(serving.url, query, headers)
  listeners.push(listener)
  return listener
}
const has = (event: string) => (heard: readonly Heard[]) => heard.some((h) => h.event === event)
const counts = (n: number) => (heard: readonly Heard[]) =>
  heard.filter((h) => h.event === 'change').length >= n
const send = (subject: string, more: object = {}) =>
  call(serving.url, 'POST', '/api/coord/messages', {
    from_session: 'O/a',
    project_key: 'p',
    subject,
    ...more,
  })
const changesOf = (heard: readonly Heard[]) => heard.filter((h) => h.event === 'change')

test('a listener is told of each change of every kind, in order and without text', async () => {
  const one = await listen()
  expect(one.answer.headers['content-type']).toBe('text/event-stream')
  await one.until(has('ready'))
  const { body: message } = await send('SECRET', { body: 'SECRET' })
  const { body: lock } = await call(serving.url, 'POST', '/api/coord/locks', {
    project_key: 'p',
    session_id: 'M/a',
    resource: 'r',
    description: 'SECRET',
  })
  await call(serving.url, 'PUT', '/api/coord/components/p/c', { state: 'built', notes: 'SECRET' })
  await call(serving.url, 'DELETE', `/api/coord/locks/${lock.id}?session_id=M/a`)
  const heard = changesOf(await one.until(counts(4)))
  expect(heard.map((h) => [h.data['kind'], h.data['act'], h.data['project'], h.data['id']])).toEqual([
    ['messages', 'sent', 'p', message.id],
    ['locks', 'claimed', 'p', lock.id],
    ['components', 'set', 'p', 'c'],
    ['locks', 'released', 'p', lock.id],
  ])
  expect(JSON.stringify(heard)).not.toContain('SECRET')
  expect(heard.map((h) => h.id)).toEqual([...heard.map((h) => h.id)].sort((a, b) => a - b))
})

test('after a break it goes on where it stood; where the log was cut it is told to read all', async () => {
  const one = await listen()
  await one.until(has('ready'))
  await send('1')
  const [first] = changesOf(await one.until(counts(1)))
  one.close()
  await send('2')
  await send('3')
  const again = await listen('', { 'last-event-id': String(first?.id) })
  expect(changesOf(await again.until(counts(2)))).toHaveLength(2)
  expect(has('resync')(again.heard)).toBe(false)
  const stranger = await listen('', { 'last-event-id': '999999' })
  await stranger.until(has('resync'))
  await eachOf(300, (n) => send(`s${n}`))
  const late = await listen('', { 'last-event-id': String(first?.id) })
  await late.until(has('resync'))
  expect(changesOf(late.heard)).toEqual([])
})

test('a machine hears of its own mail and of broadcasts, and has one stream: the newer', async () => {
  const one = await listen('?for_machine=Howard-Home')
  await one.until(has('ready'))
  await send('other', { to_session: 'OTHER/x' })
  await send('mine', { to_session: 'howard-home/x' })
  await send('all')
  const heard = await one.until(counts(2))
  expect(changesOf(heard)).toHaveLength(2)
  const two = await listen('?for_machine=HOWARD-HOME')
  await two.until(has('ready'))
  await one.until(has('replaced'))
  await one.until(() => one.isEnded())
  await send('all again')
  await two.until(counts(1))
})

test('a listener that takes nothing costs a bounded buffer, and is told to read all when it goes on', async () => {
  const slow = await listen()
  await slow.until(has('ready'))
  slow.answer.pause()
  // More than the system's own buffers hold, written as another process on the database would.
  const db = new DatabaseSync(join(folder.path, 'coord.db'), { timeout: 5_000 })
  db.exec(`INSERT INTO changes (kind, act, project_key, id, at)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
    SELECT 'locks', 'claimed', printf('%.*c', 900, 'p'), 'x' || i, 0 FROM n`)
  db.close()
  const watcher = await listen()
  await send('the last')
  await watcher.until(counts(1))
  slow.answer.resume()
  await slow.until(has('resync'))
  expect(changesOf(slow.heard).length).toBeLessThan(9_000)
  await send('after it')
  await slow.until((heard) => heard.at(-1)?.event === 'change')
})

test("another process's writes on the same database are heard too", async () => {
  const other = await startServer(join(folder.path, 'coord.db'))
  try {
    const one = await listen()
    await one.until(has('ready'))
    await call(other.url, 'PUT', '/api/coord/components/p/c', { state: 's' })
    await one.until(counts(1))
  } finally {
    await other.stop()
  }
})

test('an id that is none is refused, and the server stops with listeners on it', async () => {
  expect(
    (await call(serving.url, 'GET', '/api/coord/events', undefined, { 'last-event-id': 'x' })).status,
  ).toBe(422)
  const one = await listen()
  await one.until(has('ready'))
  await serving.close()
  await one.until(() => one.isEnded())
})
