import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ok } from '../../../shared/result.ts'
import { appSnapshot } from '../../../shared/snapshot.ts'
import { toIso } from '../../../shared/time.ts'
import { buildLock, buildMessage, buildSettings, buildState, SERVER } from '../testing/build.ts'
import { SimulatedClock, settle } from '../../testing/machine/clock.ts'
import { answer, createFakeConnection } from '../../testing/machine/connection.ts'
import { createEngine, type NotificationChange } from './engine.ts'
import type { AppEvent } from './events.ts'
import { emptyHistory } from './history-schema.ts'
import { emptyLedger } from './notifications/notified-ledger.ts'
import { toFarewell, type Farewell } from './quit.ts'
import { reduce } from './reduce.ts'
import { toSnapshot } from './views/to-snapshot.ts'
import { toTrayView } from './views/to-tray-view.ts'

function setUp(over: { quitChoice?: 'ask' | 'release' | 'keep' } = {}) {
  const clock = new SimulatedClock()
  const connection = createFakeConnection()
  const rows = { locks: [buildLock(1), buildLock(2)], messages: [buildMessage(1)] }
  connection.onGet = (path) =>
    path.startsWith('/api/coord/locks')
      ? answer(200, rows.locks)
      : path.startsWith('/api/coord/messages')
        ? answer(200, rows.messages)
        : answer(404, {})
  connection.onSend = (call) => {
    const id = /locks\/([^?]+)/.exec(call.path)?.[1]
    rows.locks = id === undefined ? [] : rows.locks.filter((l) => l.id !== id)
    return answer(200, { released: 1 })
  }
  const queued: string[] = []
  const order: string[] = []
  const engine = createEngine({
    clock,
    random: { next: () => 0.5, id: (n) => 'x'.repeat(n) },
    log: { info() {}, warn() {}, error() {} },
    connection,
    server: SERVER,
    apiUrl: SERVER,
    isServedHere: false,
    machine: { name: 'DESK', aliases: [] },
    settings: buildSettings(over),
    saveSettings: (s) => Promise.resolve(ok({ name: s.machineName, aliases: s.aliases })),
    memory: {
      saveLedger: () => (order.push('ledger'), ok(null)),
      saveSeen: () => ok(null),
      saveSessions: () => ok(null),
      saveHistory: () => ok(null),
    },
    remembered: { notified: emptyLedger, seen: [], sessions: [], history: emptyHistory },
    outboxes: () => [],
    useWorkspaces: () => Promise.resolve(),
    enqueue: (line) => (queued.push(line), Promise.resolve(ok(null))),
    enqueueSync: (lines) => (queued.push(...lines), ok(null)),
    openLog: () => Promise.resolve(),
    raisesNotifications: true,
  })
  const changes: NotificationChange[] = []
  engine.onNotifications((c) => (order.push('toast'), changes.push(c)))
  let quits = 0
  let farewell: Farewell | null = null
  engine.onQuit((outcome) => {
    quits++
    farewell = toFarewell(outcome)
  })
  return {
    clock,
    connection,
    rows,
    queued,
    order,
    engine,
    changes,
    quits: () => quits,
    farewell: () => farewell,
  }
}

