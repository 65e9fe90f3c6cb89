/** Commands of the contract beside releasing and quitting: mute, test notification, self-test, all calls at once, settings. */
import { describe, expect, it } from 'vitest'
import { noFacts, type Call } from '../../../shared/call.ts'
import { err, ok } from '../../../shared/result.ts'
import { toIso } from '../../../shared/time.ts'
import type { Outbox } from '../outbox/contract.ts'
import { buildLock, buildMessage, buildSettings, SERVER, START } from '../testing/build.ts'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { answer, createFakeConnection } from '../../testing/machine/connection.ts'
import { createEngine, type EngineDeps, type NotificationChange } from './engine.ts'
import { emptyHistory } from './history-schema.ts'
import { emptyLedger } from './notifications/notified-ledger.ts'
import { TEST_DEADLINE_MS } from './notifications/test-notification.ts'

function setUp(over: Partial<EngineDeps> = {}) {
  const clock = new SimulatedClock({ start: START })
  const connection = createFakeConnection()
  const engine = createEngine({
    clock,
    random: { next: () => 0.5, id: (n) => 'x'.repeat(n) },
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
    remembered: { notified: emptyLedger, seen: [], sessions: [], history: emptyHistory },
    outboxes: () => [],
    useWorkspaces: () => Promise.resolve(),
    enqueue: () => Promise.resolve(ok(null)),
    enqueueSync: () => ok(null),
    openLog: () => Promise.resolve(),
    raisesNotifications: true,
    utcOffsetAt: () => 60,
    ...over,
  })
  const changes: NotificationChange[] = []
  engine.onNotifications((c) => changes.push(c))
  return { clock, connection, engine, shown: () => changes.flatMap((c) => c.show) }
}

describe('mute', () => {
  it('for an hour, until the local morning, and off again; the tray says which is offered', async () => {
    const t = setUp()
    const labels = (): string[] =>
      t.engine.trayView().menu.flatMap((m) => (m.kind === 'action' && /ute/.test(m.label) ? [m.label] : []))
    expect(labels()).toEqual(['Mute for an hour', 'Mute until tomorrow'])
    const mute = t.engine.handlers['notifications.mute']
    expect(await mute({ until: 'in-an-hour', project: null })).toEqual(
      ok({ until: toIso(START + 3_600_000) }),
    )
    expect(labels()).toEqual(['Unmute (muted until 02:00)'])
    // 1 January 01:00 on the wall: the next morning is at 6, five hours before that in UTC
    expect(await mute({ until: 'tomorrow', project: null })).toEqual(
      ok({ until: '2026-01-02T05:00:00.000Z' }),
    )
    expect(await mute({ until: null, project: null })).toEqual(ok({ until: null }))
    expect(t.engine.snapshot().settings.mutedUntil).toBeNull()
  })

  it('one project, kept with its end; what has ended is forgotten', async () => {
    const saved: unknown[] = []
    const t = setUp({
      saveSettings: (s) => (saved.push(s.mutedProjects), Promise.resolve(ok({ name: 'DESK', aliases: [] }))),
    })
    const mute = t.engine.handlers['notifications.mute']
    await mute({ until: 'in-an-hour', project: 'p' })
    await t.clock.advance(2 * 3_600_000)
    await mute({ until: 'in-an-hour', project: 'q' })
    expect(saved).toEqual([
      [{ project: 'p', until: toIso(START + 3_600_000) }],
      [{ project: 'q', until: toIso(START + 3 * 3_600_000) }],
    ])
    await mute({ until: null, project: 'q' })
    expect(saved.at(-1)).toEqual([])
  })
})

describe('test notification', () => {
  it('is shown although muted, and says what the system made of it', async () => {
    const t = setUp({ settings: buildSettings({ mutedUntil: toIso(START + 3_600_000) }) })
    const test = t.engine.handlers['notifications.test']
    const shown = test(null)
    expect(t.shown()).toMatchObject([{ id: 'test', kind: 'test' }])
    t.engine.dispatch({ kind: 'notification.shown', notificationId: 'another' })
    t.engine.dispatch({ kind: 'notification.shown', notificationId: 'test' })
    expect(await shown).toMatchObject(ok({ outcome: 'shown' }))

    const failed = test(null)
    t.engine.dispatch({ kind: 'notification.failed', notificationId: 'test', why: 'not allowed' })
    expect(await failed).toEqual(ok({ outcome: 'failed', detail: 'not allowed' }))

    const silent = test(null)
    await t.clock.advance(TEST_DEADLINE_MS)
    expect(await silent).toMatchObject(ok({ outcome: 'silent' }))
    expect(t.clock.timers()).toBeLessThanOrEqual(1)
  })

  it('is refused in words by a front that shows none', async () => {
    const t = setUp({ raisesNotifications: false })
    expect(await t.engine.handlers['notifications.test'](null)).toMatchObject({
      ok: false,
      error: { code: 'refused' },
    })
    expect(t.shown()).toEqual([])
  })
})

