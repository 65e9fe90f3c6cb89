/** Each rule of notifications as a property: whatever polls, restarts, reorderings, read marks, mutes and times come. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SettingsView } from '../../../../shared/snapshot.ts'
import { parseTime, toIso } from '../../../../shared/time.ts'
import { buildLock, buildMessage, buildSettings, buildState, START } from '../../testing/build.ts'
import { decideNotifications } from './decide.ts'
import { WAITING_TOO_LONG_MS } from './standing-news.ts'
import type { NotificationView } from './views.ts'
import type { AppEvent } from '../events.ts'
import { isQuietAt } from './local-time.ts'
import { reduce } from '../reduce.ts'
import type { AppState } from '../state.ts'
import { unreadMessages } from '../views/counts.ts'

const PROJECTS = ['p', 'q', null] as const
const message = (n: number, over: Record<string, unknown> = {}) =>
  buildMessage(n, { project_key: PROJECTS[n % 3], subject: `subject ${n}`, ...over })
const read = (ids: readonly number[], at: number): AppEvent => ({
  kind: 'messages.read',
  rows: ids.map((id) => message(id)),
  unreadable: 0,
  at,
  skewMs: 0,
})
interface Step {
  readonly state: AppState
  readonly show: readonly NotificationView[]
  readonly withdraw: readonly string[]
  /** Keys of what was shown. */
  readonly keys: readonly string[]
}
/** Decides, and takes the decision over as the engine does. */
function step(state: AppState): Step {
  const d = decideNotifications(state)
  const raised = new Set(d.show.map((s) => s.id))
  return {
    state: reduce(state, { kind: 'notifications.decided', ledger: d.ledger, shown: d.shown }),
    show: d.show,
    withdraw: d.withdraw,
    keys: d.shown.filter((s) => raised.has(s.id)).flatMap((s) => s.keys),
  }
}
/** The ledger is on disk, the rest is gone; what was on the screen stays there unknown. */
const restarted = (state: AppState): AppState =>
  buildState({
    notified: JSON.parse(JSON.stringify(state.notified)) as AppState['notified'],
    seen: state.seen,
    now: state.now,
    settings: state.settings,
    utcOffsetMinutes: state.utcOffsetMinutes,
  })
const started = (over: Partial<AppState> = {}): AppState =>
  step(reduce(buildState(over), read([], START))).state

const ids = fc.uniqueArray(fc.integer({ min: 0, max: 15 }), { maxLength: 16 })
const settings: fc.Arbitrary<Partial<SettingsView>> = fc.record({
  hideContent: fc.boolean(),
  mutedUntil: fc.option(
    fc.integer({ min: -120, max: 600 }).map((m) => toIso(START + m * 60_000)),
    { nil: null },
  ),
  mutedProjects: fc.array(
    fc.record({
      project: fc.constantFrom('p', 'q'),
      until: fc.integer({ min: -120, max: 600 }).map((m) => toIso(START + m * 60_000)),
    }),
    { maxLength: 2 },
  ),
  quietHours: fc.constantFrom(
    null,
    { from: '22:00', to: '07:00' },
    { from: '00:00', to: '01:00' },
    { from: '01:00', to: '00:30' },
  ),
})
const act = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('poll' as const), ids }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('restart' as const, 'crash' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('seen' as const), ids }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('later' as const),
      ms: fc.integer({ min: -3_600_000, max: 7_200_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('window' as const), isOpen: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('settings' as const), settings }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('zone' as const),
      minutes: fc.integer({ min: -720, max: 840 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('refused' as const), by: fc.integer({ min: 0, max: 3 }) }),
  },
)
type Act = typeof act extends fc.Arbitrary<infer T> ? T : never

