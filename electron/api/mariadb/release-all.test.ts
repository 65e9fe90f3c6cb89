/** A session that holds thousands of locks, in thousands of projects, releases all of them in one call on MariaDB. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { listenTo } from '../testing/listener.ts'
import { databaseNameOf, NO_MARIADB, startMariaDb, type TestDatabaseServer } from '../testing/mariadb.ts'
import { call, startServer, type TestServer } from '../testing/server.ts'
import { hashOf, sessionHash } from './rows.ts'

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

const LOCKS = process.env.COORD_LONG ? 10_001 : 3_001

describe.skipIf(NO_MARIADB !== undefined)('releasing all on MariaDB', () => {
  let database: TestDatabaseServer
  let server: TestServer
  let name: string

  beforeAll(async () => {
    database = await startMariaDb()
    const address = await database.newDatabase()
    name = databaseNameOf(address)
    server = await startServer(address)
  })
  afterAll(async () => {
    await server.stop()
    await database.remove()
  })

  const statementsSoFar = async (): Promise<number> =>
    Number((await database.sql("SHOW GLOBAL STATUS LIKE 'Questions'"))[0]?.['Value'])

  test.each([1, 2_000])(`a session that holds ${LOCKS} locks in %i projects`, async (projects) => {
    const hash = (text: string): string => `UNHEX(LEFT(SHA2(${text}, 256), 32))`
    const project = `CONCAT('p${projects}-', seq % ${projects})`
    const at = 'UTC_TIMESTAMP(3)'
    await database.sql(`INSERT INTO ${name}.held_locks (h, id, project_key, session_id, resource, ttl_hours, acquired_at, last_activity_at,
          project_h, session_h, machine_h, resource_key, is_pattern)
        SELECT UNHEX(SHA2(CONCAT('${projects}-', seq), 256)), UUID(), ${project}, 'M/a', CONCAT('r', seq), 0, ${at}, ${at}, ${hash(project)},
          X'${sessionHash('M/a').toString('hex')}', X'${hashOf('m').toString('hex')}', CONCAT('r', seq), 0
        FROM ${name}.seq_1_to_${LOCKS}`)
    const listener = await listenTo(server.url)
    await listener.until((heard) => heard.length > 0)
    const statements = await statementsSoFar()
    const answer = await call(server.url, 'DELETE', '/api/coord/locks?session_id=M%2Fa&release_all=true')
    expect(answer).toMatchObject({ status: 200, body: { released: LOCKS } })
    // One by one they would take longer than a transaction may, with a network in between.
    expect((await statementsSoFar()) - statements).toBeLessThan(200)
    expect((await call(server.url, 'GET', '/api/coord/locks')).body).toEqual([])
    const [row] = await database.sql(`SELECT COUNT(*) AS n FROM ${name}.released_locks`)
    expect(Number(row?.['n']) % LOCKS).toBe(0)
    await listener.until((heard) => heard.some(({ event }) => event === 'resync'))
    listener.close()
  })
})
