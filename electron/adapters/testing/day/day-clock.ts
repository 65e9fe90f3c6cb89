/** A clock for long simulations: thousands of timers a simulated minute, each turn of the loop a real one. */
import type { Clock } from '../../../core/ports.ts'

export interface DayClock extends Clock {
  /** Runs every timer due within `ms`, in order, all promises between them. */
  advance(ms: number): Promise<void>
  /** The machine slept: the wall clock went on, timers and the monotonic clock did not. */
  sleep(ms: number): void
  timers(): number
}

interface Timer {
  readonly at: number
  readonly order: number
  task: (() => void) | null
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export function createDayClock(start: number): DayClock {
  let mono = 0
  let slept = 0
  let order = 0
  let live = 0
  /** A binary heap: the earliest first, of equals the one that was set first. */
  const heap: Timer[] = []
  const isBefore = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
  const swap = (i: number, j: number): void => {
    const [a, b] = [heap[i], heap[j]]
    if (a && b) [heap[i], heap[j]] = [b, a]
  }
  const less = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]]
    return a !== undefined && b !== undefined && isBefore(a, b)
  }
  function push(timer: Timer): void {
    let i = heap.push(timer) - 1
    for (let up = (i - 1) >> 1; i > 0 && less(i, up); i = up, up = (i - 1) >> 1) swap(i, up)
  }
  function pop(): void {
    swap(0, heap.length - 1)
    heap.pop()
    for (let i = 0; ;) {
      const [l, r] = [2 * i + 1, 2 * i + 2]
      const child = less(r, l) ? r : l
      if (!less(child, i)) return
      swap(i, child)
      i = child
    }
  }

  return {
    now: () => start + slept + mono,
    monotonic: () => mono,
    schedule(delayMs, task) {
      const timer: Timer = { at: Math.ceil(mono + Math.max(1, delayMs)), order: order++, task }
      push(timer)
      live++
      return () => {
        if (timer.task) live--
        timer.task = null
      }
    },
    async advance(ms) {
      const end = mono + ms
      for (;;) {
        while (heap[0] && !heap[0].task) pop()
        const next = heap[0]
        if (!next || next.at > end) break
        mono = next.at
        while (heap[0] && heap[0].at <= mono) {
          const { task } = heap[0]
          heap[0].task = null
          pop()
          if (!task) continue
          live--
          task()
        }
        await turn()
      }
      mono = end
      await turn()
    },
    sleep(ms) {
      slept += ms
    },
    timers: () => live,
  }
}
