/** The one loop that reads the API: when it reads, what it makes of odd answers, and how soon a message is told. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ok } from '../../../shared/result.ts'
import { buildLock, buildMessage, buildSettings, buildState, SERVER } from '../testing/build.ts'
import { SimulatedClock, settle } from '../../testing/machine/clock.ts'
import { answer, createFakeConnection } from '../../testing/machine/connection.ts'
import { createEngine } from './engine.ts'
import type { AppEvent } from './events.ts'
import { emptyHistory } from './history-schema.ts'
import { emptyLedger } from './notifications/notified-ledger.ts'
import { pollIntervalMs } from './poller.ts'

const CLOSED_MS = pollIntervalMs(buildState())
const JITTER = 1.15

function setUp(random = 0.5) {
  const clock = new SimulatedClock()
  const connection = createFakeConnection()
  const rows = { locks: [] as unknown[], messages: [] as unknown[] }
  connection.onGet = (path) =>
    path.startsWith('/api/coord/locks')
      ? answer(200, rows.locks)
      : path.startsWith('/api/coord/messages')
        ? answer(200, rows.messages)
        : answer(200, [])
  const engine = createEngine({
    clock,
    random: { next: () => random, id: (n) => 'x'.repeat(n) },
    log: { info() {}, warn() {}, error() {} },
    connection,
    server: SERVER,
    apiUrl: SERVER,
    isServedHere: false,
    machine: { name: 'DESK', aliases: [] },
    settings: buildSettings(),
    saveSettings: (s) => Promise.resolve(ok({ name: s.machineName, aliases: s.aliases })),
    memory: {
      saveLedger: () => ok(null),
      saveSeen: () => ok(null),
      saveSessions: () => ok(null),
      saveHistory: () => ok(null),
    },
    remembered: {
      notified: { ...emptyLedger, servers: [SERVER] },
      seen: [],
      sessions: [],
      history: emptyHistory,
    },
    outboxes: () => [],
    useWorkspaces: () => Promise.resolve(),
    enqueue: () => Promise.resolve(ok(null)),
    enqueueSync: () => ok(null),
    openLog: () => Promise.resolve(),
    raisesNotifications: true,
  })
  const toasts: { at: number; id: string | null }[] = []
  engine.onNotifications((c) => toasts.push(...c.show.map((v) => ({ at: clock.now(), id: v.messageId }))))
  /** Rounds begun: each asks for the locks first. */
  const rounds = (): number => connection.gets.filter((path) => path === '/api/coord/locks').length
  return { clock, connection, rows, engine, toasts, rounds }
}

