/** Counts the calls of a segment that have no end yet. */
import { err, ok } from '../../../../shared/result.ts'
import type { FsResult } from '../../ports.ts'
import { ReadFault, type Segment } from './segment.ts'

/** `index` counts from where it stopped; fails where bytes cannot be read. */
export async function countOpen(segment: Segment, index: () => Promise<void>): FsResult<null> {
  if (segment.hasEnd) {
    segment.counted = 0
    return ok(null)
  }
  if (segment.indexedTo >= segment.size && segment.indexedTo > 0) return ok(null)
  try {
    await index()
    return ok(null)
  } catch (error) {
    if (error instanceof ReadFault) return err(error.fault)
    throw error
  }
}
