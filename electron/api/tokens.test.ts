/** Tokens: a machine's acts as that machine only, whatever it sends; a revoked one does nothing; too much is 429. On both databases. */
import { serveHere } from './testing/serving.ts'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashOfToken } from './token-lookup.ts'
import { serveApi, type Serving } from './serve.ts'
import type { Store } from './store.ts'
import { listenTo } from './testing/listener.ts'
import { NO_MARIADB, startMariaDb, type TestDatabaseServer } from './testing/mariadb.ts'
import { call, tempFolder, type TestAnswer } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'

const TOKENS = { m: 'm'.repeat(32), n: 'n'.repeat(32), admin: 'a'.repeat(32) } as const
type Who = keyof typeof TOKENS
const PROXY = 'http://coord.example'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.each(['SQLite', ...(NO_MARIADB === undefined ? ['MariaDB'] : [])])('tokens on %s', (kind) => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let maria: TestDatabaseServer | undefined
  let database: string
  let serving: Serving
  let store: Store
  let round = 0

  beforeAll(async () => {
    folder = await tempFolder()
    if (kind === 'MariaDB') maria = await startMariaDb()
    database = (await maria?.newDatabase()) ?? join(folder.path, 'coord.db')
    store = await openTestStore(database)
    for (const [who, machine] of [
      ['m', 'Machine'],
      ['n', 'NEIGHBOUR'],
      ['admin', 'ops'],
    ] as const)
      await store.access.add(
        { machine, isAdmin: who === 'admin', hash: hashOfToken(TOKENS[who]) },
        Date.now(),
      )
    const served = await serveApi({
      host: '127.0.0.1',
      port: 0,
      database,
      instance: 'i',
      proxy: PROXY,
      rates: { writes: { aSecond: 5, burst: 60 } },
    })
    if (!served.ok) throw new Error(served.error.message)
    serving = served.value
  })
  afterAll(async () => {
    await serving.close()
    await store.close()
    await maria?.remove()
    await folder.remove()
  })
  beforeEach(() => void round++)

  const as = (
    who: Who | null,
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ) =>
    call(serving.url, method, `/api/coord${path}`, body, {
      ...(who === null ? {} : { authorization: `Bearer ${TOKENS[who]}` }),
      ...more,
    })
  const claim = (who: Who, session_id: string, resource = 'r'): Promise<TestAnswer> =>
    as(who, 'POST', '/locks', { project_key: `p${round}`, session_id, resource })
  const message = (who: Who, from_session: string, to_session?: string) =>
    as(who, 'POST', '/messages', { from_session, to_session, project_key: `p${round}`, subject: 's' })

  test('nobody without a token, or with one that is none, gets anything but whether it lives', async () => {
    for (const authorization of [
      undefined,
      'Bearer nonsense',
      `Basic ${TOKENS.m}`,
      'Bearer',
      `Bearer ${hashOfToken(TOKENS.m)}`,
    ]) {
      const headers = authorization === undefined ? {} : { authorization }
      for (const path of [
        '/api/coord/locks',
        '/health',
        '/',
        '/metrics',
        '/api/coord/events',
        '/api/coord/whoami',
      ]) {
        const answer = await call(serving.url, 'GET', path, undefined, headers)
        expect(answer.status).toBe(401)
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
        expect(answer.body.detail).toContain('token')
      }
      expect((await call(serving.url, 'GET', '/health/live', undefined, headers)).body).toEqual({
        status: 'ok',
      })
    }
    expect((await as('m', 'GET', '/whoami')).body).toEqual({ machine: 'Machine', is_admin: false })
  })

  test('a machine’s token does nothing in another’s name, by whatever field, query or path', async () => {
    const { body: theirs } = await claim('n', 'NEIGHBOUR/a')
    const { body: mail } = await message('n', 'NEIGHBOUR/a', 'neighbour/b')
    const { body: broadcast } = await message('n', 'NEIGHBOUR/a')
    const { body: workflow } = await as('n', 'POST', '/workflows', {
      project_key: 'p',
      name: 'n',
      created_by: 'NEIGHBOUR/a',
    })
    const before = await Promise.all(
      ['locks', 'messages', 'workflows'].map((name) => as('n', 'GET', `/${name}`)),
    )
    const s = encodeURIComponent('NEIGHBOUR/a')
    const id = theirs.id as string
    const refused = [
      claim('m', 'NEIGHBOUR/a', 'other'),
      claim('m', 'neighbour/a', 'other'),
      claim('m', 'MachineX/a', 'other'),
      claim('m', 'Machine', 'other'),
      claim('m', 'Machine\u0000/a', 'other'),
      claim('m', ' Machine/a', 'other'),
      as('m', 'POST', `/locks?session_id=${s}`, {
        project_key: `p${round}`,
        session_id: 'Machine/a',
        resource: 'other',
      }),
      as('m', 'PUT', `/locks/${id}/renew?session_id=${s}`),
      as('m', 'DELETE', `/locks/${id}?session_id=${s}`),
      as('m', 'DELETE', `/locks/${id}?session_id=${s}&released_by=Machine/a`),
      as('m', 'DELETE', `/locks/${id}?session_id=${s}&if_stale=true`),
      as('m', 'DELETE', `/locks/${id}?session_id=${s}&if_stale=true&released_by=${s}`),
      as('m', 'DELETE', `/locks?session_id=${s}&release_all=true`),
      as('m', 'PUT', '/components', {
        project_key: 'p',
        component: 'c',
        state: 's',
        updated_by: 'NEIGHBOUR/a',
      }),
      as('m', 'PUT', `/components/p/c?session_id=${s}`, { state: 's' }),
      as('m', 'POST', '/workflows', { project_key: 'p', name: 'n', created_by: 'NEIGHBOUR/a' }),
      as('m', 'PATCH', `/workflows/${workflow.id}`, { status: 'x', session_id: 'NEIGHBOUR/a' }),
      as('m', 'POST', '/work-items', { workflow_id: workflow.id, title: 't', session_id: 'NEIGHBOUR/a' }),
      message('m', 'NEIGHBOUR/a', 'Machine/a'),
      as('m', 'PUT', `/messages/${mail.id}/read?session_id=${s}`),
      as('m', 'PUT', `/messages/${mail.id}/read?session_id=Machine/a`),
      as('m', 'PUT', `/messages/${mail.id}/read`),
      as('m', 'PUT', `/messages/${broadcast.id}/read`),
      as('m', 'GET', '/events?for_machine=NEIGHBOUR'),
      as('m', 'GET', '/audit'),
    ]
    for (const [n, answer] of (await Promise.all(refused)).entries()) {
      expect([n, answer.status]).toEqual([n, 403])
      expect(answer.body.detail).toMatch(/Machine|machine|session/)
    }
    const after = await Promise.all(
      ['locks', 'messages', 'workflows'].map((name) => as('n', 'GET', `/${name}`)),
    )
    expect(after.map((a) => a.body)).toEqual(before.map((a) => a.body))
    // A key is its caller's: nobody gets the answer that another was given.
    const key = { 'idempotency-key': `k${round}` }
    const body = { project_key: 'p', component: 'c', state: 's' }
    expect((await as('n', 'PUT', '/components', body, key)).status).toBe(200)
    expect((await as('m', 'PUT', '/components', body, key)).status).toBe(422)
  })

  test('a machine’s token takes, changes and gives no work that another machine’s session has', async () => {
    const { body: workflow } = await as('n', 'POST', '/workflows', { project_key: 'p', name: 'n' })
    const make = async (assignee?: string): Promise<string> =>
      (await as('n', 'POST', '/work-items', { workflow_id: workflow.id, title: 't', assignee })).body.id
    const patch = (who: Who, id: string, body: object) => as(who, 'PATCH', `/work-items/${id}`, body)
    const theirs = await make('NEIGHBOUR/a')
    const rows = async () => (await as('n', 'GET', `/work-items?workflow_id=${workflow.id}`)).body
    const free = await make()
    const before = await rows()
    for (const [id, body] of [
      [theirs, { assignee: 'Machine/a' }],
      [theirs, { assignee: 'Machine/a', status: 'in_progress', expected_status: 'pending' }],
      [theirs, { assignee: 'Machine/a', session_id: 'Machine/a' }],
      [theirs, { assignee: null }],
      [theirs, { assignee: '' }],
      [theirs, { status: 'completed' }],
      [theirs, { status: 'completed', expected_status: 'other' }],
      [free, { assignee: 'NEIGHBOUR/a' }],
      [free, { assignee: 'neighbour/a', status: 'in_progress' }],
      [free, { assignee: 'MachineX/a' }],
      [free, { assignee: 'Machine' }],
      [free, { assignee: ' Machine/a' }],
    ] as const) {
      const answer = await patch('m', id, body)
      expect([body, answer.status, answer.body.field]).toEqual([body, 403, 'assignee'])
    }
    expect(await rows()).toEqual(before)
    // What is free is taken for oneself and given back; work may be made for anybody, who then has it.
    expect((await patch('m', free, { assignee: 'MACHINE/a' })).status).toBe(200)
    expect((await patch('n', free, { assignee: 'NEIGHBOUR/a' })).status).toBe(403)
    expect((await patch('m', free, { assignee: 'machine/b', status: 'in_progress' })).status).toBe(200)
    expect((await patch('m', free, { assignee: null })).status).toBe(200)
    expect((await patch('n', free, { assignee: 'neighbour/a' })).status).toBe(200)
    const forM = await make('machine/a')
    expect((await patch('n', forM, { status: 'completed' })).status).toBe(403)
    expect((await patch('m', forM, { status: 'completed' })).status).toBe(200)
    // A name without a machine is no session's.
    expect((await patch('m', await make('somebody'), { assignee: 'Machine/a' })).status).toBe(200)
    expect((await patch('admin', theirs, { assignee: 'Machine/a' })).status).toBe(200)
  })

  test('what is its own it may do, in whatever case its name is written; stale locks of others, too', async () => {
    const { body: mine } = await claim('m', 'MACHINE/a')
    expect((await as('m', 'PUT', `/locks/${mine.id}/renew?session_id=machine/a`)).status).toBe(200)
    const { body: mail } = await message('n', 'NEIGHBOUR/a', 'machine/a')
    expect((await as('m', 'PUT', `/messages/${mail.id}/read`)).status).toBe(200)
    const { body: broadcast } = await message('n', 'NEIGHBOUR/a')
    expect((await as('m', 'PUT', `/messages/${broadcast.id}/read?session_id=Machine/a`)).status).toBe(200)
    const { body: theirs } = await claim('n', 'NEIGHBOUR/a', 'stale')
    const stale = `/locks/${theirs.id}?session_id=NEIGHBOUR/a&if_stale=true&released_by=Machine/a`
    expect((await as('m', 'DELETE', stale)).status).toBe(409)
    expect((await as('m', 'DELETE', `/locks/${mine.id}?session_id=machine/a`)).body).toEqual({ released: 1 })
  })

  test('an administrator forces, and the audit says who released, forced and revoked', async () => {
    const { body: theirs } = await claim('n', 'NEIGHBOUR/a')
    const forced = await as(
      'admin',
      'DELETE',
      `/locks/${theirs.id}?session_id=NEIGHBOUR/a&released_by=ops/howard`,
    )
    expect(forced.body).toEqual({ released: 1, released_by: 'ops/howard' })
    const { body: entries } = await as('admin', 'GET', '/audit')
    expect(entries[0]).toMatchObject({
      caller: 'ops',
      act: 'forced',
      session_id: 'ops/howard',
      what: `lock ${theirs.id} of NEIGHBOUR/a`,
    })
    expect(entries.filter((e: { act: string }) => e.act === 'token-added')).toHaveLength(3)
  })

  test('COORD_TOKEN that a machine has makes it no administrator, whether it is good or revoked; and that is said', async () => {
    const revoked = 'v'.repeat(32)
    await store.access.add({ machine: 'Gone', isAdmin: false, hash: hashOfToken(revoked) }, Date.now())
    await store.access.revoke('Gone', Date.now())
    for (const [token, status, words] of [
      [TOKENS.m, 403, /Machine's token.*acts as Machine/],
      [revoked, 401, /Gone's token.*revoked/],
      ['e'.repeat(32), 200, /^$/],
      [TOKENS.admin, 200, /^$/],
    ] as const) {
      const said: string[] = []
      const served = await serveHere({
        database,
        proxy: PROXY.replace('http', 'https'),
        token,
        log: (line) => said.push(line),
      })
      const audit = await call(served.url, 'GET', '/api/coord/audit', undefined, {
        authorization: `Bearer ${token}`,
      })
      await served.close()
      expect([token, audit.status]).toEqual([token, status])
      expect(said.join('\n')).toMatch(words)
    }
  })

  test('a revoked token does nothing any more, and what it had open ends', async () => {
    const token = 'r'.repeat(32)
    const headers = { authorization: `Bearer ${token}` }
    await store.access.add({ machine: 'Revoked', isAdmin: false, hash: hashOfToken(token) }, Date.now())
    const { body: held } = await claim('m', 'Machine/a', 'waited for')
    const stream = await listenTo(serving.url, '?for_machine=Revoked', headers)
    await stream.until((heard) => heard.length > 0)
    const waiting = call(
      serving.url,
      'POST',
      '/api/coord/locks?wait=20',
      { project_key: `p${round}`, session_id: 'Revoked/a', resource: 'waited for' },
      headers,
    )
    await new Promise((go) => setTimeout(go, 200))
    expect(await store.access.revoke('REVOKED', Date.now())).toEqual({ ok: true, value: 1 })
    await new Promise((go) => setTimeout(go, 1_100))
    const answer = await call(serving.url, 'GET', '/api/coord/locks', undefined, headers)
    expect(answer.status).toBe(401)
    expect(answer.body.detail).toContain('revoked')
    await stream.until(() => stream.isEnded())
    await new Promise((go) => setTimeout(go, 3_200))
    await as('m', 'DELETE', `/locks/${held.id}?session_id=Machine/a`)
    expect((await waiting).status).toBe(401)
    expect((await as('m', 'GET', `/locks?project_key=p${round}`)).body).toEqual([])
    const { body: entries } = await as('admin', 'GET', '/audit')
    expect(entries).toContainEqual(expect.objectContaining({ act: 'token-revoked', what: 'REVOKED' }))
  })

  test('a token that is revoked while a body is on its way writes nothing', async () => {
    const token = 's'.repeat(32)
    await store.access.add({ machine: 'Slow', isAdmin: false, hash: hashOfToken(token) }, Date.now())
    const body = JSON.stringify({ project_key: `p${round}`, session_id: 'Slow/a', resource: 'r' })
    const sending = request(`${serving.url}/api/coord/locks`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': body.length,
      },
    })
    const answered = once(sending, 'response')
    sending.write(body.slice(0, 10))
    await new Promise((go) => setTimeout(go, 200))
    await store.access.revoke('Slow', Date.now())
    await new Promise((go) => setTimeout(go, 1_100))
    sending.end(body.slice(10))
    const [answer] = (await answered) as [IncomingMessage]
    answer.resume()
    expect(answer.statusCode).toBe(401)
    expect((await as('m', 'GET', `/locks?project_key=p${round}`)).body).toEqual([])
  })

  test('one token has at most eight streams beside its machine’s; others still get theirs', async () => {
    const headersOf = (who: Who) => ({ authorization: `Bearer ${TOKENS[who]}` })
    const all = await Promise.all(Array.from({ length: 12 }, () => listenTo(serving.url, '', headersOf('m'))))
    const statuses = all.map((one) => one.answer.statusCode)
    expect(statuses.filter((status) => status === 200)).toHaveLength(8)
    expect(statuses.filter((status) => status === 503)).toHaveLength(4)
    const more = [
      await listenTo(serving.url, '?for_machine=Machine', headersOf('m')),
      await listenTo(serving.url, '', headersOf('n')),
    ]
    expect(more.map((one) => one.answer.statusCode)).toEqual([200, 200])
    for (const one of [...all, ...more]) one.close()
  })

  test('more writes than a token may make are 429 with Retry-After; others and readers go on', async () => {
    const answers = await Promise.all(
      Array.from({ length: 130 }, (_, n) =>
        as('m', 'PUT', '/components', { project_key: 'p', component: `c${n % 3}`, state: 's' }),
      ),
    )
    const refused = answers.filter((a) => a.status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]?.headers.get('retry-after')).toBe('1')
    expect(refused[0]?.body).toEqual({ detail: expect.stringContaining('Machine'), retry_after: 1 })
    expect(answers.filter((a) => a.status !== 429 && a.status !== 200)).toEqual([])
    expect((await claim('n', 'NEIGHBOUR/b', 'free')).status).toBe(201)
    expect((await as('m', 'GET', '/locks')).status).toBe(200)
  })

  test('more reads than a token may make are 429 too; its writes, others and what nobody has to ask for go on', async () => {
    const served = await serveApi({
      host: '127.0.0.1',
      port: 0,
      database,
      instance: 'i',
      proxy: PROXY,
      rates: { reads: { aSecond: 0.001, burst: 10 } },
    })
    if (!served.ok) throw new Error(served.error.message)
    const { url } = served.value
    const bearer = (who: Who) => ({ authorization: `Bearer ${TOKENS[who]}` })
    const read = (who: Who, path = '/api/coord/locks') => call(url, 'GET', path, undefined, bearer(who))
    const answers = await Promise.all(Array.from({ length: 12 }, () => read('m')))
    expect(answers.map((a) => a.status).sort()).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429])
    for (const path of ['/health', '/metrics', '/api/coord/status', '/api/coord/events', '/'])
      expect([path, (await read('m', path)).status]).toEqual([path, 429])
    const refused = await read('m')
    expect(Number(refused.headers.get('retry-after'))).toBe(refused.body.retry_after)
    expect(refused.body.detail).toMatch(/too many reads: Machine/)
    expect((await read('n')).status).toBe(200)
    expect((await call(url, 'GET', '/health/live')).status).toBe(200)
    const written = await call(
      url,
      'PUT',
      '/api/coord/components/p/c',
      { state: 's', updated_by: 'Machine/a' },
      bearer('m'),
    )
    expect(written.status).toBe(200)
    await served.value.close()
  })

  test('behind a proxy elsewhere each caller is its own address, and the header of whoever is no proxy is not believed', async () => {
    const addressesSeen: string[] = []
    const guessThrough = async (proxyFrom: string[] | undefined) => {
      const served = await serveHere({
        database,
        proxy: PROXY,
        proxyFrom,
        onAnswer: ({ address }) => addressesSeen.push(address),
      })
      const statuses: number[] = []
      for (let n = 0; n < 40; n++)
        statuses.push(
          await call(served.url, 'GET', '/api/coord/whoami', undefined, {
            authorization: `Bearer guess-${String(proxyFrom)}-${n}`,
            'x-forwarded-for': `192.0.2.${n}`,
          }).then((answer) => answer.status),
        )
      await served.close()
      return statuses.filter((status) => status === 429).length
    }
    // We are the proxy: forty callers. We are not: one, whatever it says.
    expect(await guessThrough(['198.51.100.0/24', '127.0.0.1'])).toBe(0)
    expect(new Set(addressesSeen).size).toBe(40)
    addressesSeen.length = 0
    expect(await guessThrough(['198.51.100.0/24'])).toBeGreaterThan(0)
    expect(new Set(addressesSeen)).toEqual(new Set(['127.0.0.1']))
  })

  test('whoever guesses tokens is stopped at its address; the good ones, and other addresses, are not', async () => {
    const served = await serveHere({ database, proxy: PROXY })
    const from = (address: string, token: string) =>
      call(served.url, 'GET', '/api/coord/whoami', undefined, {
        authorization: `Bearer ${token}`,
        'x-forwarded-for': `198.51.100.7, ${address}`,
      })
    expect((await from('203.0.113.1', TOKENS.m)).status).toBe(200)
    const guesses = await Promise.all(Array.from({ length: 80 }, (_, n) => from('203.0.113.1', `guess-${n}`)))
    const stopped = guesses.filter((a) => a.status === 429)
    expect(guesses.filter((a) => a.status === 401).length).toBeLessThan(50)
    expect(stopped.length).toBeGreaterThan(30)
    expect(Number(stopped[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(stopped[0]?.body.detail).toContain('your address')
    expect((await from('203.0.113.1', TOKENS.m)).status).toBe(200)
    expect((await from('203.0.113.2', TOKENS.n)).status).toBe(200)
    expect((await from('203.0.113.2', 'guess')).status).toBe(401)
    await served.close()
  })
})

test('beyond loopback: tokens, --no-token, or nothing; a proxy and TLS are named', async () => {
  const folder = await tempFolder()
  const options = { host: '0.0.0.0', port: 0, database: join(folder.path, 'coord.db'), instance: 'i' }
  const said: string[] = []
  try {
    expect(await serveApi(options)).toMatchObject({ ok: false, error: { code: 'token-needed' } })
    expect(await serveApi({ ...options, host: '127.0.0.1', proxy: PROXY })).toMatchObject({
      error: { code: 'token-needed' },
    })
    expect(await serveApi({ ...options, isOpen: true, proxy: 'coord.example' })).toMatchObject({
      error: { code: 'proxy-unusable' },
    })
    for (const wrong of [
      { proxyFrom: ['10.0.0.1'] },
      { proxyHeader: 'forwarded' },
      { proxy: PROXY, proxyFrom: ['proxy.example'] },
      { proxy: PROXY, proxyHeader: 'x-real-ip' },
    ])
      expect(await serveApi({ ...options, isOpen: true, ...wrong })).toMatchObject({
        error: { code: 'proxy-unusable' },
      })
    expect(await serveApi({ ...options, isOpen: true, tls: { cert: '/none', key: '/none' } })).toMatchObject({
      error: { code: 'tls-unusable' },
    })
    const open = await serveHere({ ...options, isOpen: true, log: (line) => said.push(line) })
    const url = open.url.replace('0.0.0.0', '127.0.0.1')
    expect((await call(url, 'GET', '/api/coord/locks')).status).toBe(200)
    await open.close()
    expect(said.join('\n')).toMatch(/no TLS.*\n.*no tokens/)
  } finally {
    await folder.remove()
  }
})
