/** Finished segments that wait for the end of their week: a name and a size each, so that memory does not grow with what was sent. */
import type { Segment } from './segment.ts'

export interface Archive {
  has(name: string): boolean
  /** From now on known by its size alone; whoever holds the segment lets it go. */
  add(segment: Segment): void
  names(): readonly string[]
  /** Its file as it was when it was put away. */
  sizeOf(name: string): number | undefined
  /** It is loaded again, and counts for itself. */
  take(segment: Segment): void
  /** Its file is gone; what was delivered from it was delivered. */
  drop(name: string): void
  /** Calls delivered from all of them. */
  delivered(): number
  clear(): void
}

export function createArchive(): Archive {
  const sizes = new Map<string, number>()
  let delivered = 0
  return {
    has: (name) => sizes.has(name),
    add(segment) {
      sizes.set(segment.name, segment.size)
      delivered += segment.delivered
    },
    names: () => [...sizes.keys()],
    sizeOf: (name) => sizes.get(name),
    take(segment) {
      if (sizes.delete(segment.name)) delivered -= segment.delivered
    },
    drop: (name) => void sizes.delete(name),
    delivered: () => delivered,
    clear() {
      sizes.clear()
      delivered = 0
    },
  }
}
