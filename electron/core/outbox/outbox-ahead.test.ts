/** Intents ahead: made durable together where the server keeps our keys, sent one after the other all the same. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Liar } from '../../adapters/testing/liar.ts'
import { message, place, type Place } from '../../adapters/testing/place.ts'
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

const names = Array.from({ length: 70 }, (_, i) => `m${i}`)
/** What the ledger says of calls, in its order: I for an intent, D for a delivery, U for an intent that did not go out. */
const told = (): string =>
  at
    .ledgers()
    .split('\n')
    .map((l) => /^\{"t":"(intent|delivered|unsent)"/.exec(l)?.[1]?.charAt(0).toUpperCase() ?? '')
    .join('')
/** Where the nth such letter stands. */
const placeOf = (order: string, letter: string, nth: number): number =>
  [...order].flatMap((l, i) => (l === letter ? [i] : []))[nth - 1] ?? -1
const mostOpen = (order: string): number => {
  let open = 0
  return Math.max(...[...order].map((l) => (open += l === 'I' ? 1 : -1)))
}
const arrived = (): string[] =>
  server.api.arrivals.map((a) => (JSON.parse(a.body) as { subject: string }).subject)

describe('intents ahead', () => {
  it('go to the disk 32 at a time, those of the next window while the calls of this one go out; in file order', async () => {
    server.api.saysItKeepsKeys = true
    at.add(...names.map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 70, waiting: 0 })
    const order = told()
    expect(order.slice(0, 32)).toBe('I'.repeat(32))
    expect([order.replaceAll('D', '').length, order.replaceAll('I', '').length]).toEqual([70, 70])
    expect(placeOf(order, 'I', 64)).toBeLessThan(placeOf(order, 'D', 32))
    expect(mostOpen(order)).toBeLessThanOrEqual(64)
    expect(arrived()).toEqual(names)
  })

  it('of two windows are taken back where the API asks to wait in the first', async () => {
    server.api.saysItKeepsKeys = true
    server.lie = (asked) =>
      asked.body.includes('"m20"') ? { status: 503, headers: { 'retry-after': '600' } } : undefined
    at.add(...names.map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 20, waiting: 50 })
    const order = told()
    expect([order.match(/I/g)?.length, order.match(/D/g)?.length, order.match(/U/g)?.length]).toEqual([
      64, 20, 44,
    ])
    expect(arrived()).toEqual(names.slice(0, 20))
  })

  it.each([
    ['a call that takes its time: none after it', 60, 2],
    ['a quick call: the lease was read while it was under way, so one after it at most', 0, 3],
  ])('another owner appears during %s', async (_, takesMs, atMost) => {
    server.api.saysItKeepsKeys = true
    server.lie = (asked) => {
      if (!asked.body.includes('"m1"')) return undefined
      const at0 = new Date().toISOString()
      const theirs = { epoch: 99, instance: 'x', kernel: 'another', host: 'h', pid: 1, at: at0 }
      writeFileSync(join(at.dir, 'lease.json'), JSON.stringify(theirs))
      setTimeout(() => {
        const { status, body } = server.truth(asked)
        asked.res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      }, takesMs)
      return 'handled'
    }
    at.add(...names.map((n) => message(n)))
    await at.flush(server.url)
    expect(arrived().length).toBeGreaterThanOrEqual(2)
    expect(arrived().length).toBeLessThanOrEqual(atMost)
  })

  it('of a long file: no window ends where a piece of it was read, and no checkpoint goes before the ends that it speaks of', async () => {
    server.api.saysItKeepsKeys = true
    const many = Array.from({ length: 640 }, (_, i) => `m${i}`)
    at.add(...many.map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 640, waiting: 0 })
    expect(arrived()).toEqual(many)
    const records = at
      .ledgers()
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => JSON.parse(l.slice(0, l.lastIndexOf('\t'))) as { t: string; o: number })
    const intents = records.filter((r) => r.t === 'intent').map((r) => r.o)
    const ended: number[] = []
    let checkpoints = 0
    for (const { t, o } of records) {
      if (t === 'delivered') ended.push(o)
      if (t !== 'upto') continue
      checkpoints++
      expect(ended).toEqual(expect.arrayContaining(intents.filter((at) => at < o)))
    }
    expect(checkpoints).toBeGreaterThan(0)
    // 640 are twenty windows; one that a piece's end cuts short would make more
    const windows = told().match(/I+/g) ?? []
    expect(windows.map((w) => w.length)).toEqual(Array.from({ length: 20 }, () => 32))
  })

  it('go one by one where it does not say so', async () => {
    at.add(...names.slice(0, 3).map((n) => message(n)))
    await at.flush(server.url)
    expect(told()).toBe('IDIDID')
  })

  it('of calls that did not go out are taken back, and none of them is in doubt', async () => {
    server.api.saysItKeepsKeys = true
    server.lie = (asked) =>
      asked.body.includes('"m2"') ? { status: 503, headers: { 'retry-after': '600' } } : undefined
    at.add(...names.slice(0, 5).map((n) => message(n)))
    expect(await at.flush(server.url)).toMatchObject({ delivered: 2, waiting: 3 })
    expect(told()).toBe('IIIIIDDUUU')
  })

  it('of calls that were sent before a crash: sent again with the same key, without a look-up', async () => {
    server.api.saysItKeepsKeys = true
    let isBroken = false
    server.lie = (asked) => {
      if (isBroken || !asked.body.includes('"m1"')) return undefined
      isBroken = true
      server.truth(asked)
      asked.res.destroy()
      return 'handled'
    }
    at.add(...names.slice(0, 3).map((n) => message(n)))
    await at.flush(server.url)
    const before = server.api.reads.length
    await at.flush(server.url, 3_000)
    expect(server.api.effects.map((a) => (JSON.parse(a.body) as { subject: string }).subject)).toEqual(
      names.slice(0, 3),
    )
    expect(server.api.reads.slice(before).filter((r) => r.startsWith('/api/coord/messages'))).toEqual([])
  })

  it.each([
    ['an hour: sent again', 1, false],
    ['longer than servers keep keys: looked up first', 25, true],
  ])('of a call in doubt for %s', async (_, hours, isLookedUp) => {
    const s = stage(at)
    s.api.saysItKeepsKeys = true
    s.answer = (call) => {
      if (call.method === 'GET') return undefined
      s.truth(call)
      return { kind: 'in-doubt', detail: 'reset' }
    }
    // two, for a call by itself is looked up whenever
    at.add(message('a'), message('b'))
    await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    s.answer = () => undefined
    s.clock.set(hours * 3_600_000)
    // our own back-off is over
    await s.clock.advance(2_000)
    const done = await s.clock.drive(s.box.flush({ waitMs: 0, lanes: 1 }))
    expect(done).toMatchObject({ value: { delivered: 2, waiting: 0 } })
    expect(s.api.effects).toHaveLength(2)
    expect(s.asked.some(({ what }) => what.startsWith('GET /api/coord/messages'))).toBe(isLookedUp)
    await s.close()
  })
})
