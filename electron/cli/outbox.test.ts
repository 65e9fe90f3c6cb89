/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
/** The commands that need the outbox, from end to end. */
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openOutboxes } from '../adapters/open-outbox.ts'
import { fakeApi, place, realApi, type Place, type RealApi } from './testing/coord.ts'

const AWAY = 'http://127.0.0.1:9'
let at: Place
beforeEach(() => {
  at = place(AWAY)
})
afterEach(() => at.remove())
const queueFile = (): string => join(at.project, '.claude', 'coord-queue.jsonl')
const put = (n: number): string =>
  JSON.stringify({
    ts: new Date().toISOString(),
    method: 'PUT',
    path: `/api/coord/components/p/c${n}`,
    body: { state: `s${n}`, updated_by: 'BOX/a' },
  }) + '\n'
const none = { delivered: 0, setAside: 0, skipped: 0, waiting: 0 }

describe('flush', () => {
  it('does nothing and contacts nobody where nothing waits', async () => {
    const api = await fakeApi(() => undefined)
    at.env['COORD_API_URL'] = api.url
    const ran = await at.coord(['flush', '--json'])
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(ran.json).toEqual({
      ...none,
      workspaces: [
        { path: at.project, ...none },
        { path: at.home, ...none },
      ],
    })
    expect(api.hits).toEqual([])
    await api.close()
  })
  it('ends with 3 after one probe while the API is away, and loses nothing', async () => {
    appendFileSync(queueFile(), put(1) + put(2))
    const ran = await at.coord(['flush', '--json'])
    expect(ran.code).toBe(3)
    expect(ran.json).toMatchObject({ delivered: 0, setAside: 0, skipped: 0, waiting: 2 })
    expect(ran.json.workspaces[0]).toEqual({ path: at.project, ...none, waiting: 2 })
    expect(ran.ms).toBeLessThan(8000)
  })
  it('ends with 3 where the answer is not of the API, and sends nothing there', async () => {
    const api = await fakeApi(() => ({ body: '<html>portal</html>' }))
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1))
    expect(await at.coord(['flush', '--wait', '0', '--json'])).toMatchObject({
      code: 3,
      json: { waiting: 1 },
    })
    expect(api.writes()).toEqual([])
    await api.close()
  })
  it('ends with 4 where this run set calls aside, which queue then shows', async () => {
    const api = await fakeApi((hit) =>
      hit.url.endsWith('/c2') ? { status: 422, body: { detail: 'no such state' } } : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    const second = put(2)
    appendFileSync(queueFile(), put(1) + second + put(3) + 'this is no call\n')
    expect(await at.coord(['flush', '--json'])).toMatchObject({
      code: 4,
      json: { delivered: 2, setAside: 2, skipped: 0, waiting: 0 },
    })
    expect(api.writes().map((h) => h.url)).toEqual([
      '/api/coord/components/p/c1',
      '/api/coord/components/p/c2',
      '/api/coord/components/p/c3',
    ])

    const listed = await at.coord(['queue', 'list', '--json'])
    expect(listed).toMatchObject({
      code: 0,
      json: [
        { method: 'PUT', path: '/api/coord/components/p/c2', status: 422, raw: second.trim() },
        { method: null, path: null, raw: 'this is no call' },
      ],
    })
    expect(Object.keys(listed.json[0]).sort()).toEqual([
      'id',
      'method',
      'path',
      'raw',
      'reason',
      'status',
      'ts',
    ])
    const [refused, torn] = listed.json as [{ id: string }, { id: string }]
    expect((await at.coord(['queue', 'curl', refused.id])).stdout).toContain(
      `'${api.url}/api/coord/components/p/c2'`,
    )
    expect((await at.coord(['queue', 'show', 'unknown.0.0', '--json'])).code).toBe(1)
    expect((await at.coord(['queue', 'discard', torn.id, '--json'])).json).toHaveLength(1)
    expect((await at.coord(['queue', 'edit', refused.id, '--line', put(5).trim(), '--json'])).code).toBe(0)
    expect(await at.coord(['flush', '--json'])).toMatchObject({ code: 0, json: { delivered: 1, waiting: 0 } })
    expect(api.writes().at(-1)?.url).toBe('/api/coord/components/p/c5')
    expect((await at.coord(['queue', 'list', '--json'])).json).toEqual([])
    // All has ended: nothing to flush, nobody is contacted.
    const contacts = api.hits.length
    expect(await at.coord(['flush', '--json'])).toMatchObject({ code: 0, json: { delivered: 0, waiting: 0 } })
    expect(api.hits.length).toBe(contacts)
    await api.close()
  })
  it('waits for a Retry-After within --wait, and not at all with 0', async () => {
    let isAway = true
    const api = await fakeApi((hit) =>
      isAway && hit.method === 'PUT'
        ? { status: 503, headers: { 'Retry-After': '1' }, body: { detail: 'away' } }
        : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1))
    expect(await at.coord(['flush', '--wait', '0', '--json'])).toMatchObject({
      code: 3,
      json: { waiting: 1 },
    })
    setTimeout(() => (isAway = false), 500)
    expect(await at.coord(['flush', '--wait', '10', '--json'])).toMatchObject({
      code: 0,
      json: { delivered: 1, waiting: 0 },
    })
    await api.close()
  })
  it('waits for a Retry-After of seconds without being told to, and says that it waits', async () => {
    let writes = 0
    const api = await fakeApi((hit) =>
      hit.method === 'PUT' && writes++ === 0
        ? { status: 503, headers: { 'Retry-After': '2' }, body: { detail: 'away' } }
        : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1) + put(2))
    const ran = await at.coord(['flush', '--json'])
    expect(ran).toMatchObject({ code: 0, json: { ...none, delivered: 2 } })
    expect(ran.stderr).toMatch(/^coord: .*away.* Waiting up to 30 s \(Ctrl-C stops\)$/m)
    expect(api.writes().map(({ url }) => url.slice(-2))).toEqual(['c1', 'c1', 'c2'])
    await api.close()
  })
  it('takes workspaces from --workspace, repeated and relative, else from COORD_WORKSPACES and the folder here', async () => {
    const other = join(at.root, 'other')
    mkdirSync(join(other, '.claude'), { recursive: true })
    const paths = async (args: string[], env: Record<string, string> = {}): Promise<string[]> =>
      (await at.coord(['flush', '--json', ...args], { env })).json.workspaces.map((w: any) => w.path)
    expect(await paths(['--workspace', '../other', '--workspace', '.'])).toEqual([other, at.project, at.home])
    expect(await paths([], { COORD_WORKSPACES: other })).toEqual([other, at.project, at.home])
    writeFileSync(join(at.home, 'settings.json'), JSON.stringify({ workspaces: [other] }))
    expect(await paths([])).toEqual([other, at.project, at.home])
  })
})

