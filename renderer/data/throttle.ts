/** A task that is wished for more often than it may run. Each run is finished; a wish meanwhile is one run more. */

export interface Throttle {
  /** Runs the task: at once, or as soon as the last run has ended and its time is over. */
  readonly want: () => void
  /** No run begins any more. */
  readonly stop: () => void
}

/** `everyMs`: the least time between the beginnings of two runs. The task tells of its failures itself. */
export function throttle(task: () => Promise<unknown>, everyMs: number): Throttle {
  let lastAt = -Infinity
  let isWanted = false
  let isRunning = false
  let isStopped = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const run = (): void => {
    timer = undefined
    isWanted = false
    isRunning = true
    lastAt = Date.now()
    void task().finally(() => {
      isRunning = false
      if (!isWanted || isStopped) return
      // What is due goes on at once, not a turn later.
      if (Date.now() >= lastAt + everyMs) run()
      else plan()
    })
  }
  const plan = (): void => {
    if (isStopped || isRunning || timer !== undefined) return
    timer = setTimeout(run, Math.max(0, lastAt + everyMs - Date.now()))
  }
  return {
    want: () => {
      isWanted = true
      plan()
    },
    stop: () => {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
