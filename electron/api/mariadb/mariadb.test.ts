/** The API on a real MariaDB, two servers on it: the protocol's rules, races, keys, migrations. */
import { serveHere } from '../testing/serving.ts'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { extensions } from '../../../shared/extensions.ts'
import { resourcesOverlap } from '../../../shared/resource-overlap.ts'
import { inTurns } from '../testing/in-turns.ts'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, startServer, type TestAnswer, type TestServer } from '../testing/server.ts'

const SCRIPT = join(import.meta.dirname, '../../../build/scripts/conformance.mjs')
const ROUNDS = process.env.COORD_LONG ? 1000 : 60
const CLIENTS = 64
/** Of one project: many overlap, some do not. */
const RESOURCES = [
  'src/',
  'src/a.rs',
  'src/*.rs',
  'src/api/',
  'src/api/x.rs',
  '**/*.sql',
  'db/m.sql',
  'docs/',
]

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.skipIf(NO_MARIADB !== undefined)('on MariaDB', () => {
  let database: TestDatabaseServer
  let servers: TestServer[]
  const urlOf = (client: number): string => servers[client % servers.length]?.url ?? ''

  beforeAll(async () => {
    database = await startMariaDb()
    const address = await database.newDatabase()
    servers = await Promise.all([startServer(address), startServer(address)])
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await database.remove()
  })

  async function conformance(url: string): Promise<string[]> {
    const child = spawn(process.execPath, [SCRIPT, url, '--write'])
    let out = ''
    child.stdout.on('data', (chunk) => (out += String(chunk)))
    await once(child, 'close')
    return out.split('\n')
  }

  test('a server, and two servers in turns, pass every rule of the conformance suite', async () => {
    const both = await inTurns(servers.map((server) => server.url))
    try {
      for (const url of [urlOf(0), both.url]) {
        const lines = await conformance(url)
        expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([])
        expect(lines.filter((line) => line.startsWith('ok')).length).toBeGreaterThan(40)
        expect(lines.filter((line) => line.startsWith('has '))).toHaveLength(extensions.length + 1)
      }
      expect(servers.map((server) => server.stderr())).toEqual(['', ''])
    } finally {
      await both.stop()
    }
  })

  test('a component that is set through a server whose clock is behind is stored: the database’s clock counts', async () => {
    const address = await database.newDatabase()
    const served = []
    for (const behindMs of [0, 60_000]) {
      served.push(
        await serveHere({
          database: address,
          now: () => Date.now() - behindMs,
        }),
      )
    }
    try {
      for (const [n, { url }] of [...served, ...served].entries()) {
        const answer = await call(url, 'PUT', '/api/coord/components/p/c', { state: `s${n}` })
        expect([answer.status, answer.body]).toEqual([200, expect.objectContaining({ state: `s${n}` })])
      }
    } finally {
      for (const one of served) await one.close()
    }
  })

  test('the tests’ own servers share no folder for temporary tables, which each empties as it starts', async () => {
    expect(await database.sql('SELECT @@tmpdir AS folder')).toEqual([{ folder: database.folder }])
  })

  const claim = (n: number, project: string, resource: string): Promise<TestAnswer> =>
    call(urlOf(n), 'POST', '/api/coord/locks', { project_key: project, session_id: `M/${n}`, resource })

  test('64 clients claim overlapping resources through two servers: nothing that overlaps is held by two, and both servers say the same @long', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const project = `race${round % 3}`
      const answers = await Promise.all(
        Array.from({ length: CLIENTS }, (_, n) =>
          claim(n, project, RESOURCES[(n + round) % RESOURCES.length] ?? ''),
        ),
      )
      expect(answers.map((a) => a.status).filter((status) => status !== 201 && status !== 409)).toEqual([])
      const won = answers.filter((a) => a.status === 201).map((a) => a.body)
      expect(won.length).toBeGreaterThan(0)
      for (const one of won)
        for (const other of won)
          if (one !== other) expect(resourcesOverlap(one.resource, other.resource)).toBe(false)
      const ids = won.map((lock) => lock.id).sort()
      for (const server of servers) {
        const { body } = await call(server.url, 'GET', `/api/coord/locks?project_key=${project}`)
        expect(body.map((lock: { id: string }) => lock.id).sort()).toEqual(ids)
      }
      const released = await Promise.all(
        won.map((lock, n) =>
          call(urlOf(round + n), 'DELETE', `/api/coord/locks/${lock.id}?session_id=${lock.session_id}`),
        ),
      )
      expect(released.map((a) => a.body)).toEqual(won.map(() => ({ released: 1 })))
    }
  })

  test('one key sent to both servers at once: one effect, one answer, also where it is a claim', async () => {
    for (let round = 0; round < 20; round++) {
      const key = { 'idempotency-key': `k-${round}` }
      const body = { from_session: 'M/a', project_key: `keyed${round}`, subject: 's', body: 'b' }
      const lock = { project_key: `keyed${round}`, session_id: 'M/a', resource: 'r' }
      const of = (path: string, sent: object, keyed: Record<string, string>) =>
        Promise.all(
          Array.from({ length: 20 }, (_, n) => call(urlOf(n), 'POST', `/api/coord${path}`, sent, keyed)),
        )
      const messages = await of('/messages', body, key)
      expect(new Set(messages.map((a) => `${a.status} ${a.text}`)).size).toBe(1)
      const locks = await of('/locks', lock, { 'idempotency-key': `l-${round}` })
      expect(new Set(locks.map((a) => `${a.status} ${a.text}`)).size).toBe(1)
      expect(
        (await call(urlOf(round), 'GET', `/api/coord/messages?project_key=keyed${round}`)).body,
      ).toHaveLength(1)
    }
  })

  test('the key of a message whose time is over answers as where the message is gone: its body is null', async () => {
    const body = { from_session: 'M/a', subject: 's', body: 'b', expires_at: '2020-01-01T00:00:00Z' }
    const send = (n: number) =>
      call(urlOf(n), 'POST', '/api/coord/messages', body, { 'idempotency-key': 'over' })
    const first = await send(0)
    expect([first.status, first.body.body]).toEqual([201, 'b'])
    for (const n of [0, 1]) {
      const again = await send(n)
      expect([again.status, again.body]).toEqual([201, { ...first.body, body: null }])
    }
  })

  test('a work item that both servers are asked for is taken once', async () => {
    const { body: workflow } = await call(urlOf(0), 'POST', '/api/coord/workflows', {
      project_key: 'w',
      name: 'n',
    })
    for (let round = 0; round < 10; round++) {
      const { body: item } = await call(urlOf(1), 'POST', '/api/coord/work-items', {
        workflow_id: workflow.id,
        title: 't',
      })
      const answers = await Promise.all(
        Array.from({ length: 24 }, (_, n) =>
          call(urlOf(n), 'PATCH', `/api/coord/work-items/${item.id}`, {
            status: 'in_progress',
            assignee: `M/${n}`,
            expected_status: 'pending',
          }),
        ),
      )
      expect(answers.filter((a) => a.status === 200)).toHaveLength(1)
      expect(answers.filter((a) => a.status === 409)).toHaveLength(23)
    }
  })

  test('a component that many set at once says what was called last, however late a call comes', async () => {
    const at = Date.parse('2026-05-12T15:30:00Z')
    await Promise.all(
      Array.from({ length: 40 }, (_, n) =>
        call(
          urlOf(n),
          'PUT',
          '/api/coord/components/c/server',
          { state: `s${n}` },
          { 'x-coord-queued-at': new Date(at + n * 1000).toISOString() },
        ),
      ),
    )
    const { body } = await call(urlOf(0), 'GET', '/api/coord/components?project_key=c')
    expect(body).toMatchObject([{ state: 's39' }])
  })

  test('names are told apart to the byte: blanks, case, composed letters, and what UTF-8 cannot carry', async () => {
    const names = [
      'r',
      'r ',
      'R',
      'ä',
      'a\u0308',
      '\ud800',
      '\ud801',
      '\\ud800',
      "r'",
      'r"; --',
      '\u0000\u0001json:"r"',
      '%',
      '_',
    ]
    const answers = await Promise.all(names.map((name, n) => claim(n, 'bytes', name)))
    // Equal as paths are only the two spellings of one letter.
    expect(answers.filter((a) => a.status !== 201).map((a) => a.body.lock?.resource.normalize())).toEqual([
      'ä',
    ])
    const { body } = await call(urlOf(1), 'GET', '/api/coord/locks?project_key=bytes')
    const held = answers.filter((a) => a.status === 201).map((a) => a.body.resource)
    expect(new Set(body.map((lock: { resource: string }) => lock.resource))).toEqual(new Set(held))
  })

  test('servers that start at once on an empty database make its tables once; foreign and newer databases are left as they are', async () => {
    const address = await database.newDatabase()
    const started = await Promise.all(Array.from({ length: 4 }, () => startServer(address)))
    expect(started.map((server) => server.stderr())).toEqual(['', '', '', ''])
    const ids = await Promise.all(started.map((s) => call(s.url, 'GET', '/api/coord/locks')))
    expect(new Set(ids.map((a) => a.headers.get('etag'))).size).toBe(1)
    await Promise.all(started.map((server) => server.stop()))
    const name = databaseNameOf(address)
    await database.sql(`UPDATE ${name}.meta SET value = '999' WHERE name = 'version'`)
    await expect(startServer(address)).rejects.toThrow('newer Coord Tray')
    const foreign = await database.newDatabase()
    await database.sql(`CREATE TABLE ${databaseNameOf(foreign)}.theirs (a INT)`)
    await expect(startServer(foreign)).rejects.toThrow("another program's tables")
    await expect(startServer(address.replace('coord:', 'nobody:'))).rejects.toThrow('refuses')
  })
})
