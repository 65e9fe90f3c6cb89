/** What may happen to the database's files while many write: nothing acknowledged is lost, or it is said that the file is not ours. */
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  readFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { backupDatabase } from './sqlite/backup.ts'
import { call, readAll, startServer, tempFolder, type TestServer } from './testing/server.ts'

const WRITERS = 8
const ROUNDS = process.env.COORD_LONG ? 8 : 1

interface Files {
  readonly file: string
  readonly wal: string
  readonly shm: string
  /** A backup of an earlier moment. */
  readonly copy: string
}
const garbage = (path: string): Buffer => Buffer.alloc(Math.max(4_096, statSync(path).size), 'garbage ')

/** What is done, and what is said then; null: it goes on, and all is there. What was copied over may have been written to before that was seen. */
const HARMS: readonly (readonly [name: string, harm: (files: Files) => void, said: RegExp | null])[] = [
  ['the database is replaced by a backup', ({ file, copy }) => renameSync(copy, file), /^replaced$/],
  [
    'a backup is copied over the database',
    ({ file, copy }) => writeFileSync(file, readFileSync(copy)),
    /^(replaced|damaged)$/,
  ],
  ['the database is removed', ({ file }) => rmSync(file), /^removed$/],
  ['the database is moved away', ({ file }) => renameSync(file, `${file}.away`), /^removed$/],
  ['the database is cut short', ({ file }) => truncateSync(file, 0), /^damaged$/],
  ['the database is overwritten', ({ file }) => writeFileSync(file, garbage(file)), /^damaged$/],
  ['its log is cut short', ({ wal }) => truncateSync(wal, 0), /^damaged$/],
  ['its log is overwritten', ({ wal }) => writeFileSync(wal, garbage(wal)), /^damaged$/],
  ['its log is removed', ({ wal }) => rmSync(wal), null],
  ['its log is moved away', ({ wal }) => renameSync(wal, `${wal}.away`), null],
  [
    'another file is put in the place of its log',
    ({ wal }) => {
      writeFileSync(`${wal}.other`, garbage(wal))
      renameSync(`${wal}.other`, wal)
    },
    null,
  ],
  ['the index of its log is removed', ({ shm }) => rmSync(shm), null],
]

/** Sends messages, each until it is taken or the server says that it cannot be; what was taken, in its order. */
function load(server: TestServer) {
  const accepted = new Map<string, string>()
  /** What ended a writer before its time: with the last of them nothing more would come. */
  const ended: unknown[] = []
  let isOver = false
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; !isOver; n++) {
      const subject = `${writer}-${n}`
      const body = { from_session: 'M/w', project_key: 'load', subject, body: subject.repeat(200) }
      const answer = await call(server.url, 'POST', '/api/coord/messages', body).catch(
        (problem: unknown) => ({ status: 0, body: problem }),
      )
      if (answer.status === 201) accepted.set(subject, answer.body.id)
      else if (answer.status !== 503) return void ended.push(answer)
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, w) => write(w))
  return {
    accepted,
    async more(n: number): Promise<void> {
      const before = accepted.size
      while (accepted.size < before + n) {
        if (ended.length === WRITERS) throw new Error('no writer goes on', { cause: ended })
        await new Promise((go) => setTimeout(go, 2))
      }
    },
    async end(): Promise<void> {
      isOver = true
      await Promise.all(writers)
    },
  }
}

const healthOf = async (server: TestServer) => (await call(server.url, 'GET', '/health')).body

/** What happens in the middle of a commit is seen when the rows are read. */
async function readAndAsk(server: TestServer) {
  await call(server.url, 'GET', '/api/coord/messages?project_key=load&order=oldest')
  return healthOf(server)
}

/** What was acknowledged is there after a kill and a start, each once and whole. */
async function expectAll(server: TestServer, accepted: ReadonlyMap<string, string>): Promise<void> {
  const rows = await readAll(server.url, '/api/coord/messages?project_key=load')
  const there = new Map(rows.map((row) => [row.subject, row]))
  expect(there.size).toBe(rows.length)
  for (const [subject, id] of accepted)
    expect(there.get(subject)).toMatchObject({ id, body: subject.repeat(200) })
}

test.each(HARMS)(
  'under load %s: all that was acknowledged is there, or it is said @long',
  async (_, harm, said) => {
    for (let round = 0; round < ROUNDS; round++) {
      const folder = await tempFolder()
      const file = join(folder.path, 'coord.db')
      const files = { file, wal: `${file}-wal`, shm: `${file}-shm`, copy: `${file}.copy` }
      let server = await startServer(file)
      try {
        const writing = load(server)
        await writing.more(100)
        expect(await backupDatabase(file, files.copy)).toMatchObject({ ok: true })
        await writing.more(100 + Math.random() * 200)
        harm(files)
        if (said === null) await writing.more(300)
        else
          await expect.poll(() => readAndAsk(server)).toMatchObject({ reason: expect.stringMatching(said) })
        await writing.end()
        if (said !== null) {
          const refused = await call(server.url, 'GET', '/api/coord/messages')
          expect(refused).toMatchObject({ status: 503, body: { code: expect.stringMatching(/^database-/) } })
          expect(server.stderr()).toContain(file)
          // Nothing is written into what lies there now.
          const before = existsSync(file) ? readFileSync(file) : undefined
          await call(server.url, 'POST', '/api/coord/messages', { from_session: 'M/w', subject: 'no' })
          expect(existsSync(file) ? readFileSync(file) : undefined).toEqual(before)
          continue
        }
        expect(await healthOf(server)).toMatchObject({ status: 'ok', database: 'connected' })
        await server.stop('SIGKILL')
        server = await startServer(file)
        await expectAll(server, writing.accepted)
      } finally {
        await server.stop('SIGKILL')
        await folder.remove()
      }
    }
  },
)

test('under load the disk fills, is emptied and fills again, and the server is killed: all that was acknowledged is there', async (context) => {
  const folder = await tempFolder()
  const disk = join(folder.path, 'small')
  mkdirSync(disk)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    await folder.remove()
    return context.skip('this user may not mount a small disk')
  }
  const file = join(disk, 'coord.db')
  const filler = join(disk, 'filler')
  let server = await startServer(file)
  try {
    const writing = load(server)
    for (let round = 0; round < 2; round++) {
      await writing.more(100)
      execFileSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4096 2>/dev/null; true`])
      await expect
        .poll(() => healthOf(server))
        .toMatchObject({ status: 'degraded', database: 'disconnected' })
      rmSync(filler)
      await writing.more(100)
    }
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${filler} bs=4096 2>/dev/null; true`])
    await server.stop('SIGKILL')
    await writing.end()
    rmSync(filler)
    server = await startServer(file)
    await expectAll(server, writing.accepted)
  } finally {
    await server.stop('SIGKILL')
    execFileSync('umount', ['-l', disk])
    await folder.remove()
  }
})
