/** One flush that somebody asked for: its own counts, progress and cancel. */
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { Clock } from '../ports.ts'
import type { FlushRequest } from './contract.ts'

const PROGRESS_MS = 200
/** A wait looks this often whether it is still wanted. */
const NAP_MS = 100

export type CallEnd = 'delivered' | 'set-aside' | 'skipped'

export class FlushRun {
  readonly lanes: number
  private readonly clock: Clock
  private readonly request: FlushRequest
  private readonly counts = { delivered: 0, setAside: 0, skipped: 0 }
  private toldAt = -Infinity
  private waitedMs = 0

  constructor(clock: Clock, request: FlushRequest) {
    this.clock = clock
    this.request = request
    this.lanes = request.lanes
  }

  get isCancelled(): boolean {
    return this.request.isCancelled?.() === true
  }
  /**
   * What is left of the time that it may wait, in milliseconds. Only waiting counts, so that a wait of exactly what is
   * allowed is waited out, however long the calls before it took.
   */
  get leftMs(): number {
    return this.request.waitMs - this.waitedMs
  }
  /** Calls that have ended for it. */
  get done(): number {
    return this.counts.delivered + this.counts.setAside + this.counts.skipped
  }

  ended(end: CallEnd, waiting: () => number): void {
    if (end === 'delivered') this.counts.delivered++
    else if (end === 'set-aside') this.counts.setAside++
    else this.counts.skipped++
    const now = this.clock.monotonic()
    if (!this.request.onProgress || now - this.toldAt < PROGRESS_MS) return
    this.toldAt = now
    this.request.onProgress({ done: this.done, waiting: waiting() })
  }
  result(waiting: number): FlushCounts {
    return { ...this.counts, waiting }
  }

  /** Waits, in milliseconds, or until it is cancelled. */
  async nap(ms: number): Promise<void> {
    this.waitedMs += ms
    const end = this.clock.monotonic() + ms
    for (let left = ms; left > 0 && !this.isCancelled; left = end - this.clock.monotonic())
      await sleep(this.clock, Math.min(left, NAP_MS))
  }
  /**
   * Waits for its turn, behind what others do first; false where it is cancelled before that began. A turn that has begun is
   * waited for: cancelled, it ends behind the calls in flight, and their ends count.
   */
  async await(turn: Promise<unknown>, hasBegun: () => boolean): Promise<boolean> {
    let isOver = false
    const over = turn.finally(() => (isOver = true)).catch(() => undefined)
    if (!this.request.isCancelled) await over
    while (!isOver && (!this.isCancelled || hasBegun())) await Promise.race([over, sleep(this.clock, NAP_MS)])
    return isOver
  }
}

export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => void clock.schedule(ms, resolve))