describe('self-test', () => {
  it("asks every endpoint for its shape, names what is wrong with the way out, and adds the front's own", async () => {
    const t = setUp({
      checkHere: () => Promise.resolve([{ check: 'tray', isWell: true, detail: 'there', fix: null }]),
    })
    t.connection.onGet = (path) =>
      path === '/health'
        ? answer(200, { status: 'ok' })
        : path === '/api/coord/locks'
          ? answer(200, { items: [buildLock(1), { nothing: true }] })
          : path.startsWith('/api/coord/messages')
            ? answer(200, [buildMessage(1)])
            : path === '/api/coord/components'
              ? answer(200, '<html>')
              : path === '/api/coord/status'
                ? answer(200, { locks: [] })
                : answer(404, {})
    const done = await t.engine.handlers['check.run'](null)
    const found = done.ok ? done.value.findings : []
    expect(found.map((f) => [f.check, f.isWell])).toEqual([
      ['coordination API', true],
      ['health', true],
      ['list of locks', false],
      ['list of messages', true],
      ['list of components', false],
      ['list of workflows', null],
      ['overview', true],
      ['notifications', null],
      ['tray', true],
    ])
    for (const f of found) expect(f.isWell === false && f.fix === null).toBe(false)
    expect(found[2]?.detail).toBe('1 row, 1 unreadable')
  })

  it.each([
    ['none', /no service/],
    ['died', /has ended/],
    ['there', /there is a service/],
  ] as const)('says how notifications fare: %s', async (state, words) => {
    const t = setUp()
    t.engine.dispatch({ kind: 'notifier.changed', state })
    const done = await t.engine.handlers['check.run'](null)
    const found = done.ok ? done.value.findings.find((f) => f.check === 'notifications') : undefined
    expect(found?.detail).toMatch(words)
    expect(t.engine.snapshot().attention.filter((a) => a.kind === 'notifications')).toMatchObject(
      state === 'there' ? [] : [{ state }],
    )
  })

  it('asks nothing of an API that is away', async () => {
    const t = setUp({ raisesNotifications: false })
    t.connection.isUp = false
    const done = await t.engine.handlers['check.run'](null)
    expect(done).toMatchObject({ value: { findings: [{ check: 'coordination API', isWell: false }] } })
    expect(t.connection.gets).toEqual([])
  })
})

describe('all calls of a workspace', () => {
  const outboxOf = (count: number, act: (id: string) => 'ok' | 'refused' | 'storage'): Outbox => {
    const acted = (id: string) => {
      const code = act(id)
      return Promise.resolve(code === 'ok' ? ok(null) : err({ code, message: code }))
    }
    return {
      path: '/w',
      list: (_end: string, limit: number) =>
        Promise.resolve(
          Array.from({ length: Math.min(count, limit) }, (_, i) => ({ id: String(i) }) as Call),
        ),
      sendAnyway: acted,
      discard: acted,
    } as unknown as Outbox
  }

  it('sends 2,500 in their order; those that can only be edited stay', async () => {
    const order: string[] = []
    const outbox = outboxOf(2_500, (id) => (order.push(id), Number(id) % 100 === 0 ? 'refused' : 'ok'))
    const t = setUp({ outboxes: () => [outbox] })
    const all = t.engine.handlers['queue.all']
    expect(await all({ workspace: '/w', end: 'set-aside', act: 'send' })).toEqual(
      ok({ done: 2_475, left: 25 }),
    )
    expect(order).toEqual(Array.from({ length: 2_500 }, (_, i) => String(i)))
    expect(await all({ workspace: '/other', end: 'skipped', act: 'send' })).toMatchObject({
      error: { code: 'not-found' },
    })
  })

  it('stops where the disk does', async () => {
    const t = setUp({ outboxes: () => [outboxOf(10, (id) => (Number(id) < 4 ? 'ok' : 'storage'))] })
    const all = t.engine.handlers['queue.all']
    expect(await all({ workspace: '/w', end: 'skipped', act: 'discard' })).toEqual(ok({ done: 4, left: 6 }))
  })
})

