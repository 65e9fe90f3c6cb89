import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { throttle } from './throttle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a task that is wished for at each picture', () => {
  const runsOf = (takesMs: number) => {
    const ended: number[] = []
    const began = Date.now()
    const one = throttle(async () => {
      await new Promise((done) => setTimeout(done, takesMs))
      ended.push(Date.now() - began)
    }, 2_000)
    return { one, ended }
  }

  it('runs at once, then once in its time, however often it is wished for meanwhile', async () => {
    const { one, ended } = runsOf(10)
    for (let at = 0; at < 100; at++) {
      one.want()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(ended).toEqual([10, 2_010, 4_010, 6_010, 8_010])
  })

  it('has each run finished, also one that takes longer than the next wish', async () => {
    const { one, ended } = runsOf(5_000)
    for (let at = 0; at < 110; at++) {
      one.want()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(ended).toHaveLength(2)
  })

  it('runs once more for a wish that came while it ran, and not without one', async () => {
    const { one, ended } = runsOf(10)
    one.want()
    await vi.advanceTimersByTimeAsync(5)
    one.want()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ended).toEqual([10, 2_010])
  })

  it('begins nothing after its end', async () => {
    const { one, ended } = runsOf(10)
    one.want()
    one.stop()
    one.want()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ended).toEqual([])
  })
})
