import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { readJson } from './json.ts'
import { decodeRows, lockRow, messageRow, workItemRow } from './wire.ts'

describe('reading JSON of others', () => {
  it.each([
    ['1783726489912345601', '1783726489912345601'],
    ['-1783726489912345601', '-1783726489912345601'],
    ['9007199254740993', '9007199254740993'],
    ['9007199254740991', 9007199254740991],
    ['18446744073709551615', '18446744073709551615'],
    ['0.12345678901234567890', 0.12345678901234568],
    ['12345678901234567890.5', 12345678901234567000],
    ['1e300', 1e300],
    ['7', 7],
  ])('keeps the integer %s exact, and every other number a number', (written, read) => {
    expect(readJson(written)).toBe(read)
    expect(readJson(`{"id":${written},"deep":[${written}, {"id" : ${written} }]}`)).toEqual({
      id: read,
      deep: [read, { id: read }],
    })
  })

  it.each([
    '"1783726489912345601"',
    '"\\\\"',
    '"a \\" 1783726489912345601"',
    '"\\\\\\" 17837264899123456017 \\\\"',
  ])('leaves digits inside of the text %s alone', (text) => {
    expect(readJson(`[${text}, 1783726489912345601]`)).toEqual([JSON.parse(text), '1783726489912345601'])
    expect(readJson(`{${text}: 1783726489912345601}`)).toEqual({
      [JSON.parse(text) as string]: '1783726489912345601',
    })
  })

  it('says of a text that is no JSON that it is none', () => {
    for (const text of [
      '',
      '{',
      '<html>',
      '[1783726489912345601',
      '"1783726489912345601',
      '00000000000000000001',
    ])
      expect(readJson(text)).toBeUndefined()
  })

  it('reads what JSON.parse reads, the source text of a large integer in its place', () => {
    // the runtime's own access to the source (Node 24) as the oracle
    const oracle = JSON.parse as (
      text: string,
      revive: (k: string, v: unknown, c: { source: string }) => unknown,
    ) => unknown
    const expected = (text: string): unknown =>
      oracle(text, (_key, value, { source }) =>
        Number.isInteger(value) && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? source : value,
      )
    fc.assert(fc.property(fc.json(), (text) => void expect(readJson(text)).toEqual(expected(text))))
  })

  it('gives back every integer and every text of a document exactly', () => {
    const value = fc.oneof(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const text = `[${values.map((v) => (typeof v === 'bigint' ? String(v) : JSON.stringify(v))).join(', ')}]`
        expect((readJson(text) as unknown[]).map(String)).toEqual(values.map(String))
      }),
    )
  })

  it('reads a long answer in a time that grows with its length', () => {
    const row = `{"id":1783726489912345601,"body":"${'\\\\\\"'.repeat(2_000)}"}`
    const text = `[${Array.from({ length: 500 }, () => row).join(',')}]`
    expect((readJson(text) as { id: string }[])[499]?.id).toBe('1783726489912345601')
  })
})

it('an id is the same text in every list, whatever its JSON type', () => {
  const id = '1783726489912345601'
  for (const written of [id, `"${id}"`]) {
    const rows = readJson(`[{"id":${written},"workflow_id":${written},"session_id":"M/a"}]`)
    expect(decodeRows(rows, 'locks', lockRow)?.rows[0]?.id).toBe(id)
    expect(decodeRows(rows, 'messages', messageRow)?.rows[0]?.id).toBe(id)
    expect(decodeRows(rows, 'work_items', workItemRow)?.rows[0]).toMatchObject({ id, workflow_id: id })
  }
})
