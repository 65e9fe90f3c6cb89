/** Notifications that nobody can show: held, and shown once, ever, when somebody can. */
import { describe, expect, it } from 'vitest'
import type { SettingsView } from '../../../../shared/snapshot.ts'
import { toIso } from '../../../../shared/time.ts'
import { buildLock, buildMessage, buildSettings, buildState, START } from '../../testing/build.ts'
import type { AppEvent } from '../events.ts'
import { RETRY_AFTER_MS } from '../notifier.ts'
import { reduce } from '../reduce.ts'
import type { AppState } from '../state.ts'
import { decideNotifications } from './decide.ts'
import type { NotificationView } from './views.ts'

const read = (...ids: readonly number[]): AppEvent => ({
  kind: 'messages.read',
  rows: ids.map((id) => buildMessage(id)),
  unreadable: 0,
  at: START,
  skewMs: 0,
})
function step(state: AppState): {
  state: AppState
  show: readonly NotificationView[]
  wakeAt: number | null
} {
  const { show, shown, ledger, wakeAt } = decideNotifications(state)
  return { state: reduce(state, { kind: 'notifications.decided', ledger, shown }), show, wakeAt }
}
const started = (over: Partial<AppState> = {}): AppState => step(reduce(buildState(over), read())).state
const apply = (state: AppState, ...events: readonly AppEvent[]): AppState => events.reduce(reduce, state)
/** Only the ledger is on disk. */
const restarted = ({ notified }: AppState): AppState => buildState({ notified })

describe('a desktop without a notification service', () => {
  it.each(['none', 'died'] as const)('%s: what came meanwhile is shown when there is one, once', (state) => {
    const gone = apply(started(), { kind: 'notifier.changed', state }, read(1, 2))
    const held = step(gone)
    expect(held.show).toEqual([])
    expect(step(held.state).show).toEqual([])
    const back = step(apply(held.state, { kind: 'notifier.changed', state: 'there' }))
    expect(back.show.map((v) => v.messageId)).toEqual(['1', '2'])
    expect(step(back.state).show).toEqual([])
    const again = apply(restarted(back.state), read(1, 2))
    expect(step(again).show).toEqual([])
  })

  it('held over a restart, and the backlog of a first start too', () => {
    const gone = apply(buildState(), { kind: 'notifier.changed', state: 'none' }, read(1, 2, 3))
    const held = step(gone)
    expect(held.show).toEqual([])
    expect(step(apply(restarted(held.state), read(1, 2, 3))).show).toMatchObject([
      { kind: 'summary', title: '3 unread messages' },
    ])
  })

  it('what is muted or was looked at meanwhile is not told later', () => {
    const mutedUntil = toIso(START + 60_000)
    const silent: readonly Partial<AppState>[] = [
      { settings: buildSettings({ mutedUntil }) },
      { isWindowOpen: true, isWindowFocused: true },
    ]
    for (const over of silent) {
      const gone = apply({ ...started(), ...over }, { kind: 'notifier.changed', state: 'none' }, read(1))
      const held = step(gone)
      const later = { ...held.state, isWindowFocused: false, settings: buildSettings() }
      expect(step(apply(later, { kind: 'notifier.changed', state: 'there' })).show).toEqual([])
    }
  })

  it('standing facts are told when there is one, if they still stand', () => {
    const locks = [buildLock(1, { refused: [{ session_id: 'OTHER/z', at: toIso(START) }] })]
    const gone = apply({ ...started(), locks }, { kind: 'notifier.changed', state: 'died' })
    const held = step(gone)
    expect(held.show).toEqual([])
    const back = apply(held.state, { kind: 'notifier.changed', state: 'there' })
    expect(step(back).show).toMatchObject([{ kind: 'refused' }])
    expect(step({ ...back, locks: [] }).show).toEqual([])
  })
})

