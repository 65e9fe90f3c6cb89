/** Tells those who wait of what was written, by this process or by another on the same database. */
import { LogPlace } from './log-place.ts'
import type { ChangeEntry, Store } from './store.ts'

/** How often another process's writes are looked for, while somebody wants to know. */
const LOOK_EVERY_MS = 250
const MOST_ENTRIES = 1_000

/** `entries` null: some were missed. `position`: all up to it was told of; below the end while a number is missing. */
export type Told = (entries: readonly ChangeEntry[] | null, position: number) => void

export interface Feed {
  /** Told of all entries, in their order where one writes at a time, and that some were missed (null). The returned function ends it. */
  follow(listener: Told): () => void
  /** Resolves when all that is written from now on will be told of; or when the database is away. */
  ready(): Promise<void>
  /** All up to here was told of; null before the log was read. */
  safe(): number | null
  stop(): void
}

/** Reads the log of changes after each commit, and now and then while it is followed. */
export function createFeed(store: Store, log: (line: string) => void): Feed {
  const listeners = new Set<Told>()
  const place = new LogPlace(() => performance.now())
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> | undefined
  let mustReadAgain = false

  const tell = (entries: readonly ChangeEntry[] | null): void => {
    for (const listener of [...listeners]) listener(entries, place.safe)
  }

  async function read(): Promise<void> {
    for (let isMore = true; isMore && listeners.size > 0;) {
      mustReadAgain = false
      const from = place.position
      const found = await store.changes(from, MOST_ENTRIES, place.toAskFor())
      // Away: the next look finds what was written meanwhile.
      if (!found.ok) return
      // It begins anew since: what was asked for knows nothing of the numbers that are missing before it.
      if (place.position !== from) continue
      const news = place.take(found.value)
      if (news === null || news.length > 0) tell(news)
      isMore = mustReadAgain || (found.value.entries.length > 0 && (place.position ?? 0) < found.value.last)
    }
  }

  function look(): Promise<void> {
    mustReadAgain = true
    reading ??= read()
      .catch((bug: unknown) => log(`the log of changes: ${String(bug)}`))
      .finally(() => (reading = undefined))
    return reading
  }

  const ignoreCommits = store.onCommit(() => {
    if (listeners.size > 0) void look()
  })
  return {
    follow(listener) {
      if (listeners.size === 0) {
        place.forget()
        timer = setInterval(() => void look(), LOOK_EVERY_MS)
        timer.unref()
      }
      listeners.add(listener)
      if (place.position === null) void look()
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) clearInterval(timer)
      }
    },
    async ready() {
      if (place.position === null && listeners.size > 0) await look()
    },
    safe: () => (place.position === null ? null : place.safe),
    stop() {
      ignoreCommits()
      clearInterval(timer)
      listeners.clear()
    },
  }
}
