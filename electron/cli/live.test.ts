import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { fakeApi, place, type FakeApi, type Place, type Reply } from './testing/coord.ts'

const AWAY = 'http://127.0.0.1:9'
let at: Place
let api: FakeApi | undefined
beforeEach(() => {
  at = place(AWAY)
})
afterEach(async () => {
  await api?.close()
  api = undefined
  at.remove()
})
const serving = async (answer: (hit: FakeApi['hits'][number]) => Reply | undefined): Promise<FakeApi> => {
  api = await fakeApi(answer)
  at.env['COORD_API_URL'] = api.url
  return api
}
const lock = (id: string | number, session: string, more: object = {}): object => ({
  id,
  project_key: 'p',
  session_id: session,
  resource: 'r',
  acquired_at: new Date().toISOString(),
  ...more,
})
const held =
  (...rows: object[]) =>
  (hit: { method: string; url: string }): Reply | undefined =>
    hit.method === 'GET' && hit.url.startsWith('/api/coord/locks') ? { body: rows } : undefined
const LONG_AGO = new Date(Date.now() - 3 * 3_600_000).toISOString()

describe('enqueue', () => {
  it('appends one line with the time, the method, the path and the body as written', async () => {
    const ran = await at.coord([
      'enqueue',
      'put',
      '/api/coord/components/a/b',
      '--body',
      '{"n": 12345678901234567890,\n"state":"ü"}',
      '--json',
    ])
    const file = join(at.project, '.claude', 'coord-queue.jsonl')
    expect(ran).toMatchObject({ code: 0, json: { queued: true, file }, stderr: '' })
    const text = readFileSync(file, 'utf8')
    expect(text).toMatch(
      /^\{"ts":"\d{4}-[^"]+Z","method":"PUT","path":"\/api\/coord\/components\/a\/b","body":\{"n": 12345678901234567890, "state":"ü"\}\}\n$/,
    )
  })
  it('does not glue its line to an unterminated one, and makes .claude where there is none', async () => {
    const bare = join(at.root, 'bare')
    mkdirSync(bare)
    await at.coord(['enqueue', 'DELETE', '/api/coord/locks/1?session_id=BOX%2Fx'], { cwd: bare })
    expect(at.queue(bare)).toHaveLength(1)
    const file = join(at.project, '.claude', 'coord-queue.jsonl')
    writeFileSync(file, '{"method":"GET"}')
    await at.coord(['enqueue', 'DELETE', '/api/coord/locks/1', '--workspace', '../project'], { cwd: bare })
    expect(at.queue().map((l) => l.method)).toEqual(['GET', 'DELETE'])
  })
  it('finds the nearest folder upward that has .claude', async () => {
    const deep = join(at.project, 'a', 'b')
    mkdirSync(deep, { recursive: true })
    const ran = await at.coord(['enqueue', 'POST', '/api/coord/messages', '--body', '{}', '--json'], {
      cwd: deep,
    })
    expect(ran.json.file).toBe(join(at.project, '.claude', 'coord-queue.jsonl'))
  })
  it.each([
    [['enqueue', 'PUT', '/api/coord/x', '--body', '{no']],
    [['enqueue', 'PUT', '/health']],
    [['enqueue', 'PUT', 'http://elsewhere/api/coord/x']],
    [['enqueue', 'PUT', '/api/coord/../x']],
    [['enqueue', 'BREW', '/api/coord/x']],
    [['enqueue', 'PUT']],
  ])('refuses %j as wrong usage and writes nothing', async (args) => {
    const ran = await at.coord([...args, '--json'])
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).not.toBe('')
    expect(at.queue()).toEqual([])
  })
})

describe('wrong usage', () => {
  it.each([
    [['nonsense']],
    [[]],
    [['flush', '--wait', 'soon']],
    [['flush', '--lanes', '0']],
    [['claim', 'r']],
    [['claim', 'r', '--project', 'p', '--ttl', 'x']],
    [['release']],
    [['send', '--project', 'p', '--subject', 's']],
    [['send', '--to', 'a', '--broadcast', '--project', 'p', '--subject', 's']],
    [['queue', 'send']],
    [['messages', 'read']],
    [['status', '--workspace', '/does/not/exist']],
  ])('%j ends with 2 and prints no result', async (args) => {
    const ran = await at.coord(args)
    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).not.toBe('')
  })
  it('help is no error', async () => {
    expect((await at.coord(['--help'])).code).toBe(0)
    expect((await at.coord(['release', '--help'])).stdout).toContain('--force')
  })
})