describe('engine', () => {
  it('reads, shows and tells, with the ledger kept before the toast', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    expect(appSnapshot.parse(t.engine.snapshot()).totals).toMatchObject({ unread: 1, locksMine: 2 })
    expect(t.changes.flatMap((c) => c.show)).toHaveLength(1)
    expect(t.order.indexOf('ledger')).toBeLessThan(t.order.indexOf('toast'))
    t.engine.notificationClicked(t.changes[0]?.show[0]?.id ?? '')
    expect(t.engine.snapshot().openMessage).toBe('1')
    const labels = t.engine.trayView().menu.map((m) => (m.kind === 'separator' ? '-' : m.label))
    expect(labels).toContain('Clean up session DESK/b')
    expect(labels.at(-1)).toBe('Quit (2 locks held)…')
    await t.engine.stop()
    await t.clock.advance(600_000)
    expect(t.clock.timers()).toBe(0)
  })

  it('never has two rounds of reading at once', async () => {
    const t = setUp()
    let inFlight = 0
    let most = 0
    const before = t.connection.onGet
    t.connection.onGet = async (path) => {
      most = Math.max(most, ++inFlight)
      await settle()
      inFlight--
      return before(path)
    }
    t.engine.start()
    for (let i = 0; i < 5; i++) t.engine.dispatch({ kind: 'network.changed' })
    await t.clock.advance(60_000)
    expect(most).toBe(1)
    await t.engine.stop()
  })

  it('cleans up a session with one call and reads back', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    const done = await t.engine.handlers['session.cleanUp']({ session: 'DESK/b' })
    expect(done).toEqual(ok({ released: 2, queued: 0, refused: [] }))
    expect(t.engine.snapshot().locks).toEqual([])
    await t.engine.stop()
  })

  it('releasing one lock costs three requests, and what it read back is shown without a further read', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    const before = t.connection.gets.length
    const done = await t.engine.handlers['lock.release']({ id: '1', force: false })
    expect(done).toEqual(ok({ released: 1, queued: 0, refused: [], told: 0 }))
    expect(t.engine.snapshot().locks.map((l) => l.id)).toEqual(['2'])
    await t.clock.advance(1_000)
    expect([t.connection.gets.length - before, t.connection.sent.length]).toEqual([2, 1])
    await t.engine.stop()
  })

  it('a session cleaned up from the menu says that it was done; from the window, which says it itself, it does not', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    const cleanUp = t.engine.handlers['session.cleanUp']
    const done = (): string[] =>
      t.changes
        .flatMap((c) => c.show)
        .filter((v) => v.kind === 'done')
        .map((v) => v.title)
    await cleanUp({ session: 'DESK/b' })
    expect(done()).toEqual(['2 locks released'])
    t.engine.dispatch({ kind: 'window.changed', isOpen: true, isFocused: true })
    await cleanUp({ session: 'DESK/b' })
    expect(done()).toHaveLength(1)
    await t.engine.stop()
  })

  it('queues releases by id while the API is away, once each', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    t.connection.isUp = false
    for (let i = 0; i < 2; i++)
      expect(await t.engine.handlers['machine.releaseAll'](null)).toEqual(
        ok({ released: 0, queued: 2, refused: [] }),
      )
    expect(t.queued.map((l) => (JSON.parse(l) as { path: string }).path)).toEqual([
      '/api/coord/locks/1?session_id=DESK%2Fb',
      '/api/coord/locks/2?session_id=DESK%2Fb',
    ])
    await t.engine.stop()
  })

  it("refuses another machine's lock unless it is stale and forced, with the holder", async () => {
    const t = setUp()
    t.rows.locks = [buildLock(9, { session_id: 'OTHER/x' })]
    t.engine.start()
    await t.clock.advance(200)
    const live = await t.engine.handlers['lock.release']({ id: '9', force: true })
    expect(live).toMatchObject({ value: { released: 0, refused: [{ id: '9', holder: 'OTHER/x' }] } })
    await t.clock.advance(3 * 60 * 60_000)
    expect(await t.engine.handlers['lock.release']({ id: '9', force: false })).toMatchObject({
      value: { released: 0 },
    })
    expect(await t.engine.handlers['lock.release']({ id: '9', force: true })).toMatchObject({
      value: { released: 1 },
    })
    expect(t.connection.sent.at(-1)?.path).toContain('session_id=OTHER%2Fx')
    await t.engine.stop()
  })

  it('asks before quitting, and appends what could not be released in three seconds', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    await t.engine.handlers['app.quit']({ choice: null, remember: false })
    expect(t.engine.snapshot().quit.isAsking).toBe(true)
    t.connection.onSend = () => new Promise(() => undefined)
    await t.engine.handlers['app.quit']({ choice: 'release', remember: false })
    await t.clock.advance(2_900)
    expect(t.quits()).toBe(0)
    await t.clock.advance(200)
    expect(t.quits()).toBe(1)
    expect(t.queued).toHaveLength(2)
    expect(t.farewell()).toMatchObject({ title: '2 locks not released yet' })
    await t.engine.stop()
  })

  it('quits at once when asked a second time while it releases, with what is left kept', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    t.connection.onSend = () => new Promise(() => undefined)
    await t.engine.handlers['app.quit']({ choice: 'release', remember: false })
    await t.clock.advance(100)
    expect(t.quits()).toBe(0)
    await t.engine.handlers['app.quit']({ choice: null, remember: false })
    await settle()
    expect(t.quits()).toBe(1)
    expect(t.queued).toHaveLength(2)
    await t.engine.stop()
  })

  it('keeps a release once, also when its call fails after the deadline', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    let fail = (): void => {}
    t.connection.onSend = () =>
      new Promise((done) => (fail = () => done({ kind: 'in-doubt', detail: 'the connection was closed' })))
    await t.engine.handlers['app.quit']({ choice: 'release', remember: false })
    await t.clock.advance(3_100)
    fail()
    await settle()
    expect(t.queued).toHaveLength(2)
    await t.engine.stop()
  })

  it('keeps the releases under way when the system ends it meanwhile, once', async () => {
    const t = setUp({ quitChoice: 'keep' })
    t.engine.start()
    await t.clock.advance(200)
    t.connection.onSend = () => new Promise(() => undefined)
    await t.engine.handlers['app.quit']({ choice: 'release', remember: false })
    await t.clock.advance(100)
    expect(t.engine.leaveAtOnce()).toEqual({ queued: 2 })
    await t.clock.advance(3_000)
    expect(t.queued).toHaveLength(2)
    expect(t.quits()).toBe(0)
    await t.engine.stop()
  })

  it('counts down to the next attempt in the tray, by tens', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    const told: string[] = []
    t.engine.onTrayView(({ tooltip }) => told.push(/again in (\d+) s/.exec(tooltip)?.[1] ?? 'none'))
    const view = { state: 'degraded', since: toIso(t.clock.now()), detail: 'x' } as const
    const until = toIso(t.clock.now() + 24_500)
    t.engine.dispatch({ kind: 'connection.changed', view: { ...view, until }, at: t.clock.now() })
    await t.clock.advance(24_700)
    expect(told).toEqual(['30', '20', '10', 'none'])
    await t.engine.stop()
  })

  it.each([
    ['was away', { state: 'offline' }, 1],
    ['was only slow: what is slow would be asked again and again', { state: 'degraded', isOverdue: true }, 0],
  ] as const)('reads at once where the API answers again that %s', async (_, was, rounds) => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    const locksRead = (): number => t.connection.gets.filter((p) => p.startsWith('/api/coord/locks')).length
    const before = locksRead()
    for (const now of [was, { state: 'online' }] as const) {
      const at = t.clock.now()
      const view = { ...now, since: toIso(at), detail: 'x', until: null }
      t.engine.dispatch({ kind: 'connection.changed', view, at })
    }
    await t.clock.advance(200)
    expect(locksRead() - before).toBe(rounds)
    await t.engine.stop()
  })

  it('reads when a person flushes', async () => {
    const t = setUp()
    t.engine.start()
    await t.clock.advance(200)
    t.rows.messages = [buildMessage(1), buildMessage(2)]
    await t.engine.handlers['queue.flush']({ workspace: null })
    await t.clock.advance(200)
    expect(t.engine.snapshot().totals.unread).toBe(2)
    await t.engine.stop()
  })

  it('falls back to one read a session where the server refuses the plain list', async () => {
    const t = setUp()
    const before = t.connection.onGet
    t.connection.onGet = (path) =>
      path.startsWith('/api/coord/messages') && !path.includes('to_session') ? answer(422, {}) : before(path)
    t.engine.start()
    await t.clock.advance(200)
    expect(t.connection.gets.some((p) => p.includes('to_session=DESK%2Fclaude-main'))).toBe(true)
    expect(t.engine.snapshot().messages).toHaveLength(1)
    await t.engine.stop()
  })
})

