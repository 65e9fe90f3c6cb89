/** Looks at the same moment cost one wake-up. */
import { afterEach, expect, it, vi } from 'vitest'
import { createBeats } from './system.ts'

afterEach(() => {
  vi.useRealTimers()
})

it('ten that wait for the next beat wake the process once a second, and none that was cancelled', () => {
  vi.useFakeTimers()
  const ran: number[] = []
  const nextBeat = createBeats()
  const cancels = Array.from({ length: 10 }, (_, n) => {
    const again = (): void => {
      ran.push(n)
      nextBeat(1_000, again)
    }
    vi.advanceTimersByTime(37)
    return nextBeat(1_000, again)
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
  createBeats()(1_000, () => undefined)()
  expect(vi.getTimerCount()).toBe(0)
})

it('those that wait longer have a beat of their own', () => {
  vi.useFakeTimers()
  const ran: string[] = []
  const nextBeat = createBeats()
  for (const ms of [1_000, 2_000, 2_000]) nextBeat(ms, () => ran.push(`after ${ms}`))
  expect(vi.getTimerCount()).toBe(2)
  vi.advanceTimersByTime(1_999)
  expect(ran).toEqual(['after 1000'])
  vi.advanceTimersByTime(1)
  expect(ran).toEqual(['after 1000', 'after 2000', 'after 2000'])
})

it('one that another of the same beat cancels does not run', () => {
  vi.useFakeTimers()
  const ran: string[] = []
  const nextBeat = createBeats()
  nextBeat(1_000, () => {
    ran.push('first')
    cancel()
    nextBeat(1_000, () => ran.push('first again'))
  })
  const cancel = nextBeat(1_000, () => ran.push('second'))
  vi.advanceTimersByTime(1_000)
  expect(ran).toEqual(['first'])
  vi.advanceTimersByTime(1_000)
  expect(ran).toEqual(['first', 'first again'])
})
