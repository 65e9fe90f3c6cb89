/** A call's id, `<segment>.<byte offset>.<sub-index>`: stable for the life of the call. */
import { keyOf } from './call-states.ts'
import type { Place } from './ledger-records.ts'
import { SEGMENT_NAME, type Segment } from './segment.ts'
import type { SegmentStore } from './segment-store.ts'

const CALL_ID = new RegExp(`^(${SEGMENT_NAME})\\.(\\d+)\\.(\\d+)$`)

export const callId = (segment: Segment, place: Place): string =>
  `${segment.name}.${keyOf(place.offset, place.sub)}`

export interface FoundCall extends Place {
  readonly segment: Segment
  /** The place as the segment's lists have it. */
  readonly key: string
}

/** The set-aside or skipped call of this id. */
export function placeOfCall(store: Pick<SegmentStore, 'get'>, id: string): FoundCall | undefined {
  const parts = CALL_ID.exec(id)
  const segment = parts?.[1] === undefined ? undefined : store.get(parts[1])
  if (!parts || !segment) return undefined
  const [offset, sub] = [Number(parts[2]), Number(parts[3])]
  const key = keyOf(offset, sub)
  return segment.setAside.has(key) || segment.skipped.has(key) ? { segment, offset, sub, key } : undefined
}
