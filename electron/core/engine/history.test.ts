/** The history: what goes in, what goes out, and that nothing of it grows for ever. */
import { describe, expect, it } from 'vitest'
import { toIso } from '../../../shared/time.ts'
import { SimulatedClock } from '../../testing/machine/clock.ts'
import { ok } from '../../../shared/result.ts'
import { buildLock, buildMessage, buildState, SERVER, START } from '../testing/build.ts'
import type { AppEvent } from './events.ts'
import { BUCKET_MS, DAY_MS, endsToday, foldHistory, MAX_INTERVALS } from './history.ts'
import { emptyHistory, historySchema, type History } from './history-schema.ts'
import { MAX_BODIES_LENGTH, MAX_MESSAGES, MAX_SENT, MESSAGES_KEPT_MS } from './message-history.ts'
import { createHistorian } from './historian.ts'
import { reduce } from './reduce.ts'
import type { AppState } from './state.ts'
import { toHistoryView } from './views/to-history-view.ts'

function play(events: readonly AppEvent[], first = buildState(), from: History = emptyHistory) {
  let state: AppState = first
  let history = from
  for (const event of events) {
    const after = reduce(state, event)
    history = foldHistory(history, { event, before: state, after })
    state = after
  }
  return { state, history }
}
const messages = (ids: readonly number[], at = START, body = 'text'): AppEvent => ({
  kind: 'messages.read',
  rows: ids.map((id) => buildMessage(id, { body })),
  unreadable: 0,
  at,
  skewMs: 0,
})
const locks = (ids: readonly number[], at: number): AppEvent => ({
  kind: 'locks.read',
  rows: ids.map((id) => buildLock(id, { acquired_at: toIso(START) })),
  unreadable: 0,
  at,
  skewMs: 0,
})
const delivered = (path: string): AppEvent => ({
  kind: 'call.delivered',
  workspace: path,
  call: { id: '1', at: START, method: 'PUT', path: '/', note: null },
  queuedAt: null,
  sessions: [],
})
const tick = (at: number): AppEvent => ({ kind: 'clock.tick', at })

describe('the history', () => {
  it('keeps a message that was read, once, with its text', () => {
    const { history, state } = play([
      messages([1, 2, 3]),
      messages([1, 3], START + 1_000),
      { kind: 'message.marked-read', id: '3' },
      messages([1, 2], START + 2_000),
      messages([1], START + 3_000),
    ])
    expect(history.messages.map((m) => [m.id, m.body])).toEqual([
      ['2', 'text'],
      ['3', 'text'],
    ])
    expect(state.messages.map((m) => m.id)).toEqual(['1'])
    expect(historySchema.parse(JSON.parse(JSON.stringify(history)))).toEqual(history)
  })

  it('forgets messages after thirty days, and holds so many and so much of them at most', () => {
    const first = play([messages([1]), messages([], START)]).history
    const later = START + MESSAGES_KEPT_MS + 1
    const second = play([tick(later), messages([2], later), messages([], later)], buildState(), first).history
    expect(second.messages.map((m) => m.id)).toEqual(['2'])
    const ids = Array.from({ length: MAX_MESSAGES + 500 }, (_, i) => i)
    const many = play([messages(ids), messages([])]).history
    expect(many.messages).toHaveLength(MAX_MESSAGES)
    expect(many.messages.at(-1)?.id).toBe(String(MAX_MESSAGES + 499))
    const large = play([messages(ids, START, 'x'.repeat(100_000)), messages([])]).history
    const length = large.messages.reduce((sum, m) => sum + m.body.length, 0)
    expect([length > 0, length <= MAX_BODIES_LENGTH]).toEqual([true, true])
  })

  it("keeps when each of this machine's locks was held, over a restart too", () => {
    const one = play([locks([1, 2], START + 60_000), locks([2], START + 120_000)]).history
    expect(one.locks.map((l) => [l.id, l.from, l.to])).toEqual([
      ['1', START, START + 120_000],
      ['2', START, null],
    ])
    const two = play([locks([], START + 180_000)], buildState(), one).history
    expect(two.locks.map((l) => l.to)).toEqual([START + 120_000, START + 180_000])
    const next = play([locks([3], START + 2 * DAY_MS)], buildState(), two).history
    expect(next.locks.map((l) => l.id)).toEqual(['3'])
    const many = Array.from({ length: MAX_INTERVALS + 10 }, (_, i) => i)
    expect(play([locks(many, START)]).history.locks).toHaveLength(MAX_INTERVALS)
  })

  it('counts five minutes at a time for a day, by workspace', () => {
    const events = [
      delivered('/a'),
      delivered('/a'),
      tick(START + BUCKET_MS),
      delivered('/a'),
      delivered('/b'),
    ]
    const { history, state } = play(events)
    expect(history.counts).toMatchObject({
      '/a': [
        { at: START, delivered: 2 },
        { at: START + BUCKET_MS, delivered: 1 },
      ],
      '/b': [{ at: START + BUCKET_MS, delivered: 1 }],
    })
    const long: AppEvent[] = []
    for (let i = 2; i < 700; i++) long.push(tick(START + i * BUCKET_MS), delivered('/a'))
    const after = play(long, state, history).history
    expect(after.counts['/a']).toHaveLength(288)
    expect(Object.keys(after.counts)).toEqual(['/a'])
  })

  it('is the same object where an event adds nothing', () => {
    const { history, state } = play([messages([1]), locks([1], START)])
    for (const event of [messages([1]), locks([1], START + 1), tick(START + 5), delivered('/a')] as const) {
      const after = reduce(state, event)
      const next = foldHistory(history, { event, before: state, after })
      expect(next === history).toBe(event.kind !== 'call.delivered')
    }
  })
})

