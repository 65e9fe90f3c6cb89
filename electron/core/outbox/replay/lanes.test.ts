/** The scheduler alone: order within a lane, width, halt; time is a queue of promises that the test resolves at will. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createLanes } from './lanes.ts'

/** Tasks whose end the test decides, one at a time. */
function bench(width: number): {
  readonly running: Map<number, (halt?: string) => void>
  readonly started: number[]
  readonly lanes: ReturnType<typeof createLanes<string>>
  readonly task: (n: number) => () => Promise<string | undefined>
} {
  const running = new Map<number, (halt?: string) => void>()
  const started: number[] = []
  return {
    running,
    started,
    lanes: createLanes<string>(() => width),
    task: (n) => () => {
      started.push(n)
      return new Promise((resolve) =>
        running.set(n, (halt) => {
          running.delete(n)
          resolve(halt)
        }),
      )
    },
  }
}
const turn = async (): Promise<void> => {
  for (let i = 0; i < 12; i++) await Promise.resolve()
}

describe('lanes', () => {
  it('property: whatever ends first, a lane keeps its order, no more than the width run, and a free slot is used', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
        async (names, width, picks) => {
          const { lanes, running, started, task } = bench(width)
          for (const [n, name] of names.entries()) await lanes.offer(name, 1, task(n))
          const done = lanes.idle()
          const ended = new Set<number>()
          for (let i = 0; ended.size < names.length; i++) {
            await turn()
            const now = [...running.keys()]
            expect(now.length).toBeLessThanOrEqual(width)
            expect(new Set(now.map((n) => names[n])).size).toBe(now.length)
            const openLanes = new Set(names.filter((_, n) => !ended.has(n))).size
            expect(now.length).toBe(Math.min(width, openLanes))
            const chosen = now[(picks[i % picks.length] ?? 0) % now.length] ?? -1
            ended.add(chosen)
            running.get(chosen)?.()
          }
          await done
          for (const name of new Set(names)) {
            const order = started.filter((n) => names[n] === name)
            expect(order).toEqual([...order].sort((x, y) => x - y))
          }
          expect(lanes.halted()).toBeUndefined()
        },
      ),
      { numRuns: 150 },
    )
  })

  it('a halt starts nothing new, lets what is in flight end, and is told', async () => {
    const { lanes, running, started, task } = bench(2)
    for (const [n, name] of ['a', 'b', 'a', 'b', 'c'].entries()) await lanes.offer(name, 1, task(n))
    await turn()
    expect(started).toEqual([0, 1])
    running.get(0)?.('paused')
    await turn()
    expect(started).toEqual([0, 1])
    await lanes.offer('d', 1, task(9))
    let isIdle = false
    const idle = lanes.idle().then(() => (isIdle = true))
    await turn()
    expect(isIdle).toBe(false)
    running.get(1)?.()
    await idle
    expect(started).toEqual([0, 1])
    expect(lanes.halted()).toBe('paused')
  })

  it('an error halts too, and reaches the one that waits', async () => {
    const { lanes, task, started } = bench(1)
    await lanes.offer('a', 1, () => Promise.reject(new Error('read')))
    await lanes.offer('a', 1, task(1))
    await expect(lanes.idle()).rejects.toThrow('read')
    expect(started).toEqual([])
  })

  it('takes only so much ahead, by number and by bytes, but always one', async () => {
    for (const [bytes, most] of [
      [1, 512],
      [1024 * 1024, 4],
      [64 * 1024 * 1024, 1],
    ] as const) {
      const { lanes, running, task } = bench(1)
      let taken = 0
      const offering = (async () => {
        for (let n = 0; n < 600; n++) {
          await lanes.offer('a', bytes, task(n))
          taken++
        }
      })()
      for (let i = 0; i < 2_000; i++) await turn()
      expect(taken).toBe(most)
      running.get(0)?.('enough')
      await offering
      await lanes.idle()
    }
  })
})