function apply(state: AppState, a: Act): AppState {
  switch (a.kind) {
    case 'poll':
      return reduce(state, read(a.ids, state.now))
    case 'restart':
      return restarted(state)
    case 'crash':
      // on disk before the toast: a crash keeps the ledger, whether or not the toast was raised
      return restarted(step(state).state)
    case 'seen':
      return reduce(state, { kind: 'message.seen', ids: a.ids.map(String) })
    case 'later':
      return reduce(state, { kind: 'clock.tick', at: state.now + a.ms })
    case 'zone':
      return reduce(state, { kind: 'clock.tick', at: state.now, utcOffsetMinutes: a.minutes })
    case 'window':
      return reduce(state, { kind: 'window.changed', isOpen: a.isOpen, isFocused: a.isOpen })
    case 'settings':
      return { ...state, settings: buildSettings(a.settings) }
    case 'refused':
      // the same session again and again, each time at another moment
      return {
        ...state,
        locks: [buildLock(1, { refused: [{ session_id: `OTHER/s${a.by}`, at: toIso(state.now) }] })],
      }
  }
}
/** Runs the acts; `check` sees each state before and after its decision. */
function play(acts: readonly Act[], check: (before: AppState, after: Step) => void): void {
  let state = buildState()
  for (const a of acts) {
    state = apply(state, a)
    const after = step(state)
    check(state, after)
    state = after.state
  }
}
const manyActs = fc.array(act, { minLength: 5, maxLength: 50 })
const RUNS = { numRuns: 300 }

