/** Finished segments that wait for the end of their week: a name and a size each, so that memory does not grow with what was sent. */
import type { Segment } from './segment.ts'

export class Archive {
  private readonly files = new Map<string, number>()
  private total = 0

  /** The size of each file when it was put away. */
  get sizes(): ReadonlyMap<string, number> {
    return this.files
  }
  /** Delivered from all of them, those whose files are gone meanwhile too. */
  get delivered(): number {
    return this.total
  }
  add(segment: Segment): void {
    this.files.set(segment.name, segment.size)
    this.total += segment.delivered
  }
  /** It is loaded again, and counts for itself. */
  take(segment: Segment): void {
    if (this.files.delete(segment.name)) this.total -= segment.delivered
  }
  /** Its file is gone; what was delivered from it was delivered. */
  drop(name: string): void {
    this.files.delete(name)
  }
  clear(): void {
    this.files.clear()
    this.total = 0
  }
}
