/**
 * The crash enumeration: in each story, every file call and every network call fails with each likely error, or is the last
 * one before the process dies or the power fails; nothing lost, nothing doubled, order kept, nothing half done.
 * Every 53rd point, so that each kind has its turn somewhere; COORD_LONG=1: every 11th; COORD_CRASH_STRIDE=1: every one.
 */
import { describe, expect, it } from 'vitest'
import { enumerate, type Found } from './testing/crash-run.ts'
import { scenarios } from './testing/crash-scenarios.ts'

const isLong = process.env['COORD_LONG'] === '1'
const STRIDE = Number(process.env['COORD_CRASH_STRIDE'] ?? (isLong ? 11 : 53))

describe.each([
  ['crash enumeration', false],
  ['crash enumeration, intents ahead', true],
])('%s', (name, isAhead) => {
  let points = 0
  it.each(scenarios)('$name', { timeout: STRIDE < 53 ? 1_800_000 : 60_000 }, async (scenario) => {
    const found: Found = { points: 0, broken: [] }
    await enumerate(scenario, found, {
      stride: STRIDE,
      offset: scenarios.indexOf(scenario) * 5,
      seeds: STRIDE < 11 ? 8 : 2,
      isAhead,
    })
    points += found.points
    expect(found.broken.slice(0, 5).join('\n\n'), `${found.broken.length} of ${found.points}`).toBe('')
    expect(found.points).toBeGreaterThan(50)
  })

  it('tried at least two thousand points', () => {
    console.log(`${name}: ${points} points over ${scenarios.length} scenarios`)
    expect(points).toBeGreaterThanOrEqual(2_000)
  })
})
