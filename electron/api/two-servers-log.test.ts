/** Two servers on one database of which the log is taken away: neither goes on in a log that the other does not see. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { call, readAll, startServer, tempFolder, until, type TestServer } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let file: string
let servers: TestServer[] = []

beforeEach(async () => {
  folder = await tempFolder()
  file = join(folder.path, 'coord.db')
})
afterEach(async () => {
  for (const server of servers) await server.stop('SIGKILL')
  servers = []
  await folder.remove()
})

const serve = async (): Promise<TestServer> => {
  const server = await startServer(file)
  servers.push(server)
  return server
}
const healthOf = async (server: TestServer) => (await call(server.url, 'GET', '/health')).body
const subjectsOf = async (server: TestServer): Promise<string[]> =>
  (await readAll(server.url, '/api/coord/messages?order=oldest')).map((row) => String(row.subject))
const isSound = (): boolean => {
  const db = new DatabaseSync(file, { timeout: 2_000 })
  try {
    return db.prepare('PRAGMA integrity_check').get()?.integrity_check === 'ok'
  } finally {
    db.close()
  }
}

/** The subjects of messages that were. */
const acknowledged: Set<string> = new Set()
beforeEach(() => acknowledged.clear())
async function send(server: TestServer, subject: string): Promise<number> {
  const body = { from_session: 'M/a', project_key: 'p', subject, body: subject.repeat(500) }
  const answer = await call(server.url, 'POST', '/api/coord/messages', body)
  if (answer.status === 201) acknowledged.add(subject)
  return answer.status
}

const HARMS: readonly (readonly [name: string, harm: () => void])[] = [
  ['its log is removed', () => rmSync(`${file}-wal`)],
  ['its log is moved away', () => renameSync(`${file}-wal`, `${file}-wal.away`)],
  [
    'another file is put in the place of its log',
    () => {
      writeFileSync(`${file}.other`, Buffer.alloc(8_192, 'garbage '))
      renameSync(`${file}.other`, `${file}-wal`)
    },
  ],
  ['the index of its log is removed', () => rmSync(`${file}-shm`)],
  [
    'its log and the index are removed',
    () => {
      rmSync(`${file}-wal`)
      rmSync(`${file}-shm`)
    },
  ],
]

const TITLE = 'both go on, what either acknowledged is there after both were killed, and the file is sound'
/** One is enough for the quick run. */
const told = HARMS.map(
  ([name, harm], n) => [`${name} while both write: ${TITLE}${n === 0 ? '' : ' @long'}`, harm] as const,
)

test.each(told)('F4: two servers on one database, and %s', async (_, harm) => {
  const one = await serve()
  const two = await serve()
  const both = async (from: number, to: number): Promise<void> => {
    const each = async (server: TestServer, name: string): Promise<void> => {
      for (let n = from; n < to; n++) await send(server, `${name}-${n}`)
    }
    await Promise.all([each(one, 'one'), each(two, 'two')])
  }
  await both(0, 20)
  expect(acknowledged.size).toBe(40)
  const writing = both(20, 80)
  await until(() => acknowledged.size > 50)
  harm()
  await writing
  for (const server of [one, two]) {
    await until(async () => (await healthOf(server)).status === 'ok')
    expect(await send(server, 'after')).toBe(201)
  }
  for (const server of [one, two]) await server.stop('SIGKILL')
  const three = await serve()
  const there = new Set(await subjectsOf(three))
  expect([...acknowledged].filter((subject) => !there.has(subject))).toEqual([])
  expect(await send(three, 'three')).toBe(201)
  expect(isSound()).toBe(true)
})

test.each([1, 2])(
  'F4: its log is removed while %d write, and all are killed: what was committed after that is there, and all before it',
  async (count) => {
    const writers: TestServer[] = []
    for (let n = 0; n < count; n++) writers.push(await serve())
    let isEnding = false
    const writing = Promise.all(
      writers.map(async (server, at) => {
        for (let n = 0; !isEnding; n++) await send(server, `${at}-${n}`).catch(() => undefined)
      }),
    )
    await until(() => acknowledged.size > 30)
    rmSync(`${file}-wal`)
    // Of each an answer may be on its way that was committed before.
    const before = acknowledged.size
    await until(() => acknowledged.size > before + count)
    await Promise.all(writers.map((server) => server.stop('SIGKILL')))
    isEnding = true
    await writing
    const there = new Set(await subjectsOf(await serve()))
    expect([...acknowledged].filter((subject) => !there.has(subject))).toEqual([])
    expect(isSound()).toBe(true)
  },
)
