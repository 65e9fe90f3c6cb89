/** The embedded database into MariaDB and back: every row, every answer under its key, every number; whole or not at all. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listenTo } from '../testing/listener.ts'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, eachOf, readAll, startServer, tempFolder } from '../testing/server.ts'
import { APPLICATION, migrations } from './schema.ts'
import { backupToFile, importFile, parseAddress } from './store.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

const LISTS = ['locks', 'messages?order=oldest', 'components', 'workflows', 'work-items', 'audit']
const KEYED = { 'idempotency-key': 'kept' }
const BODY = { from_session: 'M/a', project_key: 'p', subject: 'keyed', body: 'b' }

async function fillIn(url: string): Promise<void> {
  const post = (path: string, body: object, headers = {}) =>
    call(url, 'POST', `/api/coord${path}`, body, headers)
  await post('/messages', BODY, KEYED)
  await eachOf(1_100, (n) =>
    post('/messages', { ...BODY, subject: `${n}`, to_session: n % 3 === 0 ? undefined : `M/${n % 5}` }),
  )
  const held = (await post('/locks', { project_key: 'p', session_id: 'M/a', resource: 'src/', ttl_hours: 0 }))
    .body
  await post('/locks', { project_key: 'p', session_id: 'M/b', resource: 'src/x', ttl_hours: 1 })
  const gone = (await post('/locks', { project_key: 'p\ud800', session_id: 'M/a', resource: 'r\ud801' })).body
  await call(url, 'DELETE', `/api/coord/locks/${gone.id}?session_id=M/a`)
  expect(held.id).toBeDefined()
  await call(url, 'PUT', '/api/coord/components/p/c', { state: 'ß', notes: "'\\\u0000" })
  const { body: workflow } = await post('/workflows', { project_key: 'p', name: 'n' })
  await post('/work-items', { workflow_id: workflow.id, title: 't', priority: 1.5 })
  for (const { id } of (await call(url, 'GET', '/api/coord/messages?limit=40')).body)
    await call(url, 'PUT', `/api/coord/messages/${id}/read?session_id=M/1`)
}

async function all(url: string): Promise<unknown[]> {
  const lists = await Promise.all(LISTS.map((list) => readAll(url, `/api/coord/${list}`)))
  const status = await call(url, 'GET', '/api/coord/status?session_id=M/1')
  const again = await call(url, 'POST', '/api/coord/messages', BODY, KEYED)
  return [...lists, status.body, again.status, again.body]
}

describe.skipIf(NO_MARIADB !== undefined)('copies between SQLite and MariaDB', () => {
  let database: TestDatabaseServer
  let folder: Awaited<ReturnType<typeof tempFolder>>
  beforeAll(async () => {
    database = await startMariaDb()
    folder = await tempFolder()
  })
  afterAll(async () => {
    await database.remove()
    await folder.remove()
  })
  const addressOf = async () => {
    const text = await database.newDatabase()
    const address = parseAddress(text, undefined)
    if (!address.ok) throw new Error(address.error)
    return { text, address: address.value }
  }

  test('there and back: every list, unread count and keyed answer is the same; fences go on; nothing is overwritten', async () => {
    const file = join(folder.path, 'embedded.db')
    const embedded = await startServer(file)
    await fillIn(embedded.url)
    const before = await all(embedded.url)
    const { text, address } = await addressOf()
    const done = await importFile(address, file)
    expect(done).toMatchObject({
      ok: true,
      value: { messages: 1_101, held_locks: 1, released_locks: 1, call_keys: 1, message_marks: 40 },
    })
    const server = await startServer(text)
    expect(await all(server.url)).toEqual(before)
    const claim = (url: string) =>
      call(url, 'POST', '/api/coord/locks', { project_key: 'new', session_id: 'M/a', resource: 'r' })
    expect((await claim(server.url)).body.fence).toBeGreaterThan((await claim(embedded.url)).body.fence)
    await embedded.stop()
    expect(await importFile(address, file)).toMatchObject({ ok: false, error: { code: 'not-empty' } })
    const now = await all(server.url)
    const copy = join(folder.path, 'copy.db')
    expect(await backupToFile(address, copy)).toMatchObject({
      ok: true,
      value: { messages: 1_101, held_locks: 2 },
    })
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(await backupToFile(address, copy)).toMatchObject({ ok: false, error: { code: 'target-exists' } })
    await server.stop()
    const restored = await startServer(copy)
    expect(await all(restored.url)).toEqual(now)
    await restored.stop()
    expect(readdirSync(folder.path).filter((name) => name.startsWith('.coord'))).toEqual([])
  })

  test('a backup while many write is of one moment: each message that it has came before each that it has not', async () => {
    const { text, address } = await addressOf()
    const server = await startServer(text)
    let isOver = false
    let sent = 0
    const writing = (async () => {
      while (!isOver)
        await call(server.url, 'POST', '/api/coord/messages', { ...BODY, subject: String(sent++) })
    })()
    while (sent < 50) await new Promise((go) => setTimeout(go, 10))
    const copy = join(folder.path, 'moment.db')
    expect(await backupToFile(address, copy)).toMatchObject({ ok: true })
    isOver = true
    await writing
    await server.stop()
    const restored = await startServer(copy)
    const rows = await readAll(restored.url, '/api/coord/messages?order=oldest')
    expect(rows.map((row) => row.subject)).toEqual(rows.map((_, n) => String(n)))
    expect(rows.length).toBeGreaterThanOrEqual(50)
    await restored.stop()
  })

  const claimAt = async (url: string, resource: string): Promise<{ id: string; fence: number }> =>
    (await call(url, 'POST', '/api/coord/locks', { project_key: 'p', session_id: 'M/a', resource })).body
  const releaseAll = (url: string) => call(url, 'DELETE', '/api/coord/locks?session_id=M/a&release_all=true')

  test('no fence is given twice over a restore, whatever was given since the backup; who listens is told to read anew', async () => {
    const { text, address } = await addressOf()
    const fences: number[] = []
    const copy = join(folder.path, 'restored.db')
    const first = await startServer(text)
    for (let n = 0; n < 3; n++) fences.push((await claimAt(first.url, `r${n}`)).fence)
    await releaseAll(first.url)
    expect(await backupToFile(address, copy)).toMatchObject({ ok: true })
    for (let n = 0; n < 5; n++) fences.push((await claimAt(first.url, `s${n}`)).fence)
    const before = await listenTo(first.url)
    const [ready] = await before.until((heard) => heard.length > 0)
    before.close()
    await first.stop()
    const name = databaseNameOf(text)
    for (let restores = 0; restores < 2; restores++) {
      await database.sql(`DROP DATABASE ${name}`)
      await database.sql(`CREATE DATABASE ${name}`)
      expect(await importFile(address, copy)).toMatchObject({ ok: true })
      const again = await startServer(text)
      for (let n = 0; n < 3; n++) fences.push((await claimAt(again.url, `t${n}`)).fence)
      const after = await listenTo(again.url, '', { 'last-event-id': String(ready?.id) })
      await after.until((heard) => heard.some((one) => one.event === 'resync'))
      after.close()
      await again.stop()
    }
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
  })

  test('numbers never go back where an empty database gave greater ones before, nor by an import that is refused', async () => {
    const { text, address } = await addressOf()
    const name = databaseNameOf(text)
    const ahead = Date.now() * 10
    await (await startServer(text)).stop()
    const file = join(folder.path, 'small.db')
    await (await startServer(file)).stop()
    await database.sql(`ALTER TABLE ${name}.held_locks AUTO_INCREMENT = ${ahead}`)
    expect(await importFile(address, file)).toMatchObject({ ok: true })
    const server = await startServer(text)
    expect((await claimAt(server.url, 'r')).fence).toBeGreaterThanOrEqual(ahead)
    expect(await importFile(address, file)).toMatchObject({ error: { code: 'not-empty' } })
    await releaseAll(server.url)
    expect((await claimAt(server.url, 'r')).fence).toBeGreaterThan(ahead)
    await server.stop()
  })

  test('a backup served as a file, and a copy put back by the database itself and marked, give no fence twice', async () => {
    const { text, address } = await addressOf()
    const name = databaseNameOf(text)
    const copy = join(folder.path, 'served.db')
    const first = await startServer(text)
    const fences = [(await claimAt(first.url, 'before')).fence]
    expect(await backupToFile(address, copy)).toMatchObject({ ok: true })
    const [{ next } = {}] = await database.sql(
      `SELECT auto_increment AS next FROM information_schema.tables WHERE table_schema = '${name}' AND table_name = 'held_locks'`,
    )
    for (let n = 0; n < 3; n++) fences.push((await claimAt(first.url, `since ${n}`)).fence)
    const listener = await listenTo(first.url)
    const [ready] = await listener.until((heard) => heard.length > 0)
    listener.close()
    await first.stop()
    const file = await startServer(copy)
    expect((await claimAt(file.url, 'file')).fence).toBeGreaterThan(Math.max(...fences))
    await file.stop()
    // As a dump would leave it.
    await database.sql(`DELETE FROM ${name}.held_locks WHERE seq >= ${String(next)}`)
    await database.sql(`ALTER TABLE ${name}.held_locks AUTO_INCREMENT = ${String(next)}`)
    await database.sql(`INSERT INTO ${name}.meta VALUES ('restored', '')`)
    for (let starts = 0; starts < 2; starts++) {
      const [one, two] = await Promise.all([startServer(text), startServer(text)])
      fences.push(
        (await claimAt(one.url, `one ${starts}`)).fence,
        (await claimAt(two.url, `two ${starts}`)).fence,
      )
      const again = await listenTo(two.url, '', { 'last-event-id': String(ready?.id) })
      await again.until((heard) => heard.some((event) => event.event === 'resync'))
      again.close()
      await one.stop()
      await two.stop()
    }
    expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
    expect(await database.sql(`SELECT * FROM ${name}.meta WHERE name = 'restored'`)).toEqual([])
  })

  test('a backup knows the numbers that were given, also of rows that were swept', async () => {
    const { text, address } = await addressOf()
    const server = await startServer(text)
    const { fence } = await claimAt(server.url, 'r')
    await releaseAll(server.url)
    const name = databaseNameOf(text)
    await database.sql(`DELETE FROM ${name}.released_locks`)
    const copy = join(folder.path, 'swept.db')
    expect(await backupToFile(address, copy)).toMatchObject({ ok: true, value: { released_locks: 0 } })
    await server.stop()
    const file = await startServer(copy)
    expect((await claimAt(file.url, 'r')).fence).toBeGreaterThan(fence)
    await file.stop()
  })

  test('a file that is none, or a database that is away, is said, and leaves nothing behind', async () => {
    const { address } = await addressOf()
    expect(await importFile(address, join(folder.path, 'nothing.db'))).toMatchObject({
      error: { code: 'source-unusable' },
    })
    const away = { ...address, socketPath: join(folder.path, 'no-socket') }
    const target = join(folder.path, 'away.db')
    expect(await backupToFile(away, target)).toMatchObject({ error: { code: 'failed' } })
    expect(existsSync(target)).toBe(false)
  })

  test('who read the empty lists of a server is given those that an import filled; unread counts go on from what was there', async () => {
    const { text, address } = await addressOf()
    const file = join(folder.path, 'filled.db')
    const embedded = await startServer(file)
    await claimAt(embedded.url, 'r')
    await call(embedded.url, 'POST', '/api/coord/messages', { ...BODY, to_session: 'M/1' })
    await embedded.stop()
    const server = await startServer(text)
    // Swept since: its count is a row that stays.
    const shards = Array.from({ length: 64 }, (_, shard) => `('unread_direct', ${shard}, 0)`)
    await database.sql(`INSERT INTO ${databaseNameOf(text)}.counters VALUES ${shards.join(', ')}`)
    const tags = await Promise.all(
      ['locks', 'messages', 'status'].map(async (list) => {
        const path = `/api/coord/${list}`
        const etag = String((await call(server.url, 'GET', path)).headers.get('etag'))
        return { path, etag }
      }),
    )
    expect(await importFile(address, file)).toMatchObject({ ok: true, value: { held_locks: 1, messages: 1 } })
    for (const { path, etag } of tags)
      expect([
        path,
        (await call(server.url, 'GET', path, undefined, { 'if-none-match': etag })).status,
      ]).toEqual([path, 200])
    expect((await call(server.url, 'GET', '/api/coord/status')).body).toMatchObject({ unread_count: 1 })
    await server.stop()
  })

  test('a database of the first version is migrated with its rows, also while its server goes on, and copied whole', async () => {
    const { text, address } = await addressOf()
    const first = await database.open()
    await first.query(`USE ${databaseNameOf(text)}`)
    for (const statement of [
      'CREATE TABLE meta (name VARCHAR(64) NOT NULL PRIMARY KEY, value VARCHAR(255) NOT NULL)',
      `INSERT INTO meta VALUES ('application', '${APPLICATION}'), ('version', '1'), ('id', 'first')`,
      ...(migrations[0] ?? []),
      `INSERT INTO components (h, project_key, project_h, component, state, updated_at, effective_at)
       VALUES (REPEAT('h', 32), 'p', REPEAT('p', 16), 'of before', 's', UTC_TIMESTAMP(3), UTC_TIMESTAMP(3))`,
    ])
      await first.query(statement)
    const keyed = (n: number) =>
      first.query(
        `INSERT INTO call_keys (h, fingerprint, status, body, at) VALUES (REPEAT('${n}', 32), 'f', 201, '{}', UTC_TIMESTAMP(3))`,
      )
    await keyed(1)
    const server = await startServer(text)
    await keyed(2)
    first.destroy()
    expect((await call(server.url, 'POST', '/api/coord/messages', BODY, KEYED)).status).toBe(201)
    const copy = join(folder.path, 'first.db')
    expect(await backupToFile(address, copy)).toMatchObject({
      ok: true,
      value: { components: 1, call_keys: 1 },
    })
    await server.stop()
    const restored = await startServer(copy)
    expect((await call(restored.url, 'GET', '/api/coord/components')).body).toMatchObject([
      { component: 'of before' },
    ])
    await restored.stop()
  })

  test.each(['backup', 'import'] as const)(
    'a database that is killed in the middle of a %s is said, and no file is left that looks like one',
    async (way) => {
      const { text, address } = await addressOf()
      await (await startServer(text)).stop()
      const file = join(folder.path, `killed-${way}.db`)
      if (way === 'import') await (await startServer(file)).stop()
      const other = await database.open()
      other.on('error', () => undefined)
      await other.query(`LOCK TABLES ${databaseNameOf(text)}.messages WRITE`)
      const copying = way === 'backup' ? backupToFile(address, file) : importFile(address, file)
      await database.untilWaiting()
      await database.stop('SIGKILL')
      expect(await copying).toMatchObject({ ok: false, error: { code: 'failed' } })
      expect(existsSync(file)).toBe(way === 'import')
      expect(readdirSync(folder.path).filter((name) => name.startsWith('.coord'))).toEqual([])
      other.destroy()
      await database.start()
    },
  )
})