describe('claim', () => {
  it('posts the claim and gives the row', async () => {
    const api = await serving((hit) =>
      hit.method === 'POST' ? { status: 201, body: { id: 7, ...(hit.body as object) } } : undefined,
    )
    const ran = await at.coord(['claim', 'src/a.ts', '--project', 'p', '--description', 'why', '--json'])
    expect(ran).toMatchObject({ code: 0, json: { id: '7', resource: 'src/a.ts', mine: true } })
    expect(api.writes()[0]).toMatchObject({
      method: 'POST',
      url: '/api/coord/locks',
      body: {
        project_key: 'p',
        session_id: 'BOX/coord',
        resource: 'src/a.ts',
        description: 'why',
        ttl_hours: 2,
      },
    })
  })
  it('says the holder and exits 1 where another session holds it, without a claim', async () => {
    const api = await serving(held(lock(3, 'OTHER/x')))
    const ran = await at.coord(['claim', 'r', '--project', 'p', '--json'])
    expect(ran).toMatchObject({ code: 1, json: { conflict: true, holder: 'OTHER/x', lock: { id: '3' } } })
    expect(api.writes()).toEqual([])
  })
  it('says the holder that a 409 names', async () => {
    await serving((hit) =>
      hit.method === 'POST' ? { status: 409, body: { detail: 'held', lock: lock(4, 'OTHER/y') } } : undefined,
    )
    const ran = await at.coord(['claim', 'r', '--project', 'p', '--json'])
    expect(ran).toMatchObject({ code: 1, json: { conflict: true, holder: 'OTHER/y' } })
  })
  it('asks a server that says it waits, and answers at once, now and then', async () => {
    const api = await serving((hit) =>
      hit.url === '/health'
        ? { body: { status: 'ok', extensions: ['wait'] } }
        : hit.method === 'POST'
          ? { status: 409, body: { detail: 'held', lock: lock(4, 'OTHER/y') } }
          : undefined,
    )
    const ran = await at.coord(['claim', 'r', '--project', 'p', '--wait', '3', '--json'])
    expect(ran).toMatchObject({ code: 1, json: { conflict: true, holder: 'OTHER/y' } })
    const asked = api.writes().map(({ url }) => url)
    expect(asked[0]).toBe('/api/coord/locks?wait=3')
    // at the beginning, after a while, and at the end
    expect(asked.length).toBeGreaterThan(1)
    expect(asked.length).toBeLessThan(5)
  })
  it('is queued in the project while the API is away', async () => {
    const ran = await at.coord(['claim', 'r', '--project', 'p', '--session', 'BOX/me', '--json'])
    expect(ran).toMatchObject({ code: 3, json: { queued: true } })
    expect(at.queue()).toMatchObject([
      { method: 'POST', path: '/api/coord/locks', body: { session_id: 'BOX/me', ttl_hours: 2 } },
    ])
  })
})