describe('calls that another window dealt with already', () => {
  it('say so in words, without the id that nobody sees', async () => {
    const { handlers } = setUp().engine
    const error = { code: 'not-found', message: 'This call is not in the queue any more.' }
    expect(await handlers['queue.discard']({ ids: ['f.1.0'] })).toEqual(err(error))
    expect(await handlers['queue.send']({ ids: ['f.1.0'] })).toEqual(err(error))
    expect(await handlers['queue.edit']({ id: 'f.1.0', line: '{}' })).toEqual(err(error))
    expect(await handlers['queue.show']({ id: 'f.1.0' })).toEqual(err(error))
  })
})

describe('start at login', () => {
  it('is set in the system first; where that fails nothing is saved and it is said', async () => {
    const asked: boolean[] = []
    let isFailing = false
    const t = setUp({
      setStartAtLogin: (isOn) => (
        asked.push(isOn),
        Promise.resolve(isFailing ? err('the folder is read-only') : ok(null))
      ),
    })
    const update = t.engine.handlers['settings.update']
    expect(await update({ startAtLogin: true })).toEqual(ok(null))
    expect(await update({ startAtLogin: true, hideContent: true })).toEqual(ok(null))
    expect(asked).toEqual([true])
    isFailing = true
    expect(await update({ startAtLogin: false })).toMatchObject({
      error: { message: expect.stringContaining('read-only') as string },
    })
    expect(t.engine.snapshot().settings.startAtLogin).toBe(true)
    expect(await setUp().engine.handlers['settings.update']({ startAtLogin: true })).toMatchObject({
      error: { code: 'refused' },
    })
  })
})

describe('evidence of life', () => {
  it('names the last claim, message, queued call and hook of each session of this machine', async () => {
    const t = setUp()
    const at = (minutes: number): string => toIso(START + minutes * 60_000)
    t.connection.onGet = (path) =>
      path.startsWith('/api/coord/locks')
        ? answer(200, [
            buildLock(1, { session_id: 'DESK/a', acquired_at: at(-50) }),
            buildLock(2, { session_id: 'OTHER/x', acquired_at: at(-1) }),
          ])
        : path.startsWith('/api/coord/messages')
          ? answer(200, [
              // to another machine: no message of ours, but a sign of ours
              buildMessage(1, { from_session: 'desk/a', to_session: 'OTHER/x', created_at: at(-20) }),
              buildMessage(2, { from_session: 'DESK/b', to_session: 'OTHER/x', created_at: at(-90) }),
            ])
          : answer(404, {})
    t.engine.start()
    await t.clock.advance(200)
    t.engine.dispatch({
      kind: 'call.delivered',
      workspace: '/w',
      call: { id: '1', at: START, method: 'PUT', path: '/', note: null },
      queuedAt: at(-300),
      sessions: ['DESK/b'],
    })
    t.engine.dispatch({
      kind: 'sessions.found',
      sessions: ['DESK/c'],
      at: { 'DESK/c': START - 60_000, 'DESK/future': START + 3_600_000 },
      hooksAt: { 'DESK/c': START - 60_000 },
      guards: {
        'DESK/c': {
          session: 'DESK/c',
          at: START - 120_000,
          did: 'refused',
          project: 'p',
          resource: 'r2',
          held: { lock: '2', by: 'OTHER/x' },
        },
      },
    })
    const none = { guard: null, hookAt: null }
    expect(t.engine.snapshot().sessions).toEqual([
      {
        session: 'DESK/c',
        guard: { at: at(-2), did: 'refused' },
        hookAt: at(-1),
        life: [{ kind: 'hook', at: at(-1) }],
      },
      { session: 'desk/a', ...none, life: [{ kind: 'message', at: at(-20) }] },
      { session: 'DESK/a', ...none, life: [{ kind: 'claim', at: at(-50) }] },
      {
        session: 'DESK/b',
        ...none,
        life: [
          { kind: 'message', at: at(-90) },
          { kind: 'queue', at: at(-300) },
        ],
      },
    ])
    expect(t.engine.snapshot().messages).toEqual([])
    await t.engine.stop()
  })

  it('finds the session of a line that waits, also of one that is cut', () => {
    const t = setUp()
    const next = [
      { ts: toIso(START - 1), method: 'DELETE', path: '/api/coord/locks?session_id=DESK%2Fq', raw: '{}' },
      {
        ts: toIso(START - 2),
        method: 'POST',
        path: '/x',
        raw: '{"body":{"from_session":"DESK\\/m","body":"cut',
      },
      { ts: null, method: null, path: null, raw: '"session_id":"DESK/' },
    ]
    t.engine.dispatch({
      kind: 'workspace.changed',
      summary: {
        path: '/w',
        name: 'w',
        waiting: 3,
        delivered: 0,
        setAsideCount: 0,
        skippedCount: 0,
        setAside: [],
        skipped: [],
        lately: [],
        next: next.map((call, n) => ({ ...noFacts, id: `1:1.${n}.0`, ...call })),
        sending: null,
        owner: 'this',
        problem: null,
        oldestWaiting: null,
      },
    })
    expect(t.engine.state().sessions).toEqual(['DESK/q', 'DESK/m'])
    expect(t.engine.snapshot().sessions.map((s) => s.life.map((l) => l.kind))).toEqual([['queue'], ['queue']])
  })
})

