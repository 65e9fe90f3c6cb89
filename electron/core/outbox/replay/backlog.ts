/** What is claimed and has no end yet: how many calls, which come next, and where later releases of resource locks stand. */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import { countCalls } from '../lines/count-calls.ts'
import { parseLine } from '../lines/parse-line.ts'
import type { RawLine } from '../lines/split-lines.ts'
import type { Segment } from '../segments/segment.ts'
import { targetOf } from './call-target.ts'
import type { QueuedEntry } from './queued-call.ts'

/** A page of what waits is found from the mark before it: so many calls are passed over at most. */
const MARK_EVERY = 500
/** Of a larger backlog the earliest are forgotten: a claim is then sent and released again, as it was written. */
const MAX_RELEASES = 10_000

export interface Place {
  readonly segment: { readonly seq: number }
  readonly offset: number
}
interface Position {
  readonly seq: number
  readonly offset: number
}
const isLater = (a: Position | undefined, place: Place): boolean =>
  a !== undefined && (a.seq > place.segment.seq || (a.seq === place.segment.seq && a.offset > place.offset))

export interface Backlog {
  /** Counts a segment's open calls and notes its releases, from where it stopped. Throws a ReadFault. */
  index(segment: Segment): Promise<void>
  /** One more call has its end. */
  close(entry: QueuedEntry): void
  /** Whether further on than this place all locks of a session, any lock, or this lock are released. */
  isReleasedLater(session: string, place: Place): boolean
  hasReleaseLater(place: Place): boolean
  isLockReleasedLater(id: string, place: Place): boolean
  /** The backlog is empty: later releases belong to another drain. */
  beginDrain(): void
}

export function createBacklog(): Backlog {
  const releaseAlls = new BoundedMap<string, Position>(MAX_RELEASES)
  const releases = new BoundedMap<string, Position>(MAX_RELEASES)
  let lastRelease: Position | undefined

  function noteReleases(segment: Segment, line: RawLine): void {
    for (const entry of parseLine(line)) {
      if (entry.verdict.kind !== 'send') continue
      const { effect } = targetOf(entry.verdict.call)
      const position = { seq: segment.seq, offset: line.offset }
      if (effect.kind === 'release-all') releaseAlls.set(effect.session, position)
      else if (effect.kind === 'release') {
        releases.set(effect.id, position)
        if (!isLater(lastRelease, { segment, offset: line.offset })) lastRelease = position
      }
    }
  }

  return {
    async index(segment) {
      segment.counted -= segment.tailCounted
      segment.indexed -= segment.tailCounted
      segment.tailCounted = 0
      for await (const batch of segment.lines(Math.max(segment.indexedTo, segment.checkpointAt))) {
        for (const line of batch.lines) {
          const { calls, mayRelease } = countCalls(line)
          let open = 0
          for (let sub = 0; sub < calls; sub++) if (!segment.isEnded(line.offset, sub)) open++
          if (segment.indexed - (segment.marks.at(-1)?.before ?? 0) >= MARK_EVERY)
            segment.marks.push({ offset: line.offset, before: segment.indexed })
          segment.counted += open
          segment.indexed += open
          if (!line.isTerminated) segment.tailCounted = open
          if (open > 0 && mayRelease) noteReleases(segment, line)
        }
        segment.indexedTo = Math.max(segment.indexedTo, batch.next)
      }
    },
    close({ segment, isTerminated }) {
      segment.counted = Math.max(0, segment.counted - 1)
      if (!isTerminated) segment.tailCounted = Math.max(0, segment.tailCounted - 1)
    },
    isReleasedLater: (session, place) => isLater(releaseAlls.get(session), place),
    hasReleaseLater: (place) => isLater(lastRelease, place),
    isLockReleasedLater: (id, place) => isLater(releases.get(id), place),
    beginDrain() {
      releaseAlls.clear()
      releases.clear()
      lastRelease = undefined
    },
  }
}
