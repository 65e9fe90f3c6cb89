/** What the duplicate rule remembers, and for how long. */
import { describe, expect, it } from 'vitest'
import { createFileSystem } from '../../../adapters/file-system.ts'
import { createRecent } from './recent-deliveries.ts'
import { Segment, type Delivered } from '../segments/segment.ts'

const MINUTE = 60_000
const segment = new Segment(createFileSystem(), '/nowhere', '00000001-a', () => undefined)
const fact = (n: number, at: number): Delivered => ({
  t: 'delivered',
  o: n,
  s: 0,
  at,
  st: 200,
  h: `${n}`.padStart(16, '0'),
  k: `k${n}`,
  z: `z${n}`,
})

describe('what was delivered lately', () => {
  it('is held for ten minutes and no longer, on whatever resource', () => {
    const recent = createRecent()
    for (let n = 0; n < 1_000; n++) recent.add(segment, fact(n, n * MINUTE), n * MINUTE)
    // eleven instants lie within ten minutes; each has a resource and a session
    expect(recent.size()).toBe(22)
    expect(recent.repeated(() => fact(995, 0).h, 'k995', 'z995', 1_000 * MINUTE)?.fact.o).toBe(995)
    expect(recent.repeated(() => fact(5, 0).h, 'k5', 'z5', 1_000 * MINUTE)).toBeUndefined()
  })
})
