/** A clock that a test turns by hand. */
import type { Clock } from '../../core/ports.ts'

export interface FakeClock extends Clock {
  /** Turns the clock, running each timer at its time and the promises between them. */
  advance(ms: number): Promise<void>
  timers(): number
}

/** Lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

export function createFakeClock(start = Date.UTC(2026, 0, 1)): FakeClock {
  let now = start
  const timers = new Map<object, { at: number; task: () => void }>()
  return {
    now: () => now,
    monotonic: () => now - start,
    schedule(delayMs, task) {
      const key = {}
      timers.set(key, { at: now + Math.max(0, delayMs), task })
      return () => void timers.delete(key)
    },
    async advance(ms) {
      const end = now + ms
      await settle()
      for (;;) {
        const next = [...timers].filter(([, t]) => t.at <= end).sort((a, b) => a[1].at - b[1].at)[0]
        if (!next) break
        timers.delete(next[0])
        now = next[1].at
        next[1].task()
        await settle()
      }
      now = end
      await settle()
    },
    timers: () => timers.size,
  }
}
