/** What people see of an outbox. What replay tells of a call that ends is remembered; only what a new process finds is read. */
import { BoundedMap } from '../../../shared/bounded-map.ts'
import type { Call } from '../../../shared/call.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { DeliveredCall, EndedRow, WorkspaceSummary } from './contract.ts'
import type { Unclaimed } from './intake/queue-file.ts'
import type { Entry } from './lines/parse-line.ts'
import { callTime } from './replay/call-time.ts'
import type { EndedCall } from './replay/record-end.ts'
import { callId, type FoundCall } from './segments/call-id.ts'
import { ReadFault, type Segment } from './segments/segment.ts'
import { toWaitingCall, WAITING_SHOWN, type WaitingRow } from './summary-rows.ts'

/** Set-aside and skipped calls that are shown, of each. */
const SHOWN = 200
/** Delivered calls that are shown. */
export const LATELY_SHOWN = 50
const CHUNK = 64 * 1024
const PREVIEW_LENGTH = 200
/** Rows that are read at once, so that a run that goes on needs no read for each call. */
const READ_AHEAD = 4 * WAITING_SHOWN

/** Where the calls are: the owner's store, or what somebody who only watches has read. */
export interface Source {
  all(): readonly Segment[]
  readonly delivered: number
  readonly waiting: number
}
type Place = readonly [offset: number, sub: number]
interface PlacedRow extends WaitingRow {
  readonly segment: Segment
  readonly place: Place
}
const placeOf = (key: string): Place => {
  const [offset, sub] = key.split('.').map(Number)
  return [offset ?? 0, sub ?? 0]
}

export class Summary {
  private readonly source: Source
  private readonly rows = new BoundedMap<string, EndedRow>(4 * SHOWN)
  private readonly delivered = new BoundedMap<string, Pick<DeliveredCall, 'method' | 'path'>>(
    4 * LATELY_SHOWN,
  )
  private waitingRows: readonly PlacedRow[] = []

  constructor(source: Source) {
    this.source = source
  }

  /** A call has its end: nothing of it need be read back. */
  ended({ call, ...ended }: EndedCall): void {
    if (ended.end === 'delivered')
      this.delivered.set(call.id, { method: call.method ?? '', path: call.path ?? '' })
    else if (ended.end === 'skipped')
      this.rows.set(call.id, toRow(call.id, call, ended.reason, ended.reason, null))
    else this.rows.set(call.id, toRow(call.id, call, ended.cause.code, ended.reason, ended.status))
  }
  resolved(id: string): void {
    this.rows.delete(id)
  }

  async build(
    unclaimed: Unclaimed,
    state: Pick<WorkspaceSummary, 'path' | 'name' | 'sending' | 'owner' | 'problem'>,
  ): Promise<WorkspaceSummary> {
    const all = this.source.all()
    const waiting = this.source.waiting + unclaimed.count
    const next = [...(await this.waiting()), ...unclaimed.next]
    const count = (of: (segment: Segment) => number): number => all.reduce((n, s) => n + of(s), 0)
    return {
      ...state,
      waiting,
      delivered: this.source.delivered,
      setAsideCount: count((s) => s.setAside.size),
      skippedCount: count((s) => s.skipped.size),
      setAside: await this.newest('set-aside', SHOWN, (segment, key) => this.row(segment, key)),
      skipped: await this.newest('skipped', SHOWN, (segment, key) => this.row(segment, key)),
      lately: await this.lately(),
      next: next.slice(0, WAITING_SHOWN).map((row) => row.call),
      oldestWaiting: waiting === 0 ? null : oldestOf(next),
    }
  }

  /** All calls of one end with their bytes, newest last. */
  list(end: 'set-aside' | 'skipped', limit: number): Promise<readonly Call[]> {
    return this.newest(end, limit, (segment, key) => this.whole({ segment, key }))
  }

  /** One set-aside or skipped call with its bytes. */
  async whole({ segment, key }: Pick<FoundCall, 'segment' | 'key'>): Promise<Call | undefined> {
    const end = endOf(segment, key)
    const entry = end && (await segment.entryAt(...placeOf(key)))
    if (!entry) return undefined
    const { ts, method, path, raw } = entry
    return { id: `${segment.name}.${key}`, ts, method, path, reason: end.reason, status: end.status, raw }
  }

