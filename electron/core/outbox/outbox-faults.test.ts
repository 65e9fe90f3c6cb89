/** Faults by their number in FAULTS.md, where no other file shows them. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { component, IN_MEMORY, message, place, until, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'
import { world, type Fate, type World } from '../../adapters/testing/world.ts'
import { crc32, decodeLedger } from './segments/ledger-format.ts'
import { FakeApi } from '../../testing/machine/api.ts'

const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const isLong = process.env['COORD_LONG'] === '1'
const line = (o: object): string => `${JSON.stringify(o)}\n`
const patch = (n: number): object => ({
  method: 'PATCH',
  path: `/api/coord/work-items/${n}`,
  body: { status: `s${n}` },
})

// ---- one process that fails or dies -------------------------------------------------------------------------------------

let root: string
let api: FakeApi
beforeEach(() => {
  root = mkdtempSync(join(BASE, 'coord-fault-'))
  mkdirSync(join(root, '.claude'))
  api = new FakeApi()
})
afterEach(() => rmSync(root, { recursive: true, force: true }))
const queue = (): string => join(root, '.claude', 'coord-queue.jsonl')
const dir = (): string => join(root, '.claude', '.coord-outbox')
const add = (...lines: (object | string)[]): void =>
  appendFileSync(queue(), lines.map((l) => (typeof l === 'string' ? l : line(l))).join(''))
const files = (end: string): string[] =>
  existsSync(dir()) ? readdirSync(dir()).filter((n) => n.endsWith(end)) : []
const subjects = (): unknown[] => api.messages.map((m) => m['subject'])
/** The n-th call whose name fits meets its fate; the others go well. */
function on(w: World, name: RegExp, fate: Fate, nth = 1, andAllAfter = false): void {
  let seen = 0
  w.fate = () => {
    if (!name.test(w.calls.at(-1) ?? '')) return 'ok'
    seen++
    return seen === nth || (andAllAfter && seen > nth) ? fate : 'ok'
  }
}
/** A process that flushes until it ends or dies. */
async function runs(set?: (w: World) => void, clockMs = 0): Promise<World & { isDead: boolean }> {
  const w = world(root, api, clockMs)
  set?.(w)
  const isDead = await Promise.race([
    w.box.flush({ waitMs: 0, lanes: 1 }).then(() => false),
    w.died.then(() => true),
  ])
  return Object.assign(w, { isDead })
}
const dies = async (name: RegExp, fate: Fate, nth = 1): Promise<World> => {
  const w = await runs((p) => on(p, name, fate, nth))
  expect(w.isDead).toBe(true)
  return w
}

