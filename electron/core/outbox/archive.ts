/** Finished segments that wait for the end of their week: a name and two numbers each, so that memory does not grow with what was sent. */
import type { Segment } from './segment.ts'

export interface Archive {
  has(name: string): boolean
  /** From now on known by its size alone; whoever holds the segment lets it go. */
  add(segment: Segment): void
  names(): readonly string[]
  /** Its file as it was when it was put away. */
  sizeOf(name: string): number | undefined
  /** The segment is loaded again, or its file is gone. */
  remove(name: string): void
  /** Calls delivered from all of them. */
  delivered(): number
  clear(): void
}

export function createArchive(): Archive {
  const kept = new Map<string, { readonly size: number; readonly delivered: number }>()
  let delivered = 0
  return {
    has: (name) => kept.has(name),
    add(segment) {
      kept.set(segment.name, { size: segment.size, delivered: segment.delivered })
      delivered += segment.delivered
    },
    names: () => [...kept.keys()],
    sizeOf: (name) => kept.get(name)?.size,
    remove(name) {
      delivered -= kept.get(name)?.delivered ?? 0
      kept.delete(name)
    },
    delivered: () => delivered,
    clear() {
      kept.clear()
      delivered = 0
    },
  }
}