  private async newest<T>(
    end: 'set-aside' | 'skipped',
    limit: number,
    toShown: (segment: Segment, key: string) => Promise<T | undefined>,
  ): Promise<readonly T[]> {
    const found: T[] = []
    for (const segment of [...this.source.all()].reverse()) {
      const keys = [...(end === 'set-aside' ? segment.setAside : segment.skipped).keys()]
      for (const key of keys.reverse()) {
        if (found.length >= limit) return found.reverse()
        const shown = await toShown(segment, key)
        if (shown !== undefined) found.push(shown)
      }
    }
    return found.reverse()
  }

  private async row(segment: Segment, key: string): Promise<EndedRow | undefined> {
    const id = `${segment.name}.${key}`
    const end = endOf(segment, key)
    const known = this.rows.get(id)
    if (known?.reason === end?.reason) return known
    const entry = end && (await segment.entryAt(...placeOf(key)))
    if (!entry) return undefined
    const row = toRow(id, entry, end.cause, end.reason, end.status)
    this.rows.set(id, row)
    return row
  }

  private async lately(): Promise<readonly DeliveredCall[]> {
    const newest = this.source
      .all()
      .flatMap((segment) => segment.lately.slice(-LATELY_SHOWN).map((record) => ({ segment, record })))
      .sort((a, b) => b.record.at - a.record.at)
      .slice(0, LATELY_SHOWN)
    const shown: DeliveredCall[] = []
    for (const { segment, record } of newest) {
      const id = callId(segment, record)
      const call = this.delivered.get(id) ?? namesOf(await segment.entryAt(record.offset, record.sub))
      if (!call) continue
      this.delivered.set(id, call)
      shown.push({ id, at: record.at, ...call, note: record.note ?? null })
    }
    return shown
  }

  /** The first claimed calls that wait, in order. */
  private async waiting(): Promise<readonly WaitingRow[]> {
    const isOpen = ({ segment, place }: PlacedRow): boolean => !segment.isEnded(...place)
    this.waitingRows = this.waitingRows.filter(isOpen)
    if (this.waitingRows.length < Math.min(WAITING_SHOWN, this.source.waiting))
      this.waitingRows = await this.readWaiting()
    return this.waitingRows
  }

  private async readWaiting(): Promise<readonly PlacedRow[]> {
    const found: PlacedRow[] = []
    for (const segment of this.source.all()) {
      if (segment.hasEnd || found.length >= READ_AHEAD) continue
      try {
        for await (const batch of segment.entries(segment.checkpointAt, CHUNK)) {
          for (const { line, entry } of batch.items) {
            const place: Place = [line.offset, entry.sub]
            if (segment.isEnded(...place)) continue
            const at = callTime(entry.ts, segment.seenAt(line.offset), segment.mtime)
            const row = toWaitingCall(`${segment.name}.${place.join('.')}`, entry, at ?? segment.header?.at)
            found.push({ ...row, segment, place })
          }
          if (found.length >= READ_AHEAD) break
        }
      } catch (error) {
        if (!(error instanceof ReadFault)) throw error
      }
    }
    return found
  }
}

/** The call's own time, not that of its claim. */
function oldestOf(rows: readonly WaitingRow[]): EpochMs | null {
  const times = rows.flatMap((row) => (row.at === null ? [] : [row.at]))
  return times.length === 0 ? null : Math.min(...times)
}

const namesOf = (entry: Entry | undefined): Pick<DeliveredCall, 'method' | 'path'> | undefined =>
  entry && { method: entry.method ?? '', path: entry.path ?? '' }

type End = Pick<EndedRow, 'cause' | 'reason' | 'status'>
/** Why a call was not delivered. */
function endOf(segment: Segment, key: string): End | undefined {
  const skipped = segment.skipped.get(key)
  return (
    segment.setAside.get(key) ?? (skipped && { cause: skipped.reason, reason: skipped.reason, status: null })
  )
}

function toRow(
  id: string,
  { ts, method, path, raw }: Pick<Call, 'ts' | 'method' | 'path' | 'raw'>,
  cause: EndedRow['cause'],
  reason: string,
  status: number | null,
): EndedRow {
  const isCall = method !== null && path !== null
  const text = typeof raw === 'string' ? raw.slice(0, PREVIEW_LENGTH) : '(bytes that are no text)'
  return { id, ts, method, path, reason, cause, status, preview: isCall ? '' : text }
}
