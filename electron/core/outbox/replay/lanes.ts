/** Several calls in flight at once: file order within a lane, a barrier alone, and nothing new once one of them stopped the run. */

/** Read ahead at most this far: a busy lane must not hide the others, and a backlog is never held. */
const MAX_OFFERED = 512
const MAX_OFFERED_BYTES = 4 * 1024 * 1024

export interface Lanes<Halt> {
  /**
   * Takes one task for a lane and runs it once those before it in that lane have ended and a slot is free. A promise where
   * there was no room yet: the task is taken when it resolves. After a halt nothing is taken any more.
   */
  offer(lane: string, bytes: number, task: () => Promise<Halt | undefined>): Promise<void> | undefined
  /** Nothing is in flight, and nothing failed. */
  readonly isIdle: boolean
  /** Resolves when nothing is in flight; rejects with the first error that a task threw. */
  idle(): Promise<void>
  /** What stopped the run, or undefined. Tasks that were in flight then have still run to their end once `idle` resolves. */
  halted(): Halt | undefined
}

/** `width`: how many may be in flight now; read anew each time, so that it may change under way. */
export function createLanes<Halt>(width: () => number): Lanes<Halt> {
  /** The last task of each lane. */
  const tails = new Map<string, { readonly done: Promise<void> }>()
  const waiting: (() => void)[] = []
  let offered = 0
  let offeredBytes = 0
  let running = 0
  let halt: Halt | undefined
  let failure: { readonly error: unknown } | undefined
  let onRoom: (() => void) | undefined

  const isStopped = (): boolean => halt !== undefined || failure !== undefined
  const hasRoom = (bytes: number): boolean =>
    offered === 0 || (offered < MAX_OFFERED && offeredBytes + bytes <= MAX_OFFERED_BYTES)

  function slot(): Promise<void> | undefined {
    if (running < Math.max(1, width())) {
      running++
      return undefined
    }
    return new Promise((resolve) => waiting.push(resolve))
  }
  function freeSlot(): void {
    running--
    while (waiting.length > 0 && running < Math.max(1, width())) {
      running++
      waiting.shift()?.()
    }
  }

  interface Taken {
    done: Promise<void>
  }
  async function one(
    lane: string,
    bytes: number,
    task: () => Promise<Halt | undefined>,
    mine: Taken,
  ): Promise<void> {
    const before = tails.get(lane)
    tails.set(lane, mine)
    if (before) await before.done
    const free = slot()
    if (free) await free
    try {
      if (isStopped()) return
      const result = await task()
      if (result !== undefined) halt ??= result
    } catch (error) {
      failure ??= { error }
    } finally {
      freeSlot()
      offered--
      offeredBytes -= bytes
      if (tails.get(lane) === mine) tails.delete(lane)
      onRoom?.()
    }
  }

  function take(lane: string, bytes: number, task: () => Promise<Halt | undefined>): void {
    if (isStopped()) return
    offered++
    offeredBytes += bytes
    const mine: Taken = { done: Promise.resolve() }
    mine.done = one(lane, bytes, task, mine)
  }
  async function takeOnceThereIsRoom(...taken: Parameters<typeof take>): Promise<void> {
    while (!isStopped() && !hasRoom(taken[1])) await new Promise<void>((resolve) => (onRoom = resolve))
    take(...taken)
  }

  return {
    offer(lane, bytes, task) {
      if (!isStopped() && !hasRoom(bytes)) return takeOnceThereIsRoom(lane, bytes, task)
      take(lane, bytes, task)
      return undefined
    },
    get isIdle() {
      return offered === 0 && failure === undefined
    },
    async idle() {
      while (offered > 0) await new Promise<void>((resolve) => (onRoom = resolve))
      if (failure) throw failure.error
    },
    halted: () => halt,
  }
}
