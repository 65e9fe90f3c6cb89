import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, decodeLedger, encodeFacts, type Fact } from './ledger-format.ts'

const facts: Fact[] = [
  { t: 'header', v: 1, at: 1, identity: '1:2', size: 3, mtime: 4.5, origin: 'queue' },
  { t: 'seen', o: 10, at: null },
  { t: 'intent', o: 0, s: 0, at: 5, n: 1 },
  { t: 'delivered', o: 0, s: 0, at: 6, st: 201, h: 'ab', k: 'cd', z: '' },
  { t: 'aside', o: 9, s: 1, at: 7, reason: 'tab\tnewline\n "é" \ud800', st: 422 },
  { t: 'end', o: 10, at: 8 },
]
const clean = JSON.parse(JSON.stringify(facts)) as Fact[]

describe('the ledger', () => {
  it('comes back as it was written', () => {
    expect(crc32(Buffer.from('123456789'))).toBe('cbf43926')
    expect(decodeLedger(encodeFacts(facts))).toEqual({
      facts: clean,
      damaged: 0,
      isTailDamaged: false,
      isTorn: false,
    })
  })

  it('torn at every byte: the whole lines before it count, and no other', () => {
    const bytes = encodeFacts(facts)
    for (let cut = 0; cut < bytes.length; cut++) {
      const torn = decodeLedger(bytes.subarray(0, cut))
      const whole =
        Buffer.from(bytes.subarray(0, cut)).toString('latin1').split('\n').length -
        (bytes[cut] === 0x0a ? 0 : 1)
      expect(torn.facts).toEqual(clean.slice(0, whole))
      expect(torn.damaged).toBe(0)
      expect(torn.isTorn).toBe(cut > 0 && bytes[cut - 1] !== 0x0a)
      // the next append starts on a line of its own
      const more = Buffer.concat([
        bytes.subarray(0, cut),
        Buffer.from(torn.isTorn ? '\n' : ''),
        encodeFacts([{ t: 'upto', o: 1 }]),
      ])
      expect(decodeLedger(more).facts).toEqual([...clean.slice(0, whole), { t: 'upto', o: 1 }])
    }
  })

  it('property: damage anywhere in the middle costs only the lines that it hits', () => {
    const bytes = encodeFacts(facts)
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: bytes.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        (at, flip) => {
          const bad = Uint8Array.from(bytes)
          bad[at] = (bad[at] ?? 0) ^ flip
          const { facts: left, damaged } = decodeLedger(bad)
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