describe('crash and durability', () => {
  it('1: killed before the rename: the queue is untouched, and sent once', async () => {
    add(message('a'))
    const before = readFileSync(queue())
    await dies(/^rename coord-queue/, 'die-before')
    expect(readFileSync(queue()).equals(before)).toBe(true)
    await runs()
    expect(subjects()).toEqual(['a'])
    expect(api.arrivals).toHaveLength(1)
  })
  it('2: killed between the rename and the header: the segment is adopted', async () => {
    add(message('a'), message('b'))
    await dies(/^rename coord-queue/, 'die-after')
    expect([files('.seg').length, files('.led').length]).toEqual([1, 0])
    await runs()
    expect(subjects()).toEqual(['a', 'b'])
    expect(api.arrivals).toHaveLength(2)
  })
  it('3: both folders are synced behind the rename and before the first call: a power loss cannot bring the file back', async () => {
    add(message('a'))
    const { calls } = await runs()
    const [renamed, inner, outer, sent] = [
      /^rename coord-queue/,
      /^syncDir \.coord-outbox/,
      /^syncDir \.claude/,
      /^http POST/,
    ].map((name) => calls.findLastIndex((c) => name.test(c)))
    expect(renamed).toBeGreaterThan(-1)
    expect(inner).toBeGreaterThan(renamed ?? 0)
    expect(outer).toBeGreaterThan(renamed ?? 0)
    expect(sent).toBeGreaterThan(Math.max(inner ?? 0, outer ?? 0))
  })
  it('4: killed after the intent and before the connection: sent once, the server saw one', async () => {
    add(message('a'))
    await dies(/^http POST/, 'die-before')
    expect(readFileSync(join(dir(), files('.led')[0] ?? ''), 'utf8')).toContain('"t":"intent"')
    await runs()
    expect(api.arrivals).toHaveLength(1)
  })
  it('5: killed after the server applied it: one duplicate with the same key, and none where a GET shows it', async () => {
    api.honoursKeys = false
    add(patch(1))
    await dies(/^http PATCH/, 'die-after')
    await runs()
    expect(api.arrivals).toHaveLength(2)
    expect(new Set(api.arrivals.map((a) => a.key)).size).toBe(1)
    add(message('a'))
    await dies(/^http POST/, 'die-after')
    await runs()
    expect(subjects()).toEqual(['a'])
  })
  it('6: the same with a server that honours the key: one effect', async () => {
    add(patch(1))
    await dies(/^http PATCH/, 'die-after')
    await runs()
    expect(api.effects).toHaveLength(1)
  })
  it('7: killed in the middle of a ledger write: the torn line is ignored, one duplicate at most, the next one stands on its own line', async () => {
    api.honoursKeys = false
    for (const nth of [1, 2, 3]) {
      const from = api.arrivals.length
      add(patch(1), patch(2))
      await dies(/^append .*\.led/, 'torn', nth)
      await runs()
      const arrivals = api.arrivals.slice(from)
      expect(new Set(arrivals.map((a) => a.key)).size).toBe(2)
      expect(arrivals.length).toBeLessThanOrEqual(3)
      const ledger = decodeLedger(readFileSync(join(dir(), files('.led').sort().at(-1) ?? '')))
      expect(ledger.damaged).toBeLessThanOrEqual(1)
      expect(ledger.records.at(-1)?.kind).toBe('end')
      expect((await world(root, api).box.summary()).waiting).toBe(0)
    }
  })
  it('9: killed between the unlinks of segment and ledger: the orphan is collected, nothing is sent again', async () => {
    const week = 8 * 86_400_000
    add(message('a'))
    await runs()
    const old = await runs((w) => on(w, /^unlink .*\.seg/, 'die-after'), week)
    if (!old.isDead) throw new Error('not killed')
    expect([files('.seg').length, files('.led').length]).toEqual([0, 1])
    add(message('b'))
    await runs(undefined, week)
    expect(files('.led')).toHaveLength(1)
    expect(files('.seg').map((n) => n.slice(0, -4))).toEqual(files('.led').map((n) => n.slice(0, -4)))
    expect(subjects()).toEqual(['a', 'b'])
    expect(api.arrivals).toHaveLength(2)
  })
  it.each(['die-before', 'die-after', 'torn'] as const)(
    '10: killed while a segment is finished (%s at its last fact): finished again, nothing sent twice',
    async (fate) => {
      add(message('a'), message('b'))
      const clean = await runs()
      const appends = clean.calls.filter((c) => /^append .*\.led/.test(c)).length
      rmSync(dir(), { recursive: true })
      api = new FakeApi()
      add(message('a'), message('b'))
      await dies(/^append .*\.led/, fate, appends)
      await runs()
      expect(subjects()).toEqual(['a', 'b'])
      expect((await world(root, api).box.summary()).waiting).toBe(0)
      const again = api.arrivals.length
      await runs()
      expect(api.arrivals).toHaveLength(again)
    },
  )
  it('11: the power goes at any step, and every write that was not synced is lost: nothing lost, one duplicate at most', async () => {
    const lines = [message('a'), patch(1), message('b'), patch(2)]
    let steps = 0
    for (let nth = 1; ; nth++) {
      rmSync(join(root, '.claude'), { recursive: true })
      mkdirSync(join(root, '.claude'))
      api = new FakeApi()
      api.honoursKeys = false
      add(...lines)
      /** How much of each ledger a sync has made durable, and whether the claim is. */
      const durable = new Map<string, number>()
      const synced = new Set<string>()
      const w = await runs((p) => {
        p.fate = (n) => {
          if (n === nth) return 'die-before'
          const [op = '', name = ''] = (p.calls.at(-1) ?? '').split(' ')
          if (op === 'sync' && name.endsWith('.led')) durable.set(name, statSync(join(dir(), name)).size)
          if (op === 'rename') synced.clear()
          if (op === 'syncDir') synced.add(name)
          return 'ok'
        }
      })
      if (!w.isDead) break
      steps++
      for (const name of files('.led')) truncateSync(join(dir(), name), durable.get(name) ?? 0)
      const [claimed] = files('.seg')
      if (claimed !== undefined && !(synced.has('.coord-outbox') && synced.has('.claude'))) {
        // a rename that no folder sync has made durable comes back
        renameSync(join(dir(), claimed), queue())
        for (const name of files('.led')) unlinkSync(join(dir(), name))
      }
      await runs()
      const names = api.arrivals.map((a) => `${a.method} ${a.path} ${a.body}`)
      expect(new Set(names).size, `step ${nth}`).toBe(4)
      expect(names.length, `step ${nth}`).toBeLessThanOrEqual(5)
      expect((await world(root, api).box.summary()).waiting, `step ${nth}`).toBe(0)
    }
    expect(steps).toBeGreaterThan(30)
  })
  it('12: a sync that fails once: a new ledger from memory, no second sync of the old descriptor', async () => {
    add(message('a'), message('b'), message('c'))
    const w = await runs((p) => on(p, /^sync .*\.led/, { code: 'EIO' }, 2))
    const failed = w.calls.findIndex((c, i) => /^sync .*\.led/.test(c) && i > 0 && isSecond(w.calls, i))
    const after = w.calls.slice(failed + 1)
    const rewritten = after.findIndex((c) => /^writeFile .*\.led/.test(c))
    expect(rewritten).toBeGreaterThan(-1)
    expect(after.slice(0, rewritten).some((c) => /^sync .*\.led/.test(c))).toBe(false)
    expect(after.slice(rewritten).findIndex((c) => /^sync .*\.led/.test(c))).toBeGreaterThan(
      after.slice(rewritten).findIndex((c) => /^openAppend .*\.led/.test(c)),
    )
    expect(subjects()).toEqual(['a', 'b', 'c'])
    expect(api.arrivals).toHaveLength(3)
  })
  const isSecond = (calls: string[], i: number): boolean =>
    calls.slice(0, i).filter((c) => /^sync .*\.led/.test(c)).length === 1
  it('13: a tail of zeros after a power loss: the lines before it are sent, nothing is set aside', async () => {
    add(message('a'), message('b'), '\0'.repeat(5_000))
    await runs()
    expect(subjects()).toEqual(['a', 'b'])
    expect(await world(root, api).box.summary()).toMatchObject({ waiting: 0, setAsideCount: 0 })
  })
  it('15: segments left from before, of any age: in the order of their numbers, and before the new queue', async () => {
    mkdirSync(dir())
    for (const [n, age] of [
      [3, 100],
      [1, 1],
      [2, 50],
    ] as const) {
      const path = join(dir(), `0000000${n}-left${n}.seg`)
      writeFileSync(path, line(message(`s${n}`)))
      utimesSync(path, Date.now() / 1_000 - age, Date.now() / 1_000 - age)
    }
    add(message('new'))
    await runs()
    expect(subjects()).toEqual(['s1', 's2', 's3', 'new'])
  })
})

