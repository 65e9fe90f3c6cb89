/** The database is the file that was opened: replaced, removed, damaged or another one's log beside it, it is said. */
import { serveHere } from './testing/serving.ts'
import { spawn } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveApi } from './serve.ts'
import { backupDatabase } from './sqlite/backup.ts'
import { restoreDatabase } from './sqlite/restore.ts'
import { listenTo } from './testing/listener.ts'
import { call, eachOf, readAll, startServer, tempFolder, until, type TestServer } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let file: string
let server: TestServer | undefined

beforeEach(async () => {
  folder = await tempFolder()
  file = join(folder.path, 'coord.db')
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  await folder.remove()
})

const serve = async (): Promise<string> => {
  server = await startServer(file)
  return server.url
}
const send = (url: string, subject: string) =>
  call(url, 'POST', '/api/coord/messages', { from_session: 'M/a', project_key: 'p', subject })
const subjectsIn = (path: string): string[] => {
  const db = new DatabaseSync(path, { timeout: 2_000 })
  try {
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    return db
      .prepare('SELECT subject FROM messages ORDER BY seq')
      .all()
      .map((r) => String(r.subject))
  } finally {
    db.close()
  }
}
const backup = async (target: string): Promise<void> => {
  expect(await backupDatabase(file, target)).toEqual({ ok: true, value: undefined })
}

/** 503 without "retry", for every call, and a degraded health that says why. */
async function expectLost(url: string, code: string): Promise<void> {
  for (const answer of [
    await send(url, 'lost'),
    await call(url, 'GET', '/api/coord/locks'),
    await call(url, 'DELETE', '/api/coord/locks?session_id=M%2Fa&release_all=true'),
  ]) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe(null)
    expect(answer.body).toEqual({ detail: expect.stringContaining(file), code: `database-${code}` })
  }
  expect((await call(url, 'GET', '/health')).body).toMatchObject({
    status: 'degraded',
    database: 'disconnected',
    reason: code,
    detail: expect.stringContaining(file),
  })
}

test('F4: a file moved into the place of the database is left as it is, and the old one gets its own log', async () => {
  const url = await serve()
  const copy = join(folder.path, 'b.db')
  await send(url, 'before')
  await backup(copy)
  await send(url, 'after')
  const old = join(folder.path, 'old.db')
  renameSync(file, old)
  renameSync(copy, file)
  await expectLost(url, 'replaced')
  await server?.stop()
  expect(server?.stderr()).toContain('replaced')
  expect(subjectsIn(file)).toEqual(['before'])
  expect(subjectsIn(old)).toEqual(['before', 'after'])
  expect((await send(await serve(), 'again')).status).toBe(201)
})

test('F4: the same where the old file is gone altogether, while many write', async () => {
  const url = await serve()
  const copy = join(folder.path, 'b.db')
  await send(url, 'before')
  await backup(copy)
  const answers = new Map<number, number>()
  const writing = eachOf(400, async (n) => answers.set(n, (await send(url, `w${n}`)).status))
  while (answers.size < 50) await new Promise((go) => setTimeout(go, 1))
  renameSync(copy, file)
  await writing
  await expectLost(url, 'replaced')
  expect(new Set(answers.values())).toEqual(new Set([201, 503]))
  await server?.stop()
  expect(subjectsIn(file)).toEqual(['before'])
})

test('F4: a backup copied over the database in place is not mixed with what was open', async () => {
  const url = await serve()
  const copy = join(folder.path, 'b.db')
  await send(url, 'before')
  await backup(copy)
  await eachOf(50, (n) => send(url, `w${n}`))
  const bytes = readFileSync(copy)
  writeFileSync(file, bytes)
  await until(async () => (await call(url, 'GET', '/health')).body.status === 'degraded')
  await expectLost(url, 'replaced')
  await server?.stop()
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(subjectsIn(file)).toEqual(['before'])
  // What the log held is kept, for whoever wants it back.
  expect(readdirSync(folder.path).some((name) => name.startsWith('coord.db-wal.of-another-file-'))).toBe(true)
})

const LATER = 'while it is served'
const AT_ONCE = 'just before it ends'

