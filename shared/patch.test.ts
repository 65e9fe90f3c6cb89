import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply, diff } from './patch.ts'

const row = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
  n: fc.integer({ min: 0, max: 2 }),
})
const rows = fc.uniqueArray(row, { selector: (r) => r.id, maxLength: 6 })
const picture = fc.record(
  {
    at: fc.integer(),
    rows,
    names: fc.array(fc.constantFrom('x', 'y'), { maxLength: 4 }),
    nested: fc.array(fc.record({ path: fc.constantFrom('/a', '/b'), inner: rows }), { maxLength: 2 }),
    maybe: fc.option(fc.string(), { nil: null }),
  },
  { requiredKeys: ['at', 'rows'] },
)

describe('a patch', () => {
  it('makes one picture of the other, whatever changed, also after it went through JSON', () => {
    fc.assert(
      fc.property(picture, picture, (a, b) => {
        const patch = diff(a, b)
        if (patch === undefined) expect(b).toEqual(a)
        else expect(apply(a, JSON.parse(JSON.stringify(patch)))).toEqual(b)
        expect(diff(a, structuredClone(a))).toBeUndefined()
      }),
      { numRuns: 1000 },
    )
  })

  it('of one row that came, went, moved or changed costs that row', () => {
    const before = Array.from({ length: 500 }, (_, i) => ({
      id: `row ${i}`,
      text: 'x'.repeat(100),
      isSeen: false,
    }))
    const at = (i: number): (typeof before)[number] => before[i] ?? { id: '', text: '', isSeen: false }
    const changes = [
      [{ ...at(0), id: 'new' }, ...before.slice(0, -1)],
      [...before.slice(0, 200), ...before.slice(201)],
      [at(300), ...before.slice(0, 300), ...before.slice(301)],
      before.with(250, { ...at(250), isSeen: true }),
    ]
    for (const after of changes) {
      const patch = diff({ rows: before }, { rows: after })
      expect(JSON.stringify(patch).length).toBeLessThan(400)
      expect(patch && apply({ rows: before }, patch)).toEqual({ rows: after })
    }
  })
})
