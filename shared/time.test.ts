/** Times as they are written: whatever the way, the same instant; what is none is none. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseTime, toIso } from './time.ts'

describe('parseTime', () => {
  it('property: reads back what is written, with and without milliseconds, with T and with a blank', () => {
    const ms = fc.integer({ min: Date.UTC(100, 0, 1), max: Date.UTC(9999, 11, 31) })
    fc.assert(
      fc.property(ms, (at) => {
        const text = toIso(at)
        const whole = Math.floor(at / 1000) * 1000
        expect(parseTime(text)).toBe(at)
        expect(parseTime(text.replace('T', ' '))).toBe(at)
        expect(parseTime(text.replace(/\.\d+Z$/, 'Z'))).toBe(whole)
        expect(parseTime(text.replace(/\.\d+Z$/, '+00:00'))).toBe(whole)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    '2026-02-30T00:00:00Z',
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-10T25:00:00Z',
    '2026-01-10T00:60:00Z',
    '2026-01-10T00:00:61Z',
    '2026-01-10T00:00:0xZ',
    '2o26-01-10T00:00:00Z',
    '2026-01-10T00:00:00.12xZ',
    '2026/01/10T00:00:00Z',
    '2026-01-10T00:00:00.123',
    '',
  ])('%j is no time, in the short form as in the long one', (text) => {
    const read = parseTime(text)
    expect(read).toBe(text.endsWith('.123') ? Date.UTC(2026, 0, 10, 0, 0, 0, 123) : undefined)
  })

  it.each([
    ['2024-02-29T12:00:00Z', Date.UTC(2024, 1, 29, 12)],
    ['2026-05-31T23:59:59.999Z', Date.UTC(2026, 4, 31, 23, 59, 59, 999)],
    ['2026-05-01T24:00:00Z', Date.UTC(2026, 4, 2)],
    ['2026-05-01T23:59:60Z', Date.UTC(2026, 4, 2)],
    ['2026-05-12', Date.UTC(2026, 4, 12)],
    ['2026-05-12T15:30:00+02:00', Date.UTC(2026, 4, 12, 13, 30)],
  ])('%s', (text, at) => {
    expect(parseTime(text)).toBe(at)
  })
})
