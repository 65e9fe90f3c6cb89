import { describe, expect, it } from 'vitest'
import { counted, plainLine, showInvisible, stripInvisible, toRelativeTime, toSpan } from './text.ts'

describe('counts and lengths of time', () => {
  it('counts one and many, with the thousands apart', () => {
    expect([0, 1, 2, 999, 1_000, 1_234_567].map((n) => counted(n, 'call'))).toEqual([
      '0 calls',
      '1 call',
      '2 calls',
      '999 calls',
      '1,000 calls',
      '1,234,567 calls',
    ])
    expect(counted(2, 'call waits', 'calls wait')).toBe('2 calls wait')
  })

  it('says a length in its two largest units at most', () => {
    const minute = 60_000
    expect([-5, 0, 45_900, minute, 59 * minute, 80 * minute, 120 * minute, 601 * minute].map(toSpan)).toEqual(
      ['0 s', '0 s', '45 s', '1 min', '59 min', '1 h 20 min', '2 h', '10 h'],
    )
    expect([26, 48].map((hours) => toSpan(hours * 60 * minute))).toEqual(['1 day', '2 days'])
  })

  it('is relative both ways, and takes a moment ahead for now', () => {
    expect(
      [180_000, 9_999, -9_999, -600_000].map((past) => toRelativeTime(1_000_000, 1_000_000 + past)),
    ).toEqual(['3 min ago', 'just now', 'just now', 'in 10 min'])
  })
})

describe('invisible characters: one set for the terminal, the window, the tray and the notifications', () => {
  const hidden = [
    0x00, 0x07, 0x08, 0x0b, 0x0d, 0x1b, 0x1f, 0x7f, 0x80, 0x9b, 0x9f, 0xad, 0x61c, 0x180e, 0x200b, 0x200d,
    0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x206f, 0xfeff, 0xfff9, 0xfffb, 0xe0001,
    0xe007f,
  ]

  it.each(hidden)('takes away, shows and never lets through %i', (code) => {
    const text = `a${String.fromCodePoint(code)}b`
    expect(stripInvisible(text)).toBe('ab')
    expect(showInvisible(text)).toMatch(/^a(?:[\u2400-\u241f]|\\u[0-9a-f]{4}|\\u\{e00[0-9a-f]{2}\})b$/)
    expect(plainLine(text, 80)).toMatch(/^a ?b$/)
  })

  it('leaves tab, newline and what people write', () => {
    const text = 'Grüße,\t日本\n👍'
    expect(stripInvisible(text)).toBe(text)
    expect(showInvisible(text)).toBe(text)
    expect(plainLine(text, 80)).toBe('Grüße, 日本 👍')
  })

  it('cuts a line by code points, and mends half a character', () => {
    expect(plainLine('👍👍👍👍', 3)).toBe('👍👍…')
    expect(plainLine('a\ud83d', 80)).toBe('a\ufffd')
    expect(plainLine(null, 80)).toBe('')
  })
})
