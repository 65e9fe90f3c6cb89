/** What the machine does to the outbox: clocks that jump, sleep, folders that come and go, links, many workspaces, read-only disks. */
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { claim, IN_MEMORY, message, place, until, type Place } from '../../adapters/testing/place.ts'
import type { SimulatedClock } from '../../testing/machine/clock.ts'
import { stage, type Stage } from '../../adapters/testing/stage.ts'
import { createWatcher } from '../../adapters/watcher.ts'
import type { HttpOutcome } from '../ports.ts'

const HOUR = 3_600_000
let at: Place
let open: { close(): Promise<void> }[]
beforeEach(() => {
  at = place(true, IN_MEMORY)
  open = []
})
afterEach(async () => {
  for (const o of open) await o.close()
  at.remove()
})
function staged(options: Parameters<typeof stage>[1] = {}): Stage {
  const s = stage(at, options)
  open.push(s)
  return s
}
const subjects = (s: Stage): unknown[] => s.api.messages.map((m) => m['subject'])
const said = (clock: SimulatedClock, subject: string): object =>
  message(subject, new Date(clock.now()).toISOString())
const refused: HttpOutcome = { kind: 'unreachable', detail: 'connection refused' }
const answer = (status: number, headers: Record<string, string> = {}): HttpOutcome => ({
  kind: 'answer',
  status,
  headers,
  text: '',
  isCut: false,
})
const flush = (s: Stage, waitMs = 0): ReturnType<Stage['box']['flush']> =>
  s.clock.drive(s.box.flush({ waitMs, lanes: 1 }))
async function started(s: Stage): Promise<void> {
  s.connection.start()
  await s.clock.drive(s.box.start())
}

describe('when a claim is made', () => {
  it('a foreign reader postpones it for two minutes and no longer', async () => {
    const s = staged({ fs: { hasForeignReader: () => Promise.resolve(true) } })
    await started(s)
    at.add(said(s.clock, 'a'))
    await s.clock.advance(115_000)
    expect(at.segments()).toEqual([])
    expect(s.api.arrivals).toEqual([])
    expect((await s.box.summary()).waiting).toBe(1)
    await s.clock.advance(10_000)
    expect(subjects(s)).toEqual(['a'])
  })
  it('a reader that comes and goes has the whole patience each time', async () => {
    let isRead = true
    const s = staged({ fs: { hasForeignReader: () => Promise.resolve(isRead) } })
    await started(s)
    at.add(said(s.clock, 'a'))
    await s.clock.advance(100_000)
    isRead = false
    await s.clock.until(() => s.api.arrivals.length === 1, 5_000)
    isRead = true
    at.add(said(s.clock, 'b'))
    await s.clock.advance(100_000)
    expect(subjects(s)).toEqual(['a'])
  })
  it('while the API is away a file waits unclaimed; past 8 MiB it is claimed, and sent when the API is back', async () => {
    const s = staged()
    s.answer = () => refused
    const big = (n: number): object => ({
      method: 'POST',
      path: '/api/coord/messages',
      body: { subject: `m${n}`, body: 'x'.repeat(1_000_000) },
    })
    for (let n = 0; n < 8; n++) at.add(big(n))
    expect(await flush(s)).toMatchObject({ value: { delivered: 0, waiting: 8 } })
    expect(at.segments()).toEqual([])
    at.add(big(8))
    expect(statSync(at.queue).size).toBeGreaterThan(8 * 1024 * 1024)
    await s.clock.advance(60_000)
    expect(await flush(s)).toMatchObject({ value: { delivered: 0, waiting: 9 } })
    expect(at.segments()).toHaveLength(1)
    expect(existsSync(at.queue)).toBe(false)
    expect(s.api.arrivals).toEqual([])
    s.answer = () => undefined
    await s.clock.advance(60_000)
    expect(await flush(s)).toMatchObject({ value: { delivered: 9, waiting: 0 } })
    expect(subjects(s)).toEqual(Array.from({ length: 9 }, (_, n) => `m${n}`))
  })
})

