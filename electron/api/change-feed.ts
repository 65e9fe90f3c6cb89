/** Tells those who wait of what was written, by this process or by another on the same database. */
import type { ChangeEntry, Store } from './store.ts'

/** How often another process's writes are looked for, while somebody wants to know. */
const LOOK_EVERY_MS = 250
const MOST_ENTRIES = 1_000

export interface Feed {
  /** Told of all entries in their order, and of a log that was cut (null). The returned function ends it. */
  follow(listener: (entries: readonly ChangeEntry[] | null) => void): () => void
  stop(): void
}

/** Reads the log of changes after each commit, and now and then while it is followed. */
export function createFeed(store: Store, log: (line: string) => void): Feed {
  const listeners = new Set<(entries: readonly ChangeEntry[] | null) => void>()
  let position: number | null = null
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> | undefined
  let mustReadAgain = false

  const tell = (entries: readonly ChangeEntry[] | null): void => {
    for (const listener of [...listeners]) listener(entries)
  }

  async function read(): Promise<void> {
    for (let isMore = true; isMore && listeners.size > 0;) {
      mustReadAgain = false
      const found = await store.changes(position, MOST_ENTRIES)
      // Away: the next look finds what was written meanwhile.
      if (!found.ok) return
      const { entries, last, isCut } = found.value
      if (isCut) tell(null)
      else if (entries.length > 0) tell(entries)
      position = isCut ? last : (entries.at(-1)?.seq ?? last)
      isMore = mustReadAgain || position < last
    }
  }

  function look(): void {
    mustReadAgain = true
    reading ??= read()
      .catch((bug: unknown) => log(`the log of changes: ${String(bug)}`))
      .finally(() => (reading = undefined))
  }

  const ignoreCommits = store.onCommit(() => {
    if (listeners.size > 0) look()
  })
  return {
    follow(listener) {
      if (listeners.size === 0) {
        position = null
        timer = setInterval(look, LOOK_EVERY_MS)
        timer.unref()
      }
      listeners.add(listener)
      if (position === null) look()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) clearInterval(timer)
      }
    },
    stop() {
      ignoreCommits()
      clearInterval(timer)
      listeners.clear()
    },
  }
}