describe('a live call that cannot be made', () => {
  it('waits for a short Retry-After and tries once more', async () => {
    let n = 0
    const api = await serving((hit) =>
      hit.method === 'POST' && n++ === 0
        ? { status: 503, headers: { 'Retry-After': '1' }, body: { detail: 'away' } }
        : undefined,
    )
    const ran = await at.coord(['send', '--broadcast', '--project', 'p', '--subject', 's', '--json'])
    expect(ran).toMatchObject({ code: 0, json: { id: '1' } })
    expect(ran.ms).toBeGreaterThan(1000)
    expect(api.writes()).toHaveLength(2)
    expect(api.writes()[0]?.body).not.toHaveProperty('to_session')
  })
  it('is queued at once where the API asks to wait longer', async () => {
    await serving((hit) =>
      hit.method === 'POST'
        ? { status: 503, headers: { 'Retry-After': '30' }, body: { detail: 'away' } }
        : undefined,
    )
    const ran = await at.coord([
      'send',
      '--to',
      'B/x',
      '--project',
      'p',
      '--subject',
      's',
      '--body',
      'text',
      '--json',
    ])
    expect(ran).toMatchObject({ code: 3, json: { queued: true } })
    expect(ran.ms).toBeLessThan(5000)
    expect(at.queue()).toMatchObject([
      {
        method: 'POST',
        path: '/api/coord/messages',
        body: { from_session: 'BOX/coord', to_session: 'B/x', subject: 's', body: 'text' },
      },
    ])
  })
  it.each([
    ['HTML', { body: '<html>portal</html>' }],
    ['a redirect', { status: 302, headers: { Location: 'http://elsewhere/' }, body: '' }],
    ['404 for everything', { status: 404, body: { detail: 'no' } }],
  ] as const)('is queued and not sent to an address that answers %s', async (_name, reply) => {
    const api = await serving(() => reply)
    const ran = await at.coord(['component', 'set', 'p', 'server', 'deployed', '--version', '1.2', '--json'])
    expect(ran).toMatchObject({ code: 3, json: { queued: true } })
    expect(api.writes()).toEqual([])
    expect(at.queue()).toMatchObject([
      {
        method: 'PUT',
        path: '/api/coord/components',
        body: {
          project_key: 'p',
          component: 'server',
          state: 'deployed',
          version: '1.2',
          updated_by: 'BOX/coord',
        },
      },
    ])
  })
  it('several in one command, or the same sentence twice: why, where and who sends it is said once', async () => {
    const ran = await at.coord(['messages', 'read', '1', '2', '3'], {
      env: { COORD_API_URL: 'http://127.0.0.1:1' },
    })
    expect([ran.code, at.queue().length]).toEqual([3, 3])
    for (const words of ['cannot be reached', 'as soon as it answers', 'Queued in', '"coord flush"'])
      expect(ran.stderr.split(words)).toHaveLength(2)
    expect(ran.stderr).not.toContain('as soon as the API answers')
  })
  it("goes to this app's own queue outside any workspace", async () => {
    const outside = join(at.root, 'outside')
    mkdirSync(outside)
    await at.coord(['send', '--broadcast', '--project', 'p', '--subject', 's'], { cwd: outside })
    await at.coord(['release', '5'], { cwd: outside })
    expect(at.queue(at.home)).toMatchObject([
      { method: 'POST' },
      { method: 'DELETE', path: '/api/coord/locks/5?session_id=BOX%2Fcoord' },
    ])
  })
  it('is refused with 1 and what the API said, and not queued, where the API says no', async () => {
    await serving((hit) =>
      hit.method === 'PATCH' ? { status: 422, body: { detail: 'status is missing' } } : undefined,
    )
    const ran = await at.coord(['item', 'set', '9', 'done', '--json'])
    expect(ran).toMatchObject({ code: 1, json: { error: { status: 422, detail: 'status is missing' } } })
    expect(at.queue()).toEqual([])
  })
  it('sends the token, and no other header of ours', async () => {
    const api = await serving(() => undefined)
    at.env['COORD_TOKEN'] = 'secret'
    await at.coord(['locks'])
    expect(api.hits[0]?.headers.authorization).toBe('Bearer secret')
  })
})

describe('release', () => {
  /** Locks that really go when they are released. */
  const releasing =
    (...rows: Record<string, unknown>[]) =>
    (hit: { method: string; url: string }): Reply | undefined => {
      if (hit.method === 'GET' && hit.url.startsWith('/api/coord/locks')) return { body: rows }
      if (hit.method !== 'DELETE') return undefined
      const url = new URL(hit.url, 'http://x')
      const i = rows.findIndex(
        (r) =>
          url.pathname === `/api/coord/locks/${String(r['id'])}` &&
          r['session_id'] === url.searchParams.get('session_id'),
      )
      if (i < 0) return { status: 403, body: { detail: 'not yours' } }
      rows.splice(i, 1)
      return { body: { released: 1 } }
    }
  const rows = (): Record<string, unknown>[] =>
    [
      lock(1, 'BOX/coord'),
      lock(2, 'box/other'),
      lock(3, 'FAR/x'),
      lock(4, 'FAR/old', { acquired_at: LONG_AGO }),
    ] as Record<string, unknown>[]

  it('releases the acting session its own, and refuses the others with their holder', async () => {
    await serving(releasing(...rows()))
    const ran = await at.coord(['release', '1', '2', '3', '99', '--json'])
    expect(ran.code).toBe(1)
    expect(ran.json).toMatchObject({
      released: 1,
      queued: 0,
      refused: [
        { id: '2', holder: 'box/other' },
        { id: '3', holder: 'FAR/x' },
        { id: '99', holder: '' },
      ],
    })
  })
  it('releases all of this machine with --mine, and all of one session with --session', async () => {
    await serving(releasing(...rows()))
    expect(await at.coord(['release', '--session', 'box/other', '--json'])).toMatchObject({
      code: 0,
      json: { released: 1, queued: 0, refused: [] },
    })
    expect(await at.coord(['release', '--mine', '--json'])).toMatchObject({
      code: 0,
      json: { released: 1, queued: 0, refused: [] },
    })
    expect(await at.coord(['release', '--mine', '--json'])).toMatchObject({ code: 0, json: { released: 0 } })
  })
  it("forces another's lock only where it is stale, in its holder's name", async () => {
    const api = await serving(releasing(...rows()))
    const ran = await at.coord(['release', '3', '4', '--force', '--json'])
    expect(ran).toMatchObject({ code: 1, json: { released: 1, refused: [{ id: '3' }] } })
    expect(api.writes().map((h) => h.url)).toEqual(['/api/coord/locks/4?session_id=FAR%2Fold'])
  })
  it('believes the list, not the answer', async () => {
    await serving(held(lock(1, 'BOX/coord')))
    const ran = await at.coord(['release', '1', '--json'])
    expect(ran).toMatchObject({
      code: 1,
      json: { released: 0, refused: [{ id: '1', holder: 'BOX/coord', reason: 'it is still held' }] },
    })
  })
  it('queues one by one while the API is away', async () => {
    expect(await at.coord(['release', '1', '2', '--json'])).toMatchObject({
      code: 3,
      json: { released: 0, queued: 2, refused: [] },
    })
    expect(at.queue().map((l) => l.path)).toEqual([
      '/api/coord/locks/1?session_id=BOX%2Fcoord',
      '/api/coord/locks/2?session_id=BOX%2Fcoord',
    ])
    expect(await at.coord(['release', '--mine', '--json'])).toMatchObject({ code: 1, stdout: '' })
  })
})

