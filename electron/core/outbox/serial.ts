/**
 * One thing at a time. `run` takes tasks in their order; `between` takes short acts that wait for the call in flight, never for
 * the run: a task that takes long lets them in, one call after the other, by awaiting `pause`.
 */
export interface Serial {
  /** Whether a task is under way or waits. */
  readonly isBusy: boolean
  run<T>(task: () => Promise<T>): Promise<T>
  /** Runs an act as soon as the task under way pauses or ends. */
  between<T>(act: () => Promise<T>): Promise<T>
  /** For a task, between two calls: lets in the acts that wait. Undefined where none does. */
  pause(): Promise<void> | undefined
}

export function createSerial(): Serial {
  let last: Promise<unknown> = Promise.resolve()
  let pending = 0
  const acts: (() => Promise<void>)[] = []

  async function letIn(): Promise<void> {
    for (let act = acts.shift(); act; act = acts.shift()) await act()
  }
  function run<T>(task: () => Promise<T>): Promise<T> {
    pending++
    const mine = last.then(task).finally(async () => {
      pending--
      await letIn()
    })
    last = mine.catch(() => undefined)
    return mine
  }
  return {
    get isBusy() {
      return pending > 0
    },
    run,
    between<T>(act: () => Promise<T>) {
      if (pending === 0) return run(act)
      return new Promise<T>((resolve, reject) => {
        // its failure is its own: the task that let it in goes on
        acts.push(() => act().then(resolve, reject))
      })
    },
    pause: () => (acts.length === 0 ? undefined : letIn()),
  }
}
