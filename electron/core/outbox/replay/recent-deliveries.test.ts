/** What the duplicate rule remembers, and for how long. */
import { describe, expect, it } from 'vitest'
import { createFileSystem } from '../../../adapters/file-system.ts'
import type { CallHashes } from './queued-call.ts'
import { createRecent } from './recent-deliveries.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import { Segment } from '../segments/segment.ts'

const MINUTE = 60_000
const segment = new Segment(createFileSystem(), '/nowhere', '00000001-a', () => undefined)
const record = (n: number, at: number): DeliveredRecord => ({
  kind: 'delivered',
  offset: n,
  sub: 0,
  at,
  status: 200,
  lineHash: `${n}`.padStart(16, '0'),
  resourceHash: `k${n}`,
  sessionHash: `z${n}`,
})

const hashes = (n: number): CallHashes => ({
  line: record(n, 0).lineHash,
  resource: `k${n}`,
  session: `z${n}`,
})

describe('what was delivered lately', () => {
  it('is held for ten minutes and no longer, on whatever resource', () => {
    const recent = createRecent()
    for (let n = 0; n < 1_000; n++) recent.add(segment, record(n, n * MINUTE), n * MINUTE)
    // eleven instants lie within ten minutes; each has a resource and a session
    expect(recent.size()).toBe(22)
    expect(recent.repeated(hashes(995), 1_000 * MINUTE)?.record.offset).toBe(995)
    expect(recent.repeated(hashes(5), 1_000 * MINUTE)).toBeUndefined()
  })
})