describe('a clock that jumps', () => {
  it.each([
    ['a day forward', 24 * HOUR],
    ['a day back', -24 * HOUR],
  ])('%s in the middle of a Retry-After: neither shorter nor longer', async (_, jump) => {
    const s = staged()
    await started(s)
    at.add(said(s.clock, 'a'))
    let refusedAt = 0
    s.answer = (call) => {
      if (call.method !== 'POST' || refusedAt > 0) return undefined
      refusedAt = s.clock.monotonic()
      return answer(503, { 'retry-after': '300' })
    }
    await s.clock.until(() => refusedAt > 0, 10_000)
    await s.clock.advance(10_000)
    s.clock.set(jump)
    await s.clock.advance(289_000)
    expect(s.api.arrivals).toEqual([])
    await s.clock.advance(3_000)
    expect(subjects(s)).toEqual(['a'])
    const first = s.asked.find((a) => a.at > refusedAt && !a.what.includes('/status'))
    expect((first?.at ?? 0) - refusedAt).toBeGreaterThanOrEqual(300_000)
  })
  it.each([
    ['a day forward', 24 * HOUR],
    ['a day back', -24 * HOUR],
  ])('%s in the middle of a back-off: no probe early, none late', async (_, jump) => {
    const s = staged({ random: { next: () => 0.999, id: () => Math.random().toString(36).slice(2, 12) } })
    let isAway = true
    s.answer = () => (isAway ? refused : undefined)
    s.connection.start()
    await s.clock.advance(120_000)
    const before = s.asked.length
    s.clock.set(jump)
    await s.clock.advance(125_000)
    // 0.999 of a minute each: two of them, or three where one was due just after the jump
    expect(s.asked.length - before).toBeGreaterThanOrEqual(2)
    expect(s.asked.length - before).toBeLessThanOrEqual(3)
    isAway = false
    await s.clock.advance(61_000)
    expect(s.connection.view().state).toBe('online')
  })
  it.each([
    ['forward', 3 * HOUR],
    ['back', -3 * HOUR],
  ])('set %s between the line and its claim: the call time is when its bytes were seen', async (_, jump) => {
    const s = staged()
    s.answer = () => refused
    await started(s)
    const first = s.clock.now()
    at.add(said(s.clock, 'a'), { ...said(s.clock, 'b'), ts: undefined })
    await s.clock.advance(5_000)
    s.clock.set(jump)
    at.add(said(s.clock, 'c'))
    await s.clock.advance(5_000)
    s.answer = () => undefined
    await s.clock.until(() => s.api.arrivals.length === 3)
    expect(subjects(s)).toEqual(['a', 'b', 'c'])
    const times = s.api.arrivals.map((a) => Date.parse(a.queuedAt ?? ''))
    expect(times[0]).toBe(first)
    expect(Math.abs((times[1] ?? 0) - first)).toBeLessThan(3_000)
    expect(Math.abs((times[2] ?? 0) - first - jump)).toBeLessThan(8_000)
  })
  it('a claim written under a clock that was hours behind is judged by when it was seen, and sent', async () => {
    const s = staged()
    await started(s)
    await s.clock.advance(2_000)
    at.add(claim('r', 'M/a', new Date(s.clock.now() - 9 * HOUR).toISOString()))
    await s.clock.until(() => s.api.locks.length === 1, 10_000)
  })
  it('a last line without newline is taken once quiet, also where the clock was set back by hours', async () => {
    const s = staged()
    await started(s)
    appendFileSync(at.queue, JSON.stringify(said(s.clock, 'a')))
    s.clock.set(-5 * HOUR)
    await s.clock.until(() => s.api.arrivals.length === 1, 20_000)
    expect(subjects(s)).toEqual(['a'])
  })
})

