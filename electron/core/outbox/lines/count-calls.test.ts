/** A line is counted from its bytes as its parse would have it. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countCalls } from './count-calls.ts'
import { parseLine } from './parse-line.ts'
import type { RawLine } from './split-lines.ts'

const lineOf = (content: string | Uint8Array): RawLine => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { offset: 0, bytes, length: bytes.length, encoding: 'utf-8', isTerminated: true }
}
const call = '{"ts":"2026-05-12T15:30:00Z","method":"POST","path":"/api/coord/messages","body":{"a":"b"}}'
const release = '{"method":" delete ","path":"/api/coord/locks/1?session_id=M"}'

describe('countCalls', () => {
  it.each([
    call,
    release,
    `${call}${call}`,
    `${call} ${call}`,
    `{"torn ${call}`,
    `{torn ${call}}`,
    `{"a":1,${call}}`,
    `{"m\\u0065thod":"POST",{"m\\u0065thod":"POST","path":"/x"}}`,
    `{x {"m\\u0065thod":"POST","path":"/x"}}`,
    `{"${call}"}`,
    `{"${release}"}`,
    `{"a":true,"b":false,"c":null,"d":-1.5E+2}`,
    `[${call}]`,
    `{"body":${call}}`,
    `{"method":"POST","path":"/x","body":{"method":"y"}}`,
    '{}',
    '{',
    '}',
    '[]',
    '12',
    'null',
    'garbage',
    '{"a":"}{"}',
    '{"a":"\\"}{\\""}',
    '{"a":"\\\\"}{"b":1}',
    '{"a":]}',
    '{"a":[}',
  ])('%s', (text) => {
    expect(countCalls(lineOf(text)).calls).toBe(parseLine(lineOf(text)).length)
  })

  it('bytes that are no text, and a line that is too long, are one', () => {
    const broken = Uint8Array.of(0x7b, 0xff, 0x22, 0x7d)
    expect(countCalls(lineOf(broken)).calls).toBe(parseLine(lineOf(broken)).length)
    const long = { ...lineOf('{'), length: 2_000_000 }
    expect(countCalls(long)).toEqual({ calls: 1, mayRelease: false })
  })

  it('property: as many as the parse finds, and no release is missed', () => {
    const bit = fc.oneof(
      fc.constantFrom(
        '{"',
        '"}',
        '{',
        '}',
        '[',
        ']',
        '\\',
        '"',
        ':',
        ',',
        call,
        release,
        '{"method":',
        '"path"',
        ' ',
        '\\u0065',
        'é',
      ),
      fc.constantFrom('"method"', '"DELETE"', '{"method":"DELETE","path":"/api/coord/locks/1"}'),
      fc.string({ maxLength: 4 }),
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 14 }), (bits) => {
        const line = lineOf(bits.join('').trim())
        const entries = parseLine(line)
        const { calls, mayRelease } = countCalls(line)
        expect(calls).toBe(entries.length)
        const releases = entries.some((e) => e.verdict.kind === 'send' && e.verdict.call.method === 'DELETE')
        expect(mayRelease || !releases).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('property: whole calls, with any body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('POST', 'DELETE', 'delete'), (body, method) => {
        const line = lineOf(JSON.stringify({ method, path: '/api/coord/locks', body }))
        expect(countCalls(line).calls).toBe(1)
        expect(countCalls(line).mayRelease || method === 'POST').toBe(true)
      }),
      { numRuns: 500 },
    )
  })
})