describe('queue --all', () => {
  it('copies, discards and sends all at once, and says of which it could not', async () => {
    let isRefusing = true
    const api = await fakeApi((hit) =>
      isRefusing && hit.method === 'PUT' ? { status: 422, body: { detail: 'no' } } : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1) + 'no call\n' + put(2))
    expect(await at.coord(['flush', '--json'])).toMatchObject({ code: 4, json: { setAside: 3 } })
    const curls = await at.coord(['queue', 'curl', '--all'])
    expect(curls.stdout.match(/^curl /gm)).toHaveLength(2)
    expect(curls.stderr).toContain('it is no call that curl could send')
    isRefusing = false
    const sent = await at.coord(['queue', 'send', '--all', '--json'])
    expect(sent).toMatchObject({ code: 1, json: [{ method: 'PUT' }, { method: 'PUT' }] })
    expect(sent.stderr).toContain('never sent as it stands')
    expect(await at.coord(['flush', '--json'])).toMatchObject({ code: 0, json: { delivered: 2 } })
    expect(await at.coord(['queue', 'discard', '--all', '--json'])).toMatchObject({
      code: 0,
      json: [{ raw: 'no call' }],
    })
    expect((await at.coord(['queue', 'list', '--json'])).json).toEqual([])
    await api.close()
  })
})

describe('flush where another process owns the workspace', () => {
  it('asks the owner, and sends nothing where its API is another one', async () => {
    const api = await fakeApi(() => undefined)
    const owner = openOutboxes({
      workspaces: [{ path: at.project, name: 'project' }],
      home: at.home,
      baseUrl: api.url,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    })
    try {
      await owner.outboxes[0]?.start()
      appendFileSync(queueFile(), put(1))
      const other = await fakeApi(() => undefined)
      const ran = await at.coord(['flush', '--json'], { env: { COORD_API_URL: other.url } })
      expect(ran.code).toBe(1)
      expect(ran.stderr).toContain(api.url)
      expect(other.writes()).toEqual([])
      await other.close()
      appendFileSync(queueFile(), put(2))
      expect((await at.coord(['flush', '--json'], { env: { COORD_API_URL: api.url } })).code).toBe(0)
      expect(api.writes().map((h) => h.url)).toContain('/api/coord/components/p/c2')
    } finally {
      await owner.close()
      await api.close()
    }
  })
})

