/**
 * SIGKILL at random instants of processes that flush, in both orders, while foreign writers append: the short form of
 * `npm run test:torture`, which says where the instants lie (build/measure/torture/aim.ts). COORD_LONG=1: 64 kills over 6 400 calls.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { prepare, torture, type Bench } from '../../../build/measure/torture/round.ts'

const isLong = process.env['COORD_LONG'] === '1'
const [KILLS, CALLS] = isLong ? [16, 1_600] : [3, 90]
let bench: Bench
let isWell = true
beforeAll(async () => {
  bench = await prepare(mkdtempSync(join(tmpdir(), 'coord-kill-')))
})
afterAll(() => {
  if (isWell) rmSync(bench.base, { recursive: true, force: true })
})

describe.each([1, 16])(`${KILLS} SIGKILLs over ${CALLS} calls, %i at once`, (lanes) => {
  it.each([
    ['an API that honours keys: none lost, none doubled, order kept', 'ours', false],
    ['an API that honours keys and does not say so: the same, repeats ≤ kills × lanes', 'ours', true],
    [
      'an API that ignores keys: none lost, repeats ≤ kills × lanes, order kept',
      lanes === 1 ? 'blind' : 'sighted',
      false,
    ],
  ] as const)('%s', async (_name, api, isSilent) => {
    const seed = Date.now() % 1_000_000
    const done = await torture({ seed, lanes, api, isSilent, kills: KILLS, calls: CALLS }, bench)
    isWell &&= done.problems.length === 0
    expect(done.problems, `seed ${seed}; kept: ${done.root}`).toEqual([])
    expect(done).toMatchObject({ kills: KILLS, calls: CALLS, lost: 0, doubled: 0, outOfOrder: 0 })
    expect(done.repeats).toBeLessThanOrEqual(done.allowedRepeats)
  })
})