describe('reduce and its projections', () => {
  it('never throw, whatever the rows hold', () => {
    const text = fc.option(fc.oneof(fc.string(), fc.constant('2026-01-01T00:00:00Z')), { nil: null })
    const event: fc.Arbitrary<AppEvent> = fc.oneof(
      fc
        .record({
          id: fc.string(),
          session_id: fc.string(),
          acquired_at: text,
          last_activity_at: text,
          resource: text,
        })
        .map((l): AppEvent => ({
          kind: 'locks.read',
          rows: [buildLock(0, l)],
          unreadable: 1,
          at: 5,
          skewMs: -9,
        })),
      fc
        .record({ id: fc.string(), subject: text, created_at: text, from_session: text, to_session: text })
        .map((m): AppEvent => ({
          kind: 'messages.read',
          rows: [buildMessage(0, m)],
          unreadable: 0,
          at: 5,
          skewMs: 0,
        })),
      fc.array(fc.string()).map((ids): AppEvent => ({ kind: 'message.seen', ids })),
      fc.string().map((id): AppEvent => ({ kind: 'fault.cleared', id })),
      fc.double().map((at): AppEvent => ({ kind: 'clock.tick', at })),
      fc.string().map((kind) => ({ kind }) as unknown as AppEvent),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        let state = buildState()
        for (const e of events) state = reduce(state, e)
        expect(appSnapshot.safeParse(toSnapshot(state, 1)).success).toBe(true)
        expect(toTrayView(state).tooltip.length).toBeLessThanOrEqual(250)
      }),
    )
  })
})