test.each([
  ["another program's database", LATER, otherDatabase],
  ["another program's database", AT_ONCE, otherDatabase],
  ['a text', LATER, () => Buffer.from('a line of text\n'.repeat(20_000))],
  ['a text', AT_ONCE, () => Buffer.from('a line of text\n'.repeat(20_000))],
  ['a few bytes', AT_ONCE, () => Buffer.from('a')],
  ['a backup', AT_ONCE, () => readFileSync(join(folder.path, 'b.db'))],
])('F4: %s copied over the database %s is left as it is, and the log is kept', async (_, when, make) => {
  const url = await serve()
  await send(url, 'before')
  await backup(join(folder.path, 'b.db'))
  await eachOf(50, (n) => send(url, `w${n}`))
  const bytes = make()
  writeFileSync(file, bytes)
  if (when === LATER) await until(async () => (await call(url, 'GET', '/health')).body.status === 'degraded')
  await server?.stop()
  expect(readFileSync(file).equals(bytes)).toBe(true)
  expect(server?.stderr()).toMatch(/was replaced|is damaged/)
  expect(readdirSync(folder.path).some((name) => name.startsWith('coord.db-wal.of-another-file-'))).toBe(true)
})

function otherDatabase(): Buffer {
  const path = join(folder.path, 'other.db')
  const db = new DatabaseSync(path)
  db.exec(
    'CREATE TABLE notes (text); INSERT INTO notes SELECT hex(randomblob(20000)) FROM pragma_module_list',
  )
  db.close()
  return readFileSync(path)
}

test('a folder that cannot be looked into gives 503 until it can, and what lies there by then is no other database', async () => {
  const top = join(folder.path, 'top')
  mkdirSync(top)
  file = join(top, 'coord.db')
  const url = await serve()
  await send(url, '1')
  const away = join(folder.path, 'away')
  renameSync(top, away)
  symlinkSync('top', top)
  for (const answer of [await send(url, 'no'), await call(url, 'GET', '/api/coord/messages')]) {
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).toBe('30')
  }
  expect((await call(url, 'GET', '/health')).body).toMatchObject({ status: 'degraded', reason: 'unreadable' })
  rmSync(top)
  mkdirSync(top)
  await expectLost(url, 'removed')
  expect(readdirSync(top)).toEqual([])
  rmdirSync(top)
  renameSync(away, top)
  expect((await send(url, '2')).status).toBe(201)
  expect(await readAll(url, '/api/coord/messages')).toHaveLength(2)
})

test('a server that may not write beside its database answers 503, not with its end, and serves again when it may', async () => {
  const url = await serve()
  await send(url, '1')
  mkdirSync(`${file}-mark.new`)
  rmSync(`${file}-wal`)
  expect((await send(url, 'no')).status).toBe(503)
  expect((await call(url, 'GET', '/health')).body).toMatchObject({ status: 'degraded', reason: 'unreadable' })
  rmdirSync(`${file}-mark.new`)
  expect((await send(url, '2')).status).toBe(201)
  expect(subjectsIn(file)).toEqual(['1', '2'])
})

test('F4: a database that is found damaged at the start is said with its name and the way out', async () => {
  const url = await serve()
  await eachOf(50, (n) => send(url, `w${n}`))
  await server?.stop()
  const bytes = readFileSync(file)
  writeFileSync(file, bytes.fill('garbage ', 3 * 4_096, 20 * 4_096))
  const again = await serveApi({ host: '127.0.0.1', port: 0, database: file, instance: 'i' })
  expect(again).toMatchObject({ ok: false, error: { code: 'database-unusable' } })
  if (!again.ok) expect(again.error.message).toContain(file)
  if (!again.ok) expect(again.error.message).toContain('coord serve --restore')
})

test('F4: a database that is moved away or removed is said, and serves again where it is put back', async () => {
  const url = await serve()
  await send(url, '1')
  const away = join(folder.path, 'away.db')
  renameSync(file, away)
  await expectLost(url, 'removed')
  expect(existsSync(file)).toBe(false)
  renameSync(away, file)
  expect((await send(url, '2')).status).toBe(201)
  rmSync(file)
  await expectLost(url, 'removed')
  expect(existsSync(file)).toBe(false)
})

