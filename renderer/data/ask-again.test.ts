import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAskAgain } from './ask-again.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('asking anew for what changes ten times a second', () => {
  it('asks at once, then once in the time, however often it is wished for', async () => {
    let asked = 0
    const again = createAskAgain(async () => void asked++, 2_000)
    for (let n = 0; n < 100; n++) {
      again.wish()
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
    const again = createAskAgain(async () => {
      most = Math.max(most, ++open)
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      open--
      got++
    }, 2_000)
    for (let n = 0; n < 100; n++) {
      again.wish()
      await vi.advanceTimersByTimeAsync(100)
    }
    expect(got).toBe(2)
    expect(most).toBe(1)
  })

  it('asks no more when it was stopped', async () => {
    let asked = 0
    const again = createAskAgain(async () => void asked++, 2_000)
    again.wish()
    again.wish()
    again.stop()
    again.wish()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked).toBe(1)
  })
})
