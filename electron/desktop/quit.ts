/**
 * Leaving: running → leaving → gone. `before-quit` is prevented synchronously, the parts are stopped with a deadline,
 * then the app quits on a later tick. No data depends on any of it: what is left over is reconciled at the next start.
 */
export interface QuitDeps {
  readonly app: { quit(): void; exit(code?: number): void }
  /** Takes the remembered choice at once; for a quit that nobody asked us for (SIGTERM, log-off, shutdown). */
  readonly leaveAtOnce: () => void
  /** Stops tray, engine and API; may hang. */
  readonly stop: () => Promise<void>
  readonly log: (text: string, cause?: unknown) => void
  readonly deadlineMs?: number
  readonly after?: (delayMs: number, task: () => void) => void
}

/** After the engine's own three seconds to release; the steps of stopping may hang on what hangs. */
const DEADLINE_MS = 800
/** After the last `quit()`: a hung Chromium part must not keep the process. */
const LAST_RESORT_MS = 500

export interface Quit {
  isLeaving(): boolean
  /** The question was answered, or needed none: leave now. */
  leave(): void
  /** For `before-quit`. */
  beforeQuit(event: { preventDefault(): void }): void
  /** Windows logs off: the process is gone once this returns, unless quitting has begun by then. */
  sessionEnds(): void
}

export function createQuit(deps: QuitDeps): Quit {
  const after =
    deps.after ??
    ((delayMs, task) => {
      setTimeout(task, delayMs)
    })
  let phase: 'running' | 'leaving' | 'gone' = 'running'
  const finish = (): void => {
    if (phase === 'gone') return
    phase = 'gone'
    // Not in this tick: a quit inside a quit event is lost (electron#33643).
    after(0, () => deps.app.quit())
    after(LAST_RESORT_MS, () => deps.app.exit(0))
  }
  const start = (): void => {
    phase = 'leaving'
    after(deps.deadlineMs ?? DEADLINE_MS, () => {
      if (phase === 'leaving') deps.log('stopping took too long; leaving anyway')
      finish()
    })
    deps.stop().then(finish, (cause: unknown) => {
      deps.log('stopping failed', cause)
      finish()
    })
  }
  const takeChoice = (): void => {
    try {
      deps.leaveAtOnce()
    } catch (cause) {
      deps.log('the remembered choice could not be taken', cause)
    }
  }
  return {
    isLeaving: () => phase !== 'running',
    leave() {
      if (phase === 'running') start()
    },
    beforeQuit(event) {
      if (phase === 'gone') return
      event.preventDefault()
      if (phase === 'leaving') return finish() // asked a second time: now
      takeChoice()
      start()
    },
    sessionEnds() {
      if (phase === 'running') takeChoice()
      phase = 'gone' // so that `before-quit` lets the quit through
      deps.app.quit()
    },
  }
}
