import { describe, expect, it } from 'vitest'
import { callTime, claimLifeMs } from './call-time.ts'

const T = Date.UTC(2026, 4, 12, 15, 30)
const MIN = 60_000
const iso = (at: number): string => new Date(at).toISOString()
describe('callTime', () => {
  it.each([
    ['ts near first-seen: ts', iso(T), T + 4 * MIN, 0, T],
    ['ts exactly 5 min away: ts', iso(T), T + 5 * MIN, 0, T],
    ['ts farther from first-seen: first-seen', iso(T), T + 6 * MIN, 0, T + 6 * MIN],
    ['ts in the future of first-seen: first-seen', iso(T + 60 * MIN), T, 0, T],
    ['no ts: first-seen', null, T, 0, T],
    ['garbage: first-seen', 'yesterday', T, 0, T],
    ['1970 (a dead battery): first-seen', '1970-01-01T00:00:10Z', T, 0, T],
    ['not running then: ts', iso(T), undefined, T + MIN, T],
    ['not running then: never after the mtime', iso(T + 60 * MIN), undefined, T + MIN, T + MIN],
    ['not running then, no ts: unknown', null, undefined, T, undefined],
    ['not running then, 1970: unknown', '1970-01-01T00:00:10Z', undefined, T, undefined],
    ['a zone', '2026-05-12T17:30:00+02:00', undefined, T + MIN, T],
    ['no zone is UTC', '2026-05-12T15:30:00', undefined, T + MIN, T],
  ])('%s', (_, ts, seen, mtime, expected) => {
    expect(callTime(ts, seen, mtime)).toBe(expected)
  })

  it.each([
    [2, 2],
    [1, 1],
    [0.5, 0.5],
    [0, 2],
    [8, 2],
    [-1, 2],
    [undefined, 2],
    [null, 2],
    ['1', 2],
    [NaN, 2],
  ])('a claim with ttl_hours %j lives %d h', (ttl, hours) => {
    expect(claimLifeMs(ttl)).toBe(hours * 3_600_000)
  })
})
