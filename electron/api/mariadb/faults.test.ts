/** What MariaDB may do to us: killed, standing still, locked, full, out of connections. 503 or an answer, never a hang, nothing lost. */
import { execFileSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, readAll, startServer, type TestAnswer, type TestServer } from '../testing/server.ts'
import { toFault } from './faults.ts'
import { isWorthAnother } from './transaction.ts'

const KILLS = process.env.COORD_LONG ? 30 : 3
const NOBODY = 65_534
/** No call takes longer, whatever the database does: a statement's four seconds, and some for a busy machine. */
const ANSWER_MS = 9_000

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

test.each([1030, 1135, 1153, 1461, 1820])(
  'MariaDB’s error %i says that the database is away, and is no bug of ours',
  (errno) => {
    expect(toFault(Object.assign(new Error('said'), { errno }))).toEqual({
      code: 'unreadable',
      message: 'said',
    })
  },
)

test('another connection is tried for a lost one, not again and again, and not for longer than who asks waits', () => {
  const lost = Object.assign(new Error('cut'), { code: 'ECONNRESET' })
  const now = performance.now()
  expect(isWorthAnother(lost, 1, now)).toBe(true)
  expect(isWorthAnother(lost, 5, now)).toBe(false)
  expect(isWorthAnother(lost, 2, now - 3_000)).toBe(false)
  expect(isWorthAnother(new Error('a bug'), 1, now)).toBe(false)
})

const sleep = (ms: number): Promise<void> => new Promise((go) => setTimeout(go, ms))

async function timed(answer: Promise<TestAnswer>): Promise<TestAnswer & { readonly ms: number }> {
  const since = performance.now()
  return { ...(await answer), ms: performance.now() - since }
}

function expectAway(answer: TestAnswer): void {
  expect(answer.status).toBe(503)
  expect(answer.headers.get('retry-after')).toBe('30')
  expect(answer.body).toEqual({ detail: expect.any(String), retry_after: 30 })
}