test.each([
  ['cut short', () => truncateSync(file, 0)],
  ['overwritten', () => writeFileSync(file, Buffer.alloc(statSync(file).size, 'garbage '))],
])(
  'F4: a database that is %s under the server is called damaged, with the way out, and never connected',
  async (_, harm) => {
    const url = await serve()
    await eachOf(200, (n) => send(url, `m${n}`))
    const copy = join(folder.path, 'b.db')
    await backup(copy)
    harm()
    await until(async () => (await call(url, 'GET', '/health')).body.status === 'degraded')
    await expectLost(url, 'damaged')
    expect((await call(url, 'GET', '/health')).body.detail).toContain('coord serve --restore')
    await server?.stop('SIGKILL')
    const again = await serveApi({ host: '127.0.0.1', port: 0, database: file, instance: 'i' })
    if (again.ok) await again.value.close()
    const restored = await restoreDatabase(file, copy, () => Promise.resolve(false), Date.now())
    expect(restored.ok).toBe(true)
    expect(await readAll(await serve(), '/api/coord/messages')).toHaveLength(200)
  },
)

test('F4: pages damaged within are said at the first that is met, and stay said', async () => {
  const first = await serve()
  const body = 'x'.repeat(9_000)
  await eachOf(300, (n) =>
    call(first, 'POST', '/api/coord/messages', { from_session: 'M/a', subject: String(n), body }),
  )
  await server?.stop()
  const bytes = readFileSync(file)
  bytes.fill('garbage ', Math.floor(bytes.length / 8192) * 4096)
  writeFileSync(file, bytes)
  const url = await serve()
  await until(async () => (await call(url, 'GET', '/api/coord/messages')).status === 503)
  await expectLost(url, 'damaged')
})

test('F4: a log that another file left behind is put aside, not played, after a kill', async () => {
  const url = await serve()
  const copy = join(folder.path, 'b.db')
  await send(url, 'before')
  await backup(copy)
  await send(url, 'in the log')
  await server?.stop('SIGKILL')
  expect(statSync(`${file}-wal`).size).toBeGreaterThan(0)
  for (const put of [() => copyFileSync(copy, file), () => renameSync(copy, file)]) {
    put()
    const again = await serve()
    expect((await readAll(again, '/api/coord/messages')).map((m) => m.subject)).toEqual(['before'])
    expect(server?.stderr()).toContain('of-another-file')
    await send(again, 'in the next log')
    await server?.stop('SIGKILL')
  }
})

test('F4: its own log is played, after a kill and in a folder that was copied whole', async () => {
  const url = await serve()
  await send(url, '1')
  await server?.stop('SIGKILL')
  const other = join(folder.path, 'copy')
  mkdirSync(other)
  for (const name of readdirSync(folder.path).filter((n) => n.startsWith('coord.db')))
    copyFileSync(join(folder.path, name), join(other, name))
  expect(await readAll(await serve(), '/api/coord/messages')).toHaveLength(1)
  await server?.stop()
  file = join(other, 'coord.db')
  expect(await readAll(await serve(), '/api/coord/messages')).toHaveLength(1)
})

test('F4: what lacks changes that were answered for says so at the start, once, and gives no fence twice: an older copy, one begun anew, a log taken away', async () => {
  const fences: number[] = []
  const copy = join(folder.path, 'old.db')
  /** Serves for one claim; what was said at the start. `atEnd` runs while it is still served. */
  const claimOnce = async (atEnd: () => void = () => undefined): Promise<string> => {
    const said: string[] = []
    const served = await serveHere({ database: file, log: (line) => said.push(line) })
    const claim = { project_key: 'p', session_id: 'M/a', resource: `r${fences.length}` }
    fences.push((await call(served.url, 'POST', '/api/coord/locks', claim)).body.fence)
    atEnd()
    await served.close()
    return said.join()
  }
  /** As after a kill, and with the log gone. */
  const crash = (): void => {
    const other = join(folder.path, `crashed-${fences.length}`)
    mkdirSync(other)
    for (const name of readdirSync(folder.path).filter((n) => /^coord\.db(-mark|-last)?$/.test(n)))
      copyFileSync(join(folder.path, name), join(other, name))
    file = join(other, 'coord.db')
  }
  await claimOnce()
  copyFileSync(file, copy)
  const losses: readonly (readonly [string, { atEnd?: () => void; after?: () => void }])[] = [
    ['a copy over it', { after: () => copyFileSync(copy, file) }],
    ['a copy in its place', { after: () => renameSync(copy, file) }],
    ['begun anew', { after: () => rmSync(file) }],
    ['its log gone', { atEnd: crash }],
  ]
  for (const [what, { atEnd, after }] of losses) {
    await claimOnce(atEnd)
    after?.()
    expect([what, await claimOnce()]).toEqual([
      what,
      expect.stringContaining('lacks changes that were answered for'),
    ])
    expect([what, await claimOnce()]).toEqual([what, ''])
  }
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
})

