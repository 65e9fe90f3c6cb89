/** Several calls in flight at once: file order within a lane, a barrier alone, and nothing new once one of them stopped the run. */

/** Read ahead at most this far: a busy lane must not hide the others, and a backlog is never held. */
const MAX_OFFERED = 512
const MAX_OFFERED_BYTES = 4 * 1024 * 1024

export interface Lanes<Halt> {
  /**
   * Takes one task for a lane and runs it once those before it in that lane have ended and a slot is free. Resolves when
   * there is room for the next one. After a halt nothing is taken any more.
   */
  offer(lane: string, bytes: number, task: () => Promise<Halt | undefined>): Promise<void>
  /** Resolves when nothing is in flight; rejects with the first error that a task threw. */
  idle(): Promise<void>
  /** What stopped the run, or undefined. Tasks that were in flight then have still run to their end once `idle` resolves. */
  halted(): Halt | undefined
}

/** `width`: how many may be in flight now; read anew each time, so that it may change under way. */
export function createLanes<Halt>(width: () => number): Lanes<Halt> {
  /** The last task of each lane. */
  const tails = new Map<string, Promise<void>>()
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

  async function one(
    before: Promise<void> | undefined,
    task: () => Promise<Halt | undefined>,
  ): Promise<void> {
    if (before) await before
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
    }
  }

  return {
    async offer(lane, bytes, task) {
      while (!isStopped() && !hasRoom(bytes)) await new Promise<void>((resolve) => (onRoom = resolve))
      if (isStopped()) return
      offered++
      offeredBytes += bytes
      const mine = one(tails.get(lane), task).then(() => {
        offered--
        offeredBytes -= bytes
        if (tails.get(lane) === mine) tails.delete(lane)
        onRoom?.()
      })
      tails.set(lane, mine)
    },
    async idle() {
      while (offered > 0) await new Promise<void>((resolve) => (onRoom = resolve))
      if (failure) throw failure.error
    },
    halted: () => halt,
  }
}
