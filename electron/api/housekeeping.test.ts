/** Housekeeping: a step that fails, or stands still, is said once and stops none of the others. On both databases. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStore } from './open-store.ts'
import type { Store } from './store.ts'
import { NO_MARIADB, startMariaDb, type TestDatabaseServer } from './testing/mariadb.ts'
import { tempFolder } from './testing/server.ts'

const HOUR = 3_600_000
const said: string[] = []
const about = (words: string): string[] => said.filter((line) => line.includes(words))

async function open(database: string): Promise<Store> {
  said.length = 0
  const opened = await openStore({ database }, (line) => said.push(line))
  if (!opened.ok) throw new Error(opened.error.message)
  return opened.value
}
const claim = (store: Store, key: string | null, at = Date.now()) =>
  store.write(
    {
      kind: 'lock.claim',
      project: 'p',
      session: 'M/a',
      resource: 'r',
      description: null,
      ttlHours: 1,
      actors: [],
    },
    at,
    key === null ? null : { key, fingerprint: 'f' },
  )
const send = (store: Store, at: number, expiresAt: number | null) =>
  store.write(
    {
      kind: 'message.send',
      from: 'M/a',
      to: 'M/b',
      project: null,
      subject: 's',
      body: 'b',
      replyTo: null,
      expiresAt,
      actors: [],
    },
    at,
    null,
  )

describe('on SQLite', () => {
  let folder: Awaited<ReturnType<typeof tempFolder>>
  let store: Store
  let file: string
  beforeEach(async () => {
    folder = await tempFolder()
    file = join(folder.path, 'coord.db')
    store = await open(file)
  })
  afterEach(async () => {
    await store.close()
    await folder.remove()
  })
  const sql = (text: string): void => {
    const db = new DatabaseSync(file, { timeout: 5_000 })
    db.exec(text)
    db.close()
  }

  const steps = [
    [
      'expired locks',
      3,
      "CREATE TRIGGER no AFTER UPDATE OF released_at ON locks BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
    ['keys', 4, "CREATE TRIGGER no BEFORE DELETE ON call_keys BEGIN SELECT RAISE(ABORT, 'no'); END"],
    [
      'messages that said when they end',
      4,
      "CREATE TRIGGER no BEFORE DELETE ON messages BEGIN SELECT RAISE(ABORT, 'no'); END",
    ],
    ['audit', 5, 'ALTER TABLE audit RENAME TO elsewhere'],
  ] as const
  test.each(steps)(
    '%s cannot be cleared away: all else is, it is said once, and once when it works again',
    async (what, left, harm) => {
      const start = Date.parse('2026-05-12T15:00:00Z')
      await claim(store, 'k', start)
      await send(store, start, start + HOUR)
      await store.write({ kind: 'lock.release-all', session: 'M/a' }, start, null)
      await claim(store, null, start)
      sql(harm)
      const later = start + 8 * 24 * HOUR
      const first = await store.sweep(later)
      // An expired lock, which is a released one then; another that was released; a key; a message: all but what fails.
      expect(first).toEqual({ ok: true, value: left })
      expect(await store.sweep(later)).toEqual({ ok: true, value: 0 })
      expect(about('housekeeping failed')).toEqual([expect.stringContaining(`${what}:`)])
      sql(what === 'audit' ? 'ALTER TABLE elsewhere RENAME TO audit' : 'DROP TRIGGER no')
      await store.sweep(later)
      expect(about('works again')).toEqual([expect.stringContaining(what)])
    },
  )
})

describe.skipIf(NO_MARIADB !== undefined)('on MariaDB', () => {
  let maria: TestDatabaseServer
  let store: Store
  beforeEach(async () => {
    maria = await startMariaDb()
    store = await open(await maria.newDatabase())
  })
  afterEach(async () => {
    await store.close()
    await maria.remove()
  })

  test('keys that another program locks, messages without their index, an audit that is gone: the steps after them are made', async () => {
    const sql = (text: string) => maria.sql(text.replaceAll('@', 'coord1.'))
    const old = "'2020-01-01'"
    await claim(store, 'k')
    await store.write({ kind: 'lock.release-all', session: 'M/a' }, 0, null)
    await sql(`UPDATE @released_locks SET released_at = ${old}`)
    await sql(`UPDATE @call_keys SET at = ${old}`)
    await sql("INSERT INTO @changes (kind, act, id, at) VALUES ('locks', 'x', 'old', UTC_TIMESTAMP(3))")
    await sql('UPDATE @changes SET seq = seq + 1000000 ORDER BY seq DESC LIMIT 1')
    // None that was written in the last minute is cut.
    await sql(`UPDATE @changes SET at = ${old}`)
    await send(store, 0, null)
    await sql(`UPDATE @messages SET created_at = ${old}, read_at = ${old}`)
    await sql('ALTER TABLE @messages DROP INDEX messages_expiring')
    const other = await maria.open()
    await other.query('BEGIN')
    await other.query('SELECT * FROM coord1.call_keys FOR UPDATE')
    const swept = await store.sweep(0)
    expect(swept).toMatchObject({ ok: true })
    expect(about('housekeeping failed')).toEqual([
      expect.stringMatching(/ keys: /),
      expect.stringMatching(/messages that said when they end: /),
    ])
    expect(await sql('SELECT COUNT(*) AS n FROM @released_locks')).toEqual([{ n: 0 }])
    expect(await sql('SELECT COUNT(*) AS n FROM @messages')).toEqual([{ n: 0 }])
    expect(await sql('SELECT COUNT(*) AS n FROM @changes WHERE seq < 1000')).toEqual([{ n: 0 }])
    expect(await sql('SELECT COUNT(*) AS n FROM @call_keys')).toEqual([{ n: 1 }])
    await other.query('ROLLBACK')
    other.destroy()
    await sql('ALTER TABLE @messages ADD INDEX messages_expiring (expires_at)')
    await store.sweep(0)
    expect(await sql('SELECT COUNT(*) AS n FROM @call_keys')).toEqual([{ n: 0 }])
    expect(about('works again')).toHaveLength(2)
  })

  test('a step that is undone by a deadlock is made again: nothing failed, and the database is not away', async () => {
    for (const [n, key] of ['k1', 'k2'].entries()) {
      await claim(store, key)
      await maria.sql(`UPDATE coord1.call_keys SET at = '2020-01-0${n + 1}' WHERE \`key\` = '${key}'`)
    }
    const [older, younger] = await maria.sql('SELECT h FROM coord1.call_keys ORDER BY at')
    const [other, watcher] = [await maria.open(), await maria.open()]
    const lock = 'UPDATE coord1.call_keys SET status = 999 WHERE h = ?'
    await other.query('BEGIN')
    // Whoever wrote less is undone.
    const rows = Array.from({ length: 100 }, () => "(UTC_TIMESTAMP(3), 'x', 'x')").join(', ')
    await other.query(`INSERT INTO coord1.audit (at, act, what) VALUES ${rows}`)
    await other.query(lock, [younger?.h])
    const sweeping = store.sweep(0)
    const waits = 'SELECT COUNT(*) AS n FROM information_schema.innodb_lock_waits'
    for (let n = 0; n === 0;) {
      // The database looks anew only where nobody asked for a tenth of a second.
      await new Promise((go) => setTimeout(go, 150))
      const [found] = await watcher.query(waits)
      n = Number((found as { n: number }[])[0]?.n)
    }
    await other.query(lock, [older?.h])
    await other.query('ROLLBACK')
    expect(await sweeping).toEqual({ ok: true, value: 2 })
    expect(said).toEqual([])
    other.destroy()
    watcher.destroy()
  })
})

test('a store that is closed makes no step, and says nothing of it', async () => {
  const folder = await tempFolder()
  const store = await open(join(folder.path, 'coord.db'))
  await store.close()
  expect(await store.sweep(Date.now())).toMatchObject({ ok: false, error: { code: 'closed' } })
  expect(about('housekeeping')).toEqual([])
  await folder.remove()
})