test('F4: an older copy of the database itself, copied over it while it is served, is seen by its log of changes', async () => {
  await send(await serve(), 'old')
  await server?.stop()
  const old = readFileSync(file)
  const url = await serve()
  await eachOf(50, (n) => send(url, `w${n}`))
  await backup(join(folder.path, 'b.db'))
  const db = new DatabaseSync(file, { timeout: 2_000 })
  db.exec('PRAGMA wal_checkpoint(FULL)')
  db.close()
  // the file was written: it is looked into, at most once a second
  await new Promise((go) => setTimeout(go, 1_100))
  await send(url, 'seen')
  writeFileSync(file, old)
  await until(async () => (await call(url, 'GET', '/health')).body.status === 'degraded')
  await expectLost(url, 'replaced')
})

test('a backup is restored beside what was there, never under a server, and no number comes twice', async () => {
  const url = await serve()
  const copy = join(folder.path, 'b.db')
  await send(url, 'kept')
  await backup(copy)
  const claim = (to: string) =>
    call(to, 'POST', '/api/coord/locks', { project_key: 'p', session_id: 'M/a', resource: 'r' })
  const { body: before } = await claim(url)
  await send(url, 'lost')
  const no = () => Promise.resolve(false)
  expect(await restoreDatabase(file, copy, no, Date.now())).toMatchObject({ error: { code: 'in-use' } })
  expect(await restoreDatabase(file, copy, () => Promise.resolve(true), Date.now())).toMatchObject({
    error: { code: 'in-use' },
  })
  expect((await send(url, 'still served')).status).toBe(201)
  await server?.stop()
  expect(await restoreDatabase(file, join(folder.path, 'none'), no, 0)).toMatchObject({
    error: { code: 'no-backup' },
  })
  writeFileSync(join(folder.path, 'text'), 'no database '.repeat(1_000))
  expect(await restoreDatabase(file, join(folder.path, 'text'), no, 0)).toMatchObject({
    error: { code: 'not-a-backup' },
  })
  const restored = await restoreDatabase(file, copy, no, Date.now())
  const kept = restored.ok ? restored.value.kept : null
  expect(subjectsIn(kept ?? '')).toEqual(['kept', 'lost', 'still served'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
  const again = await serve()
  expect((await readAll(again, '/api/coord/messages')).map((m) => m.subject)).toEqual(['kept'])
  expect((await claim(again)).body.fence).toBeGreaterThan(before.fence)
})

test('no number comes twice over a restore, however the clock stands and whatever was swept; who listens is told to read anew', async () => {
  const claim = async (url: string): Promise<number> => {
    const { body } = await call(url, 'POST', '/api/coord/locks', {
      project_key: 'p',
      session_id: 'M/a',
      resource: 'r',
    })
    await call(url, 'DELETE', '/api/coord/locks?session_id=M/a&release_all=true')
    return body.fence
  }
  const copy = join(folder.path, 'b.db')
  const fences: number[] = []
  let url = await serve()
  await backup(copy)
  // The clock is right, then far back; the third time the database is lost with all that it knew.
  for (const at of [Date.now(), 0, Date.now() + 60_000]) {
    for (let n = 0; n < 3; n++) fences.push(await claim(url))
    const listener = await listenTo(url)
    const [ready] = await listener.until((heard) => heard.length > 0)
    listener.close()
    await server?.stop()
    if (at > Date.now()) rmSync(file)
    else {
      const db = new DatabaseSync(file)
      db.exec('DELETE FROM locks; DELETE FROM changes')
      db.close()
    }
    expect((await restoreDatabase(file, copy, () => Promise.resolve(false), at)).ok).toBe(true)
    url = await serve()
    const again = await listenTo(url, '', { 'last-event-id': String(ready?.id) })
    const [first] = await again.until((heard) => heard.length > 0)
    again.close()
    expect(first?.event).toBe('resync')
  }
  fences.push(await claim(url))
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
})

test('a backup that is served where it lies gives no number twice: it says that it is one, once, and goes on as after a restore', async () => {
  const claim = async (url: string, resource: string): Promise<number> =>
    (await call(url, 'POST', '/api/coord/locks', { project_key: 'p', session_id: 'M/a', resource })).body
      .fence
  const url = await serve()
  const fences = [await claim(url, 'before')]
  const copy = join(folder.path, 'b.db')
  await backup(copy)
  fences.push(await claim(url, 'since'))
  const listener = await listenTo(url)
  const [ready] = await listener.until((heard) => heard.length > 0)
  listener.close()
  await server?.stop()
  const said: string[] = []
  const start = async () => {
    return await serveHere({
      database: copy,
      log: (line) => said.push(line),
    })
  }
  // A copy of the copy, made before anybody served either, is one, too.
  const second = join(folder.path, 'c.db')
  copyFileSync(copy, second)
  const first = await start()
  fences.push(await claim(first.url, 'of the copy'))
  const again = await listenTo(first.url, '', { 'last-event-id': String(ready?.id) })
  const [heard] = await again.until((all) => all.length > 0)
  again.close()
  await first.close()
  expect(heard?.event).toBe('resync')
  expect(said.join('\n')).toMatch(/b\.db is a backup of \d{4}-.*numbers go on/)
  const isMarked = new DatabaseSync(second, { readOnly: true }).prepare('SELECT made_at FROM copy').get()
  expect(Object.values(isMarked ?? {})).toEqual([expect.any(Number)])
  said.length = 0
  const later = await start()
  fences.push(await claim(later.url, 'later'))
  await later.close()
  expect(said).toEqual([])
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b))
  expect(fences.at(-1)).toBe((fences.at(-2) ?? 0) + 1)
  // What is restored is no backup any more.
  expect((await restoreDatabase(file, second, () => Promise.resolve(false), Date.now())).ok).toBe(true)
  const restored = new DatabaseSync(file, { readOnly: true })
  expect(restored.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'copy'").get()).toBeUndefined()
  restored.close()
})

/** How many locks a process has on the database, as the kernel lists them. */
const locksOf = (pid: number | undefined): number =>
  readFileSync('/proc/locks', 'utf8')
    .split('\n')
    .filter((line) => line.includes(` ${pid} `) && line.includes(`:${statSync(file).ino} `)).length

test.runIf(existsSync('/proc/locks'))(
  'F4: a look into the file gives up no lock on it: others see that it is served',
  async () => {
    const url = await serve()
    await send(url, '1')
    expect(locksOf(server?.process.pid)).toBeGreaterThan(0)
    const other = new DatabaseSync(file, { timeout: 2_000 })
    other.exec('PRAGMA wal_checkpoint(FULL)')
    other.close()
    // the file was written: it is looked into, at most once a second
    await new Promise((go) => setTimeout(go, 1_100))
    await send(url, '2')
    expect(locksOf(server?.process.pid)).toBeGreaterThan(0)
  },
)

test('F14: the database, its log and its copies are for this user alone, whatever the umask and the folder', async () => {
  writeFileSync(file, '', { mode: 0o644 })
  const child = spawn(
    'sh',
    [
      '-c',
      `umask 022; exec "$0" "$1" --port 0 --database "$2"`,
      process.execPath,
      join(import.meta.dirname, 'main.ts'),
      file,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  await new Promise((ready) => child.stdout.once('data', ready))
  await backup(join(folder.path, 'b.db'))
  for (const name of readdirSync(folder.path))
    expect([name, statSync(join(folder.path, name)).mode & 0o077]).toEqual([name, 0])
  child.kill()
  await new Promise((ended) => child.once('exit', ended))
})

test('what the sweep removes gives its pages back to the disk', async () => {
  let now = Date.parse('2026-05-12T15:00:00Z')
  const served = await serveHere({
    database: file,
    now: () => now,
  })
  const body = 'x'.repeat(20_000)
  await eachOf(400, (n) =>
    call(served.url, 'POST', '/api/coord/messages', { from_session: 'M/a', subject: String(n), body }),
  )
  await served.close()
  const before = statSync(file).size
  now += 15 * 24 * 3_600_000
  const again = await serveHere({
    database: file,
    now: () => now,
  })
  await until(() => {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 })
    const { n } =
      db.prepare('SELECT (SELECT count(*) FROM messages) + page_count AS n FROM pragma_page_count').get() ??
      {}
    db.close()
    return Number(n) < 700
  })
  await again.close()
  expect(statSync(file).size).toBeLessThan(before / 2)
})