describe('both sides of a conversation', () => {
  const sent = (id: string | null, subject: string, at = START): AppEvent => ({
    kind: 'call.delivered',
    workspace: '/w',
    call: { id: `s.${subject}`, at, method: 'POST', path: '/api/coord/messages', note: null },
    queuedAt: null,
    sessions: ['DESK/b'],
    message: { id, from: 'DESK/b', to: 'OTHER/a', project: 'p', subject, body: 'text' },
  })
  const own = (id: number, over: Record<string, unknown> = {}) =>
    buildMessage(id, { from_session: 'DESK/b', to_session: 'OTHER/a', body: 'text', ...over })

  it('keeps what this machine sent, however it is known, once', () => {
    const { historian, tell } = historianOf()
    tell(sent('1', 'one'))
    tell({ kind: 'messages.read', rows: [], sent: [own(1), own(2)], unreadable: 0, at: START, skewMs: 0 })
    tell({ kind: 'message.sent', row: own(3) })
    tell({ kind: 'messages.recalled', rows: [own(3), own(4), own(5, { from_session: 'OTHER/a' })] })
    tell(sent(null, 'no id'))
    expect(
      historian
        .history()
        .sent.map((m) => m.id)
        .sort(),
    ).toEqual(['1', '2', '3', '4', 's.no id'])
  })

  it('takes read messages of this machine from the API’s own list, and none of others', () => {
    const at = toIso(START - 1_000)
    const rows = [
      buildMessage(1, { read_at: at }),
      buildMessage(2, { read_at: null }),
      buildMessage(3, { read_at: at, to_session: 'OTHER/z' }),
      buildMessage(4, { read_at: at, to_session: null }),
    ]
    const { history } = play([
      { kind: 'messages.recalled', rows },
      { kind: 'messages.recalled', rows },
    ])
    expect(history.messages.map((m) => [m.id, m.readAt])).toEqual([
      ['1', START - 1_000],
      ['4', START - 1_000],
    ])
  })

  it('bounds what was sent in number and in age; thousands of calls are taken in together', async () => {
    const { historian, tell, clock } = historianOf()
    for (let i = 0; i < 3 * MAX_SENT; i++) tell(sent(String(i), `m${i}`))
    const ids = historian.history().sent.map((m) => m.id)
    expect([ids.length, ids.at(-1)]).toEqual([MAX_SENT, String(3 * MAX_SENT - 1)])
    const later = START + MESSAGES_KEPT_MS + 1
    await clock.advance(later - START)
    tell(tick(later))
    tell(sent('new', 'new', later))
    expect(historian.history().sent.map((m) => m.id)).toEqual(['new'])
  })

  it('is shown newest first, each once, and says which were sent from here', () => {
    const { history } = play([
      messages([1, 2]),
      {
        kind: 'messages.read',
        rows: [],
        sent: [own(3, { created_at: toIso(START + 5_000) })],
        unreadable: 0,
        at: START + 9_000,
        skewMs: 0,
      },
      {
        kind: 'messages.recalled',
        rows: [own(4, { to_session: 'DESK/c', created_at: toIso(START - 1), read_at: toIso(START) })],
      },
    ])
    const shown = toHistoryView(history, SERVER, { name: 'DESK', aliases: [] }).messages
    expect(shown.map((m) => [m.id, m.isSent, m.readAt === null])).toEqual([
      ['3', true, true],
      ['1', false, false],
      ['2', false, false],
      ['4', true, false],
    ])
  })
})

describe('how the API was reached', () => {
  const turned = (state: AppState['connection']['state'], at: number): AppEvent => ({
    kind: 'connection.changed',
    view: { state, since: toIso(at), detail: '', until: null },
    at,
  })
  const rows = (history: History) =>
    history.connection.map(({ state, from, to }) => [state, from - START, to && to - START])

  it('is kept as intervals of a day; what nobody knew is none', () => {
    const { history } = play([
      turned('connecting', START),
      turned('online', START + 1),
      turned('online', START + 2),
      turned('degraded', START + 5),
      turned('connecting', START + 6),
      turned('offline', START + 8),
    ])
    expect(rows(history)).toEqual([
      ['online', 1, 5],
      ['degraded', 5, 6],
      ['offline', 8, null],
    ])
    const later = START + DAY_MS + 7
    expect(rows(play([turned('online', later)], buildState(), history).history)).toEqual([
      ['offline', 8, DAY_MS + 7],
      ['online', DAY_MS + 7, null],
    ])
  })

  it('ends with the program, and where it was killed with what is known', async () => {
    const { historian, tell, kept, clock } = historianOf()
    tell(turned('online', START))
    await clock.advance(5_000)
    historian.stop()
    expect(kept.map(rows)).toEqual([[['online', 0, 5_000]]])
    const killed = { ...emptyHistory, connection: [{ state: 'offline' as const, from: START, to: null }] }
    const counted = play([tick(START + 2 * BUCKET_MS), delivered('/a')], buildState(), killed).history
    expect(rows(historianOf(counted).historian.history())).toEqual([['offline', 0, 2 * BUCKET_MS]])
  })
})

