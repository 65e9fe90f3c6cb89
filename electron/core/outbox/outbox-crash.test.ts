/**
 * The crash enumeration: in each story, every file call and every network call fails with each likely error, or is the last
 * one before the process dies or the power fails; nothing lost, nothing doubled, order kept, nothing half done.
 * COORD_LONG=1: every point. Otherwise every 53rd, so that each kind of point has its turn somewhere.
 */
import { describe, expect, it } from 'vitest'
import { enumerate, type Found } from './testing/crash-run.ts'
import { scenarios } from './testing/crash-scenarios.ts'

const isLong = process.env['COORD_LONG'] === '1'
const STRIDE = isLong ? 1 : 53

describe('crash enumeration', () => {
  let points = 0
  it.each(scenarios)('$name', { timeout: isLong ? 1_800_000 : 60_000 }, async (scenario) => {
    const found: Found = { points: 0, broken: [] }
    await enumerate(scenario, found, {
      stride: STRIDE,
      offset: scenarios.indexOf(scenario) * 5,
      seeds: isLong ? 8 : 2,
    })
    points += found.points
    expect(found.broken.slice(0, 5).join('\n\n'), `${found.broken.length} of ${found.points}`).toBe('')
    expect(found.points).toBeGreaterThan(50)
  })

  it('tried at least two thousand points', () => {
    console.log(`crash enumeration: ${points} points over ${scenarios.length} scenarios`)
    expect(points).toBeGreaterThanOrEqual(2_000)
  })
})
