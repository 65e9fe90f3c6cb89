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

describe('asking anew for what changes ten times a second', () => {
  it('asks at once, then once in the time, however often it is wished for', async () => {
    let asked = 0
    const again = throttle(async () => void asked++, 2_000)
    for (let n = 0; n < 100; n++) {
      again.want()
      await vi.advanceTimersByTimeAsync(100)
    }
    // At 0 s, 2 s … 8 s, and what was wished for last.
    await vi.advanceTimersByTimeAsync(2_000)
    expect(asked).toBe(6)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toBe(6)
  })

  it('takes an answer that is slower than the changes, and asks one at a time', async () => {
    let open = 0
    let most = 0
    let got = 0
    const again = throttle(async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      open--
      got++
    }, 2_000)
    for (let n = 0; n < 100; n++) {
      again.want()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(got).toBe(2)
    expect(most).toBe(1)
  })

  it('asks no more when it was stopped', async () => {
    let asked = 0
    const again = throttle(async () => void asked++, 2_000)
    again.want()
    await vi.advanceTimersByTimeAsync(0)
    again.want()
    again.stop()
    again.want()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toBe(1)
  })
})