describe('status', () => {
  it('works offline, claims nothing and ends with 0', async () => {
    appendFileSync(queueFile(), put(1))
    const ran = await at.coord(['status', '--json'])
    expect(ran.code).toBe(0)
    expect(ran.json).toEqual({
      connection: { state: 'offline', since: expect.any(String), detail: expect.any(String) },
      machine: 'BOX',
      workspaces: [
        { path: at.project, waiting: 1, delivered: 0, setAside: [], skipped: [] },
        { path: at.home, waiting: 0, delivered: 0, setAside: [], skipped: [] },
      ],
      asOf: null,
      locks: null,
      unread: null,
    })
    expect(at.queue()).toHaveLength(1)
  })
  it('only reads', async () => {
    const api = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/locks')
        ? {
            body: [
              { id: 1, session_id: 'box/a', resource: 'r' },
              { id: 2, session_id: 'FAR/a', resource: 's' },
            ],
          }
        : hit.url.startsWith('/api/coord/messages')
          ? {
              body: [
                { id: 1, to_session: 'BOX/a' },
                { id: 2, to_session: 'FAR/a' },
              ],
            }
          : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1))
    expect(await at.coord(['status', '--json'])).toMatchObject({
      code: 0,
      json: { connection: { state: 'online' }, locks: [{ id: '1', mine: true }], unread: 1 },
    })
    expect(api.writes()).toEqual([])
    expect(at.queue()).toHaveLength(1)
    await api.close()
  })
})

describe('with the real API', () => {
  let server: Place
  let api: RealApi
  beforeAll(async () => {
    server = place()
    api = await realApi(server)
  })
  afterAll(async () => {
    await api.stop()
    server.remove()
  })
  it('delivers what live calls queued while it was away', async () => {
    await at.coord(['send', '--to', 'FAR/q', '--project', 'p', '--subject', 'late'])
    at.env['COORD_API_URL'] = api.url
    expect(await at.coord(['flush', '--json'])).toMatchObject({ code: 0, json: { delivered: 1 } })
    expect(await api.get('/api/coord/messages?to_session=FAR%2Fq')).toMatchObject([{ subject: 'late' }])
  })
  it('a session start flushes first', async () => {
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), put(1))
    const ran = await at.coord(['hook', 'run', 'start'], {
      stdin: JSON.stringify({ session_id: 'abcdefgh', cwd: at.project }),
    })
    expect(ran.code).toBe(0)
    await expect.poll(() => at.queue().length).toBe(0)
  })
  it('tells the whole story in a folder of its own', async () => {
    expect(await at.coord(['demo', '--json'])).toMatchObject({ code: 0 })
  })
})

describe('queue list: what waits', () => {
  it('shows it in its order, with IDs under which it is shown whole; limited where that is asked for', async () => {
    appendFileSync(queueFile(), Array.from({ length: 120 }, (_, i) => put(i)).join(''))
    expect(await at.coord(['queue', 'list'])).toMatchObject({
      stdout: 'No calls need you.\n',
      stderr: expect.stringContaining(
        'Waiting to be sent: 120 calls ("coord queue list --waiting")',
      ) as string,
    })
    const { json, code } = await at.coord(['queue', 'list', '--waiting', '--json'])
    expect(code).toBe(0)
    expect(json).toHaveLength(120)
    expect(json[0]).toMatchObject({ method: 'PUT', path: '/api/coord/components/p/c0', status: null })
    expect(Object.keys(json[0]).sort()).toEqual(['id', 'method', 'path', 'raw', 'reason', 'status', 'ts'])
    expect(JSON.parse(json[119].raw)).toMatchObject({ body: { state: 's119' } })
    expect((await at.coord(['queue', 'show', json[7].id])).stdout).toContain('components/p/c7')
    const some = await at.coord(['queue', 'list', '--all', '--limit', '3'])
    expect(some.stdout.trimEnd().split('\n')).toHaveLength(4)
    expect(some.stderr).toContain('117 more')
    const dry = await at.coord(['flush', '--dry-run', '--json'])
    expect([dry.code, dry.json.length, at.queue().length]).toEqual([0, 120, 120])
  })
})