describe('the poller', () => {
  it('reads faster with the window open, slower on battery, slowest behind a locked screen', () => {
    const every = (over: Partial<Parameters<typeof pollIntervalMs>[0]>): number =>
      pollIntervalMs({ ...buildState(), ...over })
    expect(every({ isWindowOpen: true })).toBeLessThan(every({}))
    expect(every({ isOnBattery: true })).toBeGreaterThan(every({}))
    expect(every({ isScreenLocked: true, isWindowOpen: true })).toBeGreaterThan(every({}))
    // a person waits at most this long for a message, and an idle machine asks twice each time: 8 requests a minute
    expect(every({})).toBe(15_000)
  })

  it('spreads its rounds: no two machines keep in step', async () => {
    for (const [random, expected] of [
      [0, CLOSED_MS * 0.85],
      [0.999_999, CLOSED_MS * JITTER],
    ] as const) {
      const t = setUp(random)
      t.engine.start()
      await t.clock.advance(expected - 10)
      expect(t.rounds()).toBe(1)
      await t.clock.advance(20)
      expect(t.rounds()).toBe(2)
      await t.engine.stop()
    }
  })

  it('reads at once on resume, unlock, a change of network, an opened window and an act of the person', async () => {
    const events: readonly AppEvent[] = [
      { kind: 'power.resumed' },
      { kind: 'screen.unlocked' },
      { kind: 'network.changed' },
      { kind: 'window.changed', isOpen: true, isFocused: false },
    ]
    const t = setUp()
    t.engine.start()
    await t.clock.advance(100)
    for (const event of events) {
      const before = t.rounds()
      t.engine.dispatch(event)
      await t.clock.advance(1)
      expect([event.kind, t.rounds() - before]).toEqual([event.kind, 1])
    }
    const acts = [
      () => t.engine.handlers['connection.retry'](null),
      () => t.engine.handlers['queue.flush']({ workspace: null }),
      () => t.engine.handlers['message.read']({ id: '1', session: 'DESK/b' }),
      () =>
        t.engine.handlers['message.send']({ from: 'DESK/b', to: null, project: 'p', subject: 's', body: '' }),
    ]
    for (const act of acts) {
      const before = t.rounds()
      await act()
      await t.clock.advance(1)
      expect(t.rounds()).toBeGreaterThan(before)
    }
    await t.engine.stop()
  })

  it('asks nothing while the machine sleeps or the API is away', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(100)
    t.engine.dispatch({ kind: 'power.suspended' })
    await t.clock.advance(600_000)
    expect(t.rounds()).toBe(1)
    t.connection.isUp = false
    t.engine.dispatch({ kind: 'power.resumed' })
    await t.clock.advance(600_000)
    expect(t.rounds()).toBe(1)
    await t.engine.stop()
  })

  it('never has two rounds at once, however slow the API and whatever pokes it; and always reads again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 0, max: 4 })), {
          minLength: 1,
          maxLength: 20,
        }),
        fc.integer({ min: 0, max: 40_000 }),
        async (steps, slowMs) => {
          const t = setUp()
          let inFlight = 0
          let most = 0
          t.connection.onGet = async () => {
            most = Math.max(most, ++inFlight)
            await new Promise<void>((done) => t.clock.schedule(slowMs, done))
            inFlight--
            return answer(200, [])
          }
          t.engine.start()
          for (const [waitMs, kind] of steps) {
            await t.clock.advance(waitMs)
            const events: AppEvent[] = [
              { kind: 'power.suspended' },
              { kind: 'power.resumed' },
              { kind: 'network.changed' },
              { kind: 'window.changed', isOpen: true, isFocused: false },
              { kind: 'screen.unlocked' },
            ]
            t.engine.dispatch(events[kind] ?? { kind: 'network.changed' })
          }
          t.engine.dispatch({ kind: 'power.resumed' })
          const before = t.rounds()
          await t.clock.advance(2 * CLOSED_MS * JITTER + 40 * slowMs + 1)
          expect(t.rounds()).toBeGreaterThan(before)
          expect(most).toBeLessThanOrEqual(1)
          const stopping = t.engine.stop()
          await t.clock.advance(100 * slowMs)
          await stopping
        },
      ),
      { numRuns: 30 },
    )
  })

  it('a row that cannot be read hides no other, and a list that cannot be read hides no other list', async () => {
    const t = setUp()
    t.rows.locks = [buildLock(1), 7, null, { id: 2 }, buildLock(3)]
    t.rows.messages = ['x', buildMessage(1), { subject: 'no id' }]
    t.engine.start()
    await t.clock.advance(200)
    const first = t.engine.snapshot()
    expect([first.locks.map((l) => l.id), first.locksUnreadable]).toEqual([['1', '3'], 3])
    expect([first.messages.map((m) => m.id), first.messagesUnreadable]).toEqual([['1'], 2])
    const whole = t.connection.onGet
    t.connection.onGet = (path) =>
      path.startsWith('/api/coord/locks') ? answer(500, { detail: 'broken' }) : whole(path)
    t.rows.messages = [buildMessage(1), buildMessage(2)]
    t.engine.dispatch({ kind: 'network.changed' })
    await t.clock.advance(200)
    expect(t.engine.snapshot().messages).toHaveLength(2)
    expect(t.engine.snapshot().locks).toHaveLength(2)
    await t.engine.stop()
  })

  it('components are read where workflows are not offered, and taken from the overview where neither is', async () => {
    const t = setUp()
    t.connection.onGet = (path) =>
      path === '/api/coord/status'
        ? answer(200, {
            recent_component_changes: [{ project_key: 'p', component: 'c', state: 'built' }],
            active_workflows: [{ id: 1, name: 'w', status: 'active' }],
          })
        : /components|workflows|work-items/.test(path)
          ? answer(404, {})
          : answer(200, [])
    t.engine.start()
    t.engine.dispatch({ kind: 'window.changed', isOpen: true, isFocused: true })
    await t.clock.advance(200)
    expect(t.engine.snapshot().components).toMatchObject([{ component: 'c', state: 'built' }])
    expect(t.engine.snapshot().workflows).toMatchObject([{ id: '1', name: 'w' }])
    await t.engine.stop()
  })

  it('a message is told within one poll and 0.3 s, whenever it is posted', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 60_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        async (postedAfterMs, random) => {
          const t = setUp(random)
          t.engine.start()
          await t.clock.advance(postedAfterMs)
          t.rows.messages = [buildMessage(1)]
          const postedAt = t.clock.now()
          await t.clock.advance(CLOSED_MS * JITTER + 300)
          expect(t.toasts).toHaveLength(1)
          expect((t.toasts[0]?.at ?? Infinity) - postedAt).toBeLessThanOrEqual(CLOSED_MS * JITTER + 300)
          await t.engine.stop()
          await settle()
        },
      ),
      { numRuns: 50 },
    )
  })
})