describe('lists', () => {
  it('gives the locks of this machine, all with --all, with mine and stale', async () => {
    await serving(
      held(lock(1, 'box/a'), lock('x', 'FAR/b', { acquired_at: LONG_AGO, extra: 1 }), { broken: true }),
    )
    expect((await at.coord(['locks', '--json'])).json).toMatchObject([{ id: '1', mine: true, stale: false }])
    const all = await at.coord(['locks', '--all', '--json'])
    expect(all.json).toMatchObject([{ id: '1' }, { id: 'x', mine: false, stale: true, extra: 1 }])
    expect(all.stderr).toContain('coord: 1 lock could not be read')
  })
  it("gives the unread messages to this machine's sessions and to everyone", async () => {
    const api = await serving((hit) =>
      hit.url.startsWith('/api/coord/messages')
        ? {
            body: {
              messages: [
                { id: 1, from_session: 'FAR/x', to_session: 'box/a', subject: 's', read_at: null },
                { id: 2, from_session: 'FAR/x', to_session: 'FAR/y' },
                { id: 3, from_session: 'FAR/x', to_session: null },
              ],
            },
          }
        : undefined,
    )
    const ran = await at.coord(['messages', '--json'])
    expect(ran.json).toMatchObject([{ id: '1', mine: true, seen: false }, { id: '3' }])
    expect(api.hits.at(-1)?.url).toBe('/api/coord/messages?unread_only=true')
    expect((await at.coord(['messages', '--all', '--json'])).json).toHaveLength(3)
  })
  it('asks session by session where the API demands one', async () => {
    const api = await serving((hit) => {
      if (!hit.url.startsWith('/api/coord/messages')) return undefined
      if (!hit.url.includes('to_session')) return { status: 422, body: { detail: 'to_session' } }
      return { body: [{ id: 1, from_session: 'FAR/x', to_session: null }] }
    })
    expect((await at.coord(['messages', '--json'])).json).toHaveLength(1)
    expect(api.hits.map((h) => h.url)).toContain(
      '/api/coord/messages?to_session=BOX%2Fclaude-main&unread_only=true',
    )
  })
  it('fails with 1 and prints nothing while the API is away', async () => {
    for (const args of [
      ['locks'],
      ['messages'],
      ['component', 'list'],
      ['workflow', 'list'],
      ['item', 'list'],
    ]) {
      expect(await at.coord([...args, '--json'])).toMatchObject({ code: 1, stdout: '' })
    }
  })
  it('falls back to the overview where the API lists no workflows', async () => {
    await serving((hit) =>
      hit.url.startsWith('/api/coord/workflows')
        ? { status: 404, body: { detail: 'none' } }
        : hit.url === '/api/coord/status'
          ? { body: { workflows: [{ id: 5, name: 'w' }] } }
          : undefined,
    )
    expect((await at.coord(['workflow', 'list', '--json'])).json).toMatchObject([{ id: '5', name: 'w' }])
  })
})