describe('each rule of notifications', () => {
  it('at most one notification per message, and per lock and refused session, ever', () => {
    let shown = 0
    fc.assert(
      fc.property(manyActs, (acts) => {
        const told: string[] = []
        play(acts, (_, after) => told.push(...after.keys))
        shown += told.length
        expect(new Set(told).size).toBe(told.length)
      }),
      RUNS,
    )
    expect(shown).toBeGreaterThan(1000) // the property is not true because nothing is ever shown
  })

  it('the backlog of a first start is one summary; a restart adds nothing', () => {
    fc.assert(
      fc.property(ids, ids, (first, later) => {
        const one = step(reduce(buildState(), read(first, START)))
        expect(one.show).toHaveLength(first.length === 0 ? 0 : 1)
        if (first.length > 1) expect(one.show[0]).toMatchObject({ kind: 'summary' })
        // started again, in another order, with some of them gone
        const again = step(
          reduce(
            restarted(one.state),
            read(
              later.filter((i) => first.includes(i)),
              START,
            ),
          ),
        )
        expect(again.show).toEqual([])
      }),
      RUNS,
    )
  })

  it('what is read elsewhere is withdrawn; what is not, stays', () => {
    fc.assert(
      fc.property(ids, ids, (there, still) => {
        const one = step(reduce(started(), read(there, START)))
        const left = there.filter((i) => still.includes(i))
        const two = step(reduce(one.state, read(left, START)))
        const needed = new Set(left.map((i) => `["message","${two.state.server}","${i}"`))
        for (const s of one.state.shown) {
          const isNeeded = s.keys.some((k) => [...needed].some((n) => k.startsWith(`${n},`)))
          expect(two.withdraw.includes(s.id)).toBe(!isNeeded)
        }
      }),
      RUNS,
    )
  })

  it('a burst is one summary: in any ten seconds at most three single ones and one summary, and none is lost', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9_000 })), {
          minLength: 1,
          maxLength: 15,
        }),
        (polls) => {
          let state = started()
          let n = 0
          const toasts: { at: number; kind: string }[] = []
          const tick = (ms: number): void => {
            state = reduce(state, { kind: 'clock.tick', at: state.now + ms })
            const after = step(
              reduce(
                state,
                read(
                  Array.from({ length: n }, (_, i) => i),
                  state.now,
                ),
              ),
            )
            toasts.push(...after.show.map(({ kind }) => ({ at: state.now, kind })))
            state = after.state
          }
          for (const [size, gapMs] of polls) {
            n += size
            tick(gapMs)
          }
          tick(10_001)
          tick(10_001)
          for (const { at } of toasts) {
            const near = toasts.filter((t) => t.at >= at && t.at < at + 10_000).map((t) => t.kind)
            expect(near.filter((k) => k === 'message').length).toBeLessThanOrEqual(3)
            expect(near.filter((k) => k === 'summary').length).toBeLessThanOrEqual(1)
          }
          expect(state.notified.told).toHaveLength(n)
        },
      ),
      RUNS,
    )
    expect(step(reduce(started(), read([1, 2, 3, 4], START))).show.map((s) => s.kind)).toEqual(['summary'])
  })

  it('silent while the window shows it, and never told afterwards', () => {
    fc.assert(
      fc.property(ids, (some) => {
        const open = reduce(started(), { kind: 'window.changed', isOpen: true, isFocused: true })
        const after = step(reduce(open, read(some, START)))
        expect(after.show).toEqual([])
        const closed = reduce(after.state, { kind: 'window.changed', isOpen: false, isFocused: false })
        expect(step(closed).show).toEqual([])
      }),
      RUNS,
    )
  })

  it('muted never shows, quiet hours show only what is urgent, a muted project shows nothing of its own', () => {
    let silenced = 0
    fc.assert(
      fc.property(manyActs, (acts) => {
        play(acts, (before, after) => {
          const { settings: s, now } = before
          const isMuted = s.mutedUntil !== null && now < (parseTime(s.mutedUntil) ?? 0)
          if (isMuted) expect(after.show).toEqual([])
          if (isQuietAt(s.quietHours, now, before.utcOffsetMinutes))
            expect(after.show.filter((v) => !v.isUrgent)).toEqual([])
          const muted = s.mutedProjects.filter((m) => now < (parseTime(m.until) ?? 0)).map((m) => m.project)
          if (isMuted || muted.length > 0) silenced++
          for (const key of after.keys) {
            const [kind, , id] = JSON.parse(key) as [string, string, string]
            const project = kind === 'message' ? PROJECTS[Number(id) % 3] : 'p'
            expect(muted).not.toContain(project)
          }
        })
      }),
      RUNS,
    )
    expect(silenced).toBeGreaterThan(100)
  })

  it('what is silenced still counts as unread', () => {
    fc.assert(
      fc.property(ids, settings, fc.boolean(), (some, chosen, isOpen) => {
        let state: AppState = { ...started(), settings: buildSettings(chosen) }
        state = reduce(state, { kind: 'window.changed', isOpen, isFocused: isOpen })
        const after = step(reduce(state, read(some, START)))
        expect(unreadMessages(after.state)).toHaveLength(some.length)
      }),
      RUNS,
    )
  })

  it('text is one line, capped, without control, bidi and invisible characters', () => {
    const nasty = fc
      .array(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.constantFrom(
            '\u202e',
            '\u2066',
            '\u0000',
            '\n',
            '\r\n',
            '\u200b',
            '\ufeff',
            '\u{e0041}',
            '\ud800',
            '😀',
          ),
        ),
        { maxLength: 60 },
      )
      .map((parts) => parts.join(''))
    fc.assert(
      fc.property(nasty, nasty, nasty, nasty, (from, project, subject, body) => {
        const row = buildMessage(1, { from_session: from, project_key: project, subject, body })
        const locks = [
          buildLock(1, { resource: subject, refused: [{ session_id: `O/${from}`, at: null }] }),
          buildLock(2, { resource: body, acquired_at: toIso(START - 115 * 60_000) }),
        ]
        const state = reduce({ ...started(), locks }, { ...read([], START), rows: [row] } as AppEvent)
        const { show } = step(state)
        expect(show.map((v) => v.kind).sort()).toEqual(['ending', 'message', 'refused'])
        for (const { title, body: text } of show) {
          expect([...title].length).toBeLessThanOrEqual(80)
          expect([...text].length).toBeLessThanOrEqual(200)
          expect(title + text).not.toMatch(
            /[\p{Cc}\p{Bidi_Control}\u200b\ufeff\u2028\u2029\u{e0000}-\u{e007f}]/u,
          )
          expect((title + text).isWellFormed()).toBe(true)
        }
      }),
      { numRuns: 100 },
    )
  })

  it('hidden content shows in no title and no body, and neither does any on a locked screen', () => {
    const locks = [
      buildLock(1, { resource: 'SECRET-r', refused: [{ session_id: 'SECRET/s', at: null }] }),
      buildLock(2, { resource: 'SECRET-t', acquired_at: toIso(START - 115 * 60_000) }),
      buildLock(3, {
        resource: 'SECRET-w',
        session_id: 'SECRET/h',
        refused: [{ session_id: 'DESK/b', at: null }],
      }),
    ]
    const rows = [buildMessage(1, { from_session: 'SECRET/a', project_key: 'SECRET-p', subject: 'SECRET' })]
    const found = [{ path: '/SECRET', name: 'SECRET' }]
    const base = reduce({ ...started(), locks, found }, { ...read([], START), rows } as AppEvent)
    const views = (state: AppState) => step(state).show.map((v) => `${v.title} ${v.body}`)
    expect(views(base)).toHaveLength(5)
    expect(views(base).every((text) => text.includes('SECRET'))).toBe(true)
    for (const state of [
      { ...base, settings: buildSettings({ hideContent: true }) },
      { ...base, isScreenLocked: true },
    ]) {
      expect(views(state)).toHaveLength(5)
      expect(views(state).join('\n')).not.toContain('SECRET')
    }
  })
})

