/** Tells those who wait of what was written, by this process or by another on the same database. */
import type { ChangeEntry, Store } from './store.ts'

/** How often another process's writes are looked for, while somebody wants to know. */
const LOOK_EVERY_MS = 250
const MOST_ENTRIES = 1_000
/** A number that did not come by then never will: no transaction lasts so long. */
const MISSED_FOR_MS = 20_000
const MOST_MISSING = 1_000

/** `entries` null: the log was cut. `position`: all up to it was told of; below the end while a number is missing. */
export type Told = (entries: readonly ChangeEntry[] | null, position: number) => void

export interface Feed {
  /** Told of all entries, in their order where one writes at a time, and of a log that was cut (null). The returned function ends it. */
  follow(listener: Told): () => void
  /** Resolves when all that is written from now on will be told of; or when the database is away. */
  ready(): Promise<void>
  stop(): void
}

/** Where the feed stands in the log: its position, and the numbers below it that may still come. */
class Place {
  position: number | null = null
  #missing = new Map<number, number>()

  get missing(): readonly number[] {
    return [...this.#missing.keys()]
  }
  /** All up to here was told of. */
  get safe(): number {
    return Math.min(this.position ?? 0, ...[...this.#missing.keys()].map((n) => n - 1))
  }
  moveTo(position: number, missing: readonly number[]): void {
    const now = performance.now()
    const since = missing.map((n) => [n, this.#missing.get(n) ?? now] as const)
    this.#missing = new Map(since.filter(([, at]) => now - at < MISSED_FOR_MS).slice(-MOST_MISSING))
    this.position = position
  }
  forget(): void {
    this.position = null
    this.#missing.clear()
  }
}

/** Reads the log of changes after each commit, and now and then while it is followed. */
export function createFeed(store: Store, log: (line: string) => void): Feed {
  const listeners = new Set<Told>()
  const place = new Place()
  let timer: NodeJS.Timeout | undefined
  let reading: Promise<void> | undefined
  let mustReadAgain = false

  const tell = (entries: readonly ChangeEntry[] | null): void => {
    for (const listener of [...listeners]) listener(entries, place.safe)
  }

  async function read(): Promise<void> {
    for (let isMore = true; isMore && listeners.size > 0;) {
      mustReadAgain = false
      const found = await store.changes(place.position, MOST_ENTRIES, place.missing)
      // Away: the next look finds what was written meanwhile.
      if (!found.ok) return
      const { entries, last, isCut, missing } = found.value
      const position = isCut ? last : Math.max(place.position ?? last, entries.at(-1)?.seq ?? 0)
      place.moveTo(position, missing)
      if (isCut) tell(null)
      else if (entries.length > 0) tell(entries)
      isMore = mustReadAgain || position < last
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
    stop() {
      ignoreCommits()
      clearInterval(timer)
      listeners.clear()
    },
  }
}
