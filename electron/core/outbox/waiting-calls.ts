/** The calls that wait in claimed segments, in order: the first ones, and any page of them without reading what stands before it. */
import { WAITING_SHOWN, toWaitingRow, waitingId, type WaitingRow } from './summary-rows.ts'
import { callTime } from './replay/call-time.ts'
import { ReadFault, type Segment } from './segments/segment.ts'

const CHUNK = 64 * 1024
/** Rows that are read at once, so that a run that goes on needs no read for each call. */
const READ_AHEAD = 4 * WAITING_SHOWN

interface PlacedRow extends WaitingRow {
  readonly segment: Segment
  readonly place: readonly [offset: number, sub: number]
}

export class WaitingCalls {
  private readonly source: { all(): readonly Segment[]; readonly waiting: number }
  private kept: readonly PlacedRow[] = []

  constructor(source: WaitingCalls['source']) {
    this.source = source
  }

  /** The first ones; what was read is read again only where too few of it still wait. */
  async first(): Promise<readonly WaitingRow[]> {
    this.kept = this.kept.filter(({ segment, place }) => !segment.isEnded(...place))
    if (this.kept.length < Math.min(WAITING_SHOWN, this.source.waiting))
      this.kept = await this.read(0, READ_AHEAD)
    return this.kept
  }

  /** `limit` of them, behind the first `offset`. */
  page(offset: number, limit: number): Promise<readonly WaitingRow[]> {
    return this.read(offset, limit)
  }

  private async read(offset: number, limit: number): Promise<readonly PlacedRow[]> {
    const found: PlacedRow[] = []
    let toPass = offset
    for (const segment of this.source.all()) {
      if (segment.hasEnd || found.length >= limit) continue
      const open = Math.max(0, segment.counted)
      if (toPass >= open) {
        toPass -= open
        continue
      }
      await readInto(found, segment, toPass, limit)
      toPass = 0
    }
    return found
  }
}

/** Reads from the last mark before the first call that is wanted. */
async function readInto(found: PlacedRow[], segment: Segment, toPass: number, limit: number): Promise<void> {
  const { from, passed } = startFor(segment, toPass)
  let left = toPass - passed
  try {
    for await (const batch of segment.entries(from, CHUNK))
      for (const { line, entry } of batch.items) {
        const place = [line.offset, entry.sub] as const
        if (segment.isEnded(...place) || left-- > 0) continue
        const at = callTime(entry.ts, segment.seenAt(line.offset), segment.mtime) ?? segment.header?.at
        found.push({ ...toWaitingRow(waitingId(segment.identity, ...place), entry, at), segment, place })
        if (found.length >= limit) return
      }
  } catch (error) {
    if (!(error instanceof ReadFault)) throw error
  }
}

/**
 * A mark tells how many calls stood before it when they were counted; behind the last call that has ended, all those that
 * ended since stood before it, too.
 */
function startFor(segment: Segment, toPass: number): { readonly from: number; readonly passed: number } {
  const ended = segment.indexed - segment.counted
  const mark = segment.marks.findLast(
    ({ offset, before }) => offset > segment.endedTo && before - ended <= toPass,
  )
  return mark && mark.before - ended >= 0
    ? { from: mark.offset, passed: mark.before - ended }
    : { from: segment.checkpointAt, passed: 0 }
}
