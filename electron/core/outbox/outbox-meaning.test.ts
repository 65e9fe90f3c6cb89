/** What each kind of call means, and beside it the neighbour that must be sent. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FlushCounts } from '../../../shared/protocol.ts'
import { Liar } from '../../adapters/testing/liar.ts'
import { stage } from '../../adapters/testing/stage.ts'
import {
  ago,
  claim,
  component,
  message,
  now,
  place,
  releaseAll,
  type Place,
} from '../../adapters/testing/place.ts'

const HOUR = 3_600_000
let at: Place
let server: Liar
beforeEach(async () => {
  at = place()
  server = await new Liar().listen()
})
afterEach(async () => {
  await server.close()
  at.remove()
})
const sent = (): string[] => server.api.arrivals.map((a) => `${a.method} ${a.path}`)
async function flush(...lines: (object | string)[]): Promise<FlushCounts & { reasons: string[] }> {
  at.add(...lines)
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs: 0, lanes: 1 })
  const s = await opened.box.summary()
  await opened.close()
  if (!done.ok) throw new Error(done.error.message)
  return { ...done.value, reasons: [...s.skipped, ...s.setAside].map((c) => c.reason) }
}
const SENT = (n: number): object => ({ delivered: n, setAside: 0, skipped: 0, waiting: 0 })

describe('a claim whose age passes its life: expired', () => {
  it.each([
    ['ttl 2, 3 h old', 2, 3],
    ['ttl 0, 3 h old', 0, 3],
    ['no ttl, 3 h old', undefined, 3],
    ['ttl 8, 3 h old', 8, 3],
    ['ttl 1, 61 min old', 1, 61 / 60],
  ])('%s: skipped', async (_, ttl, hours) => {
    expect(await flush(claim('r', 'M/a', ago(hours * HOUR), ttl))).toMatchObject({
      skipped: 1,
      reasons: ['expired'],
    })
    expect(sent()).toEqual([])
  })
  it.each([
    ['ttl 2, 1 h old', 2, ago(HOUR)],
    ['ttl 8, 1.9 h old', 8, ago(1.9 * HOUR)],
    ['no time known', 2, undefined],
    ['1970', 2, '1970-01-01T00:00:00Z'],
    ['a time to come', 2, ago(-9 * HOUR)],
  ])('%s: sent', async (_, ttl, ts) => {
    const call = claim('r', 'M/a', now(), ttl) as Record<string, unknown>
    expect(await flush(ts === undefined ? { ...call, ts: undefined } : { ...call, ts })).toMatchObject(
      SENT(1),
    )
  })
})

describe('a claim that is released later in the same backlog: released-later', () => {
  it('by release-all of its session: skipped', async () => {
    expect(await flush(claim('r', 'M/a'), message('x'), releaseAll('M/a'))).toMatchObject({
      delivered: 2,
      skipped: 1,
      reasons: ['released-later'],
    })
  })
  it('by the release of that lock: skipped', async () => {
    server.api.locks.push({
      id: 'L',
      session_id: 'M/a',
      project_key: 'p',
      resource: 'r',
      acquired_at: ago(HOUR),
    })
    expect(
      await flush(claim('r', 'M/a'), {
        ts: now(),
        method: 'DELETE',
        path: '/api/coord/locks/L?session_id=M%2Fa',
      }),
    ).toMatchObject({ delivered: 1, skipped: 1, reasons: ['released-later'] })
  })
  it('release-all of another session, or one that stands before it, or the release of another lock: sent', async () => {
    server.api.locks.push({
      id: 'L',
      session_id: 'M/c',
      project_key: 'p',
      resource: 'other',
      acquired_at: ago(HOUR),
    })
    expect(
      await flush(releaseAll('M/a'), claim('r', 'M/a'), releaseAll('M/b'), {
        ts: now(),
        method: 'DELETE',
        path: '/api/coord/locks/L',
      }),
    ).toMatchObject(SENT(4))
    expect(server.api.locks.map((l) => l['resource'])).toEqual(['r'])
  })
})

describe('release-all of a session that is at work again: session-active', () => {
  it('a lock acquired after the call: set aside', async () => {
    server.api.locks.push({
      id: 'L',
      session_id: 'M/a',
      project_key: 'p',
      resource: 'new',
      acquired_at: now(),
    })
    expect(await flush(releaseAll('M/a', ago(HOUR)))).toMatchObject({
      setAside: 1,
      reasons: ['session-active'],
    })
    expect(server.api.locks).toHaveLength(1)
  })
  it('nothing new, or the new lock is another session’s, or no time known: sent', async () => {
    server.api.locks.push(
      { id: 'L', session_id: 'M/a', project_key: 'p', resource: 'old', acquired_at: ago(2 * HOUR) },
      { id: 'K', session_id: 'M/b', project_key: 'p', resource: 'b', acquired_at: now() },
    )
    expect(await flush(releaseAll('M/a', ago(HOUR)))).toMatchObject(SENT(1))
    server.api.locks.push({
      id: 'N',
      session_id: 'M/a',
      project_key: 'p',
      resource: 'new',
      acquired_at: now(),
    })
    expect(await flush({ ...releaseAll('M/a'), ts: undefined })).toMatchObject(SENT(1))
    expect(server.api.locks.map((l) => l['id'])).toEqual(['K'])
  })
  it('a lock that this drain acquired: sent', async () => {
    server.lie = (asked) =>
      asked.isWrite && asked.n === 1 ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    const late = claim('r', 'M/a', ago(HOUR))
    expect(await flush(late, message('x'))).toMatchObject({ delivered: 1, waiting: 1 })
    expect(await flush(releaseAll('M/a', ago(HOUR / 2)))).toMatchObject({ delivered: 2, setAside: 0 })
    expect(server.api.locks).toEqual([])
  })
})

describe('a component state that is older than what the API holds: superseded', () => {
  const row = (at_: string, more: object = {}): object => ({
    project_key: 'p',
    component: 'web',
    state: 'live',
    updated_at: at_,
    ...more,
  })
  it.each(['path', 'body'])('%s form: skipped', async (form) => {
    server.api.components.push(row(now()) as Record<string, unknown>)
    const call =
      form === 'path'
        ? component('web', 'old', ago(HOUR))
        : {
            ts: ago(HOUR),
            method: 'PUT',
            path: '/api/coord/components',
            body: { project_key: 'p', component: 'web', state: 'old' },
          }
    expect(await flush(call)).toMatchObject({ skipped: 1, reasons: ['superseded'] })
    expect(server.api.components[0]).toMatchObject({ state: 'live' })
  })
  it('two states of one component in one backlog: both arrive', async () => {
    expect(
      await flush(component('web', 'built', ago(2 * HOUR)), component('web', 'deployed', ago(HOUR))),
    ).toMatchObject(SENT(2))
    expect(server.api.components).toMatchObject([{ state: 'deployed' }])
  })
  it('four states, and the process ends between them: all arrive', async () => {
    server.lie = (asked) =>
      asked.isWrite && asked.n === 1 ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    const states = ['s0', 's1', 's2', 's3'].map((s, i) => component('web', s, ago((4 - i) * HOUR)))
    expect(await flush(...states)).toMatchObject({ delivered: 1, waiting: 3 })
    expect(await flush()).toMatchObject(SENT(3))
    expect(server.api.components).toMatchObject([{ state: 's3' }])
  })
  it('four states, and the connection is cut behind the first: all arrive', async () => {
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n !== 0) return undefined
      server.api.components.push({ project_key: 'p', component: 'other', updated_at: now() })
      server.truth(asked)
      asked.req.socket.destroy()
      return 'handled'
    }
    await flush(...['s0', 's1', 's2', 's3'].map((s, i) => component('web', s, ago((4 - i) * HOUR))))
    expect(await flush()).toMatchObject({ skipped: 0, waiting: 0 })
    expect(server.api.effects.map((e) => (JSON.parse(e.body) as { state: string }).state)).toEqual([
      's0',
      's1',
      's2',
      's3',
    ])
  })
  it('an older row, another component, a row that a replay wrote, no time known: sent', async () => {
    server.api.components.push(row(ago(3 * HOUR)) as Record<string, unknown>)
    expect(await flush(component('web', 's1', ago(HOUR)))).toMatchObject(SENT(1))
    server.api.components = [row(now(), { component: 'db' }) as Record<string, unknown>]
    expect(await flush(component('web', 's2', ago(HOUR)))).toMatchObject(SENT(1))
    server.api.components = [row(now(), { effective_at: ago(5 * HOUR) }) as Record<string, unknown>]
    expect(await flush(component('web', 's3', ago(HOUR)))).toMatchObject(SENT(1))
    server.api.components = [row(now()) as Record<string, unknown>]
    expect(await flush({ ...component('web', 's4'), ts: undefined })).toMatchObject(SENT(1))
  })
  it('a server without that list: sent', async () => {
    server.lie = (asked) =>
      asked.method === 'GET' && asked.path.includes('components') ? { status: 404 } : undefined
    expect(await flush(component('web', 's', ago(HOUR)))).toMatchObject(SENT(1))
  })
})

describe('bytes identical to a call delivered lately from an earlier segment: duplicate', () => {
  it('PUT: skipped; POST: set aside', async () => {
    const [p, m] = [component('web', 'built'), message('x')]
    expect(await flush(p, m)).toMatchObject(SENT(2))
    expect(await flush(m)).toMatchObject({ setAside: 1, reasons: ['duplicate'] })
    const q = component('db', 'built')
    await flush({ ...q, body: { state: 'built' } })
    expect(await flush({ ...q, body: { state: 'built' } })).toMatchObject({ skipped: 1 })
  })
  it('without ts, with another ts, twice in one file, or with a call on the same resource between: sent', async () => {
    const bare = {
      method: 'POST',
      path: '/api/coord/messages',
      body: { from_session: 'M/a', subject: 'bare' },
    }
    expect(await flush(bare)).toMatchObject(SENT(1))
    expect(await flush(bare)).toMatchObject(SENT(1))
    expect(await flush({ ...bare, ts: ago(1_000) })).toMatchObject(SENT(1))
    expect(await flush({ ...bare, ts: ago(2_000) })).toMatchObject(SENT(1))
    const m = message('twice')
    expect(await flush(m, m)).toMatchObject(SENT(2))
    const put = component('web', 'built')
    expect(await flush(put)).toMatchObject(SENT(1))
    expect(await flush(component('web', 'deploying'))).toMatchObject(SENT(1))
    expect(await flush(put)).toMatchObject(SENT(1))
  })
  it('PATCH, DELETE: skipped; with another body, of another session, or with a call of that session between: sent', async () => {
    const patch = { ts: now(), method: 'PATCH', path: '/api/coord/work-items/1', body: { status: 'done' } }
    const release = {
      ts: now(),
      method: 'DELETE',
      path: '/api/coord/locks?session_id=M%2Fa&release_all=true',
    }
    expect(await flush(patch, release)).toMatchObject(SENT(2))
    expect(await flush(patch, release)).toMatchObject({ skipped: 2, reasons: ['duplicate', 'duplicate'] })
    expect(await flush({ ...patch, body: { status: 'open' } })).toMatchObject(SENT(1))
    expect(await flush({ ...release, path: release.path.replace('M%2Fa', 'M%2Fb') })).toMatchObject(SENT(1))
    expect(await flush(message('by M/a'))).toMatchObject(SENT(1))
    expect(await flush(release)).toMatchObject(SENT(1))
  })
  it('ten minutes later: sent', async () => {
    const s = stage(at)
    const put = message('again')
    const send = async (): Promise<unknown> => {
      at.add(put)
      return s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    }
    expect(await send()).toMatchObject({ value: { delivered: 1 } })
    await s.clock.advance(9 * 60_000)
    expect(await send()).toMatchObject({ value: { delivered: 0, setAside: 1 } })
    await s.clock.advance(2 * 60_000)
    expect(await send()).toMatchObject({ value: { delivered: 1, setAside: 0 } })
    await s.close()
  })
})

describe('reads and refused ones', () => {
  it('GET, HEAD: skipped read; the same path with POST: sent', async () => {
    const done = await flush(
      { method: 'GET', path: '/api/coord/locks' },
      { method: 'head', path: '/api/coord/locks' },
      { ...claim('r', 'M/a'), ts: undefined },
    )
    expect(done).toMatchObject({ delivered: 1, skipped: 2, reasons: ['read', 'read'] })
  })
  it.each([
    'http://evil.test/api/coord/x',
    '//evil',
    '/api/coord/../x',
    '/api/coord/%2e%2e/x',
    '/other',
    '/api/coord/x#y',
    '/api/coord/x\\y',
    '/api/coord/x?a=\u0001',
  ])('%j: set aside refused, never sent', async (path) => {
    const done = await flush({ method: 'POST', path, body: {} }, message('ok'))
    expect(done).toMatchObject({ delivered: 1, setAside: 1 })
    expect(done.reasons[0]).toMatch(/^refused/)
    expect(sent()).toEqual(['POST /api/coord/messages'])
  })
  it('another method: set aside refused; PATCH and DELETE: sent', async () => {
    expect(
      await flush(
        { method: 'TRACE', path: '/api/coord/x' },
        { method: 'PATCH', path: '/api/coord/work-items/1', body: { status: 'done' } },
        { method: 'delete', path: '/api/coord/x?session_id=M%2Fname' },
      ),
    ).toMatchObject({ delivered: 2, setAside: 1 })
    expect(sent()).toEqual(['PATCH /api/coord/work-items/1', 'DELETE /api/coord/x?session_id=M%2Fname'])
  })
})

describe('everything else', () => {
  it('is sent as written, in order, with its key and its call time', async () => {
    const ts = ago(10 * 60_000)
    await flush(
      `{"ts":"${ts}","method":"POST","path":"/api/coord/messages","body":{ "z":1, "a" : 1.50, "é":"\\u00e9", "n":12345678901234567890 }}\n`,
      '{"method":"POST","path":"/api/coord/näher?q=a b","body":"raw é"}\n',
      '{"method":"POST","path":"/api/coord/none","body":null}\n',
    )
    const [a, b, c] = server.api.arrivals
    expect(a?.body).toBe('{ "z":1, "a" : 1.50, "é":"\\u00e9", "n":12345678901234567890 }')
    expect(a?.queuedAt).toBe(ts)
    expect(a?.key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(b).toMatchObject({ path: '/api/coord/n%C3%A4her?q=a%20b', body: 'raw é', queuedAt: undefined })
    expect(c).toMatchObject({ body: '' })
    expect(c?.headers['content-type']).toBeUndefined()
  })
})
