import { describe, expect, it } from 'vitest'
import type { AppState } from '../core/engine/state.ts'
import { buildLock, buildMessage, buildState, START } from '../core/testing/build.ts'
import { toIso } from '../../shared/time.ts'
import { eventsOf } from './commands/watch.ts'

type Summary = AppState['workspaces'][number]
const workspace = (more: Partial<Summary> = {}): Summary => ({
  path: '/p',
  name: 'p',
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
  ...more,
})
type Told = Parameters<typeof eventsOf>
const names = (before: Told[0], after: Told[1], cause: Told[2]): readonly string[] =>
  eventsOf(before, after, cause, after.now).map((e) => e.event)

describe('the events of watch', () => {
  it('tell at first where things stand', () => {
    expect(names(null, buildState({ workspaces: [workspace()] }), null)).toEqual([
      'connection.changed',
      'workspace.watched',
    ])
  })

  it('say nothing where nothing changed', () => {
    const state = buildState({
      messages: [buildMessage(1)],
      locks: [buildLock(1)],
      workspaces: [workspace()],
    })
    expect(names(state, { ...state, now: START + 1 }, null)).toEqual([])
  })

  it('tell what became of a call, once, with its own time', () => {
    const before = buildState({ workspaces: [workspace({ waiting: 1 })] })
    const call = { id: 'a.0.0', at: START - 5_000, method: 'PUT', path: '/api/coord/x', note: null }
    const delivered = {
      kind: 'call.delivered',
      workspace: '/p',
      call,
      queuedAt: null,
      sessions: [],
    } as const
    expect(eventsOf(before, before, delivered, START)).toEqual([
      {
        event: 'call.delivered',
        at: toIso(START - 5_000),
        workspace: '/p',
        id: 'a.0.0',
        method: 'PUT',
        path: '/api/coord/x',
      },
    ])
    const after = { ...before, workspaces: [workspace({ delivered: 1 })] }
    expect(names(before, after, { kind: 'network.changed' })).toEqual(['workspace.changed'])
  })

  it.each(['call.set-aside', 'call.skipped'] as const)(
    'tell of a %s at the time at which it ended',
    (kind) => {
      const call = { id: 'a.0.0', ts: null, method: 'PUT', path: '/x', reason: '', status: null, raw: '' }
      const cause = { kind, workspace: '/p', at: START - 5_000, call, sessions: [], reason: 'read' } as const
      const state = buildState()
      expect(eventsOf(state, state, cause, START)).toMatchObject([{ event: kind, at: toIso(START - 5_000) }])
    },
  )

  it('tell of what has no time of its own when it was noticed, not when the API was read last', () => {
    const before = buildState({ now: START, workspaces: [workspace()] })
    const after = { ...before, workspaces: [workspace({ waiting: 1 })] }
    const events = eventsOf(before, after, { kind: 'network.changed' }, START + 14_000)
    expect(events).toMatchObject([{ event: 'workspace.changed', at: toIso(START + 14_000) }])
  })

  it('carry the time at which each thing happened, the oldest first, however the API sorts them', () => {
    const minutes = (n: number): string => toIso(START + n * 60_000)
    const before = buildState({ now: START, locks: [buildLock(9)], messages: [buildMessage(9)] })
    const after = {
      ...before,
      now: START + 10 * 60_000,
      skewMs: 60_000,
      messages: [
        buildMessage(3, { created_at: minutes(6) }),
        buildMessage(2, { created_at: minutes(4) }),
        buildMessage(4, { created_at: null }),
        buildMessage(9),
      ],
      locks: [buildLock(5, { acquired_at: minutes(5) })],
    }
    expect(eventsOf(before, after, null, after.now).map((e) => [e.event, e['id'], e.at])).toEqual([
      ['message.arrived', '2', minutes(3)],
      ['lock.acquired', '5', minutes(4)],
      ['message.arrived', '3', minutes(5)],
      ['message.arrived', '4', minutes(10)],
      ['lock.released', '9', minutes(10)],
    ])
  })

  it('leave out what was read before it was seen here', () => {
    const before = buildState()
    const messages = [buildMessage(1, { read_at: toIso(START) })]
    expect(names(before, { ...before, messages }, null)).toEqual([])
  })
})
