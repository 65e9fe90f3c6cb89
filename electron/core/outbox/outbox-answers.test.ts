/** What each answer means, against a real HTTP server that lies. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar, type Asked } from '../../adapters/testing/liar.ts'
import { claim, component, message, place, QUICK, type Place } from '../../adapters/testing/place.ts'
import type { Call } from '../../../shared/call.ts'

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
const subjects = (): unknown[] => server.api.messages.map((m) => m['subject'])
const once = (lie: (asked: Asked) => ReturnType<Liar['lie']>): void => {
  let isDone = false
  server.lie = (asked) => {
    if (!asked.isWrite || isDone) return undefined
    isDone = true
    return lie(asked)
  }
}
async function state(): Promise<{
  state: string
  detail: string
  asides: readonly Call[]
  delivered: number
  notes: (string | null)[]
}> {
  const opened = at.open(server.url)
  const s = await opened.box.summary()
  const asides = await opened.box.list('set-aside', 200)
  await opened.close()
  return {
    state: opened.connection.view().state,
    detail: opened.connection.view().detail,
    asides,
    delivered: s.delivered,
    notes: s.lately.map((l) => l.note),
  }
}
const NONE = { delivered: 0, setAside: 0, skipped: 0 }

describe('2xx that looks like the API', () => {
  it.each([
    [200, { id: 1 }],
    [201, { id: 1 }],
    [204, undefined],
    [200, ''],
  ])('%d %j: delivered', async (status, body) => {
    at.add(message('a'))
    once(() => ({ status, body }))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, waiting: 0 })
  })
})

describe('cannot connect', () => {
  it('refused: the call stays unclaimed, and nothing is written into the folder', async () => {
    at.add(message('a'))
    await server.close()
    expect(await at.flush(server.url)).toMatchObject({ ...NONE, waiting: 1 })
    expect(at.segments()).toEqual([])
  })
  it('away in the middle: the call stays first', async () => {
    at.add(message('a'), message('b'))
    once((asked) => {
      const reply = server.truth(asked)
      setImmediate(() => void server.close())
      return { ...reply, headers: { connection: 'close' } }
    })
    const { port } = server
    const first = await at.flush(server.url)
    expect(first.delivered + first.waiting).toBe(2)
    const again = await new Liar().listen(port)
    Object.assign(again.api, { messages: server.api.messages })
    const second = await at.flush(again.url)
    expect(second).toMatchObject({ waiting: 0 })
    expect(again.api.messages.map((m) => m['subject'])).toEqual(['a', 'b'])
    await again.close()
  })
})

describe('reset or time-out after bytes were sent', () => {
  for (const honours of [true, false])
    for (const isApplied of [true, false])
      it(`keys ${honours ? 'honoured' : 'ignored'}, ${isApplied ? 'applied' : 'not applied'}: exactly one row, same key`, async () => {
        server.api.honoursKeys = honours
        at.add(message('a'), message('b'))
        once((asked) => {
          if (isApplied) server.truth(asked)
          asked.req.socket.destroy()
          return 'handled'
        })
        await at.flush(server.url)
        expect((await at.flush(server.url, 3_000)).waiting).toBe(0)
        expect(subjects()).toEqual(['a', 'b'])
        expect((await state()).notes.includes('found applied')).toBe(isApplied)
        expect(new Set(server.api.arrivals.map((a) => a.key)).size).toBe(2)
      })
  it('two equal calls, the second in doubt and not applied: both are there in the end', async () => {
    server.api.honoursKeys = false
    at.add(message('a', 'x'), message('a', 'x'))
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n !== 1) return undefined
      asked.req.socket.destroy()
      return 'handled'
    }
    await at.flush(server.url)
    await at.flush(server.url, 3_000)
    expect(subjects()).toEqual(['a', 'a'])
  })
  it('a database that keeps whole seconds: the row is still recognised', async () => {
    server.api.honoursKeys = false
    at.add(message('a'))
    once((asked) => {
      server.truth(asked)
      for (const m of server.api.messages) m['created_at'] = String(m['created_at']).replace(/\.\d+Z$/, 'Z')
      asked.req.socket.destroy()
      return 'handled'
    })
    await at.flush(server.url)
    await at.flush(server.url, 3_000)
    expect(subjects()).toEqual(['a'])
  })
  it('is carried on in the same flush after one probe', async () => {
    at.add(message('a'), message('b'), message('c'))
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n !== 1) return undefined
      asked.req.socket.destroy()
      return 'handled'
    }
    expect(await at.flush(server.url, 10_000)).toMatchObject({ delivered: 3, waiting: 0 })
    expect(subjects()).toEqual(['a', 'b', 'c'])
  })
  it.each([
    ['before the headers', () => undefined],
    [
      'after the headers',
      (a: Asked) => void a.res.writeHead(200, { 'content-type': 'application/json' }).flushHeaders(),
    ],
    [
      'in the body',
      (a: Asked) =>
        void a.res
          .writeHead(200, { 'content-type': 'application/json', 'content-length': '100' })
          .write('{"id"'),
    ],
  ])('hangs %s: in doubt, then looked up', async (_, begin) => {
    server.api.honoursKeys = false
    at.add(message('a'))
    once((asked) => {
      server.truth(asked)
      begin(asked)
      return 'handled'
    })
    expect(await at.flush(server.url, 0, QUICK)).toMatchObject({ waiting: 1 })
    await at.flush(server.url, 3_000)
    expect(subjects()).toEqual(['a'])
  })
  it('half an answer, then the end: in doubt', async () => {
    server.api.honoursKeys = false
    at.add(message('a'))
    once((asked) => {
      server.truth(asked)
      asked.res.writeHead(201, { 'content-type': 'application/json', 'content-length': '100' })
      asked.res.write('{"id":', () => asked.req.socket.destroy())
      return 'handled'
    })
    expect(await at.flush(server.url)).toMatchObject({ waiting: 1 })
    await at.flush(server.url, 3_000)
    expect(subjects()).toEqual(['a'])
  })
  it('drips for ever: ends by itself', async () => {
    at.add(message('a'))
    once((asked) => {
      asked.res.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => asked.res.write(' '), 50)
      asked.res.on('close', () => clearInterval(drip))
      return 'handled'
    })
    expect(await at.flush(server.url, 0, QUICK)).toMatchObject({ waiting: 1 })
  })
})

describe('503, 429 with Retry-After', () => {
  it.each([
    ['seconds', 503, { 'retry-after': '1' }, { detail: 'away', retry_after: 1 }],
    ['seconds', 429, { 'retry-after': '1' }, {}],
    [
      'a date, by a server whose clock is wrong',
      503,
      { 'retry-after': 'Thu, 21 Oct 1999 07:28:01 GMT', date: 'Thu, 21 Oct 1999 07:28:00 GMT' },
      {},
    ],
    ['the body alone', 503, {}, { detail: 'away', retry_after: 1 }],
  ])('%s (%d): at least that long, then on in order', async (_, status, headers, body) => {
    at.add(message('a'), message('b'))
    let [refused, next] = [0, 0]
    const seen: string[] = []
    server.lie = (asked) => {
      if (refused === 0) {
        if (!asked.isWrite) return undefined
        refused = performance.now()
        return { status, headers: headers as unknown as Record<string, string>, body }
      }
      seen.push(`${asked.method} ${asked.path}`)
      if (next === 0) next = performance.now()
      return undefined
    }
    expect(await at.flush(server.url, 5_000)).toMatchObject({ delivered: 2, waiting: 0 })
    expect(next - refused).toBeGreaterThanOrEqual(995)
    expect(subjects()).toEqual(['a', 'b'])
    expect(new Set(server.api.arrivals.map((a) => a.key)).size).toBe(2)
  })
  it('no patience (hooks): returns at once, nothing lost', async () => {
    at.add(message('a'))
    once(() => ({ status: 503, headers: { 'retry-after': '30' } }))
    const began = performance.now()
    expect(await at.flush(server.url, 0)).toMatchObject({ waiting: 1 })
    // not the half minute that the API asks for, however busy the machine is
    expect(performance.now() - began).toBeLessThan(10_000)
  })
  it('longer than the patience: returns at once', async () => {
    at.add(message('a'))
    once(() => ({ status: 503, headers: { 'retry-after': '3600' } }))
    const began = performance.now()
    expect(await at.flush(server.url, 20_000)).toMatchObject({ waiting: 1 })
    // not its patience, however busy the machine is
    expect(performance.now() - began).toBeLessThan(10_000)
  })
  it('Retry-After 0, again and again: no spinning', async () => {
    at.add(message('a'))
    let probes = 0
    server.lie = (asked) => {
      if (asked.path === '/health') probes++
      return asked.isWrite && asked.n < 4 ? { status: 503, headers: { 'retry-after': '0' } } : undefined
    }
    expect(await at.flush(server.url, 10_000)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(probes).toBeLessThan(6)
  })
  it('one pause for all workspaces', async () => {
    const other = place()
    for (let i = 0; i < 200; i++) other.add(message(`o${i}`))
    at.add(message('a'))
    const opened = at.open(server.url)
    const second = opened.open({ path: other.workspace, name: 'other' })
    let refusedAt = 0
    let after = 0
    server.lie = (asked) => {
      if (!asked.isWrite) return undefined
      if (asked.body.includes('"a"')) {
        refusedAt = asked.n
        return { status: 503, headers: { 'retry-after': '30' } }
      }
      if (refusedAt > 0 && asked.n > refusedAt) after++
      return undefined
    }
    await Promise.all([second.flush({ waitMs: 0, lanes: 1 }), opened.box.flush({ waitMs: 0, lanes: 1 })])
    expect(after).toBeLessThanOrEqual(2)
    expect((await second.summary()).waiting).toBeGreaterThan(0)
    await opened.close()
    other.remove()
  })
})

describe('500, 502, 504, 408, 425, 503 without Retry-After', () => {
  it.each([500, 502, 503, 504, 505, 408, 425, 429])(
    '%d: backs off, the call stays first, nothing set aside',
    async (status) => {
      at.add(message('a'), message('b'))
      once(() => ({ status, body: { detail: 'oops' } }))
      expect(await at.flush(server.url)).toMatchObject({ ...NONE, waiting: 2 })
      await at.flush(server.url, 3_000)
      expect(subjects()).toEqual(['a', 'b'])
    },
  )
})

describe('502, 504, 408', () => {
  it.each([502, 504, 408])('%d that hides an effect: found applied, and not sent again', async (status) => {
    server.api.honoursKeys = false
    at.add(message('a'))
    once((asked) => {
      server.truth(asked)
      return { status, body: { detail: 'gateway' } }
    })
    expect(await at.flush(server.url)).toMatchObject({ ...NONE, waiting: 1 })
    expect(await at.flush(server.url, 3_000)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(server.api.arrivals).toHaveLength(1)
    expect((await state()).notes).toEqual(['found applied'])
  })
})

describe('401, 403, 404, 405, 407, 410', () => {
  it.each([401, 403, 404, 405, 407, 410])(
    '%d for everything: wrong-answer, nothing set aside',
    async (status) => {
      at.add(message('a'))
      const opened = at.open(server.url)
      let isClosed = false
      server.lie = (asked) => {
        if (asked.isWrite) isClosed = true
        return isClosed ? { status, body: { detail: 'no' } } : undefined
      }
      const done = await opened.box.flush({ waitMs: 0, lanes: 1 })
      expect(done).toMatchObject({ ok: true, value: { ...NONE, waiting: 1 } })
      expect(opened.connection.view().state).toBe('wrong-answer')
      await opened.close()
    },
  )
  it.each([401, 403, 404, 405])('%d for one call only: set aside, the next goes on', async (status) => {
    at.add(component('web', 'built'), message('b'))
    once(() => ({ status, body: { detail: 'not here' } }))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 1, waiting: 0 })
    expect((await state()).asides[0]).toMatchObject({ status, reason: expect.stringContaining('other form') })
  })
  it('404 for the release of a lock that nobody holds: delivered (already gone)', async () => {
    at.add({ method: 'DELETE', path: '/api/coord/locks/none?session_id=M%2Fa' })
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 0 })
    expect((await state()).notes).toEqual(['already gone'])
  })
  it('403 for the release of a lock that is still held: set aside', async () => {
    server.api.locks.push({
      id: 'L',
      session_id: 'M/b',
      project_key: 'p',
      resource: 'r',
      acquired_at: '2026-01-01T00:00:00Z',
    })
    at.add({ method: 'DELETE', path: '/api/coord/locks/L?session_id=M%2Fa' })
    once(() => ({ status: 403, body: { detail: 'not yours' } }))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 0, setAside: 1 })
  })
  it('404 for marking a message that is gone: delivered; one that is there unread: set aside', async () => {
    server.api.messages.push({ id: 'm1', read_at: null, subject: 's', created_at: '2026-01-01T00:00:00Z' })
    at.add(
      { method: 'PUT', path: '/api/coord/messages/none/read' },
      { method: 'PUT', path: '/api/coord/messages/m1/read' },
    )
    server.lie = (asked) => (asked.isWrite ? { status: 404 } : undefined)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 1 })
  })
})

describe('409 on a claim', () => {
  it('the same session holds it: delivered', async () => {
    at.add(claim('r', 'M/a'))
    server.api.locks.push({ id: 'L', session_id: 'M/a', project_key: 'p', resource: 'r' })
    once(() => ({ status: 409, body: { detail: 'held' } }))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
    expect((await state()).notes).toEqual(['already held'])
  })
  it('another holds it: set aside with the holder', async () => {
    server.api.locks.push({ id: 'L', session_id: 'OTHER/x', project_key: 'p', resource: 'r' })
    at.add(claim('r', 'M/a'), message('b'))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 1 })
    expect((await state()).asides[0]).toMatchObject({
      status: 409,
      reason: expect.stringContaining('OTHER/x'),
    })
  })
})

describe('400, 409, 413, 414, 415, 422, 501, other 4xx', () => {
  it.each([400, 409, 413, 414, 415, 418, 422, 501])(
    '%d: set aside with status, reason and answer; the next goes on',
    async (status) => {
      at.add(message('a'), message('b'))
      once(() => ({ status, body: { detail: `because ${status}` } }))
      expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 1, waiting: 0 })
      const [aside] = (await state()).asides
      expect(aside).toMatchObject({
        status,
        reason: expect.stringContaining(`because ${status}`),
        raw: expect.stringContaining('"subject":"a"'),
      })
    },
  )
})

describe('2xx with HTML, 3xx', () => {
  it.each([
    ['HTML', 200, { 'content-type': 'text/html' }, '<html>log in</html>'],
    ['HTML called JSON', 200, {}, '<html>log in</html>'],
    ['text', 200, { 'content-type': 'text/plain' }, 'OK'],
    ['301', 301, { location: 'http://127.0.0.1:9/' }, ''],
    ['302', 302, { location: '/login' }, ''],
    ['307', 307, { location: 'http://127.0.0.1:9/' }, ''],
  ])('%s: wrong-answer, nothing acknowledged, set aside or followed', async (_, status, headers, body) => {
    at.add(message('a'))
    const opened = at.open(server.url)
    once(() => ({ status, headers: headers as unknown as Record<string, string>, body }))
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { ...NONE, waiting: 1 } })
    expect(opened.connection.view().state).toBe('wrong-answer')
    await opened.close()
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
  })
  it.each([
    ['/health is HTML', '/health', { status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }],
    ['/health has no status', '/health', { status: 200, body: { ok: true } }],
    ['locks is no list', '/api/coord/locks?limit=1', { status: 200, body: { detail: 'hello' } }],
    ['locks is 404', '/api/coord/locks?limit=1', { status: 404 }],
  ])('is it our API at all? %s: nothing claimed, nothing sent', async (_, path, reply) => {
    at.add(message('a'))
    server.lie = (asked) => (asked.path === path ? reply : undefined)
    expect(await at.flush(server.url)).toMatchObject({ ...NONE, waiting: 1 })
    expect(at.segments()).toEqual([])
    expect(server.api.arrivals).toEqual([])
  })
  it.each(['items', 'results', 'data', 'locks'])('a list wrapped in "%s" is one', async (name) => {
    at.add(message('a'))
    server.lie = (asked) =>
      asked.path === '/api/coord/locks?limit=1' ? { status: 200, body: { [name]: [] } } : undefined
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
  })
})

describe('answers of odd sizes', () => {
  it('10 MB of JSON: delivered, cut', async () => {
    at.add(message('a'))
    once(() => ({ status: 200, body: `{"x":"${'y'.repeat(10_000_000)}"}` }))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
  })
  it('an endless body: ends by itself', async () => {
    at.add(message('a'))
    once((asked) => {
      asked.res.writeHead(200, { 'content-type': 'application/json' })
      const pour = (): void => {
        while (!asked.res.destroyed && asked.res.write(`[${'1,'.repeat(30_000)}`));
      }
      asked.res.on('drain', pour)
      pour()
      return 'handled'
    })
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
  })
  it('an answer before the request ends', async () => {
    at.add(
      { method: 'POST', path: '/api/coord/messages', body: { subject: 'big', body: 'x'.repeat(900_000) } },
      message('b'),
    )
    server.isHasty = true
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n > 0) return undefined
      server.isHasty = false
      return { status: 413, body: { detail: 'too big' }, headers: { connection: 'close' } }
    }
    await at.flush(server.url, 3_000)
    await at.flush(server.url, 3_000)
    expect(subjects().at(-1)).toBe('b')
  })
})
