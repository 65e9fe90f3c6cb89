/** Pages far into a long list on MariaDB: the database passes over what is not wanted, and no page is a statement of its own. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { openTestStore } from '../testing/store.ts'
import { newest, type ListQuery, type Store } from '../store.ts'
import { hashOf, sessionHash } from './rows.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

const ROWS = 100_000
const ME = 'M/a'

describe.skipIf(NO_MARIADB !== undefined)('pages on MariaDB', () => {
  let database: TestDatabaseServer
  let store: Store

  /** Every tenth message is a broadcast, every hundredth is over; all others are to one session. */
  const fill = (name: string): string => `INSERT INTO ${name}.messages
    (id, from_session, from_h, to_session, to_h, machine_h, project_key, project_h, subject, body, size, created_at, expires_at)
    SELECT CONCAT('id', seq), 'O/a', X'${sessionHash('O/a').toString('hex')}', IF(seq % 10 = 0, NULL, '${ME}'),
      IF(seq % 10 = 0, NULL, X'${sessionHash(ME).toString('hex')}'), IF(seq % 10 = 0, NULL, X'${hashOf('m').toString('hex')}'),
      'p', X'${hashOf('p').toString('hex')}', CONCAT('s', seq), REPEAT('b', 200), 200, UTC_TIMESTAMP(3),
      IF(seq % 100 = 7, UTC_TIMESTAMP(3) - INTERVAL 1 SECOND, NULL)
    FROM ${name}.seq_1_to_${ROWS}`

  beforeAll(async () => {
    database = await startMariaDb()
    const address = await database.newDatabase()
    store = await openTestStore(address)
    await database.sql(fill(databaseNameOf(address)))
  })
  afterAll(async () => {
    await store.close()
    await database.remove()
  })

  type Messages = Extract<ListQuery, { kind: 'messages' }>
  const all: Messages = {
    ...newest(1_000),
    kind: 'messages',
    to: null,
    machine: null,
    project: null,
    isUnreadOnly: false,
  }
  async function page(query: Partial<Messages>) {
    const found = await store.list({ ...all, ...query }, 0, [])
    if (!found.ok || found.value.isUnchanged) throw new Error(JSON.stringify(found))
    const { rows, next } = found.value.value
    return { subjects: (JSON.parse(rows) as { subject: string }[]).map((row) => row.subject), next }
  }
  const kept = Array.from({ length: ROWS }, (_, i) => i + 1).filter((seq) => seq % 100 !== 7)
  const subjectsOf = (seqs: readonly number[]): string[] => seqs.map((seq) => `s${seq}`)

  test.each([
    ['all', {}],
    ['to a session and everybody, unread', { to: ME, isUnreadOnly: true }],
    ['to a machine and everybody', { machine: 'M' }],
    ['of a project', { project: 'p' }],
  ] as const)('messages %s: what an offset names is what keys come to, from both ends', async (_, filter) => {
    for (const offset of [1, 9, 999, 50_000, kept.length - 3, kept.length, 1e12])
      for (const order of ['oldest', 'newest'] as const) {
        const inOrder = order === 'oldest' ? kept : kept.toReversed()
        const { subjects, next } = await page({ ...filter, order, offset, limit: 5 })
        expect(subjects).toEqual(subjectsOf(inOrder.slice(offset, offset + 5)))
        expect(next === null).toBe(offset + 5 >= kept.length)
      }
    const first = await page({ ...filter, order: 'oldest', limit: 10 })
    const beyond = await page({ ...filter, order: 'oldest', after: first.next, offset: 40_000, limit: 3 })
    expect(beyond.subjects).toEqual(subjectsOf(kept.slice(40_010, 40_013)))
  })

  const statusOf = async (name: string): Promise<number> =>
    Number((await database.sql(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]?.['Value'])

  test('a page 90 000 rows in brings no more rows to this process than the first', async () => {
    const before = await statusOf('Rows_sent')
    await page({ offset: 90_000, limit: 1 })
    expect((await statusOf('Rows_sent')) - before).toBeLessThan(20)
  })

  test('as many pages as one likes are as many statements as there are kinds of lists', async () => {
    await page({ offset: 1, limit: 1 })
    const before = await statusOf('Prepared_stmt_count')
    for (let n = 0; n < 400; n++)
      await page({ offset: n, limit: 1 + (n % 50), order: n % 2 === 0 ? 'oldest' : 'newest' })
    for (let n = 0; n < 100; n++) await store.changes(0, 1 + n)
    expect((await statusOf('Prepared_stmt_count')) - before).toBeLessThan(20)
  })
})
