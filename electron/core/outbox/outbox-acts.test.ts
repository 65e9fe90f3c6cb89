/** While a run goes on: acts, other flushes, and what is told of it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { message, place, type Place } from '../../adapters/testing/place.ts'
import { stage, type Stage } from '../../adapters/testing/stage.ts'

let at: Place
let s: Stage
beforeEach(() => {
  at = place()
  s = stage(at)
})
afterEach(async () => {
  await s.close()
  at.remove()
})

/** Each write of the API takes a time of its own on the held clock. */
function slowly(ms: number): void {
  s.answer = (call) => {
    if (call.method === 'GET') return undefined
    const truth = s.truth(call)
    return new Promise((resolve) => void s.clock.schedule(ms, () => resolve(truth)))
  }
}
const subjects = (): unknown[] => s.api.messages.map((m) => m['subject'])

describe('an act of a person', () => {
  it('waits for the call in flight, never for the run: discard, send and edit of one call in the middle of 300', async () => {
    at.add('bad\n', 'worse\n', { method: 'GET', path: '/api/coord/locks' })
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    const { setAside, skipped } = await s.box.summary()
    for (let i = 0; i < 300; i++) at.add(message(`m${i}`))
    slowly(20)
    const run = s.box.flush({ waitMs: 0, lanes: 1 })
    await s.clock.until(() => s.api.messages.length >= 5)
    const begin = s.clock.monotonic()
    const acts = await s.clock.drive(
      Promise.all([
        s.box.discard(setAside[0]?.id ?? ''),
        s.box.edit(setAside[1]?.id ?? '', JSON.stringify(message('edited'))),
        s.box.discard(skipped[0]?.id ?? ''),
      ]),
    )
    expect(acts.every((done) => done.ok)).toBe(true)
    expect(s.clock.monotonic() - begin).toBeLessThanOrEqual(200)
    expect(s.api.messages.length).toBeLessThan(30)
    expect(await s.clock.drive(run)).toMatchObject({ ok: true, value: { delivered: 301, waiting: 0 } })
    expect(subjects()).toEqual([...Array.from({ length: 300 }, (_, i) => `m${i}`), 'edited'])
    expect(await s.box.summary()).toMatchObject({ setAsideCount: 0, skippedCount: 0 })
  })
})

describe('two flushes at once', () => {
  it('each call counts for one of them; progress and counts are each one its own', async () => {
    for (let i = 0; i < 20; i++) at.add(message(`m${i}`))
    slowly(20)
    const told: number[] = []
    const first = s.box.flush({ waitMs: 0, lanes: 1, onProgress: ({ done }) => told.push(done) })
    await s.clock.until(() => s.api.messages.length >= 5)
    const second = s.box.flush({ waitMs: 0, lanes: 1 })
    const [a, b] = await s.clock.drive(Promise.all([first, second]))
    expect([a, b]).toMatchObject([
      { ok: true, value: { delivered: 20, waiting: 0 } },
      { ok: true, value: { delivered: 0, waiting: 0 } },
    ])
    expect(told.length).toBeGreaterThan(0)
    expect(told.at(-1)).toBeLessThanOrEqual(20)
  })

  it('one that is cancelled comes back at once, whatever the other does, and ends nothing of it', async () => {
    for (let i = 0; i < 300; i++) at.add(message(`m${i}`))
    slowly(20)
    const first = s.box.flush({ waitMs: 0, lanes: 1 })
    await s.clock.until(() => s.api.messages.length >= 5)
    let isCancelled = false
    const second = s.box.flush({ waitMs: 0, lanes: 1, isCancelled: () => isCancelled })
    await s.clock.advance(300)
    isCancelled = true
    const begin = s.clock.monotonic()
    expect(await s.clock.drive(second)).toMatchObject({ ok: true, value: { delivered: 0 } })
    expect(s.clock.monotonic() - begin).toBeLessThanOrEqual(300)
    expect(await s.clock.drive(first)).toMatchObject({ value: { delivered: 300, waiting: 0 } })
  })

  it('one that is cancelled in its own run ends with the call in flight; the one that waits goes on', async () => {
    for (let i = 0; i < 60; i++) at.add(message(`m${i}`))
    slowly(20)
    let isCancelled = false
    const first = s.box.flush({ waitMs: 0, lanes: 1, isCancelled: () => isCancelled })
    await s.clock.until(() => s.api.messages.length >= 5)
    const second = s.box.flush({ waitMs: 0, lanes: 1 })
    isCancelled = true
    const a = await s.clock.drive(first)
    const b = await s.clock.drive(second)
    const counts = [a, b].map((done) => (done.ok ? done.value.delivered : -1))
    expect(counts[0]).toBeLessThan(10)
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBe(60)
    expect(subjects()).toEqual(Array.from({ length: 60 }, (_, i) => `m${i}`))
  })
})

it('the oldest call that waits is as old as its own ts says, claimed or not', async () => {
  const hours = 3
  const ts = new Date(s.clock.now() - hours * 3_600_000).toISOString()
  at.add(message('old', ts), message('new', new Date(s.clock.now()).toISOString()))
  expect((await s.box.summary()).oldestWaiting).toBe(Date.parse(ts))
  s.answer = (call) =>
    call.method === 'POST'
      ? { kind: 'answer', status: 503, headers: { 'retry-after': '600' }, text: '', isCut: false }
      : undefined
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  expect(at.segments()).toHaveLength(1)
  expect(await s.box.summary()).toMatchObject({ waiting: 2, oldestWaiting: Date.parse(ts) })
})

it('the end of a call is told once, with the call', async () => {
  at.add(message('a'), 'bad\n', { method: 'GET', path: '/api/coord/locks' })
  await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
  const ends = s.events.filter((event) => event.kind !== 'workspace.changed')
  expect(ends).toMatchObject([
    { kind: 'call.delivered', call: { method: 'POST', path: '/api/coord/messages' }, sessions: ['M/a'] },
    { kind: 'call.set-aside', call: { reason: expect.stringContaining('not JSON') } },
    { kind: 'call.skipped', reason: 'read', call: { method: 'GET' } },
  ])
})
