/** Events on a database that several servers write: each change arrives at the listeners of all, within a second, none lost. */
import type { Connection } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listenTo } from '../testing/listener.ts'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, eachOf, startServer, type TestServer } from '../testing/server.ts'

const CHANGES = process.env.COORD_LONG ? 10_000 : 1_500

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.skipIf(NO_MARIADB !== undefined)('events on MariaDB', () => {
  let database: TestDatabaseServer
  let address: string
  let servers: TestServer[]
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

  const send = (n: number, subject: string) =>
    call(urlOf(n), 'POST', '/api/coord/messages', { from_session: 'O/a', project_key: 'p', subject })

  test('what one server writes arrives at the listeners of the other within a second', async () => {
    const [a, b] = [await listenTo(urlOf(0)), await listenTo(urlOf(1))]
    const delays: number[] = []
    for (let n = 0; n < 12; n++) {
      const { body } = await send(n, 's')
      const since = performance.now()
      const other = n % 2 === 0 ? b : a
      await other.until((heard) => heard.some((h) => h.data['id'] === body.id))
      delays.push(performance.now() - since)
    }
    expect(Math.max(...delays)).toBeLessThan(1_000)
    a.close()
    b.close()
  })

  test('many writers on both servers, listeners that break and go on: every change is heard, though commits are in no order @long', async () => {
    const steady = await Promise.all(servers.map((server) => listenTo(server.url)))
    const seen = new Set<unknown>()
    const sent = new Set<unknown>()
    let isDone = false
    // One that is cut again and again from before the first of them on, and comes back to the other server with the last id that it heard.
    const first = await listenTo(urlOf(0))
    let position = String((await first.until((heard) => heard.length > 0))[0]?.id)
    first.close()
    const breaking = (async () => {
      for (let n = 0, left = 40; (!isDone || [...sent].some((id) => !seen.has(id))) && left > 0; n++) {
        if (isDone) left--
        const one = await listenTo(urlOf(n), '', { 'last-event-id': position })
        await new Promise((go) => setTimeout(go, 150))
        for (const { event, id, data } of one.heard) {
          // It missed more than is kept for it: it would read the lists.
          if (event === 'resync') return 'resync'
          if (event === 'change') seen.add(data['id'])
          position = String(id)
        }
        one.close()
      }
      return [...sent].every((id) => seen.has(id))
        ? 'all'
        : `missed ${[...sent].filter((id) => !seen.has(id)).length}`
    })()
    await eachOf(CHANGES, async (n) => {
      const { status, body } = await send(n, String(n))
      expect(status).toBe(201)
      sent.add(body.id)
    })
    isDone = true
    for (const listener of steady) {
      await listener.until(
        (heard) =>
          new Set(heard.filter((h) => h.event === 'change').map((h) => h.data['id'])).size >= CHANGES,
      )
      const told = listener.heard.filter((h) => h.event === 'change').map((h) => h.data['id'])
      expect(new Set(told)).toEqual(sent)
      expect(told).toHaveLength(CHANGES)
      listener.close()
    }
    expect(['all', 'resync']).toContain(await breaking)
  })

  test('a change that is committed after a later one is told of all the same, and a break in between loses it to nobody', async () => {
    const name = databaseNameOf(address)
    const listener = await listenTo(urlOf(0))
    await listener.until((heard) => heard.length > 0)
    const slow = await database.open()
    await slow.query('BEGIN')
    await slow.query(
      `INSERT INTO ${name}.changes (kind, act, id, at) VALUES ('locks', 'claimed', 'the late one', UTC_TIMESTAMP(3))`,
    )
    const { body } = await send(0, 'the later one')
    await listener.until((heard) => heard.some((h) => h.data['id'] === body.id))
    const position = String(listener.heard.at(-1)?.id)
    await slow.query('COMMIT')
    slow.destroy()
    await listener.until((heard) => heard.some((h) => h.data['id'] === 'the late one'))
    listener.close()
    const after = await listenTo(urlOf(1), '', { 'last-event-id': position })
    await after.until((heard) => heard.some((h) => h.data['id'] === 'the late one'))
    after.close()
  })

  test('a late commit behind 700 changes that were committed at once is told of', async () => {
    const name = databaseNameOf(address)
    const listener = await listenTo(urlOf(0))
    await listener.until((heard) => heard.length > 0)
    const put = (connection: Connection, what: string, n: number) =>
      connection.query(
        `INSERT INTO ${name}.changes (kind, act, id, at) SELECT 'locks', 'claimed', CONCAT('${what}', seq), UTC_TIMESTAMP(3) FROM ${name}.seq_1_to_${n}`,
      )
    const [slow, quick] = [await database.open(), await database.open()]
    await slow.query('BEGIN')
    await put(slow, 'late', 1)
    await put(quick, 'later', 700)
    // As many as nobody takes at once: one word for all of them.
    await listener.until((heard) => heard.some(({ event }) => event === 'resync'))
    await slow.query('COMMIT')
    for (const one of [slow, quick]) one.destroy()
    await listener.until((heard) => heard.some(({ data }) => data['id'] === 'late1'))
    listener.close()
  })

  test('a claim that waits on one server gets what the other releases', async () => {
    for (let round = 0; round < 5; round++) {
      const lock = { project_key: `wait${round}`, resource: 'r' }
      const { body } = await call(urlOf(0), 'POST', '/api/coord/locks', { ...lock, session_id: 'M/a' })
      const waiting = call(urlOf(1), 'POST', '/api/coord/locks?wait=10', { ...lock, session_id: 'M/b' })
      await new Promise((go) => setTimeout(go, 40 * round))
      await call(urlOf(0), 'DELETE', `/api/coord/locks/${body.id}?session_id=M/a`)
      const since = performance.now()
      expect((await waiting).status).toBe(201)
      // Far from the ten seconds that it would wait for nothing.
      expect(performance.now() - since).toBeLessThan(5_000)
    }
  })
})
