/** Other programs at the same folder: writers, readers, removers, other owners. Writers at size: outbox-writers.test.ts. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { ago, claim, component, message, place, until, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'

let at: Place
let server: Liar
beforeEach(async () => {
  at = place()
  server = await new Liar().listen()
})
afterEach(async () => {
  await server.close()
  at.remove()
})
const subjects = (): unknown[] => server.api.messages.map((m) => m['subject'])
const json = (o: object): string => `${JSON.stringify(o)}\n`

describe('writers', () => {
  it('one that holds its descriptor across a claim: its late line is sent, before what it wrote to the new file', async () => {
    const fd = openSync(at.queue, 'a')
    writeSync(fd, json(message('w1')))
    await at.flush(server.url)
    writeSync(fd, json(message('w2')))
    appendFileSync(at.queue, json(message('w3')))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 2, waiting: 0 })
    writeSync(fd, json(message('w4')))
    closeSync(fd)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(subjects()).toEqual(['w1', 'w2', 'w3', 'w4'])
  })

  it('one that holds it for long: its late line goes before what it wrote to the new file, also in the middle of a run', async () => {
    const s = stage(at)
    const flush = (): ReturnType<typeof s.box.flush> => s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    const fd = openSync(at.queue, 'a')
    writeSync(fd, json(message('first')))
    await flush()
    await s.clock.advance(11 * 60_000)
    at.add(message('another'))
    s.answer = (call) => {
      if (call.method === 'GET') return undefined
      s.answer = () => undefined
      // a long run: finished segments are looked at once a minute
      s.clock.pass(61_000)
      writeSync(fd, json(message('late')))
      at.add(message('new'))
      return undefined
    }
    expect(await flush()).toMatchObject({ value: { delivered: 3, waiting: 0 } })
    closeSync(fd)
    expect(s.api.messages.map((m) => m['subject'])).toEqual(['first', 'another', 'late', 'new'])
    await s.close()
  })

  it('one that writes a line in two halves: sent once, whole', async () => {
    const text = json(message('whole é'))
    const bytes = Buffer.from(text)
    const cut = bytes.indexOf(0xc3) + 1
    const fd = openSync(at.queue, 'a')
    writeSync(fd, json(message('first')))
    writeSync(fd, bytes.subarray(0, cut))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 0, waiting: 1 })
    writeSync(fd, bytes.subarray(cut))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 0, waiting: 0 })
    closeSync(fd)
    expect(subjects()).toEqual(['first', 'whole é'])
  })

  it('half a line, set aside as torn, and completed much later: sent once, and no longer set aside', async () => {
    const bytes = Buffer.from(json(message('é')))
    const cut = bytes.indexOf(0xc3) + 1
    const fd = openSync(at.queue, 'a')
    writeSync(fd, bytes.subarray(0, cut))
    expect(await at.flush(server.url, 10_000)).toMatchObject({ setAside: 1, waiting: 0 })
    writeSync(fd, bytes.subarray(cut))
    writeSync(fd, json(message('after')))
    closeSync(fd)
    const opened = at.open(server.url)
    await opened.box.summary()
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      value: { delivered: 2, waiting: 0 },
    })
    expect(await opened.box.summary()).toMatchObject({ setAsideCount: 0, waiting: 0, delivered: 2 })
    await opened.close()
    expect(subjects()).toEqual(['é', 'after'])
  })

  it('a last line without newline: at once by flush; a newline that comes later sends nothing twice; glued calls follow', async () => {
    const fd = openSync(at.queue, 'a')
    writeSync(fd, json(message('a')).trim())
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, waiting: 0 })
    writeSync(fd, json(message('b')))
    writeSync(fd, '\n')
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, waiting: 0 })
    closeSync(fd)
    expect(subjects()).toEqual(['a', 'b'])
  })

  it('counts what waits rightly, also after a restart, with torn and glued lines', async () => {
    const m = json(message('x')).trim()
    at.add(`${m}\n{"ts":"2026","met${m}\n${m}${m}\n[]\n`)
    const { port } = server
    await server.close()
    const opened = at.open(`http://127.0.0.1:${port}`)
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { waiting: 6 } })
    await opened.close()
    server = await new Liar().listen(port)
    server.lie = (asked) =>
      asked.isWrite && asked.n === 2 ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    expect(await at.flush(server.url)).toEqual({ delivered: 2, setAside: 1, skipped: 0, waiting: 3 })
    const again = at.open(server.url)
    expect(await again.box.summary()).toMatchObject({ waiting: 3, delivered: 2, setAsideCount: 1 })
    expect(await again.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      value: { delivered: 2, setAside: 1, waiting: 0 },
    })
    await again.close()
  })
})

describe('readers and removers', () => {
  it('a claim waits while another program reads the file', async () => {
    at.add(message('a'))
    const reader = spawn('bash', ['-c', 'exec 3< "$1"; echo ready; read -r _', '_', at.queue], {
      stdio: ['pipe', 'pipe', 'ignore'],
    })
    await once(reader.stdout, 'data')
    expect(await at.flush(server.url)).toMatchObject({ delivered: 0, waiting: 1 })
    expect(at.segments()).toEqual([])
    const done = at.flush(server.url, 10_000)
    reader.stdin.end('\n')
    expect(await done).toMatchObject({ delivered: 1, waiting: 0 })
  })

  it('the file is removed by another program while the API is away: set aside, never sent by itself, sent when a person says so', async () => {
    const { port } = server
    await server.close()
    const opened = at.open(`http://127.0.0.1:${port}`)
    opened.connection.start()
    await opened.box.start()
    at.add(message('a'), message('b'))
    await until(() => existsSync(at.dir) && readdirSync(at.dir).some((n) => n.startsWith('guard-')))
    unlinkSync(at.queue)
    await until(async () => (await opened.box.summary()).setAsideCount === 2)
    const { setAside } = await opened.box.summary()
    expect(setAside.map((c) => c.reason)).toEqual([
      'removed by another program',
      'removed by another program',
    ])
    server = await new Liar().listen(port)
    at.add(message('c'))
    await until(() => subjects().length > 0, 20_000)
    expect(subjects()).toEqual(['c'])
    expect(await opened.box.sendAnyway(setAside[1]?.id ?? '')).toEqual({ ok: true, value: null })
    await until(() => subjects().length > 1)
    expect(subjects()).toEqual(['c', 'b'])
    await opened.close()
    expect(readdirSync(at.dir).filter((n) => n.startsWith('guard-'))).toEqual([])
  })

  it("the file is removed while this app is closed (a session's own catch-up): no loss, and none is told", async () => {
    const { port } = server
    await server.close()
    const opened = at.open(`http://127.0.0.1:${port}`)
    opened.connection.start()
    await opened.box.start()
    at.add(message('a'))
    await until(() => existsSync(at.dir) && readdirSync(at.dir).some((n) => n.startsWith('guard-')))
    await opened.close()
    unlinkSync(at.queue)
    server = await new Liar().listen(port)
    const again = at.open(server.url)
    await again.box.start()
    expect(await again.box.summary()).toMatchObject({ setAsideCount: 0, waiting: 0 })
    await again.close()
  })

  it('a rewritten file (mv over it) is claimed as it is; a truncated one costs nothing else', async () => {
    at.add(message('a'))
    writeFileSync(join(at.root, 'new'), json(message('b')))
    renameSync(join(at.root, 'new'), at.queue)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1 })
    at.add(message('c'))
    writeFileSync(at.queue, '')
    expect(await at.flush(server.url)).toMatchObject({ delivered: 0, waiting: 0 })
    expect(subjects()).toEqual(['b'])
  })

  it('a segment or the whole outbox folder removed by a person: said, and the rest goes on', async () => {
    const { port } = server
    at.add(message('a'), message('b'))
    server.lie = (asked) =>
      asked.isWrite && asked.n > 0 ? { status: 503, headers: { 'retry-after': '60' } } : undefined
    await at.flush(server.url)
    rmSync(at.dir, { recursive: true })
    server.lie = () => undefined
    at.add(message('c'))
    expect(await at.flush(`http://127.0.0.1:${port}`)).toMatchObject({ delivered: 1, waiting: 0 })
    expect(subjects()).toEqual(['a', 'c'])
  })

  it('a queue path that is a folder is left alone and said', async () => {
    mkdirSync(at.queue)
    const opened = at.open(server.url)
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { waiting: 0 } })
    expect((await opened.box.summary()).problem).toContain('no ordinary file')
    rmSync(at.queue, { recursive: true })
    at.add(message('a'))
    await opened.box.flush({ waitMs: 0, lanes: 1 })
    expect((await opened.box.summary()).problem).toBeNull()
    await opened.close()
  })
})

describe('folders', () => {
  it('without .claude: flush, status and start make nothing; when it comes, it works, also as a link', async () => {
    const bare = place(false)
    const opened = bare.open(server.url)
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      value: { delivered: 0, waiting: 0 },
    })
    expect((await opened.box.summary()).waiting).toBe(0)
    opened.connection.start()
    await opened.box.start()
    expect(readdirSync(bare.workspace)).toEqual([])
    mkdirSync(join(bare.root, 'elsewhere'))
    symlinkSync(join(bare.root, 'elsewhere'), join(bare.workspace, '.claude'))
    bare.add(message('a'))
    await until(() => subjects().length === 1)
    await opened.close()
    expect(existsSync(join(bare.root, 'elsewhere', '.coord-outbox', '.gitignore'))).toBe(true)
    bare.remove()
  })
})

describe('owners', () => {
  it('two flushes at once, in two processes: each call once', async () => {
    for (let i = 0; i < 150; i++) at.add(message(`m${i}`))
    const child = join(import.meta.dirname, '..', '..', 'adapters', 'testing', 'flush-child.ts')
    const run = async (): Promise<string> => {
      const p = spawn(process.execPath, [child, at.workspace, at.home, server.url, '3000'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      p.stdout.on('data', (d) => (out += String(d)))
      await once(p, 'close')
      return out
    }
    const outs = (await Promise.all([run(), run(), run()])).map(
      (o) => JSON.parse(o) as { ok: boolean; value: { waiting: number } },
    )
    expect(outs.map((o) => [o.ok, o.value?.waiting])).toEqual([
      [true, 0],
      [true, 0],
      [true, 0],
    ])
    expect(subjects()).toEqual(Array.from({ length: 150 }, (_, i) => `m${i}`))
    expect(server.api.arrivals).toHaveLength(150)
  })

  it('two flushes at once, in one process: each call once', async () => {
    for (let i = 0; i < 50; i++) at.add(message(`m${i}`))
    const opened = at.open(server.url)
    const both = await Promise.all([
      opened.box.flush({ waitMs: 0, lanes: 1 }),
      opened.box.flush({ waitMs: 0, lanes: 1 }),
    ])
    expect(both).toMatchObject([{ value: { waiting: 0 } }, { value: { waiting: 0 } }])
    expect(server.api.arrivals).toHaveLength(50)
    await opened.close()
  })

  it('the owner is asked through its socket; another base URL is refused, and nothing sent', async () => {
    const engine = at.open(server.url)
    await engine.box.flush({ waitMs: 0, lanes: 1 })
    engine.connection.start()
    await engine.box.start()
    at.add(message('a'))
    const asker = at.open(server.url)
    expect(await asker.box.flush({ waitMs: 3_000, lanes: 1 })).toMatchObject({
      ok: true,
      value: { waiting: 0 },
    })
    expect(subjects()).toEqual(['a'])
    const other = at.open('http://127.0.0.1:9')
    expect(await other.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: false,
      error: { code: 'other-api' },
    })
    const stranger = at.open(server.url, { home: join(at.root, 'other-home') })
    expect((await stranger.box.flush({ waitMs: 0, lanes: 1 })).ok).toBe(false)
    expect((await asker.box.summary()).owner).toBe('other-process')
    at.add('bad\n')
    // on disk, not only in the owner's memory
    await until(async () => (await asker.box.summary()).setAsideCount === 1)
    const id = (await asker.box.summary()).setAside[0]?.id ?? ''
    expect(await asker.box.edit(id, JSON.stringify(message('edited')))).toEqual({ ok: true, value: null })
    await until(() => subjects().length === 2)
    await engine.close()
    // the owner is gone: the next one takes over at once
    at.add(message('b'))
    expect(await asker.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: true,
      value: { delivered: 1 },
    })
    await Promise.all([asker.close(), other.close(), stranger.close()])
  })

  it('another epoch in the lease: nothing more is sent', async () => {
    const opened = at.open(server.url)
    for (let i = 0; i < 20; i++) at.add(message(`m${i}`))
    server.lie = (asked) => {
      if (asked.isWrite && asked.n === 5)
        writeFileSync(
          join(at.dir, 'lease.json'),
          JSON.stringify({
            epoch: 99,
            instance: 'x',
            kernel: 'another',
            host: 'WSL',
            pid: 1,
            at: '2026-01-01T00:00:00Z',
          }),
        )
      return undefined
    }
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: true,
      value: { waiting: 14 },
    })
    expect(server.api.arrivals).toHaveLength(6)
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: false,
      error: { code: 'not-owner' },
    })
    expect((await opened.box.summary()).owner).toBe('other-machine')
    expect(server.api.arrivals).toHaveLength(6)
    await opened.close()
  })
})

describe('what a person does', () => {
  it('sends anyway, edits, discards; refused calls may only be edited', async () => {
    server.api.locks.push({ id: 'L', session_id: 'O/x', project_key: 'p', resource: 'r' })
    at.add(
      claim('r', 'M/a'),
      { method: 'POST', path: '//evil/api/coord/messages', body: {} },
      'torn {\n',
      claim('old', 'M/a', ago(9 * 3_600_000)),
      component('web', 'built'),
    )
    expect(await at.flush(server.url)).toEqual({ delivered: 1, setAside: 3, skipped: 1, waiting: 0 })
    const opened = at.open(server.url)
    const { setAside, skipped } = await opened.box.summary()
    const [held, evil, torn] = setAside.map((c) => c.id)
    server.api.locks = []
    expect(await opened.box.sendAnyway(held ?? '')).toEqual({ ok: true, value: null })
    expect(await opened.box.sendAnyway(skipped[0]?.id ?? '')).toEqual({ ok: true, value: null })
    expect(await opened.box.sendAnyway(evil ?? '')).toMatchObject({ ok: false, error: { code: 'refused' } })
    expect(await opened.box.sendAnyway(torn ?? '')).toMatchObject({ ok: false, error: { code: 'refused' } })
    expect(await opened.box.sendAnyway('nonsense')).toMatchObject({ ok: false, error: { code: 'not-found' } })
    expect(await opened.box.edit(evil ?? '', '{"method":"POST","path":"/elsewhere"}')).toMatchObject({
      ok: false,
      error: { code: 'refused' },
    })
    expect(await opened.box.edit(evil ?? '', JSON.stringify(message('edited')))).toEqual({
      ok: true,
      value: null,
    })
    expect(await opened.box.discard(torn ?? '')).toEqual({ ok: true, value: null })
    expect(await opened.box.discard(torn ?? '')).toMatchObject({ ok: false, error: { code: 'not-found' } })
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      value: { delivered: 3, setAside: 0, waiting: 0 },
    })
    expect(await opened.box.summary()).toMatchObject({ setAsideCount: 0, skippedCount: 0, waiting: 0 })
    await opened.close()
    expect(server.api.locks.map((l) => l['resource'])).toEqual(['r', 'old'])
    expect(subjects()).toEqual(['edited'])
    expect(new Set(server.api.arrivals.map((a) => a.key)).size).toBe(server.api.arrivals.length)
  })
})
