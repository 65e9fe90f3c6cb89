/** Looks at the same moment cost one wake-up. */
import { afterEach, expect, it, vi } from 'vitest'
import { createBeat } from './system.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('ten that wait for the next beat wake the process once a second, and none that was cancelled', () => {
  vi.useFakeTimers()
  const ran: number[] = []
  const nextBeat = createBeat()
  const cancels = Array.from({ length: 10 }, (_, n) => {
    const again = (): void => {
      ran.push(n)
      nextBeat(again)
    }
    vi.advanceTimersByTime(37)
    return nextBeat(again)
  })
  expect(vi.getTimerCount()).toBe(1)
  cancels[3]?.()
  vi.advanceTimersByTime(1_000)
  expect(ran.toSorted()).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
  vi.advanceTimersByTime(1_000)
  expect([ran.length, vi.getTimerCount()]).toEqual([18, 1])
})

it('nobody waits, nothing wakes', () => {
  vi.useFakeTimers()
  createBeat()(() => undefined)()
  expect(vi.getTimerCount()).toBe(0)
})
