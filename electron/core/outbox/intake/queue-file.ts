/** The queue file that others write: its growth as this engine saw it, and what stands in it unclaimed. It is only read here. */
import { isAbsence } from '../../../../shared/data-folder.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { Clock, FileInfo, FileSystem } from '../../ports.ts'
import type { Entry } from '../lines/parse-line.ts'
import type { Place } from '../segments/ledger-records.ts'
import type { OutboxFolder } from '../segments/outbox-folder.ts'
import type { WaitingRow } from '../summary-rows.ts'
import { UnclaimedCalls, type Unclaimed } from './unclaimed-calls.ts'

/** How long a foreign reader may postpone a claim. */
const READER_PATIENCE_MS = 120_000
/** Growth that is told apart; of more, the earliest are merged. */
const MAX_MARKS = 1_000

/** Bytes below `offset`, and not below an earlier mark, were first seen at `at`; null: no engine was running then. */
export interface Mark {
  readonly offset: number
  readonly at: EpochMs | null
}
interface Growth {
  readonly identity: string
  size: number
  readonly marks: Mark[]
}

export class QueueFile {
  private readonly fs: FileSystem
  private readonly clock: Clock
  private readonly folder: OutboxFolder
  private growth: Growth | undefined
  private hasLooked = false
  private blind = false
  private readerSince: number | undefined
  private isOther = false
  private readonly calls: UnclaimedCalls

  constructor(fs: FileSystem, clock: Clock, folder: OutboxFolder) {
    this.fs = fs
    this.clock = clock
    this.folder = folder
    this.calls = new UnclaimedCalls(fs)
  }

  /** The last look failed: it says nothing about what stands there, nor since when. */
  get isBlind(): boolean {
    return this.blind
  }
  /** What stands at its path is no ordinary file; it is left alone. */
  get isNoFile(): boolean {
    return this.isOther
  }
  /** Bytes that wait there, as last looked at. */
  get size(): number {
    return this.growth?.size ?? 0
  }

  /** One stat. The file where it is an ordinary one; its growth gives calls without a `ts` their time. */
  async look(): Promise<FileInfo | undefined> {
    const info = await this.fs.info(this.folder.queuePath)
    this.blind = !info.ok && !isAbsence(info.error.code)
    if (this.blind) return undefined
    const isFirst = this.growth === undefined && !this.hasLooked
    this.hasLooked = true
    this.isOther = info.ok && info.value.kind !== 'file'
    if (!info.ok || this.isOther) {
      this.growth = undefined
      return undefined
    }
    const { identity, size } = info.value
    const known = this.growth
    if (known?.identity !== identity || size < known.size) {
      // what stood there when this engine came is not "seen": it was not running then
      const marks = size > 0 ? [{ offset: size, at: isFirst ? null : this.clock.now() }] : []
      this.growth = { identity, size, marks }
    } else if (size > known.size) {
      known.size = size
      known.marks.push({ offset: size, at: this.clock.now() })
      if (known.marks.length > MAX_MARKS) known.marks.splice(1, known.marks.length - MAX_MARKS)
    }
    return info.value
  }

  /** Whether another program reads the file (its real path), for less than two minutes so far: a claim now would have its lines sent twice. */
  async isHeldByReader(path: string): Promise<boolean> {
    if ((await this.fs.hasForeignReader(path)) !== true) {
      this.readerSince = undefined
      return false
    }
    this.readerSince ??= this.clock.monotonic()
    if (this.clock.monotonic() - this.readerSince < READER_PATIENCE_MS) return true
    this.readerSince = undefined
    return false
  }

  /** The file was claimed: when its bytes were first seen; nothing where it was replaced since the last look. */
  takeMarks(): (identity: string) => readonly Mark[] {
    const taken = this.growth
    this.growth = undefined
    this.calls.forget()
    return (identity) => (taken?.identity === identity ? taken.marks : [])
  }

  private seenAt(offset: number): EpochMs | undefined {
    return this.growth?.marks.find((mark) => offset < mark.offset)?.at ?? undefined
  }

  /** Counts the calls that stand in the file, where it is another one or has grown since; none where it is not ours to claim. */
  async count(isOurs: (info: FileInfo) => Promise<boolean>): Promise<Unclaimed> {
    const path = this.folder.queuePath
    const info = await this.fs.info(path)
    if (!info.ok || info.value.kind !== 'file' || info.value.size === 0) return this.calls.forget()
    if (this.calls.isOf(info.value)) return this.calls.counted
    if (!(await isOurs(info.value))) return this.calls.forget()
    return this.calls.count(path, info.value, (offset) => this.seenAt(offset))
  }

  /** `limit` of the calls that were counted last, behind the first `offset`. */
  page(offset: number, limit: number): Promise<readonly WaitingRow[]> {
    return this.calls.page(this.folder.queuePath, offset, limit, (at) => this.seenAt(at))
  }
  /** The call at a place of the file that was counted last. */
  entryAt(identity: string, place: Place): Promise<Entry | undefined> {
    return identity === this.calls.counted.identity
      ? this.calls.entryAt(this.folder.queuePath, place)
      : Promise.resolve(undefined)
  }
}
