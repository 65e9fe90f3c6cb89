/**
 * Every file call and every network call of a small scenario fails once, or is the last that the process makes.
 * COORD_LONG=1: with each of the errors, not with one of them in turn.
 */
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { world, type Fate, type World } from '../../adapters/testing/world.ts'
import { FakeApi } from '../../testing/machine/api.ts'

const BASE = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
const line = (s: string): string =>
  `${JSON.stringify({ ts: new Date().toISOString(), method: 'POST', path: '/api/coord/messages', body: { from_session: 'M/a', project_key: 'p', subject: s } })}\n`
const put = (s: string): string =>
  `${JSON.stringify({ ts: new Date().toISOString(), method: 'PUT', path: '/api/coord/components/p/web', body: { state: s } })}\n`
const EXPECTED = ['a', 'built', 'b', 'late', 'c', 'deployed', 'd']

interface Ran {
  readonly calls: string[]
  readonly api: FakeApi
  readonly hasHit: boolean
}

/** Runs the scenario with one fate, heals (or starts a new process), and checks the promise. */
async function scenario(
  fateOf: (n: number, op: string) => Fate,
  words: string,
  maxRepeats: number,
): Promise<Ran> {
  const root = mkdtempSync(join(BASE, 'coord-storage-'))
  const api = new FakeApi()
  const queue = join(root, '.claude', 'coord-queue.jsonl')
  mkdirSync(join(root, '.claude'))
  let w = world(root, api)
  let hasHit = false
  const calls: string[] = []
  const arm = (next: World): World => {
    next.fate = (_, op) => {
      calls.push(next.calls.at(-1) ?? '')
      if (hasHit) return 'ok'
      const fate = fateOf(calls.length, op)
      if (fate !== 'ok') hasHit = true
      return fate
    }
    return next
  }
  arm(w)
  async function flush(): Promise<void> {
    // an hour later: back-off and the wait after a storage fault are over
    w.clockMs += 61_000
    const isDead = await Promise.race([
      w.box.flush({ waitMs: 0, lanes: 1 }).then(() => false),
      w.died.then(() => true),
    ])
    if (isDead) {
      w = arm(world(root, api, w.clockMs + 61_000))
      await flush()
    }
  }
  try {
    const fd = openSync(queue, 'a')
    writeSync(fd, line('a') + put('built') + line('b') + 'not json\n')
    await flush()
    writeSync(fd, line('late'))
    closeSync(fd)
    appendFileSync(queue, line('c') + put('deployed'))
    await flush()
    appendFileSync(queue, line('d'))
    for (let i = 0; i < 3; i++) await flush()
    const after = world(root, api, w.clockMs).box
    const s = await after.summary()
    const asides = await after.list('set-aside', 200)
    const effects = api.effects.map(
      (e) =>
        (JSON.parse(e.body) as { subject?: string; state?: string }).subject ??
        (JSON.parse(e.body) as { state: string }).state,
    )
    const where = `${words}; the calls before it: ${calls.slice(0, 60).join(', ')}`
    expect(
      effects.filter((e) => e !== 'late'),
      where,
    ).toEqual(EXPECTED.filter((e) => e !== 'late'))
    expect(
      effects.filter((e) => e === 'late'),
      where,
    ).toHaveLength(1)
    expect(api.arrivals.length - new Set(api.arrivals.map((a) => a.key)).size, where).toBeLessThanOrEqual(
      maxRepeats,
    )
    expect(s.waiting, where).toBe(0)
    expect(
      asides.map((c) => c.raw),
      where,
    ).toEqual(['not json'])
    expect(s.delivered, where).toBe(EXPECTED.length)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
  return { calls, api, hasHit }
}

const isLong = process.env['COORD_LONG'] === '1'
const CODES = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE']

describe('storage faults', () => {
  it('every call fails once with each likely error, or is the last one: nothing lost, nothing doubled, order kept', async () => {
    const clean = await scenario(() => 'ok', 'clean', 0)
    expect(
      clean.api.effects.map((e) => (JSON.parse(e.body) as { subject?: string }).subject).filter(Boolean),
    ).toEqual(['a', 'b', 'late', 'c', 'd'])
    let points = 0
    const wrong: string[] = []
    const attempt = async (
      n: number,
      words: string,
      fate: (op: string) => Fate,
      maxRepeats: number,
    ): Promise<void> => {
      points++
      try {
        await scenario((m, op) => (m === n ? fate(op) : 'ok'), words, maxRepeats)
      } catch (error) {
        wrong.push(`${words}: ${error instanceof Error ? error.message.slice(0, 1_500) : String(error)}`)
      }
    }
    for (let n = 1; n <= clean.calls.length; n++) {
      const what = `call ${n} (${clean.calls[n - 1]})`
      const isHttp = clean.calls[n - 1]?.startsWith('http')
      if (isHttp) {
        await attempt(n, `${what} refused`, () => ({ http: 'unreachable', isApplied: false }), 1)
        await attempt(n, `${what} reset`, () => ({ http: 'in-doubt', isApplied: false }), 1)
        await attempt(n, `${what} applied, then reset`, () => ({ http: 'in-doubt', isApplied: true }), 1)
      } else
        for (const code of isLong ? CODES : CODES.slice(n % CODES.length, (n % CODES.length) + 1))
          await attempt(n, `${what} fails with ${code}`, () => ({ code }), 1)
      await attempt(n, `dies before ${what}`, () => 'die-before', 1)
      await attempt(n, `dies after ${what}`, () => 'die-after', 1)
      if (clean.calls[n - 1]?.startsWith('append'))
        await attempt(n, `dies in the middle of ${what}`, () => 'torn', 1)
    }
    console.log(`storage: ${points} points tried over ${clean.calls.length} calls`)
    expect(wrong.slice(0, 5).join('\n\n'), `${wrong.length} of ${points}`).toBe('')
  })

  it('a folder that may not be written: nothing claimed, nothing sent, said; goes on by itself', async () => {
    const root = mkdtempSync(join(tmpdir(), 'coord-storage-'))
    const api = new FakeApi()
    mkdirSync(join(root, '.claude'))
    appendFileSync(join(root, '.claude', 'coord-queue.jsonl'), line('a'))
    const w = world(root, api)
    // root may write anywhere: the refusal is played, not set
    w.fate = (_, op) =>
      ['mkdir', 'rename', 'writeFile', 'openAppend', 'link'].includes(op) ? { code: 'EROFS' } : 'ok'
    chmodSync(join(root, '.claude'), 0o500)
    expect(await w.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: true,
      value: { delivered: 0, waiting: 1 },
    })
    expect((await w.box.summary()).problem).toContain('read-only')
    expect(readdirSync(join(root, '.claude'))).toEqual(['coord-queue.jsonl'])
    expect(api.arrivals).toEqual([])
    chmodSync(join(root, '.claude'), 0o700)
    w.fate = () => 'ok'
    w.clockMs += 10_000
    expect(await w.box.flush({ waitMs: 0, lanes: 1 })).toMatchObject({
      ok: true,
      value: { delivered: 1, waiting: 0 },
    })
    expect((await w.box.summary()).problem).toBeNull()
    rmSync(root, { recursive: true })
  })

  it('poison: five failures over ten minutes, while the API is well, set the one call aside; without health it never is', async () => {
    for (const isHealthy of [true, false]) {
      const root = mkdtempSync(join(BASE, 'coord-storage-'))
      const api = new FakeApi()
      mkdirSync(join(root, '.claude'))
      appendFileSync(join(root, '.claude', 'coord-queue.jsonl'), line('poison') + line('next'))
      const w = world(root, api)
      w.answer = (call) => {
        const isBad = call.method === 'POST' && String(call.body).includes('poison')
        return isBad || (!isHealthy && call.path === '/api/coord/status')
          ? { kind: 'answer', status: 500, headers: {}, text: '{"detail":"boom"}', isCut: false }
          : undefined
      }
      const rounds: number[] = []
      for (let i = 0; i < 8; i++) {
        w.clockMs += 130_000
        await w.box.flush({ waitMs: 0, lanes: 1 })
        rounds.push((await w.box.summary()).setAsideCount)
      }
      if (isHealthy) {
        // the first failure starts the ten minutes: 5 × 130 s later they are over
        expect(rounds).toEqual([0, 0, 0, 0, 0, 1, 1, 1])
        expect(api.messages.map((m) => m['subject'])).toEqual(['next'])
      } else {
        expect(rounds).toEqual([0, 0, 0, 0, 0, 0, 0, 0])
        expect(api.messages).toEqual([])
      }
      rmSync(root, { recursive: true })
    }
  })

  it('retention: a week after its last call a segment goes, ledger last; with something set aside it stays', async () => {
    const root = mkdtempSync(join(BASE, 'coord-storage-'))
    const api = new FakeApi()
    mkdirSync(join(root, '.claude'))
    const queue = join(root, '.claude', 'coord-queue.jsonl')
    const w = world(root, api)
    appendFileSync(queue, line('a'))
    await w.box.flush({ waitMs: 0, lanes: 1 })
    appendFileSync(queue, 'bad\n')
    await w.box.flush({ waitMs: 0, lanes: 1 })
    const segs = (): string[] =>
      readdirSync(join(root, '.claude', '.coord-outbox')).filter((n) => /\.(seg|led)$/.test(n))
    expect(segs()).toHaveLength(4)
    w.clockMs += 6.9 * 86_400_000
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(segs()).toHaveLength(4)
    w.clockMs += 86_400_000
    await w.box.flush({ waitMs: 0, lanes: 1 })
    expect(segs()).toHaveLength(2)
    const order = w.calls.filter((c) => c.startsWith('unlink') && /\.(seg|led)$/.test(c))
    expect(order.map((c) => c.slice(-3))).toEqual(['seg', 'led'])
    rmSync(root, { recursive: true })
  })

  it('many segments hold no descriptors open', async () => {
    const root = mkdtempSync(join(BASE, 'coord-storage-'))
    const api = new FakeApi()
    mkdirSync(join(root, '.claude'))
    const w = world(root, api)
    const fds = (): number => (existsSync('/proc/self/fd') ? readdirSync('/proc/self/fd').length : 0)
    const before = fds()
    for (let i = 0; i < 60; i++) {
      appendFileSync(join(root, '.claude', 'coord-queue.jsonl'), line(`m${i}`))
      await w.box.flush({ waitMs: 0, lanes: 1 })
      await w.box.summary()
    }
    expect(api.messages).toHaveLength(60)
    expect(fds() - before).toBeLessThan(10)
    rmSync(root, { recursive: true })
  })
})