describe('a notification that the system refuses', () => {
  it('is told again once one is shown, and once only', () => {
    const raised = step(apply(started(), read(1)))
    const [first] = raised.show
    const failed = apply(raised.state, {
      kind: 'notification.failed',
      notificationId: first?.id ?? '',
      why: 'not allowed',
    })
    expect(failed.notified.told).toEqual([])
    const held = step(failed)
    expect([held.show, held.wakeAt]).toEqual([[], START + RETRY_AFTER_MS])
    const shown = step(apply(held.state, { kind: 'notification.shown', notificationId: 'test' }))
    expect(shown.show.map((v) => v.messageId)).toEqual(['1'])
    expect(step(shown.state).show).toEqual([])
  })

  it('is tried again after five minutes where nobody says that a service is there', () => {
    let state = apply(started(), read(1))
    for (let round = 0; round < 3; round++) {
      const raised = step(state)
      expect(raised.show).toHaveLength(1)
      const id = raised.show[0]?.id ?? ''
      state = apply(raised.state, { kind: 'notification.failed', notificationId: id, why: 'x' })
      expect(step(state).show).toEqual([])
      state = apply(state, { kind: 'clock.tick', at: state.now + RETRY_AFTER_MS })
    }
  })

  it('calls that wait for too long are told again, too', () => {
    const workspace = { ...emptyWorkspace, waiting: 2, oldestWaiting: START - 3_600_000 }
    const raised = step({ ...started(), workspaces: [workspace] })
    expect(raised.show).toMatchObject([{ kind: 'waiting' }])
    const failed = apply(raised.state, { kind: 'notification.failed', notificationId: 'waiting', why: 'x' })
    expect(step(apply(failed, { kind: 'notifier.changed', state: 'there' })).show).toHaveLength(1)
  })
})

describe('a lock of this machine ends in two ways', () => {
  const minutes = (n: number): string => toIso(START + n * 60_000)
  const withLock = (over: Record<string, unknown>, settings: Partial<SettingsView> = {}): AppState => ({
    ...started(),
    settings: buildSettings(settings),
    locks: [buildLock(1, { acquired_at: minutes(-60), ...over })],
  })

  it.each([
    ['its time to live', { expires_at: minutes(9) }, '1 lock of this machine about to end'],
    ['the stale rule', { acquired_at: minutes(-111) }, '1 lock of this machine about to turn stale'],
  ])('%s is announced in the last ten minutes, once', (_name, over, title) => {
    const raised = step(withLock(over))
    expect(raised.show).toMatchObject([{ kind: 'ending', title, body: 'r1, held by DESK/b, in 9 minutes' }])
    expect(step(apply(raised.state, { kind: 'clock.tick', at: START + 60_000 })).show).toEqual([])
  })

  it.each([
    ['eleven minutes before', { expires_at: minutes(11) }],
    ['when it is over', { expires_at: minutes(-1) }],
    ['of another machine', { expires_at: minutes(5), session_id: 'OTHER/b' }],
    ['that never ends', { expires_at: null }],
  ])('nothing is said %s', (_name, over) => {
    expect(step(withLock(over)).show).toEqual([])
  })

  it('one that lives longer than was said may be announced again', () => {
    const raised = step(withLock({ expires_at: minutes(9) }))
    const renewed = {
      ...raised.state,
      locks: [buildLock(1, { acquired_at: minutes(-60), expires_at: minutes(70) })],
    }
    expect(step(renewed).show).toEqual([])
    const later = step({ ...step(renewed).state, now: START + 61 * 60_000, locks: renewed.locks })
    expect(later.show.map((v) => v.kind)).toContain('ending')
  })

  it('both ends near: one notification', () => {
    const raised = step(withLock({ acquired_at: minutes(-112), expires_at: minutes(5) }))
    expect(raised.show).toHaveLength(1)
    expect(step({ ...raised.state, now: START + 60_000 }).show).toEqual([])
  })
})

const emptyWorkspace: AppState['workspaces'][number] = {
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
