/** What is concluded from a list: ids are opaque, a list is read to its end, and a cut one proves nothing by what is not in it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { ago, now, place, type Place } from '../../adapters/testing/place.ts'

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

const BIG = '1783726489912345601'
const release = (id: string): object => ({
  ts: now(),
  method: 'DELETE',
  path: `/api/coord/locks/${id}?session_id=M%2Fa`,
})
const lock = (id: string, session = 'M/a'): Record<string, unknown> => ({
  id,
  session_id: session,
  project_key: 'p',
  resource: `r${id}`,
  acquired_at: ago(60_000),
})
const row = (id: string): string => JSON.stringify(lock(id)).replace(`"id":"${id}"`, `"id":${id}`)

interface Told {
  readonly delivered: number
  readonly setAside: number
  readonly notes: readonly (string | null)[]
}
async function flush(call: object): Promise<Told> {
  at.add(call)
  const opened = at.open(server.url)
  const done = await opened.box.flush({ waitMs: 0, lanes: 1 })
  const s = await opened.box.summary()
  await opened.close()
  if (!done.ok) throw new Error(done.error.message)
  const { delivered, setAside } = done.value
  return { delivered, setAside, notes: s.lately.map((c) => c.note) }
}
/** Every write is refused; the list of locks is this text, or what its query makes of it. */
function refuse(list: (query: URLSearchParams) => string): void {
  server.lie = (asked) => {
    if (asked.isWrite) return { status: 403, body: { detail: 'not yours' } }
    const [path, query] = asked.path.split('?', 2)
    if (path !== '/api/coord/locks') return undefined
    asked.res.writeHead(200, { 'content-type': 'application/json' })
    asked.res.end(list(new URLSearchParams(query)))
    return 'handled'
  }
}
const KEPT = { delivered: 0, setAside: 1 }
const GONE = { delivered: 1, setAside: 0, notes: ['already gone'] }

describe('a refused release of a lock', () => {
  it.each([
    ['held, its id a number beyond 2^53', [BIG], KEPT],
    ['held, beside a neighbour that a double would take for it', ['1783726489912345600', BIG], KEPT],
    ['gone, while such a neighbour is held', ['1783726489912345600'], GONE],
    ['gone', ['7'], GONE],
  ])('%s', async (_, ids, expected) => {
    refuse(() => `[${ids.map(row).join(',')}]`)
    expect(await flush(release(BIG))).toMatchObject(expected)
  })

  const many = Array.from({ length: 250 }, (_, i) => lock(`L${i}`, 'M/other'))
  const all = [...many, lock('last')]
  it.each([
    ['on the last page of a list by offsets', 'last', KEPT],
    ['on none of its pages', 'gone', GONE],
  ])('held %s', async (_, id, expected) => {
    refuse((query) => {
      const from = Number(query.get('offset') ?? 0)
      return JSON.stringify(all.slice(from, from + Number(query.get('limit') ?? 100)))
    })
    expect(await flush(release(id))).toMatchObject(expected)
  })

  it('not in a list that its server cuts short, with no way on: kept, for a person to decide', async () => {
    refuse(() => JSON.stringify(all.slice(0, 100)))
    expect(await flush(release('last'))).toMatchObject(KEPT)
  })
})

it('a refused mark-read whose message is not in a list that its server cuts short: kept, for a person to decide', async () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ id: `m${i}`, subject: 's', created_at: ago(60_000) }))
  server.lie = ({ isWrite, path }) => {
    if (isWrite) return { status: 403, body: { detail: 'no' } }
    return path.startsWith('/api/coord/messages') ? { status: 200, body: rows } : undefined
  }
  const call = { ts: now(), method: 'PUT', path: '/api/coord/messages/behind/read' }
  expect(await flush(call)).toMatchObject(KEPT)
})

describe('the first call after a wait that the API asked for', () => {
  it.each([
    ['gone', 404, '/api/coord/locks/L1?session_id=M%2Fa'],
    ['refused', 403, '/api/coord/messages/7/read'],
    ['rejected', 422, '/api/coord/messages'],
  ])('is %s (%i): the calls behind it go on', async (_, status, path) => {
    let n = 0
    server.lie = (asked) => {
      if (!asked.isWrite || ++n > 2) return undefined
      return n === 1 ? { status: 503, headers: { 'retry-after': '1' } } : { status, body: { detail: 'no' } }
    }
    const method = status === 404 ? 'DELETE' : status === 403 ? 'PUT' : 'POST'
    at.add({ ts: now(), method, path }, { ts: now(), method: 'POST', path: '/api/coord/messages', body: {} })
    const opened = at.open(server.url)
    const done = await opened.box.flush({ waitMs: 3_000, lanes: 1 })
    await opened.close()
    expect(done).toMatchObject({ ok: true, value: { waiting: 0 } })
  })
})

describe('a wait that the API asks for', () => {
  it('as long as the flush may wait is waited to its end', async () => {
    let isUsed = false
    server.lie = (asked) => {
      if (isUsed || !asked.isWrite) return undefined
      isUsed = true
      return { status: 503, headers: { 'retry-after': '1' } }
    }
    at.add(release('L1'), { ts: now(), method: 'POST', path: '/api/coord/messages', body: { subject: 'x' } })
    const opened = at.open(server.url)
    const done = await opened.box.flush({ waitMs: 1_000, lanes: 1 })
    await opened.close()
    expect(done).toMatchObject({ ok: true, value: { waiting: 0 } })
  })
})
