/** What became of each call of a segment: a fold over its ledger's records. Pure: no file, no clock. */
import type { SkipReason } from '../../../../shared/call.ts'
import type { CauseCode } from '../../../../shared/cause.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import { EndCounts, type EndsAt } from './ends-lately.ts'
import type { DeliveredRecord, HeaderRecord, LedgerRecord, Place } from './ledger-records.ts'

/** Between two checkpoints at most this many ends are held one by one. */
const CHECKPOINT_EVERY = 256
/** Deliveries that are kept to be shown. */
const LATELY = 50

/** A call's place as one text. */
export const keyOf = (offset: number, sub: number): string => `${offset}.${sub}`
const placeKey = (place: Place): string => keyOf(place.offset, place.sub)

export interface Doubt {
  readonly at: EpochMs
  readonly attempt: number
}
export interface Trouble {
  readonly count: number
  readonly firstAt: EpochMs
}
export interface SetAside {
  readonly cause: CauseCode
  readonly reason: string
  readonly status: number | null
  readonly field?: string
  readonly holder?: string
  readonly at: EpochMs
}
export interface Skipped {
  readonly reason: SkipReason
  readonly at: EpochMs
}

export class CallStates {
  private readonly onDelivered: (record: DeliveredRecord) => void
  private headerRecord: HeaderRecord | undefined
  private checkpointOffset = 0
  private readonly ended = new Set<string>()
  private readonly doubtsOpen = new Map<string, Doubt>()
  private readonly troublesOpen = new Map<string, Trouble>()
  private readonly asides = new Map<string, SetAside>()
  private readonly skips = new Map<string, Skipped>()
  private readonly deliveredLately: DeliveredRecord[] = []
  private readonly marks: { readonly offset: number; readonly at: EpochMs | null }[] = []
  /** What an uncommitted `resolved` took off the lists. */
  private readonly revertible = new Map<string, { readonly aside?: SetAside; readonly skip?: Skipped }>()
  /** Drains that an end in this segment was the last of. */
  readonly endedDrains = new Set<string>()
  private endsSinceCheckpoint = 0
  private lastEndedOffset = -1
  private deliveredTotal = 0
  private readonly endCounts = new EndCounts()
  private finished = -1
  private lastEnd: EpochMs = 0
  private isPastClaim = false
  private changes = 0

  /** `onDelivered` is told of each delivery once, those that a ledger of before tells of too. */
  constructor(onDelivered: (record: DeliveredRecord) => void) {
    this.onDelivered = onDelivered
  }

  /** Another number after each change. */
  get revision(): number {
    return this.changes
  }
  get header(): HeaderRecord | undefined {
    return this.headerRecord
  }
  /** Every call below this offset has its end. */
  get checkpointAt(): number {
    return this.checkpointOffset
  }
  /** No call behind this offset has its end, as far as is known here; -1: none has. */
  get endedTo(): number {
    return Math.max(this.lastEndedOffset, this.checkpointOffset - 1)
  }
  /** Bytes up to here are known to be finished; -1: not finished. */
  get finishedAt(): number {
    return this.finished
  }
  get lastEndAt(): EpochMs {
    return this.lastEnd
  }
  get delivered(): number {
    return this.deliveredTotal
  }
  /** How many calls ended when. */
  get ends(): readonly EndsAt[] {
    return this.endCounts.all()
  }
  /** The last few deliveries, oldest first. */
  get lately(): readonly DeliveredRecord[] {
    return this.deliveredLately
  }
  get setAside(): ReadonlyMap<string, SetAside> {
    return this.asides
  }
  get skipped(): ReadonlyMap<string, Skipped> {
    return this.skips
  }
  /** Something became of a call: the segment is past the point where its claim could be undone. */
  get hasOutcomes(): boolean {
    return this.isPastClaim
  }
  /** Whether enough ends are held one by one for a checkpoint to be worth a line. */
  get wantsCheckpoint(): boolean {
    return this.endsSinceCheckpoint >= CHECKPOINT_EVERY
  }
  isEnded(offset: number, sub: number): boolean {
    return offset < this.checkpointOffset || this.ended.has(keyOf(offset, sub))
  }
  /** Sent, with no outcome known: a crash, a reset or a time-out. */
  doubtOf(offset: number, sub: number): Doubt | undefined {
    return this.doubtsOpen.get(keyOf(offset, sub))
  }
  /** How often the API failed to answer the call while it was well. */
  troubleOf(offset: number, sub: number): Trouble | undefined {
    return this.troublesOpen.get(keyOf(offset, sub))
  }
  /** When a running engine first saw this byte; undefined where none was running then. */
  seenAt(offset: number): EpochMs | undefined {
    for (const mark of this.marks) if (offset < mark.offset) return mark.at ?? undefined
    return undefined
  }
  get seenTo(): number {
    return this.marks.at(-1)?.offset ?? 0
  }

