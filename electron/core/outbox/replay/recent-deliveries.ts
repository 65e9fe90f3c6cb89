/** What was delivered lately, as far as the duplicate rule and the look-up of a doubt need it; its size is bounded. */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'
import type { Segment } from '../segments/segment.ts'
import type { CallHashes } from './queued-call.ts'

const WINDOW_MS = 10 * 60_000
const MAX_RESOURCES = 20_000
const RING = 8_192
/** A look at what is past the window for each delivery would cost more than what it frees. */
const SWEEP_MS = 1_000

interface Last {
  readonly segment: Segment
  readonly record: DeliveredRecord
}
const isNewer = (a: Last, b: Last): boolean =>
  a.record.at > b.record.at ||
  (a.record.at === b.record.at &&
    (a.segment.seq > b.segment.seq ||
      (a.segment.seq === b.segment.seq && a.record.offset >= b.record.offset)))

export interface Recent {
  /** Takes in a delivery of this process, or one that a ledger tells of, in any order. */
  add(segment: Segment, record: DeliveredRecord, now: EpochMs): void
  /**
   * The delivery of the last ten minutes that a call may repeat: the hashes agree, and nothing was delivered since on its
   * resource or by its session. The caller compares the bytes.
   */
  repeated(call: CallHashes, now: EpochMs): Last | undefined
  /** Whether an equal call (the hash of method, path and body) was delivered within `withinMs` of an instant. */
  hasEqualNear(hash: string, at: EpochMs, withinMs: number): boolean
  clear(): void
  /** Deliveries that are held. */
  size(): number
}

export function createRecent(): Recent {
  // Only the last delivery on a resource can be repeated with nothing in between: the others need not be kept.
  const byResource = new BoundedMap<string, Last>(MAX_RESOURCES)
  const bySession = new BoundedMap<string, Last>(MAX_RESOURCES)
  // numbers in place: objects that live this long would all be moved into the old heap
  const ringHash = new Uint32Array(RING)
  const ringTime = new Float64Array(RING)
  let ringAt = 0
  let sweptAt = -Infinity
  const toNumber = (hash: string): number => Number.parseInt(hash.slice(0, 8), 16)

  /** What is past the window can be repeated no more, and would hold its segment; the oldest stand first. */
  function sweep(now: EpochMs): void {
    for (const map of [byResource, bySession])
      for (const [old, { record }] of map) {
        if (now - record.at <= WINDOW_MS) break
        map.delete(old)
      }
    sweptAt = now
  }
  function put(map: Map<string, Last>, key: string, last: Last): void {
    const before = map.get(key)
    if (before && !isNewer(last, before)) return
    map.set(key, last)
  }

  return {
    add(segment, record, now) {
      if (now - record.at > WINDOW_MS) return
      const last = { segment, record }
      // the clock may have been set back
      if (Math.abs(now - sweptAt) >= SWEEP_MS) sweep(now)
      put(byResource, record.resourceHash, last)
      if (record.sessionHash !== '') put(bySession, record.sessionHash, last)
      ringHash[ringAt] = toNumber(record.lineHash)
      ringTime[ringAt] = record.at
      ringAt = (ringAt + 1) % RING
    },
    repeated({ line, resource, session }, now) {
      const last = byResource.get(resource)
      if (!last || now - last.record.at > WINDOW_MS || last.record.lineHash !== line) return undefined
      return session === '' || bySession.get(session)?.record === last.record ? last : undefined
    },
    hasEqualNear(hash, at, withinMs) {
      const wanted = toNumber(hash)
      return ringHash.some((h, i) => h === wanted && Math.abs((ringTime[i] ?? 0) - at) < withinMs)
    },
    clear() {
      byResource.clear()
      bySession.clear()
      ringTime.fill(0)
      ringAt = 0
    },
    size: () => byResource.size + bySession.size,
  }
}
