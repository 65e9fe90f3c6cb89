/** Columns: as wide as what they show, and no line wider than the terminal. */
import fc from 'fast-check'
import stringWidth from 'string-width'
import { describe, expect, it } from 'vitest'
import { table } from './table.ts'
import { line, oneLine, quoted } from './text.ts'
import { wrap } from './wrap.ts'

const rowsOf = (columns: number, rows: readonly (readonly string[])[]): readonly string[] =>
  table(
    Array.from({ length: columns }, (_, i) => ({
      heading: `H${i}`,
      cell: (row: readonly string[]) => row[i],
      cut: 'middle' as const,
    })),
    rows,
    { width: 60 },
  ).text.split('\n')

describe('a table', () => {
  it('is one line a row, and none wider than the terminal, whatever stands in it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.string({ unit: 'grapheme', maxLength: 80 }), { minLength: 4, maxLength: 4 }), {
          maxLength: 8,
        }),
        (rows) => {
          const shown = rowsOf(4, rows)
          expect(shown).toHaveLength(rows.length + 1)
          for (const one of shown) expect(stringWidth(one)).toBeLessThanOrEqual(60)
        },
      ),
    )
  })
  it('aligns by what is seen, not by characters', () => {
    const [head = '', wide = '', plain = ''] = rowsOf(2, [
      ['日本語', 'x'],
      ['abcdef', 'x'],
    ])
    expect(head.indexOf('H1')).toBe(8)
    expect(stringWidth(wide.slice(0, wide.indexOf('x')))).toBe(8)
    expect(plain.indexOf('x')).toBe(8)
  })
  it('shows a sign for what is empty, in the place of its column', () => {
    expect(rowsOf(3, [['a', '', 'c']])[1]).toBe('a   -   c')
  })
  it('cuts the lesser column first', () => {
    const columns = [
      { heading: 'A', cell: () => 'a'.repeat(30), cut: 'end' as const },
      { heading: 'B', cell: () => 'b'.repeat(30), cut: 'end' as const, isLesser: true },
    ]
    expect(table(columns, [0], { width: 50 }).text.split('\n')[1]).toBe(
      `${'a'.repeat(30)}  ${'b'.repeat(17)}…`,
    )
  })
})

it('what is put into a line stays in it', () => {
  expect(line`a ${'b\n\u001b[31mc\td\u202e'} e`.text).toBe('a b␊␛[31mc␉d\\u202e e')
  expect(
    quoted('one\nFAKE  row')
      .text.split('\n')
      .every((row) => row.startsWith('  │ ')),
  ).toBe(true)
  expect(oneLine('plain')).toBe('plain')
})

it('keeps what a line begins with, and a command in quotes whole where a line takes it', () => {
  expect(wrap('  one two three\n\nfour "coord flush --all" five', 12)).toEqual([
    '  one two',
    '  three',
    '',
    'four "coord',
    'flush --all"',
    'five',
  ])
  expect(wrap('say it: "coord flush" now', 16)).toEqual(['say it:', '"coord flush"', 'now'])
})

it('wraps at blanks, and loses no word', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { maxLength: 30 }), (words) => {
      const rows = wrap(words.join(' '), 20)
      expect(rows.join(' ')).toBe(words.join(' '))
      for (const row of rows) expect(row.length <= 20 || !row.includes(' ')).toBe(true)
    }),
  )
})