  /** An intent that was never committed is undone; a doubt from before it stays one. */
  undoIntent(place: Place, before: Doubt | undefined): void {
    this.changes++
    if (before) this.doubtsOpen.set(placeKey(place), before)
    else this.doubtsOpen.delete(placeKey(place))
  }
  /** What was recorded so far is on disk: no `resolved` of before can be reverted. */
  settle(): void {
    this.revertible.clear()
  }

  fold(record: LedgerRecord): void {
    this.changes++
    if (record.kind !== 'header' && record.kind !== 'first-seen') this.isPastClaim = true
    switch (record.kind) {
      case 'header':
        this.headerRecord = record
        return
      case 'first-seen':
        this.marks.push(record)
        return
      case 'intent':
        this.doubtsOpen.set(placeKey(record), record)
        return
      case 'unsent':
        this.doubtsOpen.delete(placeKey(record))
        return
      case 'retry':
        this.foldRetry(record)
        return
      case 'delivered':
        this.foldDelivered(record)
        return
      case 'set-aside':
        if (!this.end(record)) return
        this.asides.set(placeKey(record), record)
        this.endCounts.add('setAside', record.at)
        return
      case 'skipped':
        if (!this.end(record)) return
        this.skips.set(placeKey(record), record)
        this.endCounts.add('skipped', record.at)
        return
      case 'resolved':
        this.foldResolved(record)
        return
      case 'resolution-reverted':
        this.foldReverted(record)
        return
      case 'checkpoint':
        this.foldCheckpoint(record.offset)
        return
      case 'end':
        this.finished = record.offset
        if (record.drain !== undefined) this.endedDrains.add(record.drain)
        this.lastEnd = Math.max(this.lastEnd, record.at)
        return
      case 'damage-noted':
      case 'unknown':
        return
    }
  }

  private foldRetry(record: Extract<LedgerRecord, { kind: 'retry' }>): void {
    const key = placeKey(record)
    const before = this.troublesOpen.get(key)
    if (!record.isHealthy) this.troublesOpen.delete(key)
    else
      this.troublesOpen.set(key, {
        count: (before?.count ?? 0) + 1,
        firstAt: before?.firstAt ?? record.at,
      })
  }

  private foldDelivered(record: DeliveredRecord): void {
    // A repeated batch (a write that failed half-way) must not count twice. Where the ledger lost the line that opened a
    // completed call again, the call is still delivered.
    if (!this.end(record) && !this.asides.delete(placeKey(record))) return
    this.deliveredTotal++
    this.endCounts.add('delivered', record.at)
    this.deliveredLately.push(record)
    if (this.deliveredLately.length > 2 * LATELY) this.deliveredLately.splice(0, LATELY)
    this.onDelivered(record)
  }

  private foldResolved(record: Extract<LedgerRecord, { kind: 'resolved' }>): void {
    const key = placeKey(record)
    const [aside, skip] = [this.asides.get(key), this.skips.get(key)]
    if (aside || skip) this.revertible.set(key, { ...(aside && { aside }), ...(skip && { skip }) })
    this.asides.delete(key)
    this.skips.delete(key)
    if (record.how === 'completed') {
      // the torn line got its rest: the call at this place is open again
      this.ended.delete(key)
      this.finished = -1
      return
    }
    // an end of its own: were the line that set it aside damaged, the call would be open again
    if (record.offset >= this.checkpointOffset) this.ended.add(key)
  }

  private foldReverted(place: Place): void {
    const { aside, skip } = this.revertible.get(placeKey(place)) ?? {}
    if (aside) this.asides.set(placeKey(place), aside)
    if (skip) this.skips.set(placeKey(place), skip)
  }

  private foldCheckpoint(offset: number): void {
    if (offset <= this.checkpointOffset) return
    this.checkpointOffset = offset
    for (const key of this.ended) if (Number(key.split('.', 1)[0]) < offset) this.ended.delete(key)
    this.endsSinceCheckpoint = 0
  }

  /** Notes that a call has its end; false where it had one already. */
  private end(record: Place & { readonly at: EpochMs }): boolean {
    const key = placeKey(record)
    if (this.ended.has(key) || record.offset < this.checkpointOffset) return false
    this.ended.add(key)
    this.lastEndedOffset = Math.max(this.lastEndedOffset, record.offset)
    this.endsSinceCheckpoint++
    this.doubtsOpen.delete(key)
    this.troublesOpen.delete(key)
    this.lastEnd = Math.max(this.lastEnd, record.at)
    return true
  }
}