describe('storage', () => {
  it('16: the disk is full: the reserve is given up for the answer in hand, sending stops, and goes on later', async () => {
    add(message('a'), message('b'), message('c'))
    const w = world(root, api)
    let isFull = false
    let isFreed = false
    w.fate = () => {
      const name = w.calls.at(-1) ?? ''
      if (name.startsWith('http POST')) isFull = true
      if (name === 'unlink reserve.bin') isFreed = true
      if (!isFull || !/^append .*\.led/.test(name)) return 'ok'
      // what the reserve held is enough for one write
      if (!isFreed) return { code: 'ENOSPC' }
      isFreed = false
      return 'ok'
    }
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(w.calls).toContain('unlink reserve.bin')
    expect(api.arrivals.length).toBeLessThan(3)
    expect((await w.box.summary()).problem).toContain('the disk is full')
    w.fate = () => 'ok'
    w.clockMs += 10_000
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(subjects()).toEqual(['a', 'b', 'c'])
    expect((await w.box.summary()).problem).toBeNull()
  })
  it.each(['EACCES', 'EROFS', 'EIO', 'EMFILE'])(
    '18: the outbox folder cannot be made (%s): said, the queue untouched, tried again',
    async (code) => {
      add(message('a'))
      const before = readFileSync(queue())
      const w = await runs((p) => on(p, /^mkdir/, { code }, 1, true))
      expect((await w.box.summary()).problem).toMatch(/^Nothing is sent from here now: /)
      expect(readFileSync(queue()).equals(before)).toBe(true)
      expect(api.arrivals).toEqual([])
      w.fate = () => 'ok'
      w.clockMs += 10_000
      await w.box.flush({ waitMs: 0, lanes: 1 })
      expect(subjects()).toEqual(['a'])
    },
  )
  it('19: a rename across file systems is refused and said, never turned into a copy', async () => {
    add(message('a'))
    const before = readFileSync(queue())
    const w = await runs((p) => on(p, /^rename coord-queue/, { code: 'EXDEV' }, 1, true))
    expect((await w.box.summary()).problem).toContain('EXDEV')
    expect(readFileSync(queue()).equals(before)).toBe(true)
    expect(files('.seg')).toEqual([])
    expect(api.arrivals).toEqual([])
  })
  it.each(['EBUSY', 'EPERM', 'EACCES'])(
    '39 and 42: the file is held by another program (%s), at the claim and at the clean-up: said, no data touched, done once it is free',
    async (code) => {
      add(message('a'))
      const before = readFileSync(queue())
      const w = await runs((p) => on(p, /^rename coord-queue/, { code }, 1, true))
      expect((await w.box.summary()).problem).toMatch(/^Nothing is sent from here now: /)
      expect(readFileSync(queue()).equals(before)).toBe(true)
      w.fate = () => 'ok'
      w.clockMs += 10_000
      await w.box.flush({ waitMs: 0, lanes: 1 })
      expect(subjects()).toEqual(['a'])
      w.clockMs += 8 * 86_400_000
      on(w, /^unlink .*\.seg/, { code }, 1, true)
      add(message('b'))
      await w.box.flush({ waitMs: 0, lanes: 1 })
      expect(files('.seg')).toHaveLength(2)
      w.fate = () => 'ok'
      add(message('c'))
      await w.box.flush({ waitMs: 0, lanes: 1 })
      expect(files('.seg')).toHaveLength(2)
      expect(files('.led')).toHaveLength(2)
      expect(subjects()).toEqual(['a', 'b', 'c'])
      expect(api.arrivals).toHaveLength(3)
    },
  )
  it('20: a queue path that is a FIFO or a device is left alone and said', async () => {
    expect(spawnSync('mkfifo', [queue()]).status).toBe(0)
    expect((await runs()).isDead).toBe(false)
    const w = world(root, api)
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect((await w.box.summary()).problem).toContain('no ordinary file')
    unlinkSync(queue())
    symlinkSync('/dev/zero', queue())
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect((await w.box.summary()).problem).toContain('no ordinary file')
    expect(api.arrivals).toEqual([])
  })
  it('21: the outbox keeps itself out of git; a missing .gitignore is made again', async () => {
    execFileSync('git', ['init', '-q', root])
    const status = (): string =>
      execFileSync('git', ['-C', root, 'status', '--porcelain', '-uall'], { encoding: 'utf8' })
    add(message('a'))
    await runs()
    expect(status()).toBe('')
    rmSync(join(dir(), '.gitignore'))
    add(message('b'))
    await runs()
    expect(readFileSync(join(dir(), '.gitignore'), 'utf8')).toBe('*\n')
    expect(status()).toBe('')
  })
  it('22: a call that cannot be recorded as set aside stays, with its bytes', async () => {
    add('this is no call\n')
    await runs((w) => on(w, /^append .*\.led/, { code: 'EIO' }, 1, true))
    expect(await world(root, api).box.summary()).toMatchObject({ waiting: 1, setAsideCount: 0 })
    await runs(undefined, 10_000)
    const { box } = world(root, api)
    const { waiting } = await box.summary()
    const setAside = await box.list('set-aside', 200)
    expect([waiting, setAside.map((c) => c.raw)]).toEqual([0, ['this is no call']])
  })
  it('23: an empty queue file is not claimed', async () => {
    writeFileSync(queue(), '')
    await runs()
    expect(existsSync(queue())).toBe(true)
    expect(existsSync(dir())).toBe(false)
  })
  it('95: facts of unknown kinds are kept and do no harm; a ledger of a newer version is not guessed at, and said', async () => {
    mkdirSync(dir())
    const crced = (fact: object): string => {
      const json = JSON.stringify(fact)
      return `${json}\t${crc32(Buffer.from(json))}\n`
    }
    const header = { t: 'header', at: 1, identity: '', size: 1, mtime: 1, origin: 'queue' }
    const path = join(dir(), '00000001-left')
    const old = crced({ ...header, v: 1 }) + crced({ t: 'from the future', o: 0, s: 0, x: [1] })
    writeFileSync(`${path}.seg`, line(message('a')))
    writeFileSync(`${path}.led`, old)
    await runs()
    expect(subjects()).toEqual(['a'])
    expect(readFileSync(`${path}.led`, 'utf8').startsWith(old)).toBe(true)
    writeFileSync(`${path}.led`, crced({ ...header, v: 2 }))
    add(message('b'))
    const w = await runs()
    expect((await w.box.summary()).problem).toContain('newer version of Coord Tray')
    expect(subjects()).toEqual(['a'])
    expect(readFileSync(queue(), 'utf8')).toContain('"b"')
  })
})

