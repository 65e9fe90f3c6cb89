import { describe, expect, it } from 'vitest'
import { breakerAt, CLOSED, hurry, trip, UNTRIED, waitOf, type Breaker } from './breaker.ts'

const asked = (ms: number) => ({ askedMs: ms })

describe('the breaker', () => {
  it('lets the first request through, and every one while it is closed', () => {
    expect(waitOf(UNTRIED, 0)).toBe(0)
    expect(breakerAt(CLOSED, 1e9)).toBe(CLOSED)
  })

  it('doubles its back-off up to a minute, with full jitter', () => {
    let breaker: Breaker = CLOSED
    const waits: number[] = []
    for (let now = 0; waits.length < 8; now += 1e6) {
      breaker = trip(breaker, now, 'offline', undefined, 0.5)
      waits.push(waitOf(breaker, now))
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
  })

  it('takes failures of the same kind during its wait as one', () => {
    const first = trip(CLOSED, 0, 'offline', undefined, 0.9)
    expect(trip(first, 10, 'offline', undefined, 0.1)).toBe(first)
  })

  it('waits as long as the longest wish', () => {
    const first = trip(CLOSED, 0, 'degraded', asked(30_000), 0)
    expect(waitOf(trip(first, 1_000, 'degraded', asked(5_000), 0), 1_000)).toBe(29_000)
    expect(waitOf(trip(first, 1_000, 'degraded', asked(60_000), 0), 1_000)).toBe(60_000)
  })

  it.each(['offline', 'wrong-answer', 'degraded'] as const)(
    'never shortens what the API asked for, when another call in flight ends %s',
    (cause) => {
      const first = trip(CLOSED, 0, 'degraded', asked(30_000), 0)
      expect(waitOf(trip(first, 10, cause, undefined, 0), 10)).toBe(29_990)
      expect(waitOf(trip(first, 10, cause, { backOffMs: 5 }, 0), 10)).toBe(29_990)
    },
  )

  it('tries a known API that asked to wait with a call, and everything else with a probe', () => {
    expect(breakerAt(trip(CLOSED, 0, 'degraded', asked(10), 0), 10)).toMatchObject({
      kind: 'half-open',
      trialBy: 'call',
    })
    expect(breakerAt(trip(UNTRIED, 0, 'degraded', asked(10), 0), 10)).toMatchObject({ trialBy: 'probe' })
    expect(breakerAt(trip(CLOSED, 0, 'offline', undefined, 0.5), 1e6)).toMatchObject({ trialBy: 'probe' })
  })

  it('is hurried past our own back-off, never past a wish of the API', () => {
    expect(waitOf(hurry(trip(CLOSED, 0, 'offline', undefined, 0.9), 1), 1)).toBe(0)
    const wished = trip(CLOSED, 0, 'degraded', asked(30_000), 0)
    expect(waitOf(hurry(wished, 1), 1)).toBe(29_999)
    expect(waitOf(hurry(trip(wished, 1, 'offline', undefined, 0.9), 2), 2)).toBe(29_998)
  })
})
