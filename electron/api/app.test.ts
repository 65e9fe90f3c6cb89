/** What lasts longer than its call: streams and claims that wait. It ends with its client and with its token, and never takes the server along. */
import { once } from 'node:events'
import { createServer, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { getRequestListener } from '@hono/node-server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { err, ok, type Result } from '../../shared/result.ts'
import type { Access } from './access.ts'
import { refuse } from './answers.ts'
import { createApp, type AppDeps } from './app.ts'
import { createFeed, type Feed } from './change-feed.ts'
import { createLimits } from './connections.ts'
import { createStreams } from './events.ts'
import { createMetrics } from './metrics.ts'
import { newest, type Answer, type Caller, type Store } from './store.ts'
import { listenTo } from './testing/listener.ts'
import { call, tempFolder } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'

const CALLER: Caller = { machine: 'M', isAdmin: false }
/** Longer than what lasts goes on without a look at its token. */
const LOOKS_MS = 2_600

let folder: Awaited<ReturnType<typeof tempFolder>>
let store: Store
let feed: Feed
let server: Server
let said: string[]

beforeEach(async () => {
  folder = await tempFolder()
  store = await openTestStore(join(folder.path, 'coord.db'))
  feed = createFeed(store, () => undefined)
  said = []
})
afterEach(async () => {
  feed.stop()
  server.closeAllConnections()
  await new Promise((done) => server.close(done))
  await store.close()
  await folder.remove()
})

/** Who calls, asked for the n-th time. */
type Ask = (n: number) => Promise<Result<Caller | null, Answer>>

/** A server whose token, streams and store behave as asked; how often the token was looked at. */
async function serve(ask: Ask, more: Partial<AppDeps> = {}): Promise<{ url: string; looks: () => number }> {
  let looks = 0
  const callerOf = (): ReturnType<Ask> => ask(++looks)
  const access: Access = { callerOf, viewerOf: callerOf, slowDown: () => undefined }
  const metrics = createMetrics(store)
  metrics.stop()
  const app = createApp({
    store,
    feed,
    access,
    metrics,
    streams: createStreams(store, feed),
    limits: createLimits(),
    rules: { hostNames: [] },
    proxies: null,
    instance: 'i',
    now: Date.now,
    log: (line) => said.push(line),
    ...more,
  })
  const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false })
  server = createServer((incoming, outgoing) => void listener(incoming, outgoing))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, looks: () => looks }
}
const good: Ask = () => Promise.resolve(ok(CALLER))
const pause = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))

test('a listener that goes before its stream is open leaves nothing behind', async () => {
  const streams = createStreams(store, feed)
  let isAsked: () => void = () => undefined
  const asked = new Promise<void>((go) => (isAsked = go))
  const { url, looks } = await serve(good, {
    streams: {
      ...streams,
      async open(response: ServerResponse, what) {
        isAsked()
        await once(response, 'close')
        return streams.open(response, what)
      },
    },
  })
  const going = request(`${url}/api/coord/events`, { agent: false }).on('error', () => undefined)
  going.end()
  await asked
  going.destroy()
  await pause(LOOKS_MS)
  expect([looks(), streams.count()]).toEqual([1, 0])
})

test('a look at a token that fails by a bug ends the stream, and the server goes on', async () => {
  const { url } = await serve((n) => (n === 2 ? Promise.reject(new Error('a bug of ours')) : good(n)))
  const one = await listenTo(url)
  await one.until(() => one.isEnded())
  expect(said.join()).toContain('a bug of ours')
  expect((await call(url, 'GET', '/api/coord/locks')).status).toBe(200)
})

test('a claim that is won while its token is revoked is given back, and refused', async () => {
  let refused: () => void = () => undefined
  const isRefused = new Promise<void>((go) => (refused = go))
  const slow = Object.create(store, {
    write: {
      value: async (...asked: Parameters<Store['write']>) => {
        if (asked[0].kind === 'lock.claim') await isRefused
        return store.write(...asked)
      },
    },
  }) as Store
  const { url } = await serve(
    (n) => {
      if (n < 3) return good(n)
      setImmediate(refused)
      return Promise.resolve(err(refuse(401, 'revoked')))
    },
    { store: slow },
  )
  const lock = { project_key: 'p', session_id: 'M/a', resource: 'r' }
  expect((await call(url, 'POST', '/api/coord/locks?wait=5', lock)).status).toBe(401)
  const held = await store.list(
    { kind: 'locks', project: 'p', resource: null, machine: null, ...newest(10) },
    Date.now(),
    [],
  )
  expect(held).toMatchObject({ ok: true, value: { value: { rows: '[]' } } })
})

test('a claim that waits for a lock that has ended by this server’s clock only does not ask without a pause', async () => {
  let claims = 0
  const ownClock = Object.create(store, {
    write: {
      value: (...[change, , ...more]: Parameters<Store['write']>) => {
        if (change.kind === 'lock.claim') claims++
        return store.write(change, Date.now(), ...more)
      },
    },
  }) as Store
  const { url } = await serve(good, { store: ownClock, now: () => Date.now() + 7_200_000 })
  const lock = { project_key: 'p', resource: 'r', ttl_hours: 1 }
  expect((await call(url, 'POST', '/api/coord/locks', { ...lock, session_id: 'M/a' })).status).toBe(201)
  expect((await call(url, 'POST', '/api/coord/locks?wait=1', { ...lock, session_id: 'M/b' })).status).toBe(
    409,
  )
  expect(claims).toBeLessThan(8)
})

test('whether it lives is answered without a token, and without asking the database', async () => {
  const asked: PropertyKey[] = []
  const watched = new Proxy(store, {
    get(target, name) {
      asked.push(name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const { url, looks } = await serve(good, { store: watched })
  for (let n = 0; n < 20; n++) {
    const answer = await fetch(`${url}/health/live`)
    expect(await answer.json()).toEqual({ status: 'ok' })
  }
  expect([...new Set(asked)]).toEqual(['isUsable'])
  expect(looks()).toBe(0)
})