// ---- a real server --------------------------------------------------------------------------------------------------------

describe('with a real server', () => {
  let at: Place
  let server: Liar
  beforeEach(async () => {
    at = place(true, IN_MEMORY)
    server = await new Liar().listen()
  })
  afterEach(async () => {
    await server.close()
    at.remove()
  })
  const got = (): unknown[] => server.api.messages.map((m) => m['subject'])

  it('24: a segment removed by a person in the middle of it: said, and other segments go on', async () => {
    const s = stage(at)
    s.answer = (call) =>
      call.method === 'POST' && s.api.arrivals.length === 1
        ? { kind: 'answer', status: 503, headers: { 'retry-after': '60' }, text: '', isCut: false }
        : undefined
    s.connection.start()
    await s.clock.drive(s.box.start())
    at.add(message('a'), message('b'), message('c'))
    await s.clock.until(() => s.api.arrivals.length === 1)
    await s.clock.advance(3_000)
    unlinkSync(join(at.dir, at.segments()[0] ?? ''))
    at.add(message('d'))
    s.answer = () => undefined
    await s.clock.until(() => s.api.messages.length === 2)
    expect(s.api.messages.map((m) => m['subject'])).toEqual(['a', 'd'])
    expect((await s.box.summary()).problem).toMatch(
      /Another program removed .*\.seg: the calls in it are gone/,
    )
    await s.close()
  })
  it('34: the outbox folder is wiped (git clean) while the engine runs: said loudly, made again, what comes is sent', async () => {
    const s = stage(at)
    s.answer = (call) =>
      call.method === 'POST' && s.api.arrivals.length === 0
        ? { kind: 'answer', status: 503, headers: { 'retry-after': '60' }, text: '', isCut: false }
        : undefined
    s.connection.start()
    await s.clock.drive(s.box.start())
    at.add(message('a'), message('b'))
    await s.clock.until(() => at.segments().length === 1)
    rmSync(at.dir, { recursive: true })
    await s.clock.advance(5_000)
    expect((await s.box.summary()).problem).toMatch(/Another program removed .*: the calls in it are gone/)
    s.answer = () => undefined
    at.add(message('c'))
    await s.clock.until(() => s.api.messages.length === 1)
    expect(s.api.messages[0]).toMatchObject({ subject: 'c' })
    expect(readFileSync(join(at.dir, '.gitignore'), 'utf8')).toBe('*\n')
    await s.close()
  })
  it('43: folders with odd names, trailing dots and paths beyond 260 characters work', async () => {
    const path = join(at.root, 'prøject 漢字 "q" \'s $x `y`', 'trailing.', ...Array(6).fill('d'.repeat(60)))
    mkdirSync(join(path, '.claude'), { recursive: true })
    expect(path.length).toBeGreaterThan(300)
    appendFileSync(join(path, '.claude', 'coord-queue.jsonl'), line(message('a')))
    const opened = at.open(server.url)
    const box = opened.open({ path, name: 'odd' })
    expect(await box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { delivered: 1 } })
    expect(await box.summary()).toMatchObject({ path, delivered: 1, problem: null })
    await opened.close()
  })
  it('56 and 57: a raw newline inside a string, and lines torn into one another: every byte is kept and readable, whole calls are sent', async () => {
    const m = line(message('whole'))
    const broken = '{"method":"POST","path":"/api/coord/messages","body":{"subject":"two\nlines"}}'
    const [x, y] = [line(message('x', undefined)).trim(), line(message('y', undefined)).trim()]
    at.add(`${broken}\n${m}${x.slice(0, 40)}${y}\n${x.slice(40)}\n${m.replace('whole', 'after')}`)
    const done = await at.flush(server.url)
    expect(done).toMatchObject({ delivered: 3, skipped: 0, waiting: 0 })
    expect(got()).toEqual(['whole', 'y', 'after'])
    const opened = at.open(server.url)
    const setAside = await opened.box.list('set-aside', 200)
    await opened.close()
    expect(setAside.map((c) => c.raw)).toEqual([...broken.split('\n'), x.slice(0, 40), x.slice(40)])
    for (const c of setAside) expect(c.reason).not.toBe('')
  })
  it(`59: a backlog of ${isLong ? '1 000 000' : '50 000'} lines is streamed: memory stays flat while it waits`, async () => {
    const one = line(message('m', undefined))
    const pad = line({ ...message('m', undefined), note: 'x'.repeat(240 - one.length - 10) })
    const chunk = pad.repeat(10_000)
    const lines = isLong ? 1_000_000 : 50_000
    for (let n = 0; n < lines / 10_000; n++) appendFileSync(at.queue, chunk)
    server.lie = (asked) => (asked.isWrite ? { status: 503, headers: { 'retry-after': '600' } } : undefined)
    const opened = at.open(server.url)
    const before = process.memoryUsage().rss
    expect(await opened.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({ value: { waiting: lines } })
    expect((await opened.box.summary()).next).toHaveLength(50)
    expect((process.memoryUsage().rss - before) / 1024 / 1024).toBeLessThan(100)
    await opened.close()
  })
  it('64: unknown fields are ignored, and kept with a call that is set aside', async () => {
    at.add(
      { ...message('a'), extra: { deep: [1] }, headers: { host: 'evil' } },
      { ...message('b'), extra: 2 },
    )
    server.lie = (asked) => (asked.body.includes('"b"') ? { status: 422 } : undefined)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, setAside: 1 })
    expect(server.api.arrivals[0]?.headers['host']).toBe(new URL(server.url).host)
    expect(server.api.arrivals[0]?.body).not.toContain('extra')
    const opened = at.open(server.url)
    expect((await opened.box.list('set-aside', 1))[0]?.raw).toContain('"extra":2')
    await opened.close()
  })
  it('72: a server that closes idle connections at the worst moment: no call twice, none lost', async () => {
    server.api.honoursKeys = false
    for (let n = 0; n < 60; n++) at.add(message(`m${n}`))
    server.lie = (asked) => {
      if (!asked.isWrite) return undefined
      const { socket } = asked.req
      asked.res.on('finish', () => setImmediate(() => (asked.n % 3 === 0 ? socket.end() : undefined)))
      return undefined
    }
    await until(async () => (await at.flush(server.url, 3_000)).waiting === 0)
    expect(got()).toEqual(Array.from({ length: 60 }, (_, n) => `m${n}`))
  })
  it('81: the address is changed in the middle: what is in flight is finished, the rest goes to the new one, keys unchanged', async () => {
    const next = await new Liar().listen()
    at.add(message('a'), message('b'), message('c'))
    server.lie = (asked) => {
      if (!asked.isWrite || asked.n === 0) return undefined
      server.truth(asked)
      server.api.messages.pop()
      return { status: 503, headers: { 'retry-after': '60' } }
    }
    expect(await at.flush(server.url)).toMatchObject({ delivered: 1, waiting: 2 })
    expect(await at.flush(next.url)).toMatchObject({ delivered: 2, waiting: 0 })
    expect(got()).toEqual(['a'])
    expect(next.api.messages.map((m) => m['subject'])).toEqual(['b', 'c'])
    expect(next.api.arrivals[0]?.key).toBe(server.api.arrivals[1]?.key)
    await next.close()
  })
  it('82: a server that restarts at random: none lost, order kept, doubles at most one a cut', async () => {
    const [calls, restarts] = isLong ? [1_000, 100] : [40, 4]
    server.api.honoursKeys = false
    for (let n = 0; n < calls; n++) at.add(n % 2 ? message(`m${n}`) : component('web', `m${n}`))
    let cuts = 0
    server.lie = (asked) => {
      if (!asked.isWrite || cuts >= restarts || Math.random() > restarts / calls) return undefined
      cuts++
      if (Math.random() < 0.5) server.truth(asked)
      const { port } = server
      void server.close().then(() => server.listen(port))
      return 'handled'
    }
    await until(async () => (await at.flush(server.url, 3_000)).waiting === 0, 100_000)
    const names = server.api.effects.map((e) => {
      const b = JSON.parse(e.body) as { subject?: string; state?: string }
      return b.subject ?? b.state
    })
    const first = names.filter((n, i) => names.indexOf(n) === i)
    expect(first).toEqual(Array.from({ length: calls }, (_, n) => `m${n}`))
    expect(names.length - calls).toBeLessThanOrEqual(cuts)
  })
  it.each([0, 100, 250])('83: an answer that takes %d ms, within the time-out: sent once', async (ms) => {
    server.api.honoursKeys = false
    at.add(message('a'), message('b'))
    server.lie = (asked) => {
      if (!asked.isWrite) return undefined
      const reply = server.truth(asked)
      setTimeout(() => asked.res.writeHead(reply.status).end(JSON.stringify(reply.body)), ms)
      return 'handled'
    }
    expect(await at.flush(server.url)).toMatchObject({
      delivered: 2,
      waiting: 0,
    })
    expect(server.api.arrivals).toHaveLength(2)
  })
  it('90: told to stop in the middle of a drain: the call in flight is finished, the rest waits, nothing twice', async () => {
    server.api.honoursKeys = false
    for (let n = 0; n < 200; n++) at.add(message(`m${n}`))
    server.lie = (asked) => {
      if (!asked.isWrite) return undefined
      const reply = server.truth(asked)
      setTimeout(() => asked.res.writeHead(reply.status).end(JSON.stringify(reply.body)), 3)
      return 'handled'
    }
    const opened = at.open(server.url)
    opened.connection.start()
    const starting = opened.box.start()
    await until(() => server.api.arrivals.length > 20)
    const from = performance.now()
    await opened.close()
    expect(performance.now() - from).toBeLessThan(10_000)
    await starting
    const sent = server.api.arrivals.length
    expect(sent).toBeLessThan(200)
    expect(await at.flush(server.url)).toMatchObject({ delivered: 200 - sent, waiting: 0 })
    expect(got()).toEqual(Array.from({ length: 200 }, (_, n) => `m${n}`))
    expect(server.api.arrivals).toHaveLength(200)
  })
  it('93: the API is away at start: nothing is claimed, and a session’s own loop works', async () => {
    at.add(message('a'), message('b'))
    const before = readFileSync(at.queue)
    expect(await at.flush('http://127.0.0.1:9')).toMatchObject({ waiting: 2 })
    expect(readFileSync(at.queue).equals(before)).toBe(true)
    expect(existsSync(at.dir)).toBe(false)
    const loop = `while IFS= read -r line; do
      jq -c .body <<<"$line" | curl -s -o /dev/null -X "$(jq -r .method <<<"$line")" -H 'Content-Type: application/json' \
        --data-binary @- "$2$(jq -r .path <<<"$line")" || exit 1
    done < "$1" && rm "$1"`
    const { spawn } = await import('node:child_process')
    const child = spawn('bash', ['-c', loop, '_', at.queue, server.url], { stdio: 'ignore' })
    expect(await new Promise((resolve) => child.once('exit', resolve))).toBe(0)
    expect(got()).toEqual(['a', 'b'])
    expect(await at.flush(server.url)).toEqual({
      delivered: 0,
      setAside: 0,
      skipped: 0,
      waiting: 0,
    })
    expect(server.api.arrivals).toHaveLength(2)
  })
})
