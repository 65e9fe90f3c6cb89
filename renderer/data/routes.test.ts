import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHash, HOME, toHash, viewNames } from './routes.ts'

describe('routes', () => {
  it('gives back every route that it wrote, whatever its texts are', () => {
    const text = fc.string({ unit: 'binary', minLength: 1 }).filter((one) => one.isWellFormed())
    fc.assert(
      fc.property(fc.constantFrom(...viewNames), fc.option(text), fc.option(text), (view, id, project) => {
        expect(fromHash(toHash({ view, id, project }))).toEqual({ view, id, project })
      }),
    )
  })

  it('takes what names no view for the home view', () => {
    for (const hash of ['', '#', '#/', '#/nothing', '#token=abc', '#/<script>'])
      expect(fromHash(hash)).toEqual(HOME)
  })

  it('opens a view without the thing where the address is broken', () => {
    expect(fromHash('#/queue/%E0%A4')).toEqual({ view: 'queue', id: null, project: null })
  })
})
