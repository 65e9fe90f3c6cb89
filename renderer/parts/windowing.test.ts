import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { drawnOf, placesOf, rowAt, scrollTo } from './windowing.ts'

const heights = fc.array(fc.constantFrom(34, 44, 78), { minLength: 1, maxLength: 300 })
const places = (list: readonly number[]) => placesOf(list, (one) => one)
const seen = fc.record({ topPx: fc.integer({ min: -50, max: 20_000 }), heightPx: fc.nat(900) })

describe('the rows of a long list', () => {
  it('each row that is seen is drawn, once and in order, and the kept one wherever it is', () => {
    fc.assert(
      fc.property(heights, seen, fc.integer({ min: -1, max: 320 }), (list, view, kept) => {
        const all = places(list)
        const drawn = drawnOf(all, view, kept)
        expect(drawn).toEqual([...new Set(drawn)].sort((a, b) => a - b))
        for (const at of drawn) expect(at >= 0 && at < list.length).toBe(true)
        if (kept >= 0 && kept < list.length) expect(drawn).toContain(kept)
        list.forEach((height, at) => {
          const start = all[at] ?? 0
          if (start + height > view.topPx && start < view.topPx + view.heightPx) expect(drawn).toContain(at)
        })
      }),
    )
  })

  it('are few, however long it is', () => {
    const all = places(Array.from({ length: 10_000 }, () => 44))
    expect(drawnOf(all, { topPx: 200_000, heightPx: 800 }, 3).length).toBeLessThan(40)
    expect(drawnOf(places([]), { topPx: 0, heightPx: 800 }, 0)).toEqual([])
  })

  it('the row at a place is the one that covers it', () => {
    const all = places([34, 44, 44])
    expect([-5, 0, 33, 34, 77, 78, 5_000].map((px) => rowAt(all, px))).toEqual([0, 0, 0, 1, 1, 2, 2])
    expect(rowAt(places([]), 5)).toBe(-1)
  })

  it('one that is scrolled to is wholly seen then, and nothing moves for one that is', () => {
    fc.assert(
      fc.property(heights, seen, fc.nat(299), (list, { topPx, heightPx }, wanted) => {
        const view = { topPx: Math.max(0, topPx), heightPx: heightPx + 78 }
        const all = places(list)
        const at = wanted % list.length
        const to = scrollTo(all, at, view) ?? view.topPx
        expect(all[at] ?? 0).toBeGreaterThanOrEqual(to)
        expect(all[at + 1] ?? 0).toBeLessThanOrEqual(to + view.heightPx)
        expect(scrollTo(all, at, { ...view, topPx: to })).toBeNull()
      }),
    )
  })
})
