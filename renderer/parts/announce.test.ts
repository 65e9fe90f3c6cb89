import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.useRealTimers()
  vi.resetModules()
})

/** A voice of its own, and when it said what. */
async function stage() {
  const { say, setVoice } = await import('./announce.ts')
  const began = performance.now()
  const spoken: { readonly atMs: number; readonly text: string }[] = []
  let text = ''
  setVoice({
    get textContent() {
      return text
    },
    set textContent(next: string) {
      text = next
      spoken.push({ atMs: performance.now() - began, text: next })
    },
  } as unknown as HTMLElement)
  return { say, spoken }
}

describe('the voice for screen readers', () => {
  it('speaks at most once in three seconds, however much is to be said, and the last is said in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(2_000), { minLength: 1, maxLength: 60 }), async (pauses) => {
        vi.resetModules()
        const { say, spoken } = await stage()
        for (const [n, pause] of pauses.entries()) {
          say(`sentence ${n}`)
          await vi.advanceTimersByTimeAsync(pause)
        }
        await vi.advanceTimersByTimeAsync(10_000)
        spoken
          .slice(1)
          .forEach(({ atMs }, at) => expect(atMs - (spoken[at]?.atMs ?? 0)).toBeGreaterThanOrEqual(3_000))
        expect(spoken.at(-1)?.text).toBe(`sentence ${pauses.length - 1}`)
      }),
      { numRuns: 40 },
    )
  })

  it('says the first at once, and the same words again as something new', async () => {
    const { say, spoken } = await stage()
    say('done')
    await vi.advanceTimersByTimeAsync(0)
    expect(spoken).toEqual([{ atMs: 0, text: 'done' }])
    say('done')
    await vi.advanceTimersByTimeAsync(3_000)
    expect(spoken.map((one) => one.text)).toEqual(['done', 'done\u00a0'])
  })
})
