/** The clock of the simulated machine: time stands still until a test moves it. */
import type { Clock } from '../../core/ports.ts'

/** Lets promises that are ready run. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

/** One turn of the loop: what waits for nothing outside is done after it. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export interface ClockOptions {
  /** What the wall clock shows first. */
  readonly start?: number
  /** What the monotonic clock shows first. */
  readonly monotonicStart?: number
  /** Lets what a timer began come as far as it can before time goes on: promises, or real file calls too. */
  readonly settle?: () => Promise<void>
}

interface Timer {
  readonly at: number
  readonly order: number
  /** null: cancelled. */
  task: (() => void) | null
}

export class SimulatedClock implements Clock {
  private readonly settled: () => Promise<void>
  private mono: number
  /** The wall clock's lead on the monotonic one. */
  private lead: number
  private readonly queue = new TimerHeap()

  constructor(options: ClockOptions = {}) {
    this.mono = options.monotonicStart ?? 0
    this.lead = (options.start ?? Date.UTC(2026, 0, 1)) - this.mono
    this.settled = options.settle ?? settle
  }

  now(): number {
    return this.mono + this.lead
  }
  monotonic(): number {
    return this.mono
  }
  /** Whole milliseconds, as real timers: a fraction lost in rounding must not fire at the same instant for ever. */
  schedule(delayMs: number, task: () => void): () => void {
    return this.queue.add(Math.ceil(this.mono + Math.max(0, delayMs)), task)
  }
  /** Timers that are set and have not run. */
  timers(): number {
    return this.queue.live
  }

  /** Somebody sets the wall clock. */
  set(byMs: number): void {
    this.lead += byMs
  }
  /** The machine sleeps: on Linux the monotonic clock and all timers stand still meanwhile, elsewhere they go on. */
  suspend(ms: number, doesMonotonicGoOn = false): void {
    if (doesMonotonicGoOn) this.mono += ms
    else this.lead += ms
  }

  /** Time goes on; timers that are due by then wait for `runDue`. */
  pass(ms: number): void {
    this.mono += ms
  }
  /** Runs what is due, once each; what that sets anew waits. */
  runDue(): void {
    for (const task of this.queue.takeDue(this.mono)) task()
  }
  /** The process is gone, and its timers with it. */
  forget(): void {
    this.queue.clear()
  }

  /** Moves on timer by timer, with time to settle between two instants. */
  async advance(ms: number): Promise<void> {
    const end = this.mono + ms
    for (;;) {
      await this.settled()
      const next = this.queue.next()
      const isDue = next !== undefined && next <= end
      this.mono = Math.max(this.mono, isDue ? next : end)
      if (!isDue) return
      this.runDue()
    }
  }
  /** Moves on until the condition holds; fails after `limitMs` of simulated time. */
  async until(condition: () => boolean | Promise<boolean>, limitMs = 10 * 60_000): Promise<void> {
    const end = this.mono + limitMs
    while (!(await condition())) {
      if (this.mono > end) throw new Error(`not within ${limitMs} ms: ${condition.toString()}`)
      await this.advance(100)
    }
  }
  /** Moves on until the promise settles. */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    void promise.then(
      () => (isOver = true),
      () => (isOver = true),
    )
    await this.until(() => isOver)
    return promise
  }
}

/** A binary heap: the earliest first, of equals the one that was set first. A long simulation sets thousands a minute. */
class TimerHeap {
  live = 0
  private order = 0
  private heap: Timer[] = []

  add(at: number, task: () => void): () => void {
    const timer: Timer = { at, order: this.order++, task }
    let i = this.heap.push(timer) - 1
    for (let up = (i - 1) >> 1; i > 0 && this.isBefore(i, up); i = up, up = (i - 1) >> 1) this.swap(i, up)
    this.live++
    return () => void this.take(timer)
  }
  clear(): void {
    for (const timer of this.heap) timer.task = null
    this.heap = []
    this.live = 0
  }
  /** When the next one is due. */
  next(): number | undefined {
    while (this.heap[0] && !this.heap[0].task) this.pop()
    return this.heap[0]?.at
  }
  takeDue(now: number): (() => void)[] {
    const tasks: (() => void)[] = []
    for (let at = this.next(); at !== undefined && at <= now; at = this.next()) {
      const timer = this.pop()
      // Asked when its turn comes: one that ran before it may have cancelled it.
      if (timer) tasks.push(() => this.take(timer)?.())
    }
    return tasks
  }

  private take(timer: Timer): (() => void) | null {
    const { task } = timer
    if (task) this.live--
    timer.task = null
    return task
  }
  private pop(): Timer | undefined {
    this.swap(0, this.heap.length - 1)
    const first = this.heap.pop()
    for (let i = 0; ;) {
      const [l, r] = [2 * i + 1, 2 * i + 2]
      const child = this.isBefore(r, l) ? r : l
      if (!this.isBefore(child, i)) return first
      this.swap(i, child)
      i = child
    }
  }
  private swap(i: number, j: number): void {
    const [a, b] = [this.heap[i], this.heap[j]]
    if (a && b) [this.heap[i], this.heap[j]] = [b, a]
  }
  private isBefore(i: number, j: number): boolean {
    const [a, b] = [this.heap[i], this.heap[j]]
    return a !== undefined && b !== undefined && (a.at < b.at || (a.at === b.at && a.order < b.order))
  }
}

/** Real time, `leadMs()` ahead, where no wait is longer than 20 ms: for processes over a real folder that are to hurry. */
export const createHurriedClock = (leadMs: () => number): Clock => ({
  now: () => Date.now() + leadMs(),
  monotonic: () => performance.now() + leadMs(),
  schedule(delayMs, task) {
    const timer = setTimeout(task, Math.min(delayMs, 20))
    return () => clearTimeout(timer)
  },
})
