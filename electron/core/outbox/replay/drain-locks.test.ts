import { describe, expect, it } from 'vitest'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import type { Segment } from '../segments/segment.ts'
import { createDrainLocks, type DrainLocks } from './drain-locks.ts'

const segment = (hasEnd: boolean, ...ended: string[]): Segment =>
  ({ hasEnd, endedDrains: new Set(ended) }) as unknown as Segment
const got = (lock: string, drain?: string): DeliveredRecord => ({
  kind: 'delivered',
  offset: 0,
  sub: 0,
  at: 0,
  status: 201,
  lineHash: '',
  resourceHash: '',
  sessionHash: '',
  lock,
  ...(drain === undefined ? {} : { drain }),
})
function read(...told: [Segment, DeliveredRecord][]): DrainLocks {
  const locks = createDrainLocks({ next: () => 0, id: () => 'new' })
  for (const [of, record] of told) locks.observe(of, record)
  locks.resume(told.map(([of]) => of))
  return locks
}

describe('the locks of a drain', () => {
  it('goes on with a drain that did not end, whatever segments it went through', () => {
    const locks = read([segment(true), got('1', 'd')], [segment(false), got('2', 'd')])
    expect([locks.has('1'), locks.has('2'), locks.drain()]).toEqual([true, true, 'd'])
  })
  it('forgets those of a drain whose end stands in any segment', () => {
    const locks = read(
      [segment(true), got('1', 'd')],
      [segment(true, 'd'), got('2', 'd')],
      [segment(false), got('3', 'e')],
    )
    expect([locks.has('1'), locks.has('2'), locks.has('3'), locks.drain()]).toEqual([false, false, true, 'e'])
  })
  it('of builds that kept no drain: ours where the segment is still open', () => {
    const locks = read([segment(true), got('1')], [segment(false), got('2')])
    expect([locks.has('1'), locks.has('2'), locks.drain()]).toEqual([false, true, 'new'])
  })
  it('takes nothing of another drain from a ledger that is read later', () => {
    const locks = read([segment(false), got('1', 'd')])
    locks.observe(segment(true), got('2', 'c'))
    expect(locks.has('2')).toBe(false)
  })
  it('begins anew when the backlog is empty', () => {
    const locks = read([segment(false), got('1', 'd')])
    locks.beginDrain()
    expect([locks.has('1'), locks.current(), locks.drain()]).toEqual([false, undefined, 'new'])
  })
})