describe('a lock that somebody waits for', () => {
  const at = toIso(START - 60_000)
  const refused = [{ session_id: 'OTHER/w', at }]
  const locks = (rows: readonly ReturnType<typeof buildLock>[]) => ({
    kind: 'locks.read' as const,
    rows,
    unreadable: 0,
    at: START,
    skewMs: 0,
  })
  const theirs = buildLock(2, { session_id: 'OTHER/x', refused: [{ session_id: 'DESK/b', at }] })
  const bodies = (t: ReturnType<typeof setUp>): unknown[] =>
    t.connection.sent.flatMap((call) =>
      typeof call.body === 'string' ? [JSON.parse(call.body) as unknown] : [],
    )

  it('a session of ours that was refused one is told, as its guard or the API noted it, for two hours', () => {
    const t = setUp()
    const waits = () => t.engine.snapshot().attention.filter((a) => a.kind === 'session-waits')
    t.engine.dispatch(locks([theirs, buildLock(3, { session_id: 'OTHER/y' }), buildLock(4, { refused })]))
    const first = {
      id: '2',
      resource: 'r2',
      project: 'p',
      session: 'OTHER/x',
      by: 'DESK/b',
      at,
      askedAt: null,
    }
    expect(waits()).toEqual([{ kind: 'session-waits', ...first }])
    const word = {
      session: 'DESK/c',
      at: START - 30_000,
      did: 'refused' as const,
      project: 'p',
      resource: 'r3',
    }
    const guards = { 'DESK/c': { ...word, held: { lock: '3', by: 'OTHER/y' } } }
    t.engine.dispatch({ kind: 'sessions.found', sessions: [], guards })
    expect(waits().map((a) => [a.by, a.id])).toEqual([
      ['DESK/c', '3'],
      ['DESK/b', '2'],
    ])
    // held by another by now
    t.engine.dispatch(locks([theirs, buildLock(3, { session_id: 'OTHER/z' })]))
    expect(waits().map((a) => a.by)).toEqual(['DESK/b'])
    t.engine.dispatch({ kind: 'clock.tick', at: START + 2 * 3_600_000 })
    expect(waits()).toEqual([])
  })

  it('is asked for in the name of the session that waits, or of this machine; and it is remembered', async () => {
    const t = setUp()
    t.engine.dispatch(locks([theirs, buildLock(4, { refused })]))
    t.connection.onSend = () => answer(201, buildMessage(9))
    const ask = t.engine.handlers['lock.ask']
    expect(await ask({ id: '2', by: 'DESK/b' })).toEqual(ok({ id: '9', queued: false }))
    expect(await ask({ id: '4', by: 'OTHER/w' })).toEqual(ok({ id: '9', queued: false }))
    expect(await ask({ id: '7', by: 'DESK/b' })).toMatchObject({ ok: false, error: { code: 'not-found' } })
    expect(bodies(t)).toMatchObject([
      { from_session: 'DESK/b', to_session: 'OTHER/x', project_key: 'p', subject: 'May I have r2?' },
      {
        from_session: 'DESK/coord',
        to_session: 'DESK/b',
        body: expect.stringContaining('OTHER/w was refused r4'),
      },
    ])
    const asked = t.engine.snapshot().attention.flatMap((a) => ('askedAt' in a ? [a.askedAt] : []))
    expect(asked).toEqual([toIso(START), toIso(START)])
  })

  it('released with a word to those who wait; without the wish for it, and where nothing was released, none', async () => {
    const t = setUp()
    const mine = buildLock(4, { refused: [...refused, ...refused, { session_id: 'OTHER/v', at: null }] })
    t.engine.dispatch(locks([mine]))
    let held = [mine]
    t.connection.onGet = (path) => (path.startsWith('/api/coord/locks') ? answer(200, held) : answer(404, {}))
    t.connection.onSend = ({ method }) => {
      if (method !== 'DELETE') return answer(201, buildMessage(9))
      held = []
      return answer(200, {})
    }
    const release = t.engine.handlers['lock.release']
    expect(await release({ id: '4', force: false, tell: true })).toMatchObject(ok({ released: 1, told: 2 }))
    expect(bodies(t)).toMatchObject([
      { from_session: 'DESK/b', to_session: 'OTHER/w', subject: 'r4 is free' },
      { from_session: 'DESK/b', to_session: 'OTHER/v' },
    ])
    held = [mine]
    t.engine.dispatch(locks(held))
    expect(await release({ id: '4', force: false })).toMatchObject(ok({ released: 1, told: 0 }))
    held = [theirs]
    t.engine.dispatch(locks(held))
    expect(await release({ id: '2', force: false, tell: true })).toMatchObject(ok({ released: 0, told: 0 }))
    expect(bodies(t)).toHaveLength(2)
  })
})

