/** Listening to the API's changes: what is heard is read at once, silence ends it, and without it all is as before. */
import { describe, expect, it } from 'vitest'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { createListener, SILENCE_MS, type StreamHandlers } from './listener.ts'

function setUp(over: { extensions?: readonly string[]; machine?: string | null } = {}) {
  const clock = new SimulatedClock()
  const opened: { query: string; handlers: StreamHandlers; isClosed: boolean }[] = []
  const facts = { isReady: true, isSuspended: false }
  const reads: number[] = []
  let turns = 0
  const listener = createListener({
    stream: {
      open(query, handlers) {
        const one = { query, handlers, isClosed: false }
        opened.push(one)
        return () => void (one.isClosed = true)
      },
    },
    connection: {
      isReady: () => facts.isReady,
      server: () => ({
        extensions: new Set((over.extensions ?? ['events']) as 'events'[]),
        keepsKeys: false,
        isOurs: false,
      }),
    },
    clock,
    random: { next: () => 0.5, id: (n) => 'x'.repeat(n) },
    log: { info() {}, warn() {}, error() {} },
    machine: () => over.machine ?? null,
    isSuspended: () => facts.isSuspended,
    read: () => reads.push(clock.now()),
    onTurn: () => turns++,
  })
  listener.start()
  const last = () => {
    const one = opened.at(-1)
    if (!one) throw new Error('nothing was opened')
    return one
  }
  return { clock, opened, facts, reads, listener, last, turns: () => turns }
}
const ready = { name: 'ready', kind: null } as const
const change = { name: 'change', kind: 'messages' } as const

describe('listening to changes', () => {
  it('reads within 0.3 s of a change, and at most four times a second', async () => {
    const t = setUp({ machine: 'DESK' })
    expect(t.last().query).toBe('?for_machine=DESK')
    t.last().handlers.onEvent(ready)
    expect(t.listener.isListening()).toBe(true)
    await t.clock.advance(1_000)
    expect(t.reads).toHaveLength(1)
    const at = t.clock.now()
    t.last().handlers.onEvent(change)
    await t.clock.advance(300)
    expect((t.reads.at(-1) ?? 0) - at).toBeLessThan(300)
    for (let i = 0; i < 100; i++) {
      t.last().handlers.onEvent(change)
      await t.clock.advance(10)
    }
    await t.clock.advance(300)
    expect(t.reads.length).toBeLessThanOrEqual(2 + 6)
    t.listener.stop()
    expect(t.clock.timers()).toBe(0)
  })

  it('is dead after two missed beats, and tried again, ever more slowly', async () => {
    const t = setUp()
    t.last().handlers.onEvent(ready)
    await t.clock.advance(SILENCE_MS - 1)
    t.last().handlers.onBeat()
    await t.clock.advance(SILENCE_MS - 1)
    expect(t.listener.isListening()).toBe(true)
    await t.clock.advance(1)
    expect([t.listener.isListening(), t.last().isClosed, t.opened.length]).toEqual([false, true, 1])
    await t.clock.advance(1_000)
    expect(t.opened).toHaveLength(2)
    const gaps: number[] = []
    for (let i = 0; i < 8; i++) {
      const before = t.clock.now()
      const count = t.opened.length
      t.last().handlers.onEnd('refused')
      while (t.opened.length === count) await t.clock.advance(500)
      gaps.push(t.clock.now() - before)
    }
    expect(gaps).toEqual(gaps.toSorted((a, b) => a - b))
    expect(gaps.at(-1)).toBe(60_000)
    t.listener.stop()
  })

  it('a stream that was ended says nothing more', async () => {
    const t = setUp()
    const first = t.last()
    first.handlers.onEvent(ready)
    first.handlers.onEnd('gone')
    const reads = t.reads.length
    first.handlers.onEvent(change)
    first.handlers.onBeat()
    first.handlers.onEnd('gone again')
    await t.clock.advance(400)
    expect([t.reads.length - reads, t.opened.length]).toEqual([1, 1]) // the one read that "ready" asked for
    t.listener.stop()
  })

  it.each([
    ['that offers no events', { extensions: ['etag'] }, {}],
    ['that is away', {}, { isReady: false }],
    ['of a machine that sleeps', {}, { isSuspended: true }],
  ])('nothing is opened to an API %s', async (_name, over, facts) => {
    const t = setUp(over)
    if (Object.keys(facts).length > 0) {
      Object.assign(t.facts, facts)
      t.listener.check()
    }
    await t.clock.advance(120_000)
    expect(t.opened.filter((one) => !one.isClosed)).toEqual([])
    expect(t.listener.isListening()).toBe(false)
    t.listener.stop()
  })
})
