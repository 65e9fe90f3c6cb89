import { serveHere } from './testing/serving.ts'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { backupDatabase } from './sqlite/backup.ts'
import { serveApi } from './serve.ts'
import { call, readAll, startServer, tempFolder, until, type TestServer } from './testing/server.ts'

const KILLS = process.env.COORD_LONG ? 100 : 8
const WRITERS = 8

const textOf = (n: string): string => createHash('sha256').update(n).digest('hex').repeat(20)

/** One message, under a key of its own: sent twice it is one. */
const post = (server: TestServer, subject: string) => {
  const body = {
    from_session: 'M/w',
    to_session: 'M/r',
    project_key: 'kill',
    subject,
    body: textOf(subject),
  }
  return call(server.url, 'POST', '/api/coord/messages', body, { 'idempotency-key': subject })
}

/** Sends messages and keyed repeats until the server dies; keeps what was answered 2xx. */
async function write(
  server: TestServer,
  run: string,
  writer: number,
  accepted: Map<string, string>,
): Promise<void> {
  for (let n = 0; n < 5_000; n++) {
    const subject = `${run}-${writer}-${n}`
    try {
      const answer = await post(server, subject)
      if (answer.status !== 201) throw new Error(`answered ${answer.status}`)
      accepted.set(subject, answer.body.id)
    } catch {
      return
    }
  }
}

test('kill -9 at random instants: what was answered is there, what is there is whole @long', async () => {
  const folder = await tempFolder()
  const file = join(folder.path, 'coord.db')
  const accepted = new Map<string, string>()
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const server = await startServer(file)
      const writers = Array.from({ length: WRITERS }, (_, w) => write(server, String(kill), w, accepted))
      // At random, but not before there is something to lose: a busy machine may take a second for the first.
      const before = accepted.size
      while (accepted.size < before + 2) await new Promise((go) => setTimeout(go, 5))
      await new Promise((go) => setTimeout(go, Math.random() * 250))
      await server.stop('SIGKILL')
      await Promise.all(writers)
    }
    const server = await startServer(file)
    const there = new Map<string, { id: string; body: string }>()
    for (const m of await readAll(server.url, '/api/coord/messages?project_key=kill')) {
      expect(there.has(m.subject)).toBe(false)
      there.set(m.subject, m)
    }
    expect(accepted.size).toBeGreaterThan(KILLS)
    for (const [subject, id] of accepted) expect(there.get(subject)?.id).toBe(id)
    for (const [subject, m] of there) expect(m.body).toBe(textOf(subject))
    // Key and effect are one: resending an answered or an unanswered call adds nothing.
    const last = [...there.keys()].slice(0, 20)
    for (const subject of last) {
      const again = await post(server, subject)
      expect(again.body.id).toBe(there.get(subject)?.id)
    }
    await server.stop()
    const db = new DatabaseSync(file)
    expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' })
    db.close()
  } finally {
    await folder.remove()
  }
})