describe('sleep and resume', () => {
  for (const [where, goesOn] of [
    ['where the monotonic clock stands still meanwhile', false],
    ['where it goes on', true],
  ] as const) {
    for (const isApplied of [true, false])
      it(`in the middle of a call that was ${isApplied ? '' : 'not '}applied, ${where}: looked up, there once`, async () => {
        const s = staged()
        s.api.honoursKeys = false
        await started(s)
        at.add(said(s.clock, 'a'), said(s.clock, 'b'))
        let isAsleep = false
        s.answer = (call) => {
          if (call.method !== 'POST' || isAsleep) return undefined
          isAsleep = true
          if (isApplied) s.truth(call)
          s.clock.suspend(8 * HOUR, goesOn)
          return { kind: 'in-doubt', detail: 'no answer in time' }
        }
        await s.clock.until(() => isAsleep, 10_000)
        s.connection.retryNow()
        s.box.poke()
        await s.clock.until(() => subjects(s).length === 2, 120_000)
        expect(subjects(s)).toEqual(['a', 'b'])
        expect((await s.box.summary()).lately.map((l) => l.note).includes('found applied')).toBe(isApplied)
        expect(new Set(s.api.arrivals.map((a) => a.key)).size).toBe(2)
      })
    it(`eight hours with a call in back-off, ${where}: one probe on waking, then all in order`, async () => {
      const s = staged()
      let isAway = true
      s.answer = () => (isAway ? refused : undefined)
      await started(s)
      for (let n = 0; n < 20; n++) at.add(said(s.clock, `m${n}`))
      await s.clock.advance(200_000)
      const before = s.asked.length
      s.clock.suspend(8 * HOUR, goesOn)
      isAway = false
      s.connection.retryNow()
      s.box.poke()
      await s.clock.until(() => subjects(s).length === 20, 30_000)
      expect(subjects(s)).toEqual(Array.from({ length: 20 }, (_, n) => `m${n}`))
      expect(s.asked.slice(before).filter((a) => a.what === 'GET /health')).toHaveLength(1)
      expect(s.api.arrivals).toHaveLength(20)
    })
  }
})

describe('an API that is away for an hour', () => {
  it('is asked at most once a second, whatever asks for it and however often', async () => {
    const s = staged()
    s.answer = () => refused
    s.connection.start()
    for (let i = 0; i < 600; i++) {
      s.connection.retryNow()
      void s.connection.ensure()
      await s.clock.advance(50)
    }
    const probes = s.asked.map((a) => a.at)
    expect(probes.length).toBeGreaterThan(10)
    expect(probes.length).toBeLessThanOrEqual(31)
    for (const [i, at_] of probes.entries())
      if (i > 0) expect(at_ - (probes[i - 1] ?? 0)).toBeGreaterThanOrEqual(1_000)
  })
  it('is asked at most once a minute on average once the back-off has grown, and all is sent within two seconds of an answer', async () => {
    const s = staged({ random: { next: () => 0.999, id: () => Math.random().toString(36).slice(2, 12) } })
    let isAway = true
    s.answer = () => (isAway ? refused : undefined)
    s.connection.start()
    await s.clock.advance(10 * 60_000)
    const before = s.asked.length
    await s.clock.advance(48 * 60_000)
    expect(s.asked.length - before).toBeLessThanOrEqual(49)
    // a new line is asked for at once and backs off anew; a box that looks each second asks for no more than that
    at.add(said(s.clock, 'a'))
    const atLine = s.asked.length
    await s.clock.drive(s.box.start())
    await s.clock.advance(2 * 60_000)
    expect(s.asked.length - atLine).toBeLessThanOrEqual(9)
    isAway = false
    s.connection.retryNow()
    await s.clock.until(() => subjects(s).length === 1, 2_000)
  })
})

