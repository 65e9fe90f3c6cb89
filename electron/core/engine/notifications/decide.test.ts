import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildLock, buildMessage, buildSettings, buildState, START } from '../../testing/build.ts'
import { decideNotifications } from './decide.ts'
import type { AppEvent } from '../events.ts'
import { reduce } from '../reduce.ts'
import type { AppState } from '../state.ts'

const read = (ids: readonly number[], at = START): AppEvent => ({
  kind: 'messages.read',
  rows: ids.map((id) => buildMessage(id)),
  unreadable: 0,
  at,
  skewMs: 0,
})
/** Decides, and takes the decision over as the engine does. */
function step(state: AppState): {
  state: AppState
  told: string[]
  kinds: string[]
  withdrawn: readonly string[]
} {
  const d = decideNotifications(state)
  const raised = new Set(d.show.map((s) => s.id))
  return {
    state: reduce(state, { kind: 'notifications.decided', ledger: d.ledger, shown: d.shown }),
    told: d.shown.filter((s) => raised.has(s.id)).flatMap((s) => s.keys),
    kinds: d.show.map((s) => s.kind),
    withdrawn: d.withdraw,
  }
}
/** A state whose first read is behind it. */
const started = (): AppState => step(reduce(buildState(), read([]))).state

describe('decideNotifications', () => {
  it('tells of a message at most once, whatever polls, restarts, reorderings and read marks come', () => {
    const act = fc.oneof(
      fc.record({ kind: fc.constant('poll' as const), ids: fc.uniqueArray(fc.integer({ min: 0, max: 12 })) }),
      fc.record({ kind: fc.constant('restart' as const) }),
      fc.record({ kind: fc.constant('crash' as const) }),
      fc.record({ kind: fc.constant('seen' as const), id: fc.integer({ min: 0, max: 12 }) }),
      fc.record({ kind: fc.constant('later' as const), ms: fc.integer({ min: -60_000, max: 600_000 }) }),
      fc.record({ kind: fc.constant('window' as const), isOpen: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        let state = buildState()
        const told: string[] = []
        for (const a of acts) {
          if (a.kind === 'poll') state = reduce(state, read(a.ids, state.now))
          else if (a.kind === 'seen') state = reduce(state, { kind: 'message.seen', ids: [String(a.id)] })
          else if (a.kind === 'later') state = reduce(state, { kind: 'clock.tick', at: state.now + a.ms })
          else if (a.kind === 'window')
            state = reduce(state, { kind: 'window.changed', isOpen: a.isOpen, isFocused: a.isOpen })
          else {
            // The ledger is on disk before a toast, so a crash keeps it whether or not the toast was raised.
            if (a.kind === 'crash') state = step(state).state
            state = buildState({ notified: state.notified, seen: state.seen, now: state.now })
            continue
          }
          const done = step(state)
          state = done.state
          told.push(...done.told.filter((k) => k.startsWith('["message"')))
        }
        expect(new Set(told).size).toBe(told.length)
      }),
      { numRuns: 500 },
    )
  })

  it('sums up the backlog of the first start once', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 99 }), { minLength: 2, maxLength: 50 }), (ids) => {
        const first = step(reduce(buildState(), read(ids)))
        expect(first.kinds).toEqual(['summary'])
        expect(step(first.state).kinds).toEqual([])
      }),
    )
  })

  it('makes one summary of a burst, and withdraws what was read elsewhere', () => {
    expect(step(reduce(started(), read([1, 2, 3, 4]))).kinds).toEqual(['summary'])
    const single = step(reduce(started(), read([1])))
    expect(single.kinds).toEqual(['message'])
    expect(step(reduce(single.state, read([]))).withdrawn).toHaveLength(1)
  })

  it('holds a trickle after three toasts and tells it as one', () => {
    let state = started()
    for (const ids of [[1], [1, 2], [1, 2, 3]]) state = step(reduce(state, read(ids))).state
    const held = decideNotifications(reduce(state, read([1, 2, 3, 4, 5, 6, 7])))
    expect(held.show).toEqual([])
    expect(held.wakeAt).toBe(START + 10_000)
    const later = reduce(reduce(state, read([1, 2, 3, 4, 5, 6, 7])), {
      kind: 'clock.tick',
      at: START + 10_001,
    })
    expect(step(later).kinds).toEqual(['summary'])
  })

  it('is silent while the window shows it or muted, and does not tell it afterwards', () => {
    const open = reduce(started(), { kind: 'window.changed', isOpen: true, isFocused: true })
    const quiet = step(reduce(open, read([1])))
    expect(quiet.kinds).toEqual([])
    expect(
      step(reduce(quiet.state, { kind: 'window.changed', isOpen: false, isFocused: false })).kinds,
    ).toEqual([])
    const muted = { ...started(), settings: buildSettings({ mutedUntil: '2026-01-02T00:00:00Z' }) }
    expect(step(reduce(muted, read([1]))).kinds).toEqual([])
  })

  it('hides content where asked, and strips what could deceive', () => {
    const bad = buildMessage(1, { subject: 'a\u202eb\nc\u0007', from_session: 'X/\u200by' })
    const state = reduce(started(), { ...read([]), rows: [bad] } as AppEvent)
    expect(decideNotifications(state).show[0]).toMatchObject({ title: 'p · X/y', body: 'ab c' })
    const hidden = decideNotifications({ ...state, settings: buildSettings({ hideContent: true }) }).show[0]
    expect(JSON.stringify(hidden?.title) + JSON.stringify(hidden?.body)).not.toMatch(/ab c|X\/y/)
  })

  it('warns of a lock ten minutes before it turns stale, once, and of a refusal as urgent', () => {
    const locks = [buildLock(1, { refused: [{ session_id: 'OTHER/z', at: '2026-01-01T00:10:00Z' }] })]
    const early = step({ ...started(), locks, now: START + 109 * 60_000 })
    expect(early.kinds).toEqual(['refused'])
    const soon = step({ ...early.state, now: START + 111 * 60_000 })
    expect(soon.kinds).toEqual(['ending'])
    expect(step({ ...soon.state, now: START + 115 * 60_000 }).kinds).toEqual([])
  })
})
