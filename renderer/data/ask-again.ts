/** Asking anew for what changes all the time: at most once in a time, and what is on its way is never dropped. Pure. */

export interface AskAgain {
  /** Something changed: it is asked for now, or as soon as the time since the last asking is over. */
  readonly wish: () => void
  readonly stop: () => void
}

/** `ask` is not called again before it has ended and `everyMs` have passed since it was called. */
export function createAskAgain(ask: () => Promise<void>, everyMs: number): AskAgain {
  let isBusy = false
  let isWished = false
  let timer: ReturnType<typeof setTimeout> | undefined
  const go = async (): Promise<void> => {
    isBusy = true
    isWished = false
    const rest = new Promise<void>((resolve) => (timer = setTimeout(resolve, everyMs)))
    await Promise.all([ask(), rest])
    isBusy = false
    if (isWished) void go()
  }
  return {
    wish: () => {
      isWished = true
      if (!isBusy) void go()
    },
    stop: () => {
      clearTimeout(timer)
      isBusy = true
    },
  }
}