describe('.claude', () => {
  const claude = (): string => join(at.workspace, '.claude')
  it('that is not there yet, appears, disappears and appears again: each line once, nothing made by us', async () => {
    rmSync(claude(), { recursive: true })
    const s = staged()
    await started(s)
    await s.clock.advance(5_000)
    expect(readdirSync(at.workspace)).toEqual([])
    for (const n of [1, 2, 3]) {
      mkdirSync(claude())
      at.add(said(s.clock, `m${n}`))
      await s.clock.until(() => subjects(s).length === n, 60_000)
      rmSync(claude(), { recursive: true })
      await s.clock.advance(5_000)
      expect(readdirSync(at.workspace)).toEqual([])
    }
    expect(subjects(s)).toEqual(['m1', 'm2', 'm3'])
    expect(s.api.arrivals).toHaveLength(3)
  })
  it('that goes away in the middle of a drain, with the whole project: stops cleanly, and goes on when it is back', async () => {
    const s = staged()
    for (let n = 0; n < 6; n++) at.add(said(s.clock, `m${n}`))
    const away = join(at.root, 'unmounted')
    s.answer = (call) => {
      if (call.method === 'POST' && s.api.arrivals.length === 2) renameSync(at.workspace, away)
      return undefined
    }
    await started(s)
    await s.clock.advance(10_000)
    const sent = s.api.arrivals.length
    expect(sent).toBeLessThanOrEqual(4)
    s.answer = () => undefined
    renameSync(away, at.workspace)
    await s.clock.until(() => subjects(s).length >= 6, 60_000)
    await s.clock.until(async () => (await s.box.summary()).waiting === 0, 60_000)
    expect([...new Set(subjects(s))]).toEqual(Array.from({ length: 6 }, (_, n) => `m${n}`))
    expect(new Set(s.api.arrivals.map((a) => a.key)).size).toBe(6)
  })
  it('that is a link into nothing: nothing is made; when its target comes, it works', async () => {
    rmSync(claude(), { recursive: true })
    symlinkSync(join(at.root, 'nowhere'), claude())
    const s = staged()
    await started(s)
    await s.clock.advance(5_000)
    expect(await s.box.summary()).toMatchObject({ waiting: 0, problem: null })
    expect(existsSync(join(at.root, 'nowhere'))).toBe(false)
    mkdirSync(join(at.root, 'nowhere'))
    at.add(said(s.clock, 'a'))
    await s.clock.until(() => subjects(s).length === 1, 60_000)
    expect(existsSync(join(at.root, 'nowhere', '.coord-outbox'))).toBe(true)
  })
  it('that is pointed elsewhere while the engine runs: the old place is left, the new one is sent from', async () => {
    const [one, two] = [join(at.root, 'one'), join(at.root, 'two')]
    rmSync(claude(), { recursive: true })
    mkdirSync(one)
    mkdirSync(two)
    symlinkSync(one, claude())
    const s = staged()
    await started(s)
    at.add(said(s.clock, 'a'))
    await s.clock.until(() => subjects(s).length === 1, 60_000)
    rmSync(claude())
    symlinkSync(two, claude())
    at.add(said(s.clock, 'b'))
    await s.clock.until(() => subjects(s).length === 2, 60_000)
    expect(subjects(s)).toEqual(['a', 'b'])
    expect(existsSync(join(one, '.coord-outbox', 'lease.json'))).toBe(false)
    expect(existsSync(join(two, '.coord-outbox', 'lease.json'))).toBe(true)
  })
  it('that is pointed at a folder whose owner died: what was removed there meanwhile is taken in, too', async () => {
    const [one, two] = [join(at.root, 'one'), join(at.root, 'two')]
    rmSync(claude(), { recursive: true })
    mkdirSync(one)
    mkdirSync(join(two, '.coord-outbox'), { recursive: true })
    symlinkSync(one, claude())
    const s = staged()
    s.answer = () => refused
    await started(s)
    const guards = (folder: string): string[] =>
      readdirSync(join(folder, '.coord-outbox')).filter((name) => name.startsWith('guard-'))
    at.add(said(s.clock, 'a'))
    await s.clock.until(() => existsSync(join(one, '.coord-outbox')) && guards(one).length === 1)
    // all that is left of a queue file
    appendFileSync(join(two, '.coord-outbox', 'guard-1-1'), `${JSON.stringify(message('removed'))}\n`)
    rmSync(claude())
    symlinkSync(two, claude())
    await s.clock.until(async () => (await s.box.summary()).setAsideCount === 1)
    expect((await s.box.summary()).setAside).toMatchObject([{ reason: 'removed by another program' }])
    expect([guards(one).length, guards(two).length]).toEqual([1, 0])
  })
  it('of two workspaces that is one folder: one owner, each call once, also in one process', async () => {
    const server = await new Liar().listen()
    open.push(server)
    const second = join(at.root, 'second')
    mkdirSync(second)
    symlinkSync(claude(), join(second, '.claude'))
    const opened = at.open(server.url)
    open.push(opened)
    const other = opened.open({ path: second, name: 'second' })
    for (let n = 0; n < 30; n++) at.add(message(`a${n}`))
    const both = await Promise.all([opened.box, other].map((b) => b.flush({ waitMs: 3_000, lanes: 1 })))
    expect(both).toMatchObject([{ value: { waiting: 0 } }, { value: { waiting: 0 } }])
    expect(server.api.arrivals).toHaveLength(30)
    opened.connection.start()
    await Promise.all([opened.box.start(), other.start()])
    const owners = async (): Promise<string[]> => [
      (await opened.box.summary()).owner,
      (await other.summary()).owner,
    ]
    expect((await owners()).sort()).toEqual(['other-process', 'this'])
    for (let n = 0; n < 30; n++) at.add(message(`b${n}`))
    await until(() => server.api.arrivals.length >= 60)
    await until(async () => (await other.summary()).delivered === 60)
    expect(server.api.arrivals).toHaveLength(60)
    // the one that sends goes: the other takes over
    await ((await owners())[0] === 'this' ? opened.box : other).stop()
    at.add(message('c'))
    await until(() => server.api.arrivals.length === 61)
    expect(server.api.messages.at(-1)).toMatchObject({ subject: 'c' })
  })
  it('on a file system that tells of no change: the stat alone finds the line, within two seconds', async () => {
    const s = staged()
    await started(s)
    await s.clock.advance(30_000)
    at.add(said(s.clock, 'a'))
    const from = s.clock.monotonic()
    await s.clock.until(() => subjects(s).length === 1, 2_000)
    expect(s.clock.monotonic() - from).toBeLessThanOrEqual(2_000)
  })
})