/** A folder of 3 MiB, or undefined where this user may not mount one. */
async function smallDisk(path: string): Promise<{ unmount(): void } | undefined> {
  await mkdir(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return { unmount: () => execFileSync('umount', [path]) }
}

test('a full disk gives 503 with Retry-After, and it comes back by itself', async (context) => {
  const folder = await tempFolder()
  const disk = await smallDisk(join(folder.path, 'small'))
  if (!disk) {
    await folder.remove()
    return context.skip('this user may not mount a small disk')
  }
  const server = await startServer(join(folder.path, 'small/coord.db'))
  try {
    const send = (n: number, size: number) =>
      call(server.url, 'POST', '/api/coord/messages', {
        from_session: 'M/a',
        project_key: 'p',
        subject: String(n),
        body: 'x'.repeat(size),
      })
    const filler = join(folder.path, 'small/filler')
    await send(0, 10)
    await writeFile(filler, Buffer.alloc(1_500_000))
    let refused
    for (let n = 1; n < 100 && !refused; n++) {
      const answer = await send(n, 60_000)
      if (answer.status !== 201) refused = { n, answer }
    }
    expect(refused?.answer.status).toBe(503)
    expect(refused?.answer.headers.get('retry-after')).toBe('30')
    expect(refused?.answer.body).toEqual({ detail: expect.any(String), retry_after: 30 })
    expect((await call(server.url, 'GET', '/health')).body).toMatchObject({
      status: 'degraded',
      database: 'disconnected',
    })
    await rm(filler)
    expect((await call(server.url, 'GET', '/health')).body).toMatchObject({
      status: 'ok',
      database: 'connected',
    })
    expect((await send(1000, 60_000)).status).toBe(201)
    const { body } = await call(server.url, 'GET', '/api/coord/messages?order=oldest')
    const whole = [0, ...Array.from({ length: (refused?.n ?? 1) - 1 }, (_, i) => i + 1), 1000].map(String)
    expect(body.map((m: { subject: string }) => m.subject)).toEqual(whole)
  } finally {
    await server.stop()
    disk.unmount()
    await folder.remove()
  }
})

test('a server that starts on a full disk says so, and serves when there is room again', async (context) => {
  const folder = await tempFolder()
  const disk = await smallDisk(join(folder.path, 'small'))
  if (!disk) {
    await folder.remove()
    return context.skip('this user may not mount a small disk')
  }
  const file = join(folder.path, 'small/coord.db')
  const filler = join(folder.path, 'small/filler')
  const fill = () => writeFile(filler, Buffer.alloc(10_000_000)).catch(() => undefined)
  const send = (url: string) =>
    call(url, 'POST', '/api/coord/messages', { from_session: 'M/a', project_key: 'p', subject: 's' })
  let server = await startServer(file)
  try {
    await send(server.url)
    // Killed, its log lies there, which may have room for one more.
    await server.stop('SIGKILL')
    await fill()
    server = await startServer(file)
    const { status } = await send(server.url)
    expect([201, 503]).toContain(status)
    await rm(filler)
    expect((await send(server.url)).status).toBe(201)
    // Ended, all that lies beside the database is to be made anew.
    await server.stop()
    await fill()
    server = await startServer(file)
    expect((await send(server.url)).status).toBe(503)
    expect((await call(server.url, 'GET', '/health')).body).toMatchObject({ status: 'degraded' })
    await rm(filler)
    expect((await send(server.url)).status).toBe(201)
    expect((await call(server.url, 'GET', '/api/coord/messages')).body).toHaveLength(status === 201 ? 4 : 3)
  } finally {
    await server.stop()
    disk.unmount()
    await folder.remove()
  }
})

test('a database locked by another program gives 503, then serves again @long', async () => {
  const folder = await tempFolder()
  const file = join(folder.path, 'coord.db')
  const server = await startServer(file)
  const other = new DatabaseSync(file)
  try {
    other.exec('BEGIN IMMEDIATE')
    const body = { from_session: 'M/a', subject: 's', body: 'b' }
    const live = async () => (await call(server.url, 'GET', '/health/live')).body.status
    expect(await live()).toBe('ok')
    expect((await call(server.url, 'POST', '/api/coord/messages', body)).status).toBe(503)
    expect(await live()).toBe('degraded')
    expect((await call(server.url, 'GET', '/api/coord/messages')).status).toBe(200)
    other.exec('ROLLBACK')
    // Nobody calls: it looks by itself.
    await until(async () => (await live()) === 'ok')
    expect((await call(server.url, 'POST', '/api/coord/messages', body)).status).toBe(201)
    expect((await call(server.url, 'GET', '/health')).body.status).toBe('ok')
  } finally {
    other.close()
    await server.stop()
    await folder.remove()
  }
})

test('a newer or foreign database is refused with a word and left as it is; a backup is whole and never overwrites', async () => {
  const folder = await tempFolder()
  const file = join(folder.path, 'coord.db')
  const target = join(folder.path, 'copy.db')
  const options = { host: '127.0.0.1', port: 0, database: file, instance: 'i' }
  try {
    const served = await serveApi(options)
    if (!served.ok) throw new Error(served.error.message)
    await call(served.value.url, 'POST', '/api/coord/messages', {
      from_session: 'M/a',
      subject: 'kept',
      body: 'b',
    })
    expect(await backupDatabase(file, target)).toEqual({ ok: true, value: undefined })
    expect(await backupDatabase(file, target)).toMatchObject({ ok: false, error: { code: 'target-exists' } })
    const port = Number(new URL(served.value.url).port)
    expect(await serveApi({ ...options, port })).toMatchObject({ ok: false, error: { code: 'port-in-use' } })
    await served.value.close()

    const copy = await serveHere({ ...options, database: target })
    expect((await call(copy.url, 'GET', '/api/coord/messages')).body).toMatchObject([{ subject: 'kept' }])
    await copy.close()

    const db = new DatabaseSync(file)
    db.exec('PRAGMA user_version = 999')
    db.close()
    expect(await serveApi(options)).toMatchObject({ ok: false, error: { code: 'newer-database' } })
    const foreign = join(folder.path, 'foreign.db')
    const theirs = new DatabaseSync(foreign)
    theirs.exec('CREATE TABLE t (a)')
    theirs.close()
    expect(await serveApi({ ...options, database: foreign })).toMatchObject({
      ok: false,
      error: { code: 'foreign-database' },
    })
    await writeFile(foreign, 'no database at all, some text that is long enough to be looked at '.repeat(50))
    expect(await serveApi({ ...options, database: foreign })).toMatchObject({
      ok: false,
      error: { code: 'foreign-database' },
    })
    expect(await serveApi({ ...options, database: target, host: '0.0.0.0' })).toMatchObject({
      ok: false,
      error: { code: 'token-needed' },
    })
  } finally {
    await folder.remove()
  }
})