describe('facts that stand', () => {
  const NIGHT = { quietHours: { from: '22:00', to: '07:00' } }
  const refusedBy = (...names: string[]) => [
    buildLock(1, {
      last_activity_at: toIso(START),
      refused: names.map((session_id, i) => ({ session_id, at: toIso(START + i) })),
    }),
  ]

  it('a refusal passes quiet hours but no mute; when the mute ends it is told, if the lock is still held', () => {
    const quiet = { ...started(), settings: buildSettings(NIGHT), locks: refusedBy('OTHER/z') }
    expect(step(quiet).show).toMatchObject([{ kind: 'refused', isUrgent: true }])
    const mutedUntil = toIso(START + 3_600_000)
    const muted = step({ ...quiet, settings: buildSettings({ mutedUntil }) })
    expect(muted.show).toEqual([])
    expect(step({ ...muted.state, now: START + 3_600_001 }).show).toMatchObject([{ kind: 'refused' }])
    expect(step({ ...muted.state, now: START + 3_600_001, locks: [] }).show).toEqual([])
    const project = buildSettings({ mutedProjects: [{ project: 'p', until: mutedUntil }] })
    expect(step({ ...quiet, settings: project }).show).toEqual([])
  })

  it('a session that is refused again is no news, another one is; the own session never', () => {
    const one = step({ ...started(), locks: refusedBy('OTHER/z') })
    expect(one.show).toHaveLength(1)
    const again = step({ ...one.state, locks: refusedBy('OTHER/z', 'OTHER/z', 'DESK/b') })
    expect(again.show).toEqual([])
    const other = step({ ...again.state, locks: refusedBy('OTHER/z', 'DESK/other') })
    expect(other.show).toMatchObject([{ body: 'DESK/other asked for r1, held by DESK/b' }])
  })

  it('one of ours that is refused is told once, with the way to ask, silent in quiet hours, and withdrawn when the lock is gone', () => {
    const locks = [
      buildLock(3, { session_id: 'OTHER/h', refused: [{ session_id: 'DESK/b', at: toIso(START) }] }),
    ]
    const one = step({ ...started(), locks })
    expect(one.show).toMatchObject([
      {
        kind: 'waits',
        body: 'DESK/b wants r3, held by OTHER/h',
        isUrgent: false,
        action: { label: 'Ask the holder', name: 'lock.ask', input: { id: '3', by: 'DESK/b' } },
      },
    ])
    expect(step({ ...one.state, now: START + 60_000 }).show).toEqual([])
    expect(step({ ...restarted(one.state), locks }).show).toEqual([])
    expect(step({ ...one.state, locks: [] }).withdraw).toEqual(one.show.map((view) => view.id))
    expect(step({ ...started(), locks, settings: buildSettings(NIGHT) }).show).toEqual([])
  })

  it('a lock is announced in its last ten minutes, once, and never when it is stale or of another machine', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 200 }), fc.boolean(), (minutes, isMine) => {
        const session_id = isMine ? 'DESK/b' : 'OTHER/b'
        const state = {
          ...started(),
          locks: [buildLock(1, { session_id, acquired_at: toIso(START - minutes * 60_000) })],
        }
        const after = step(state)
        expect(after.show.map((v) => v.kind)).toEqual(
          isMine && minutes >= 110 && minutes <= 120 ? ['ending'] : [],
        )
        expect(step({ ...after.state, now: START + 30_000 }).show).toEqual([])
      }),
    )
  })

  it('calls that wait for more than 15 minutes are told once, and again only after none did', () => {
    const waiting = (n: number, oldestWaiting: number | null): AppState['workspaces'] => [
      {
        path: '/w',
        name: 'w',
        waiting: n,
        delivered: 0,
        setAsideCount: 0,
        skippedCount: 0,
        setAside: [],
        skipped: [],
        lately: [],
        next: [],
        sending: null,
        owner: 'this',
        problem: null,
        oldestWaiting,
      },
    ]
    const at = (state: AppState, ms: number): AppState => ({ ...state, now: START + ms })
    let s = step(at({ ...started(), workspaces: waiting(3, START) }, WAITING_TOO_LONG_MS))
    expect(s.show).toEqual([])
    s = step(at(s.state, WAITING_TOO_LONG_MS + 1))
    expect(s.show).toMatchObject([{ kind: 'waiting', title: '3 calls waiting for more than 15 minutes' }])
    for (let i = 2; i < 6; i++) {
      s = step(at({ ...restarted(s.state), workspaces: waiting(i, START) }, i * WAITING_TOO_LONG_MS))
      expect(s.show).toEqual([])
    }
    s = step({ ...s.state, workspaces: waiting(0, null) })
    const again = { ...s.state, workspaces: waiting(1, START + 10 * WAITING_TOO_LONG_MS) }
    expect(step(at(again, 12 * WAITING_TOO_LONG_MS)).show).toMatchObject([{ kind: 'waiting' }])
  })

  it('calls that waited through quiet hours are told in the morning, if they still do', () => {
    const workspaces = [
      { ...emptyWorkspace, waiting: 2, oldestWaiting: START - 2 * WAITING_TOO_LONG_MS },
    ] as AppState['workspaces']
    const night = step({ ...started(), settings: buildSettings(NIGHT), workspaces })
    expect(night.show).toEqual([])
    const morning = { ...night.state, now: START + 7 * 3_600_000 }
    expect(step(morning).show).toMatchObject([{ kind: 'waiting' }])
  })

  it('a folder that is watched from now on is said once, also over restarts', () => {
    const found = reduce(started(), {
      kind: 'workspaces.discovered',
      found: [{ path: '/x/new', name: 'new' }],
    })
    const one = step(found)
    expect(one.show).toMatchObject([{ kind: 'workspace', title: 'Now watching new' }])
    expect(step(one.state)).toMatchObject({ show: [], withdraw: [] })
    const again = reduce(restarted(one.state), {
      kind: 'workspaces.discovered',
      found: [{ path: '/x/new', name: 'new' }],
    })
    expect(step(again).show).toEqual([])
  })
})

const emptyWorkspace = {
  path: '/w',
  name: 'w',
  waiting: 0,
  delivered: 0,
  setAsideCount: 0,
  skippedCount: 0,
  setAside: [],
  skipped: [],
  lately: [],
  next: [],
  sending: null,
  owner: 'this',
  problem: null,
  oldestWaiting: null,
}