describe('a read-only folder', () => {
  /** Root may write anywhere: for the length of the task this process is somebody else. */
  async function asNobody(task: () => Promise<void>): Promise<void> {
    const isRoot = process.geteuid?.() === 0
    if (isRoot) process.seteuid?.(65_534)
    try {
      await task()
    } finally {
      if (isRoot) process.seteuid?.(0)
    }
  }
  it('before anything was claimed: nothing sent, said in words, goes on by itself', async () => {
    const s = staged()
    at.add(said(s.clock, 'a'))
    chmodSync(at.root, 0o755)
    chmodSync(at.queue, 0o644)
    chmodSync(join(at.workspace, '.claude'), 0o555)
    await asNobody(async () => {
      expect(await flush(s)).toMatchObject({ value: { delivered: 0, waiting: 1 } })
      expect((await s.box.summary()).problem).toMatch(/the folder may not be written at .*Nothing is lost/)
    })
    expect(s.api.arrivals).toEqual([])
    expect(readdirSync(join(at.workspace, '.claude'))).toEqual(['coord-queue.jsonl'])
    chmodSync(join(at.workspace, '.claude'), 0o755)
    expect(await flush(s)).toMatchObject({ value: { delivered: 1 } })
    expect((await s.box.summary()).problem).toBeNull()
  })
  it('after a claim, where the lease can no longer be written: nothing sent, said in words, goes on by itself', async () => {
    const s = staged()
    at.add(said(s.clock, 'a'), said(s.clock, 'b'))
    s.answer = (call) => (call.method === 'POST' ? answer(503, { 'retry-after': '60' }) : undefined)
    expect(await flush(s)).toMatchObject({ value: { delivered: 0, waiting: 2 } })
    s.answer = () => undefined
    const refusals = s.asked.filter((a) => a.what.startsWith('POST')).length
    chmodSync(at.root, 0o755)
    for (const name of readdirSync(at.dir)) chmodSync(join(at.dir, name), 0o644)
    chmodSync(at.dir, 0o555)
    await s.clock.advance(61_000)
    await asNobody(async () => {
      await flush(s)
      expect(await s.box.summary()).toMatchObject({
        waiting: 2,
        problem: expect.stringMatching(/^Nothing is sent from here now: the folder may not be written at /),
      })
    })
    expect(s.asked.filter((a) => a.what.startsWith('POST'))).toHaveLength(refusals)
    chmodSync(at.dir, 0o755)
    await s.clock.advance(10_000)
    expect(await flush(s)).toMatchObject({ value: { delivered: 2, waiting: 0 } })
    expect((await s.box.summary()).problem).toBeNull()
    expect(subjects(s)).toEqual(['a', 'b'])
  })
})

