/** What people see of an outbox. What replay tells of a call that ends is remembered; only what a new process finds is read. */
import { BoundedMap } from '../../../shared/bounded-map.ts'
import type { Call, CallFacts } from '../../../shared/call.ts'
import type { EpochMs } from '../../../shared/time.ts'
import { factsOfEntry, factsOfQueued } from './call-facts.ts'
import type { DeliveredCall, DeliveredRow, EndedRow, WaitingCall, WorkspaceSummary } from './contract.ts'
import type { Unclaimed } from './intake/unclaimed-calls.ts'
import type { Entry } from './lines/parse-line.ts'
import type { QueuedEntry } from './replay/queued-call.ts'
import { namedIn, type EndedCall } from './replay/record-end.ts'
import { callId, type FoundCall } from './segments/call-id.ts'
import type { Segment } from './segments/segment.ts'
import {
  endOf,
  endOfAside,
  endOfSkipped,
  toEndedRow,
  WAITING_SHOWN,
  type WaitingRow,
} from './summary-rows.ts'
import { WaitingCalls } from './waiting-calls.ts'

/** Set-aside and skipped calls that are shown, of each. */
const SHOWN = 200
/** Delivered calls that are shown. */
export const LATELY_SHOWN = 50
/** Bytes: a longer line is not held until somebody looks. */
const LONG_LINE = 4_096

/** Where the calls are: the owner's store, or what somebody who only watches has read. */
export interface Source {
  all(): readonly Segment[]
  readonly delivered: number
  readonly waiting: number
}
type Place = readonly [offset: number, sub: number]
const placeOf = (key: string): Place => {
  const [offset, sub] = key.split('.').map(Number)
  return [offset ?? 0, sub ?? 0]
}

export class Summary {
  private readonly source: Source
  private readonly rows = new BoundedMap<string, EndedRow>(4 * SHOWN)
  private readonly delivered = new BoundedMap<string, Named>(4 * LATELY_SHOWN)
  /** Delivered since somebody looked, as they stood in their lines. */
  private readonly fresh: QueuedEntry[] = []
  private freshAt = 0
  private readonly waiting: WaitingCalls

  constructor(source: Source) {
    this.source = source
    this.waiting = new WaitingCalls(source)
  }

  /** A call has its end: nothing of it need be read back. `isShown`: somebody looks at this outbox as it goes on. */
  ended(ended: EndedCall, isShown: boolean): void {
    const { call } = ended
    if (ended.end === 'delivered') return isShown ? this.noteDelivered(call) : undefined
    this.rows.set(call.id, toEndedRow(call.id, toEntry(call), factsOfQueued(call), whyOf(ended)))
  }
  /** Of thousands the last few are shown: of the others nothing is made. */
  private noteDelivered(call: QueuedEntry): void {
    if (call.kind === 'call' && call.length > LONG_LINE) this.delivered.set(call.id, namesOfQueued(call))
    else this.fresh[this.freshAt++ % LATELY_SHOWN] = call
  }
  private takeFresh(): void {
    for (const call of this.fresh) this.delivered.set(call.id, namesOfQueued(call))
    this.fresh.length = 0
    this.freshAt = 0
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
    const next = [...(await this.waiting.first()), ...unclaimed.next]
    const count = (of: (segment: Segment) => number): number => all.reduce((n, s) => n + of(s), 0)
    return {
      ...state,
      waiting,
      delivered: this.source.delivered,
      setAsideCount: count((s) => s.setAside.size),
      skippedCount: count((s) => s.skipped.size),
      setAside: await this.listRows('set-aside', SHOWN),
      skipped: await this.listRows('skipped', SHOWN),
      lately: await this.lately(),
      next: next.slice(0, WAITING_SHOWN).map((row) => row.call),
      oldestWaiting: waiting === 0 ? null : oldestOf(next),
    }
  }

  /** Calls that wait in segments, behind the first `offset`. */
  async page(offset: number, limit: number): Promise<readonly WaitingCall[]> {
    return (await this.waiting.page(offset, limit)).map((row) => row.call)
  }
  /** All calls of one end without their bytes, newest last. */
  listRows(end: 'set-aside' | 'skipped', limit: number): Promise<readonly EndedRow[]> {
    return this.newest(end, limit, (segment, key) => this.row(segment, key))
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
    const row = toEndedRow(id, entry, factsOfEntry(entry), end)
    this.rows.set(id, row)
    return row
  }

  private async lately(): Promise<readonly DeliveredRow[]> {
    this.takeFresh()
    const newest = this.source
      .all()
      .flatMap((segment) => segment.lately.slice(-LATELY_SHOWN).map((record) => ({ segment, record })))
      .sort((a, b) => b.record.at - a.record.at)
      .slice(0, LATELY_SHOWN)
    const shown: DeliveredRow[] = []
    for (const { segment, record } of newest) {
      const id = callId(segment, record)
      const call = this.delivered.get(id) ?? namesOf(await segment.entryAt(record.offset, record.sub))
      if (!call) continue
      this.delivered.set(id, call)
      shown.push({ id, at: record.at, ...call, note: record.note ?? null })
    }
    return shown
  }
}

/** The call's own time, not that of its claim. */
function oldestOf(rows: readonly WaitingRow[]): EpochMs | null {
  const times = rows.flatMap((row) => (row.at === null ? [] : [row.at]))
  return times.length === 0 ? null : Math.min(...times)
}

type Named = Pick<DeliveredCall, 'method' | 'path'> & CallFacts
const namesOf = (entry: Entry | undefined): Named | undefined =>
  entry && { method: entry.method ?? '', path: entry.path ?? '', ...factsOfEntry(entry) }

const namesOfQueued = (call: QueuedEntry): Named => ({
  method: call.method ?? '',
  path: call.path ?? '',
  ...factsOfQueued(call),
})

/** A queued call as it stood in its line. */
const toEntry = (call: QueuedEntry): Pick<Entry, 'ts' | 'method' | 'path' | 'raw' | 'verdict'> => ({
  ...call,
  verdict: call.kind === 'call' ? { kind: 'send', call: call.request } : call.why,
})

const whyOf = (ended: Exclude<EndedCall, { end: 'delivered' }>): ReturnType<typeof endOfSkipped> =>
  ended.end === 'skipped'
    ? endOfSkipped(ended)
    : endOfAside({ ...ended, ...namedIn(ended.cause), cause: ended.cause.code })