describe('settings that are used later', () => {
  it('a restart is needed as long as another address than the one in effect is chosen, and no longer', async () => {
    const t = setUp()
    const update = t.engine.handlers['settings.update']
    const isNeeded = (): boolean => t.engine.snapshot().attention.some((one) => one.kind === 'restart-needed')
    for (const [apiUrl, needed] of [
      ['http://127.0.0.1:1', true],
      [null, false],
      ['http://127.0.0.1:2', true],
      ['http://127.0.0.1:2', true],
    ] as const) {
      await update({ apiUrl })
      expect(isNeeded(), String(apiUrl)).toBe(needed)
    }
    await update({ hideContent: true })
    expect(isNeeded()).toBe(true)
  })
})

describe('settings that cannot be kept', () => {
  it('what a variable fixes is refused by its key, and shown with the variable', async () => {
    const t = setUp({ settingsSetBy: { apiUrl: 'COORD_API_URL' } })
    expect(t.engine.snapshot().settings.setBy).toEqual({ apiUrl: 'COORD_API_URL' })
    const update = t.engine.handlers['settings.update']
    expect(await update({ apiUrl: 'http://127.0.0.1:1' })).toMatchObject({
      ok: false,
      error: { code: 'set-elsewhere', about: 'apiUrl', message: expect.stringContaining('COORD_API_URL') },
    })
    expect(await update({ apiUrl: null, hideContent: true })).toEqual(ok(null))
    expect(t.engine.snapshot().settings).toMatchObject({ apiUrl: null, hideContent: true })
  })

  it('a path that is no folder is refused; one that was there before, and is away now, is not in the way', async () => {
    const states = {
      '/gone': 'missing',
      '/new': 'folder',
      rel: 'not-absolute',
      '/file': 'not-a-folder',
    } as const
    const t = setUp({
      settings: buildSettings({ workspaces: ['/gone'] }),
      checkFolder: (path) => ({ state: states[path as keyof typeof states], resolved: path }),
    })
    const update = t.engine.handlers['settings.update']
    for (const path of ['rel', '/file'])
      expect(await update({ workspaces: ['/gone', path] })).toMatchObject({
        ok: false,
        error: { code: 'not-a-folder', about: path },
      })
    expect(await update({ workspaces: ['/gone', '/new'] })).toEqual(ok(null))
    expect(t.engine.snapshot().settings.workspaces).toEqual(['/gone', '/new'])
    expect(await t.engine.handlers['folder.check']({ path: '/new' })).toEqual(
      ok({ state: 'folder', resolved: '/new' }),
    )
    expect(await t.engine.handlers['folder.pick'](null)).toMatchObject({
      ok: false,
      error: { code: 'refused' },
    })
  })
})

describe('the API’s own list of messages', () => {
  it('is asked for with the history, once a minute, where the server has pages', async () => {
    const t = setUp()
    const asked = () => t.connection.gets.filter((path) => path.includes('order=newest')).length
    t.connection.onGet = () => answer(200, [buildMessage(1, { read_at: toIso(START) })])
    const history = async () => {
      const got = t.engine.handlers['history.get'](null)
      await t.clock.advance(10)
      const done = await got
      return done.ok ? done.value.messages.map((m) => m.id) : done
    }
    expect([await history(), asked()]).toEqual([[], 0])
    t.connection.facts = { ...t.connection.facts, extensions: new Set(['pages'] as const) }
    expect([await history(), asked()]).toEqual([['1'], 1])
    expect([await history(), asked()]).toEqual([['1'], 1])
    await t.clock.advance(60_000)
    expect([await history(), asked()]).toEqual([['1'], 2])
  })
})