describe.skipIf(NO_MARIADB !== undefined)('faults of MariaDB @long', () => {
  let database: TestDatabaseServer
  let servers: TestServer[]
  let address: string
  const urlOf = (n: number): string => servers[n % servers.length]?.url ?? ''

  beforeAll(async () => {
    database = await startMariaDb()
    address = await database.newDatabase()
    servers = await Promise.all([startServer(address), startServer(address)])
  })
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.stop()))
    await database.remove()
  })

  const send = (n: number, subject: string, project = 'p') =>
    call(
      urlOf(n),
      'POST',
      '/api/coord/messages',
      { from_session: 'M/a', project_key: project, subject, body: subject.repeat(20) },
      { 'idempotency-key': subject },
    )
  async function untilBack(n: number): Promise<void> {
    for (let left = 100; (await call(urlOf(n), 'GET', '/health')).body.status !== 'ok'; left--) {
      if (left === 0) throw new Error('the server did not come back')
      await sleep(100)
    }
  }

  test('MariaDB killed and started again under load: 503 while it is away, what was acknowledged is there once, back by itself', async () => {
    const accepted = new Map<string, string>()
    const statuses = new Map<number, number>()
    let slowest = 0
    let isOver = false
    const writer = async (w: number): Promise<void> => {
      for (let n = 0; !isOver; n++) {
        const subject = `${w}-${n}`
        // Sent again with its key until it is taken, as an outbox does it.
        for (let isTaken = false; !isTaken && !isOver;) {
          const answer = await timed(send(w, subject, 'kill'))
          slowest = Math.max(slowest, answer.ms)
          statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
          isTaken = answer.status === 201
          if (isTaken) accepted.set(subject, answer.body.id)
          else await sleep(50)
        }
      }
    }
    const writers = Array.from({ length: 8 }, (_, w) => writer(w))
    for (let kill = 0; kill < KILLS; kill++) {
      const before = accepted.size
      while (accepted.size < before + 20) await sleep(5)
      await sleep(Math.random() * 200)
      await database.stop('SIGKILL')
      await sleep(20)
      const away = await timed(call(urlOf(kill), 'GET', '/api/coord/locks'))
      expectAway(away)
      // At once: waiting for an answer that does not come takes four seconds.
      expect(away.ms).toBeLessThan(3_000)
      expect((await call(urlOf(kill), 'GET', '/health')).body).toMatchObject({
        status: 'degraded',
        database: 'disconnected',
      })
      await database.start()
      await untilBack(0)
      await untilBack(1)
    }
    const before = accepted.size
    while (accepted.size < before + 20) await sleep(5)
    isOver = true
    await Promise.all(writers)
    expect([...statuses.keys()].filter((status) => status !== 201 && status !== 503)).toEqual([])
    expect(slowest).toBeLessThan(ANSWER_MS)
    await untilBack(1)
    const rows = await readAll(urlOf(1), '/api/coord/messages?project_key=kill')
    const there = new Map(rows.map((row) => [row.subject, row.id]))
    expect(there.size).toBe(rows.length)
    for (const [subject, id] of accepted) expect(there.get(subject)).toBe(id)
  })

  test('a server killed under load loses nothing that it acknowledged', async () => {
    const accepted = new Map<string, string>()
    for (let kill = 0; kill < KILLS; kill++) {
      const one = await startServer(address)
      const writers = Array.from({ length: 8 }, async (_, w) => {
        for (let n = 0; n < 2_000; n++) {
          const subject = `s${kill}-${w}-${n}`
          try {
            const { status, body } = await call(
              one.url,
              'POST',
              '/api/coord/messages',
              { from_session: 'M/a', project_key: 'server', subject },
              { 'idempotency-key': subject },
            )
            if (status === 201) accepted.set(subject, body.id)
          } catch {
            return
          }
        }
      })
      const before = accepted.size
      while (accepted.size < before + 10) await sleep(5)
      await one.stop('SIGKILL')
      await Promise.all(writers)
    }
    const rows = await readAll(urlOf(0), '/api/coord/messages?project_key=server')
    const there = new Map(rows.map((row) => [row.subject, row.id]))
    expect(there.size).toBe(rows.length)
    for (const [subject, id] of accepted) expect(there.get(subject)).toBe(id)
  })

  test('MariaDB stands still: 503 after a statement’s time, then at once, and back when it goes on', async () => {
    database.signal('SIGSTOP')
    try {
      const first = await timed(send(0, 'still-1'))
      expectAway(first)
      expect(first.ms).toBeLessThan(ANSWER_MS)
      const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => timed(send(0, `still-2-${n}`))))
      for (const answer of answers) expectAway(answer)
      const fast = answers.filter((answer) => answer.ms < 1_000)
      expect(fast.length).toBeGreaterThan(30)
      expect((await timed(call(urlOf(0), 'GET', '/health/live'))).ms).toBeLessThan(ANSWER_MS)
    } finally {
      database.signal('SIGCONT')
    }
    await untilBack(0)
    expect((await send(0, 'still-1')).status).toBe(201)
  })

  test('a project that another program locks, and a table that it locks: 503 for those, answers for all else', async () => {
    const claim = (project: string, n: number) =>
      call(urlOf(0), 'POST', '/api/coord/locks', {
        project_key: project,
        session_id: `M/${n}`,
        resource: `r${n}`,
      })
    expect((await claim('locked', 0)).status).toBe(201)
    const other = await database.open()
    await other.query(`USE ${databaseNameOf(address)}`)
    await other.query('BEGIN')
    await other.query("UPDATE gates SET n = n + 1 WHERE project_h = UNHEX(LEFT(SHA2('locked', 256), 32))")
    const stuck = Promise.all([timed(claim('locked', 1)), timed(claim('locked', 2))])
    expect((await timed(claim('free', 1))).status).toBe(201)
    expect((await timed(call(urlOf(0), 'GET', '/api/coord/locks'))).ms).toBeLessThan(2_000)
    for (const answer of await stuck) {
      expectAway(answer)
      expect(answer.ms).toBeLessThan(ANSWER_MS)
    }
    await other.query('ROLLBACK')
    expect((await claim('locked', 1)).status).toBe(201)
    await other.query('LOCK TABLES messages WRITE')
    const slow = await timed(call(urlOf(0), 'GET', '/api/coord/messages'))
    expectAway(slow)
    expect(slow.ms).toBeLessThan(ANSWER_MS)
    expect((await call(urlOf(0), 'GET', '/api/coord/locks')).status).toBe(200)
    await other.query('UNLOCK TABLES')
    other.destroy()
    expect((await call(urlOf(0), 'GET', '/api/coord/messages')).status).toBe(200)
  })

  test('all connections taken, by ourselves or by others: 503 or an answer, and well again afterwards', async () => {
    const small = await startServer(`${address}&pool=2`)
    try {
      const answers = await Promise.all(
        Array.from({ length: 300 }, (_, n) =>
          timed(call(small.url, 'PUT', `/api/coord/components/many/c${n}`, { state: 's' })),
        ),
      )
      expect(answers.filter((a) => a.status !== 200 && a.status !== 503)).toEqual([])
      expect(answers.filter((a) => a.status === 200).length).toBeGreaterThan(20)
      expect(Math.max(...answers.map((a) => a.ms))).toBeLessThan(ANSWER_MS)
    } finally {
      await small.stop()
    }
    await database.sql('SET GLOBAL max_connections = 10')
    const others = []
    try {
      for (let n = 0; n < 12; n++) others.push(await database.open())
    } catch {
      // None is left, which is what was wanted.
    }
    const fresh = await startServer(address)
    expectAway(await timed(call(fresh.url, 'GET', '/api/coord/locks')))
    for (const one of others) one.destroy()
    await sleep(500)
    await database.sql('SET GLOBAL max_connections = 151')
    await sleep(1_200)
    expect((await call(fresh.url, 'GET', '/api/coord/locks')).status).toBe(200)
    expect(fresh.stderr()).toMatch(/database away.*\n.*database back/)
    await fresh.stop()
  })

  test('MariaDB killed in the midst of statements: those who wait for them are told as soon as it is gone', async () => {
    const fresh = await startServer(address)
    const claim = (n: number) =>
      call(fresh.url, 'POST', '/api/coord/locks', {
        project_key: 'midst',
        session_id: 'M/a',
        resource: `r${n}`,
      })
    expect((await claim(0)).status).toBe(201)
    const other = await database.open()
    other.on('error', () => undefined)
    await other.query('BEGIN')
    await other.query(`SELECT * FROM ${databaseNameOf(address)}.gates FOR UPDATE`)
    const stuck = Promise.all([claim(1), claim(2), claim(3)])
    await database.untilWaiting()
    await database.stop('SIGKILL')
    for (const answer of await stuck) expectAway(answer)
    // What is said where nothing comes, four seconds later.
    expect(fresh.stderr()).not.toContain('no answer within')
    other.destroy()
    await database.start()
    await fresh.stop()
    await untilBack(0)
    await untilBack(1)
  })

  test('a database that came back while nobody asked for it refuses none of those that ask at once', async () => {
    const fresh = await startServer(address)
    await database.stop('SIGKILL')
    expectAway(await timed(call(fresh.url, 'GET', '/api/coord/locks')))
    await database.start()
    await sleep(400)
    const asked = Array.from({ length: 20 }, () => call(fresh.url, 'GET', '/api/coord/locks'))
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(asked.map(() => 200))
    await fresh.stop()
    await untilBack(0)
    await untilBack(1)
  })

  test('a database without room for prepared statements serves all the same', async () => {
    await database.sql('SET GLOBAL max_prepared_stmt_count = 0')
    try {
      const fresh = await startServer(address)
      expect((await call(fresh.url, 'GET', '/api/coord/locks')).status).toBe(200)
      const body = { from_session: "M/a'\\", project_key: 'text', subject: '\0\n\'"\\%_ü😀' }
      const sent = await call(fresh.url, 'POST', '/api/coord/messages', body, { 'idempotency-key': 'text' })
      expect(sent).toMatchObject({ status: 201, body })
      expect((await call(fresh.url, 'GET', '/api/coord/messages?project_key=text')).body).toMatchObject([
        body,
      ])
      await fresh.stop()
    } finally {
      await database.sql('SET GLOBAL max_prepared_stmt_count = 16382')
    }
  })

  test('what the database gives to other programs (charset, row limit, ways of committing) changes nothing here', async () => {
    const others = {
      init_connect: "'SET NAMES latin1'",
      autocommit: '0',
      completion_type: "'RELEASE'",
      sql_safe_updates: '1',
      sql_select_limit: '3',
    }
    for (const [name, value] of Object.entries(others)) await database.sql(`SET GLOBAL ${name} = ${value}`)
    try {
      const fresh = await startServer(await database.newDatabase())
      const bodies = Array.from({ length: 5 }, (_, n) => ({
        from_session: 'M/ü',
        subject: `${n} ü☃😀 \ud800`,
      }))
      for (const body of bodies)
        expect(await call(fresh.url, 'POST', '/api/coord/messages', body)).toMatchObject({
          status: 201,
          body,
        })
      expect((await call(fresh.url, 'GET', '/api/coord/messages?order=oldest')).body).toMatchObject(bodies)
      await fresh.stop()
      expect(fresh.stderr()).toBe('')
    } finally {
      for (const name of Object.keys(others)) {
        const value = name === 'init_connect' ? "''" : 'DEFAULT'
        await database.sql(`SET GLOBAL ${name} = ${value}`)
      }
    }
  })

  test('a connection that the database ends at rest costs nobody an answer', async () => {
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => call(urlOf(0), 'GET', `/api/coord/locks?project_key=${n}`)),
    )
    const rows = await database.sql("SELECT id FROM information_schema.processlist WHERE user = 'coord'")
    for (const { id } of rows) await database.sql(`KILL ${String(id)}`).catch(() => undefined)
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => send(n, `ended-${n}`)))
    expect(answers.map((a) => a.status)).toEqual(answers.map(() => 201))
  })

  test('a full disk under MariaDB: 503 with Retry-After, nothing half written, and back by itself', async (context) => {
    const disk = mkdtempSync(join(tmpdir(), 'cd-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=280m,mode=1777', 'tmpfs', disk], {
        stdio: 'ignore',
      })
    } catch {
      rmSync(disk, { recursive: true, force: true })
      return context.skip('this user may not mount a small disk')
    }
    chownSync(disk, NOBODY, NOBODY)
    const small = await startMariaDb(['--innodb-log-file-size=10M', '--innodb-buffer-pool-size=32M'], disk)
    const server = await startServer(await small.newDatabase())
    try {
      const post = (n: number) =>
        call(server.url, 'POST', '/api/coord/messages', {
          from_session: 'M/a',
          project_key: 'p',
          subject: String(n),
          body: 'x'.repeat(250_000),
        })
      const ballast = join(disk, 'ballast')
      execFileSync('sh', ['-c', `fallocate -l $(( $(stat -f -c '%a * %S' ${disk}) - 12000000 )) ${ballast}`])
      let refused: TestAnswer | undefined
      let n = 0
      while (refused === undefined && n < 200) {
        const answer = await timed(post(n))
        expect(answer.ms).toBeLessThan(ANSWER_MS)
        if (answer.status === 201) n++
        else refused = answer
      }
      if (refused === undefined) throw new Error('the disk did not fill')
      expectAway(refused)
      execFileSync('rm', ['-f', ballast])
      for (let left = 50; (await post(n)).status !== 201; left--) {
        if (left === 0) throw new Error(`it did not come back: ${server.stderr()}`)
        await sleep(200)
      }
      const rows = await readAll(server.url, '/api/coord/messages?order=oldest')
      expect(rows.map((row) => row.subject)).toEqual(Array.from({ length: n + 1 }, (_, i) => String(i)))
    } finally {
      await server.stop()
      await small.remove()
      execFileSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })
})