describe('sixty workspaces at once', () => {
  it('all are flushed, over one connection, with few descriptors and little work while nothing happens', async () => {
    const server = await new Liar().listen()
    open.push(server)
    let probes = 0
    let sockets = 0
    let most = 0
    const known = new Set<unknown>()
    server.lie = (asked) => {
      if (asked.path === '/health') probes++
      const { socket } = asked.req
      if (known.has(socket)) return undefined
      known.add(socket)
      most = Math.max(most, ++sockets)
      socket.on('close', () => sockets--)
      return undefined
    }
    const fds = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
    const opened = at.open(server.url, { watch: createWatcher() })
    open.push(opened)
    const paths = Array.from({ length: 60 }, (_, n) => join(at.root, `w${n}`))
    const boxes = paths.map((path) => {
      mkdirSync(join(path, '.claude'), { recursive: true })
      return opened.open({ path, name: path })
    })
    const before = fds()
    opened.connection.start()
    await Promise.all(boxes.map((b) => b.start()))
    for (const [n, path] of paths.entries())
      for (let i = 0; i < 5; i++)
        appendFileSync(
          join(path, '.claude', 'coord-queue.jsonl'),
          `${JSON.stringify(message(`w${n}-${i}`))}\n`,
        )
    await until(() => server.api.messages.length >= 300, 15_000)
    for (const n of paths.keys())
      expect(
        server.api.messages.map((m) => String(m['subject'])).filter((t) => t.startsWith(`w${n}-`)),
      ).toEqual([0, 1, 2, 3, 4].map((i) => `w${n}-${i}`))
    await until(async () => (await Promise.all(boxes.map((b) => b.summary()))).every((s) => s.waiting === 0))
    expect(server.api.arrivals).toHaveLength(300)
    expect(probes).toBe(1)
    expect(most).toBeLessThanOrEqual(16)
    // one socket a workspace for its owner, the watchers, the pool
    expect(fds() - before).toBeLessThan(60 * 4)
    const cpu = process.cpuUsage()
    const from = performance.now()
    await until(() => performance.now() - from > 1_000)
    const used = process.cpuUsage(cpu)
    // of one core; this test's own polling and the API in this process count too
    expect((used.user + used.system) / 1_000 / (performance.now() - from)).toBeLessThan(0.5)
    expect(readFileSync(join(paths[59] ?? '', '.claude', '.coord-outbox', '.gitignore'), 'utf8')).toBe('*\n')
  })
})

it('a long run is shown while it goes on: what is being sent, and how much waits', async () => {
  const server = await new Liar().listen()
  server.lie = (asked) => {
    if (!asked.isWrite) return undefined
    const reply = server.truth(asked)
    setTimeout(() => {
      asked.res.writeHead(reply.status, { 'content-type': 'application/json' })
      asked.res.end(JSON.stringify(reply.body))
    }, 250)
    return 'handled'
  }
  const opened = at.open(server.url)
  open.push(opened, server)
  at.add(...Array.from({ length: 8 }, (_, i) => message(`m${i}`)))
  await opened.box.start()
  await until(() => server.api.messages.length === 8)
  const shown = opened.events.flatMap((e) => (e.kind === 'workspace.changed' ? [e.summary] : []))
  const onTheWay = shown.filter((s) => s.sending !== null)
  expect(onTheWay.length).toBeGreaterThan(1)
  expect(new Set(onTheWay.map((s) => s.waiting)).size).toBeGreaterThan(1)
  await until(() => opened.events.some((e) => e.kind === 'workspace.changed' && e.summary.waiting === 0))
})
