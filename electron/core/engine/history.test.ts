/** The history: what goes in, what goes out, and that nothing of it grows for ever. */
import { describe, expect, it } from 'vitest'
import { toIso } from '../../../shared/time.ts'
import { buildLock, buildMessage, buildState, START } from '../testing/build.ts'
import type { AppEvent } from './events.ts'
import {
  BUCKET_MS,
  DAY_MS,
  emptyHistory,
  foldHistory,
  historySchema,
  MAX_BODIES_LENGTH,
  MAX_INTERVALS,
  MAX_MESSAGES,
  MESSAGES_KEPT_MS,
  type History,
} from './history.ts'
import { reduce } from './reduce.ts'
import type { AppState } from './state.ts'

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
