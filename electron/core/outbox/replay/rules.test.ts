import { describe, expect, it } from 'vitest'
import type { ComponentRow, LockRow } from '../../../../shared/wire.ts'
import { targetOf } from './call-target.ts'
import { decideReplay, type Known, type RuledCall } from './rules.ts'

const HOUR = 3_600_000
const NOW = Date.UTC(2026, 0, 5, 12)
const iso = (at: number): string => new Date(at).toISOString()

const nothing: Known = {
  now: NOW,
  skewMs: 0,
  isDuplicate: false,
  isReleasedLater: () => false,
  hasReleaseLater: false,
  isLockReleasedLater: () => false,
  isOurLock: () => false,
  isOwnRow: () => false,
}
function call(method: RuledCall['method'], path: string, ageMs?: number, data?: object): RuledCall {
  const request = {
    method: method as 'POST',
    path: `/api/coord/${path}`,
    body: undefined,
    data: data as Record<string, unknown> | undefined,
  }
  return { method, target: targetOf(request), time: ageMs === undefined ? undefined : NOW - ageMs }
}
const claim = (ageMs?: number, ttl?: number): RuledCall =>
  call('POST', 'locks', ageMs, { project_key: 'p', resource: 'r', session_id: 'S', ttl_hours: ttl })
const releaseAll = (ageMs?: number): RuledCall => call('DELETE', 'locks?release_all=true&session_id=S', ageMs)
const component = (ageMs?: number): RuledCall => call('PUT', 'components/p/web', ageMs, { state: 'x' })
const lock = (id: string, acquiredAgo: number, session = 'S'): LockRow =>
  ({ id, session_id: session, resource: 'r', acquired_at: iso(NOW - acquiredAgo) }) as LockRow
const row = (updatedAgo: number): ComponentRow =>
  ({ component: 'web', updated_at: iso(NOW - updatedAgo), effective_at: null }) as ComponentRow

const send = { kind: 'send' }
const skip = (reason: string): object => ({ kind: 'skip', reason })
const aside = (code: string): object => ({ kind: 'set-aside', cause: { code } })

describe('decideReplay', () => {
  it.each<[string, RuledCall, Partial<Known>, object]>([
    ['a repeat that overwrites', component(0), { isDuplicate: true, row: null }, skip('duplicate')],
    ['a repeat that adds', call('POST', 'messages', 0), { isDuplicate: true }, aside('duplicate')],
    ['a message, however old', call('POST', 'messages', 900 * HOUR), {}, send],

    ['a claim within its life', claim(1.9 * HOUR, 2), {}, send],
    ['a claim past its life', claim(2.1 * HOUR, 2), {}, skip('expired')],
    ['a claim of half an hour, past it', claim(0.6 * HOUR, 0.5), {}, skip('expired')],
    ['a claim whose time is not known', claim(undefined, 2), {}, send],
    [
      'a claim behind which its session releases all',
      claim(0),
      { isReleasedLater: (s) => s === 'S' },
      skip('released-later'),
    ],
    ['a claim behind which another session does', claim(0), { isReleasedLater: (s) => s === 'T' }, send],
    [
      'a claim behind which some lock is released',
      claim(0),
      { hasReleaseLater: true },
      { kind: 'ask', about: 'resource', project: 'p', resource: 'r' },
    ],
    [
      'and it is the one that the session holds',
      claim(0),
      { hasReleaseLater: true, locks: [lock('L', HOUR)], isLockReleasedLater: (id) => id === 'L' },
      skip('released-later'),
    ],
    [
      'and it is another one',
      claim(0),
      { hasReleaseLater: true, locks: [lock('M', HOUR)], isLockReleasedLater: (id) => id === 'L' },
      send,
    ],
    ['and there is no such list', claim(0), { hasReleaseLater: true, locks: null }, send],

    ['a release-all', releaseAll(HOUR), {}, { kind: 'ask', about: 'locks' }],
    ['a release-all whose time is not known', releaseAll(), {}, send],
    [
      'one older than a lock of its session',
      releaseAll(HOUR),
      { locks: [lock('L', 0)] },
      aside('session-active'),
    ],
    [
      'one older than a lock of this drain',
      releaseAll(HOUR),
      { locks: [lock('L', 0)], isOurLock: () => true },
      send,
    ],
    ['one younger than its lock', releaseAll(HOUR), { locks: [lock('L', 2 * HOUR)] }, send],
    ["one older than another's lock", releaseAll(HOUR), { locks: [lock('L', 0, 'T')] }, send],
    [
      'one a moment after its own claim, by a server clock that is known to a second',
      releaseAll(HOUR),
      { locks: [lock('L', HOUR - 400)], skewMs: -100, highestSkewMs: 500 },
      send,
    ],
    [
      'one older only by a server clock that is ahead',
      releaseAll(HOUR),
      { locks: [lock('L', HOUR - 1_000)], skewMs: 5_000 },
      send,
    ],

    ['a component', component(HOUR), {}, { kind: 'ask', about: 'component', project: 'p' }],
    ['a component whose time is not known', component(), {}, send],
    ['one that is not there yet', component(HOUR), { row: null }, send],
    ['one older than what stands there', component(HOUR), { row: row(0) }, skip('superseded')],
    ['one older than what we wrote ourselves', component(HOUR), { row: row(0), isOwnRow: () => true }, send],
    ['one younger than what stands there', component(HOUR), { row: row(2 * HOUR) }, send],
    ['one older by less than clocks differ', component(HOUR), { row: row(HOUR - 1_500) }, send],
  ])('%s', (_, ruled, known, expected) => {
    expect(decideReplay(ruled, { ...nothing, ...known })).toEqual(expected)
  })
})
