import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { causeText } from '../../../../shared/cause.ts'
import { sliceOfKey } from '../../../../shared/json-slice.ts'
import { isWhole, parseLine, type Entry } from './parse-line.ts'
import type { RawLine } from './split-lines.ts'

const lineOf = (content: string | Uint8Array, more: Partial<RawLine> = {}): RawLine => {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  return { offset: 0, bytes, length: bytes.length, encoding: 'utf-8', isTerminated: true, ...more }
}
const parse = (content: string | Uint8Array): readonly Entry[] => parseLine(lineOf(content))
const call = (body: string): string =>
  `{"ts":"2026-05-12T15:30:00Z","method":"POST","path":"/api/coord/messages"${body}}`
const sent = (e: Entry | undefined): string | undefined =>
  e?.verdict.kind === 'send' ? (e.verdict.call.body ?? '(none)') : undefined

describe('parseLine', () => {
  it.each([
    ['absent', '', '(none)'],
    ['null', ',"body":null', '(none)'],
    ['text', ',"body":"raw \\u00e9 text"', 'raw é text'],
    ['number', ',"body":12', '12'],
    ['list', ',"body":[1, 2]', '[1, 2]'],
    ['spaces kept', ',"body" :  { "a" : 1.50 , "b":[ ] } ', '{ "a" : 1.50 , "b":[ ] }'],
    [
      'big numbers',
      ',"body":{"n":1152921504606846976,"x":1e400,"z":-0}',
      '{"n":1152921504606846976,"x":1e400,"z":-0}',
    ],
    ['duplicate keys inside', ',"body":{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['a repeated body: the last, as JSON.parse has it', ',"body":{"a":1},"body":{"a":2}', '{"a":2}'],
    ['__proto__', ',"body":{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
    ['lone surrogate escapes', ',"body":{"a":"\\ud800"}', '{"a":"\\ud800"}'],
    ['an escaped key', ',"b\\u006fdy":{"a":1}', '{"a":1}'],
  ])('body %s is sent as written', (_, body, expected) => {
    const entries = parse(call(body))
    expect(entries).toHaveLength(1)
    expect(sent(entries[0])).toBe(expected)
  })

  it('does not take fields from a prototype', () => {
    const [e] = parse('{"__proto__":{"method":"POST","path":"/api/coord/messages"}}')
    expect(e?.verdict).toMatchObject({ kind: 'aside' })
    expect(({} as Record<string, unknown>)['method']).toBeUndefined()
  })

  it('takes a body 10 000 deep, byte for byte', () => {
    const deep = `{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}`
    expect(sent(parse(call(`,"body":${deep}`))[0])).toBe(deep)
  })

  it('keeps an id beyond 2^53 in a body as it was written, for the rules and on the wire', () => {
    const body = '{"workflow_id":1783726489912345601,"n":12}'
    const [entry] = parse(call(`,"body":${body}`))
    expect(sent(entry)).toBe(body)
    expect(entry?.verdict).toMatchObject({
      call: { data: { workflow_id: '1783726489912345601', n: 12 } },
    })
  })

  it('splits glued calls, each with its sub-index', () => {
    const one = call(',"body":{"a":"}{"}')
    const entries = parse(`${one}${one} ${one}`)
    expect(entries.map((e) => [e.sub, e.raw, e.verdict.kind])).toEqual([0, 1, 2].map((n) => [n, one, 'send']))
  })

  it('never takes the body of a torn call for a call of its own', () => {
    const torn =
      '{"method":"POST","path":"/api/coord/messages","body":{"method":"DELETE","path":"/api/coord/locks/1"}'
    expect(parse(torn).map((e) => e.verdict.kind)).toEqual(['aside'])
  })
  it('saves the whole call behind a torn one', () => {
    const one = call('')
    for (const torn of ['{"ts":"2026","met', '{"ts":"2026","body":{"x":1,', 'garbage ', '{"a":"é'])
      expect(parse(torn + one).map((e) => [e.raw, e.verdict.kind])).toEqual([
        [torn.trim(), 'aside'],
        [one, 'send'],
      ])
    expect(parse(`${one}{"ts":"20`).map((e) => e.verdict.kind)).toEqual(['send', 'aside'])
  })

  it.each([
    ['[]', 'no object'],
    ['12', 'no object'],
    ['null', 'no object'],
    ['hello', 'not JSON'],
    ['{"a"', 'torn'],
    ['{}', '"method" is missing'],
    ['{"method":"POST"}', '"path" is missing'],
    ['{"method":1,"path":"/api/coord/x"}', '"method" is missing'],
    ['{"method":"TRACE","path":"/api/coord/x"}', 'refused: the method'],
    ['{"method":"","path":"/api/coord/x"}', 'refused: the method'],
  ])('%s is set aside: %s', (line, why) => {
    const [e] = parse(line)
    expect(e?.verdict.kind === 'aside' ? causeText(e.verdict.cause) : '').toContain(why)
    expect(e?.raw).toBe(line)
  })

  it('normalises the method, and knows reads', () => {
    expect(parse('{"method":" put ","path":"/api/coord/x"}')[0]?.verdict).toMatchObject({
      kind: 'send',
      call: { method: 'PUT' },
    })
    expect(parse('{"method":"get","path":"/api/coord/locks"}')[0]?.verdict).toEqual({ kind: 'read' })
    expect(parse('{"method":"HEAD","path":"/api/coord/locks"}')[0]?.verdict).toEqual({ kind: 'read' })
  })

  it('keeps bytes that are no text', () => {
    const [e] = parse(Uint8Array.of(0x7b, 0xff, 0xfe, 0x7d))
    expect(e?.raw).toEqual({ base64: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]).toString('base64') })
    expect(e?.verdict.kind).toBe('aside')
  })

  it('an unterminated line cut inside a character is not whole', () => {
    const bytes = Buffer.from(call(',"body":{"a":"é"}'))
    const cut = bytes.subarray(0, bytes.indexOf(0xc3) + 1)
    expect(isWhole(parseLine(lineOf(cut, { isTerminated: false })))).toBe(false)
    expect(isWhole(parseLine(lineOf(bytes, { isTerminated: false })))).toBe(true)
    expect(isWhole(parseLine(lineOf(bytes.subarray(0, -1), { isTerminated: false })))).toBe(false)
  })

  it('property: a JSON body goes out byte for byte, however it is written; nothing throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, '\t'), (value, indent) => {
        const body = JSON.stringify(value, null, indent).replace(/\n/g, ' ')
        const entries = parse(call(`,"body":${body}`))
        expect(entries).toHaveLength(1)
        expect(sent(entries[0])).toBe(value === null ? '(none)' : typeof value === 'string' ? value : body)
      }),
      { numRuns: 500 },
    )
  })

  it('property: any text gives entries that together hold all of it, and never throws', () => {
    const bit = fc.oneof(
      fc.constantFrom('{"', '"}', '{', '}', '\\', '"', ':', call(''), call(',"body":{}'), '{"method":', ' '),
      fc.string({ maxLength: 5 }),
    )
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 12 }), (bits) => {
        const text = bits.join('').trim()
        const entries = parse(text)
        const all = entries.map((e) => (typeof e.raw === 'string' ? e.raw : '')).join('')
        const solid = (s: string): string => s.replace(/\s/g, '')
        if (entries.every((e) => typeof e.raw === 'string')) expect(solid(all)).toBe(solid(text))
        expect(entries.map((e) => e.sub)).toEqual(entries.map((_, i) => i))
      }),
      { numRuns: 1_000 },
    )
  })

  it('is quick on a MiB of openings', () => {
    const began = performance.now()
    parse('{"'.repeat(500_000))
    parse('{}'.repeat(10_000))
    expect(performance.now() - began).toBeLessThan(5_000)
  })

  it('sliceOfKey finds the top level only', () => {
    expect(sliceOfKey('{"a":{"body":1},"body":[2]}', 'body')).toBe('[2]')
    expect(sliceOfKey('{"a":"\\"body\\":1"}', 'body')).toBeUndefined()
    expect(sliceOfKey('{"body":-1.5e3}', 'body')).toBe('-1.5e3')
  })
})
