/** "Waits" is said of a session that was refused a lock within two hours, by the server's clock, and nowhere of another. */
import { describe, expect, it } from 'vitest'
import { toIso } from '../../../../shared/time.ts'
import { buildLock, buildState, START } from '../../testing/build.ts'

import { waitingFor } from '../../coord/waiting.ts'
import { decideNotifications } from '../notifications/decide.ts'
import { toAttention } from './attention.ts'
import { toLockViews } from './to-snapshot.ts'
import { toTrayView } from './to-tray-view.ts'

const HOURS_2 = 2 * 60 * 60_000
const SKEW_MS = 5 * 60_000

/** A lock of this machine that is used, refused to another's session so long ago. */
const refusedFor = (ms: number, skewMs = 0) => {
  const serverNow = START + skewMs
  const lock = buildLock(1, {
    acquired_at: toIso(serverNow),
    refused: [{ session_id: 'OTHER/z', at: toIso(serverNow - ms) }],
  })
  return buildState({ locks: [lock], skewMs, now: START })
}
/** Every place that says so. */
const saidOf = (state: ReturnType<typeof refusedFor>) => ({
  attention: toAttention(state).some((one) => one.kind === 'lock-wanted'),
  icon: toTrayView(state).icon === 'attention',
  toast: decideNotifications(state).show.some((one) => one.kind === 'refused'),
  row: toLockViews(state, 0, 9)[0]?.refused[0]?.isWaiting,
})
const EVERYWHERE = { attention: true, icon: true, toast: true, row: true }
const NOWHERE = { attention: false, icon: false, toast: false, row: false }

describe('a refused session waits', () => {
  it.each([0, SKEW_MS, -SKEW_MS])('for two hours of a server whose clock is off by %d ms', (skewMs) => {
    expect(saidOf(refusedFor(HOURS_2, skewMs))).toEqual(EVERYWHERE)
    expect(saidOf(refusedFor(HOURS_2 + 1, skewMs))).toEqual(NOWHERE)
  })
  it('where the time of its refusal is not known; its own lock nobody waits for', () => {
    const at = (session_id: string) => ({ session_id, at: null })
    const lock = buildLock(1, { session_id: 'DESK/a', refused: [at('OTHER/z'), at('DESK/a')] })
    expect(waitingFor(lock, START)).toEqual([at('OTHER/z')])
  })
})
