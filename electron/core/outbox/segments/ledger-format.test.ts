import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, decodeLedger, encodeRecords } from './ledger-format.ts'
import type { LedgerRecord } from './ledger-records.ts'

const records: LedgerRecord[] = [
  { kind: 'header', version: 1, at: 1, identity: '1:2', size: 3, mtime: 4.5, origin: 'queue' },
  { kind: 'first-seen', offset: 10, at: null },
  { kind: 'intent', offset: 0, sub: 0, at: 5, attempt: 1 },
  {
    kind: 'delivered',
    offset: 0,
    sub: 0,
    at: 6,
    status: 201,
    lineHash: 'ab',
    resourceHash: 'cd',
    sessionHash: '',
  },
  {
    kind: 'set-aside',
    offset: 9,
    sub: 1,
    at: 7,
    cause: 'rejected',
    reason: 'tab\tnewline\n "é" \ud800',
    status: 422,
  },
  { kind: 'end', offset: 10, at: 8 },
]
const clean = JSON.parse(JSON.stringify(records)) as LedgerRecord[]

describe('the ledger', () => {
  it('comes back as it was written', () => {
    expect(crc32(Buffer.from('123456789'))).toBe('cbf43926')
    expect(decodeLedger(encodeRecords(records))).toEqual({
      records: clean,
      damaged: 0,
      isTailDamaged: false,
      isTorn: false,
    })
  })

  it('torn at every byte: the whole lines before it count, and no other', () => {
    const bytes = encodeRecords(records)
    for (let cut = 0; cut < bytes.length; cut++) {
      const torn = decodeLedger(bytes.subarray(0, cut))
      const whole =
        Buffer.from(bytes.subarray(0, cut)).toString('latin1').split('\n').length -
        (bytes[cut] === 0x0a ? 0 : 1)
      expect(torn.records).toEqual(clean.slice(0, whole))
      expect(torn.damaged).toBe(0)
      expect(torn.isTorn).toBe(cut > 0 && bytes[cut - 1] !== 0x0a)
      // the next append starts on a line of its own
      const more = Buffer.concat([
        bytes.subarray(0, cut),
        Buffer.from(torn.isTorn ? '\n' : ''),
        encodeRecords([{ kind: 'checkpoint', offset: 1 }]),
      ])
      expect(decodeLedger(more).records).toEqual([
        ...clean.slice(0, whole),
        { kind: 'checkpoint', offset: 1 },
      ])
    }
  })

  it('property: damage anywhere in the middle costs only the lines that it hits', () => {
    const bytes = encodeRecords(records)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const bad = Uint8Array.from(bytes)
          bad[at] = (bad[at] ?? 0) ^ flip
          const { records: left, damaged } = decodeLedger(bad)
          expect(left.length).toBeGreaterThanOrEqual(clean.length - 2)
          if (at < bytes.length - 1) expect(left.length).toBeLessThan(clean.length)
          for (const f of left) expect(clean).toContainEqual(f)
          if (at < bytes.length - 1) expect(damaged).toBeGreaterThan(0)
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('survives any bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void decodeLedger(bytes)))
  })
})
