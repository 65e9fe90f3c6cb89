/** Listeners that never read their events: they cost a bounded buffer each, are cut, and hold up nobody. On both databases. */
import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createFeed, type Feed } from './change-feed.ts'
import { createStreams, type Streams } from './events.ts'
import type { Store } from './store.ts'
import { listenTo } from './testing/listener.ts'
import { NO_MARIADB, startMariaDb, type TestDatabaseServer } from './testing/mariadb.ts'
import { tempFolder, until } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'

const SLOW = 20
/** What events.ts lets wait for a listener, and the one that was written last. */
const MOST_BYTES = 65_536 + 2_048
/** More than the system's own buffers of a connection hold. */
const CHANGES = 10_000
const LONG = 'p'.repeat(900)

if (NO_MARIADB !== undefined) process.stderr.write(`${NO_MARIADB}\n`)

describe.each(['SQLite', ...(NO_MARIADB === undefined ? ['MariaDB @long'] : [])])(
  'listeners that never read, on %s',
  (kind) => {
    let folder: Awaited<ReturnType<typeof tempFolder>>
    let maria: TestDatabaseServer | undefined
    let store: Store
    let feed: Feed
    let streams: Streams
    /** For those that never read: the system keeps little for a local socket, and as much on each machine. */
    let local: Server
    let server: Server
    const responses: ServerResponse[] = []
    const sockets: Socket[] = []

    beforeEach(async () => {
      folder = await tempFolder()
      if (kind === 'MariaDB') maria = await startMariaDb()
      const database = (await maria?.newDatabase()) ?? join(folder.path, 'coord.db')
      store = await openTestStore(database)
      feed = createFeed(store, () => undefined)
      streams = createStreams(store, feed, { beatMs: 100, takeLimitMs: 5_000 })
      const listen = (onOpen: (response: ServerResponse) => void): Server =>
        createServer((_, response) => {
          onOpen(response)
          void streams.open(response, { machine: null, after: null, caller: null })
        })
      local = listen((response) => responses.push(response)).listen(join(folder.path, 's'))
      server = listen(() => undefined).listen(0, '127.0.0.1')
      await once(server, 'listening')
    })
    afterEach(async () => {
      for (const socket of sockets.splice(0)) socket.destroy()
      responses.length = 0
      streams.stop()
      feed.stop()
      for (const one of [local, server]) {
        one.closeAllConnections()
        await new Promise((done) => one.close(done))
      }
      await store.close()
      await maria?.remove()
      await folder.remove()
    })

    const port = (): number => (server.address() as AddressInfo).port
    /** Many changes at once, as another server on the database writes them. */
    async function write(): Promise<void> {
      if (maria) {
        const digits = Array.from({ length: 10 }, (_, n) => `SELECT ${n}`).join(' UNION ALL ')
        await maria.sql(`INSERT INTO coord1.changes (kind, act, project_key, id, at)
        SELECT 'locks', 'claimed', '${LONG}', 'x', UTC_TIMESTAMP(3)
        FROM (${digits}) a, (${digits}) b, (${digits}) c, (${digits}) d`)
        return
      }
      const db = new DatabaseSync(join(folder.path, 'coord.db'), { timeout: 5_000 })
      db.exec(`INSERT INTO changes (kind, act, project_key, id, at)
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${CHANGES})
      SELECT 'locks', 'claimed', '${LONG}', 'x', 0 FROM n`)
      db.close()
    }

    test('each waits in a bounded buffer until it is cut; one that reads is told, and stays', async () => {
      for (let n = 0; n < SLOW; n++) {
        const socket = connect(join(folder.path, 's')).pause()
        socket.on('error', () => undefined)
        sockets.push(socket)
        socket.write('GET /api/coord/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
      }
      await until(() => streams.count() === SLOW)
      const reader = await listenTo(`http://127.0.0.1:${port()}`)
      await reader.until((heard) => heard.length > 0)
      let most = 0
      const measuring = setInterval(() => {
        most = Math.max(most, ...responses.map((response) => response.writableLength))
      }, 5)
      // Again and again, so that whoever took some of it at first is full all the same.
      for (let n = 0; n < 3; n++) {
        await write()
        const before = reader.heard.length
        await reader.until((heard) => heard.length > before)
      }
      await until(() => responses.every((response) => response.destroyed))
      clearInterval(measuring)
      expect(most).toBeGreaterThan(0)
      expect(most).toBeLessThanOrEqual(MOST_BYTES)
      await until(() => streams.count() === 1)
      const before = reader.heard.length
      await write()
      await reader.until((heard) => heard.length > before)
      reader.close()
    })
  },
)