describe('today', () => {
  const aside: AppEvent = {
    kind: 'call.set-aside',
    workspace: '/a',
    at: START,
    call: { id: '1', ts: null, method: null, path: null, reason: '', status: null, raw: '' },
    sessions: [],
  }
  it('counts since midnight where the person is, over a restart too', () => {
    const { historian, tell } = historianOf()
    const state = { utcOffsetMinutes: 120 }
    for (const event of [
      tick(START - 2 * 3_600_000 - 1),
      delivered('/a'),
      tick(START - 2 * 3_600_000),
      delivered('/a'),
      delivered('/b'),
      aside,
    ])
      tell(event)
    expect(endsToday(historian.history(), { now: START, ...state })).toEqual({
      delivered: 2,
      setAside: 1,
      skipped: 0,
    })
    expect(endsToday(historian.history(), { now: START + DAY_MS, ...state })).toEqual({
      delivered: 0,
      setAside: 0,
      skipped: 0,
    })
    const again = historianOf(historian.history())
    again.tell(aside)
    expect(again.historian.today()).toMatchObject({ setAside: 1 })
  })

  const ends = (at: number, delivered: number, setAside = 0, skipped = 0) => ({
    at,
    delivered,
    setAside,
    skipped,
  })
  const recovered = (...of: ReturnType<typeof ends>[]): AppEvent => ({
    kind: 'workspace.recovered',
    workspace: '/w',
    ends: of,
  })
  it('counts what the ledgers tell of where whoever counted was killed before it was on disk', () => {
    const noon = Math.floor(START / DAY_MS) * DAY_MS + DAY_MS / 2
    const before = play([tick(noon), delivered('/w')]).history
    const after = play(
      [recovered(ends(noon, 3, 1), ends(noon + BUCKET_MS, 2, 0, 4)), delivered('/w')],
      play([tick(noon + BUCKET_MS + 1)]).state,
      before,
    )
    expect(endsToday(after.history, after.state)).toEqual({ delivered: 6, setAside: 1, skipped: 4 })
    // what else was kept of those minutes stands, and they are in their order
    expect(after.history.counts['/w']?.map((b) => b.at)).toEqual([noon, noon + BUCKET_MS])
    expect(historySchema.parse(after.history)).toEqual(after.history)
  })
  it.each([
    ['as many', [ends(START, 2)]],
    ['fewer, as their folder was removed', []],
  ])('keeps what it counted where the ledgers tell of %s', (_, told) => {
    const { history, state } = play([delivered('/w'), delivered('/w')])
    expect(play([recovered(...told)], state, history).history).toBe(history)
  })
  it('takes in what it counted and did not settle before the ledgers tell of it: nothing twice', () => {
    const state = buildState({ now: START })
    const historian = createHistorian({
      clock: new SimulatedClock(),
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      memory: { saveHistory: () => ok(null) },
      first: emptyHistory,
      state: () => state,
    })
    for (const event of [delivered('/w'), delivered('/w'), recovered(ends(START, 3)), delivered('/w')])
      historian.note({ event, before: state, after: state })
    expect(historian.today().delivered).toBe(4)
  })
  it('counts what another process sends by what its folder shows', () => {
    const shown = (delivered: number, owner: 'this' | 'other-process', setAsideCount = 0): AppEvent => ({
      kind: 'workspace.changed',
      summary: { ...EMPTY_WORKSPACE, delivered, owner, setAsideCount },
    })
    const { history } = play([
      shown(5, 'other-process'),
      shown(9, 'other-process', 1),
      shown(8, 'other-process'),
      shown(30, 'this'),
      shown(90, 'this'),
    ])
    expect(endsToday(history, { now: START, utcOffsetMinutes: 0 })).toEqual({
      delivered: 4,
      setAside: 1,
      skipped: 0,
    })
  })
})

const EMPTY_WORKSPACE: AppState['workspaces'][number] = {
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

/** A historian that is told of events as the engine tells it. */
function historianOf(first: History = emptyHistory) {
  const clock = new SimulatedClock({ start: START })
  const kept: History[] = []
  let state = buildState()
  const historian = createHistorian({
    clock,
    log: { info() {}, warn() {}, error() {} },
    memory: { saveHistory: (history) => (kept.push(history), ok(null)) },
    first,
    state: () => state,
  })
  const tell = (event: AppEvent): void => {
    const before = state
    state = reduce(state, event)
    historian.note({ event, before, after: state })
  }
  return { historian, tell, kept, clock }
}
