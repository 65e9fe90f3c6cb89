/** Keeps the history: in memory at each event, on disk at most once a minute while something is new, and at the stop. */
import type { Clock, Log } from '../ports.ts'
import type { MemoryStore } from './deps.ts'
import { foldHistory, type History } from './history.ts'
import type { Change } from './store.ts'

export const KEEP_EVERY_MS = 60_000

export interface Historian {
  readonly history: () => History
  readonly note: (change: Change) => void
  /** What is new is on disk when this returns. */
  readonly stop: () => void
}

export function createHistorian(deps: {
  readonly clock: Clock
  readonly log: Log
  readonly memory: Pick<MemoryStore, 'saveHistory'>
  readonly first: History
}): Historian {
  let history = deps.first
  let cancel: (() => void) | null = null
  function keep(): void {
    cancel = null
    const kept = deps.memory.saveHistory(history)
    if (!kept.ok) deps.log.warn('the history could not be kept', { why: kept.error })
  }
  return {
    history: () => history,
    note(change) {
      const next = foldHistory(history, change)
      if (next === history) return
      history = next
      cancel ??= deps.clock.schedule(KEEP_EVERY_MS, keep)
    },
    stop() {
      if (!cancel) return
      cancel()
      keep()
    },
  }
}
