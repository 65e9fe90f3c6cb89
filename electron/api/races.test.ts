import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, startServer, tempFolder, type TestServer } from './testing/server.ts'

const ROUNDS = process.env.COORD_LONG ? 1000 : 50
const CLIENTS = 64
let folder: Awaited<ReturnType<typeof tempFolder>>
let servers: TestServer[]

/** Two servers on one database: the rule must hold in the database, not in a process. */
beforeAll(async () => {
  folder = await tempFolder()
  const file = join(folder.path, 'coord.db')
  servers = await Promise.all([startServer(file), startServer(file)])
})
afterAll(async () => {
  await Promise.all(servers.map((s) => s.stop()))
  await folder.remove()
})
const urlOf = (client: number): string => servers[client % servers.length]?.url ?? ''

test('64 clients claim one resource: one winner each time, only 409 otherwise', async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(
      Array.from({ length: CLIENTS }, (_, n) =>
        call(urlOf(n), 'POST', '/api/coord/locks', {
          project_key: 'race',
          session_id: `M/${n}`,
          resource: `r${round % 7}`,
        }),
      ),
    )
    const won = answers.filter((a) => a.status === 201)
    expect(answers.filter((a) => a.status === 409)).toHaveLength(CLIENTS - 1)
    expect(won).toHaveLength(1)
    const { id, session_id } = won[0]?.body ?? {}
    const released = await call(urlOf(round), 'DELETE', `/api/coord/locks/${id}?session_id=${session_id}`)
    expect(released.body).toEqual({ released: 1 })
  }
})

test('the same key sent 20 times at once to two servers: one effect, twenty equal answers', async () => {
  const body = { from_session: 'M/a', project_key: 'keyed', subject: 's', body: 'b' }
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) =>
      call(urlOf(n), 'POST', '/api/coord/messages', body, { 'idempotency-key': 'k-1' }),
    ),
  )
  expect(new Set(answers.map((a) => `${a.status} ${a.text}`)).size).toBe(1)
  expect((await call(urlOf(0), 'GET', '/api/coord/messages?project_key=keyed')).body).toHaveLength(1)
})
