import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MAX_LINE_BYTES, scanLines, type RawLine } from './split-lines.ts'

async function scan(
  bytes: Uint8Array,
  chunk?: number,
  start = 0,
): Promise<{ lines: RawLine[]; next: number }> {
  const lines: RawLine[] = []
  let next = start
  for await (const batch of scanLines(async (o, n) => bytes.subarray(o, o + n), start, bytes.length, chunk)) {
    lines.push(...batch.lines.map((l) => ({ ...l, bytes: Uint8Array.from(l.bytes) })))
    next = batch.next
  }
  return { lines, next }
}
const le = (text: string): Buffer => Buffer.from(text, 'utf16le')
const be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16()
const text = (l: RawLine): string =>
  l.encoding === 'utf-8'
    ? Buffer.from(l.bytes).toString()
    : (l.encoding === 'utf-16le' ? Buffer.from(l.bytes) : Buffer.from(l.bytes).swap16())
        .toString('utf16le')
        .trim()

describe('scanLines', () => {
  it('cuts BOM, CRLF, blank lines and NUL runs off, and keeps offsets exact', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeff{"a":1}\r\n\n  \r\n\0\0\0{"b":2}  \n\ufeff{"c":3}\0\0\n\0\0\0'),
    ])
    const { lines, next } = await scan(bytes)
    expect(lines.map(text)).toEqual(['{"a":1}', '{"b":2}', '{"c":3}'])
    for (const l of lines) expect(bytes.subarray(l.offset, l.offset + l.length).toString()).toBe(text(l))
    expect(next).toBeGreaterThanOrEqual(bytes.length - 3)
  })

  it('reads UTF-16 lines of both orders in the middle of a UTF-8 file, code units with 0x0A inside not split', async () => {
    const odd = '{"s":"\u0a0a\u010a\u0a00 é"}'
    const bytes = Buffer.concat([
      Buffer.from('{"a":1}\n'),
      le(`${odd}\r\n${odd}\r\n`),
      Buffer.from('{"b":2}\n'),
      Buffer.from([0xff, 0xfe]),
      le(`${odd}\r\n\r\n`),
      be(`${odd}\n`),
      Buffer.from([0xfe, 0xff]),
      be(`${odd}\r\n`),
      Buffer.from('{"c":3}'),
    ])
    const { lines } = await scan(bytes)
    expect(lines.map(text)).toEqual(['{"a":1}', odd, odd, '{"b":2}', odd, odd, odd, '{"c":3}'])
  })

  it('gives the same lines whatever the chunk size, at every split', async () => {
    const bytes = Buffer.concat([
      Buffer.from('\ufeff{"a":1}\r\n\n'),
      le('{"s":"\u0a0a\u010a"}\r\n{"t":1}\r\n'),
      Buffer.from('\0\0{"é":2}\n'),
      be('{"s":"\u0a0a"}\r\n'),
      Buffer.from('a\0\nb\n\0\0\ufeff{"c":3}\0\r\n{"torn'),
    ])
    const whole = await scan(bytes)
    expect(whole.lines.length).toBeGreaterThan(6)
    for (let chunk = 1; chunk <= bytes.length; chunk++) {
      const cut = await scan(bytes, chunk)
      expect(cut.lines, `chunk ${chunk}`).toEqual(whole.lines)
    }
  })

  it('property: any bytes, any chunk size: the same lines; every non-blank byte of UTF-8 text is in one', async () => {
    const piece = fc.oneof(
      fc.constantFrom('\n', '\r\n', '\0', '\ufeff', '{"a":1}', ' ', '{', '}').map((s) => Buffer.from(s)),
      fc.constantFrom('{"a":"\u0a0a"}\n', '\n', '{"b":1}\r\n').map(le),
      fc.constantFrom('{"a":"\u010a"}\n', '{"b":1}\r\n').map(be),
      fc.uint8Array({ maxLength: 4 }).map((a) => Buffer.from(a)),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        async (pieces, chunk) => {
          const bytes = Buffer.concat(pieces)
          const [a, b] = [await scan(bytes), await scan(bytes, chunk)]
          expect(b.lines).toEqual(a.lines)
          let last = -1
          for (const l of a.lines) {
            expect(l.offset).toBeGreaterThan(last)
            last = l.offset
          }
        },
      ),
      { numRuns: 500 },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', '{', '}', '"', ' ', 'é', '\n') }), { maxLength: 20 }),
        async (parts) => {
          const bytes = Buffer.from(parts.join('\n'))
          const kept = (await scan(bytes, 7)).lines.map(text).join('').replace(/\s/g, '')
          expect(kept).toBe(bytes.toString().replace(/\s/g, ''))
        },
      ),
      { numRuns: 200 },
    )
  })

  it('short lines at the end: all of them, and `next` behind the last newline', async () => {
    for (const [text_, lines, next] of [
      ['a\nb', ['a', 'b'], 2],
      ['{}\n[]\n', ['{}', '[]'], 6],
      ['{"a":1}\n1\n2\n', ['{"a":1}', '1', '2'], 12],
    ] as const) {
      const got = await scan(Buffer.from(text_))
      expect(got.lines.map(text)).toEqual(lines)
      expect(got.next).toBe(next)
    }
  })

  it('goes on from `next` where the file grew', async () => {
    const bytes = Buffer.from('{"a":1}\n{"b":2}\n{"c"')
    const grown = Buffer.from('{"a":1}\n{"b":2}\n{"c":3}\n')
    const { next } = await scan(bytes, 4)
    expect((await scan(grown, 4, next)).lines.map(text)).toEqual(['{"c":3}'])
  })

  it.each(['\n', ''])(
    'keeps a line of 1 MiB and cuts one of 1 MiB + 1, terminated by %j, whatever the chunk size',
    async (end) => {
      for (const size of [MAX_LINE_BYTES, MAX_LINE_BYTES + 1, MAX_LINE_BYTES + 9, 3 * MAX_LINE_BYTES]) {
        const bytes = Buffer.from(`{"x":1}\n${'y'.repeat(size)}${end === '' ? '' : ` \0\r\n{"z":1}\n`}`)
        const whole = await scan(bytes)
        expect(whole.lines[1]).toMatchObject({ offset: 8, length: size, isTerminated: end !== '' })
        expect(whole.lines[1]?.bytes.length).toBe(Math.min(size, MAX_LINE_BYTES + 1))
        expect(whole.lines).toHaveLength(end === '' ? 2 : 3)
        for (const chunk of [65_537, 1_000_003]) expect((await scan(bytes, chunk)).lines).toEqual(whole.lines)
      }
    },
  )

  it('cuts an overlong UTF-16 line at its own newline only', async () => {
    const bytes = Buffer.concat([
      le(`"${'\u0a0a'.repeat(MAX_LINE_BYTES)}"\r\n`).fill(0x7b, 0, 1),
      Buffer.from('{"z":1}\n'),
    ])
    bytes.write('{\0"\0', 0, 'latin1')
    for (const chunk of [undefined, 65_537, 99_999]) {
      const { lines } = await scan(bytes, chunk)
      expect(lines).toHaveLength(2)
      expect(lines[0]).toMatchObject({ encoding: 'utf-16le', isTerminated: true })
      expect(lines.map((l) => l.offset)).toEqual([0, bytes.length - 8])
    }
  })
})
