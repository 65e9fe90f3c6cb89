import { expect, it } from 'vitest'
import { EndCounts, endsLately } from './ends-lately.ts'

const FIVE = 5 * 60_000
const NOW = Date.UTC(2026, 0, 5, 12, 2)
const BEGUN = NOW - (NOW % FIVE)

it('sums what ended in each five minutes of the last day over all segments, and nothing of before or of a time to come', () => {
  const [a, b] = [new EndCounts(), new EndCounts()]
  a.add('delivered', NOW - FIVE)
  a.add('delivered', NOW)
  a.add('delivered', NOW - 1)
  b.add('setAside', NOW)
  b.add('skipped', NOW - 25 * 3_600_000)
  b.add('delivered', NOW + 3_600_000)
  expect(endsLately([{ ends: a.all() }, { ends: b.all() }], NOW)).toEqual([
    { at: BEGUN - FIVE, delivered: 1, setAside: 0, skipped: 0 },
    { at: BEGUN, delivered: 2, setAside: 1, skipped: 0 },
  ])
})
