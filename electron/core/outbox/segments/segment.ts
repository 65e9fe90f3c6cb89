/** One claimed queue file and its ledger: what is in it, and what became of each call. Never rewritten, only added to. */
import type { EpochMs } from '../../../../shared/time.ts'
import { parseLine, type Entry } from '../lines/parse-line.ts'
import { scanLines, type RawLine } from '../lines/split-lines.ts'
import type { FileInfo, FileSystem, FsError, FsResult } from '../../ports.ts'
import { CallStates, type Doubt, type SetAside, type Skipped, type Trouble } from './call-states.ts'
import type { EndsAt } from './ends-lately.ts'
import { Ledger } from './ledger.ts'
import type { DeliveredRecord, HeaderRecord, LedgerRecord, Origin, Place } from './ledger-records.ts'

/**
 * What a segment may be called. Where it came from stands in its name too: the ledger's header may be damaged, and calls
 * that another program removed must not be sent for it. (Segments of before this have it in the header only.)
 */
export const SEGMENT_NAME = '\\d{8,}-[a-z0-9]+(?:-removed|-again)?'

/** One call is looked up with one small read. */
const ENTRY_CHUNK = 16 * 1024

/** Bytes of a segment that cannot be read now. */
export class ReadFault extends Error {
  readonly fault: FsError
  constructor(fault: FsError) {
    super(`${fault.op} ${fault.path}: ${fault.code}`)
    this.fault = fault
  }
}

export class Segment {
  readonly dir: string
  readonly name: string
  readonly seq: number
  /** Calls counted and not ended; kept by the backlog's index. */
  counted = 0
  indexedTo = 0
  /** Of all calls that the index counted, `before` stand before this offset; a mark each few hundred, in order. */
  readonly marks: { readonly offset: number; readonly before: number }[] = []
  /** Calls that the index counted, ended since or not. */
  indexed = 0
  /** Of `counted`, those on an unterminated last line. */
  tailCounted = 0
  private readonly fs: FileSystem
  private readonly states: CallStates
  private readonly ledger: Ledger
  private file: Pick<FileInfo, 'size' | 'mtimeMs' | 'identity'> = { size: 0, mtimeMs: 0, identity: '' }
  /** Bytes below this are known to be on the disk, not only written. */
  private durableTo = 0

  /** `onDelivered` is told of each delivery, those that the ledger tells of too. */
  constructor(
    fs: FileSystem,
    dir: string,
    name: string,
    onDelivered: (segment: Segment, record: DeliveredRecord) => void,
  ) {
    this.fs = fs
    this.dir = dir
    this.name = name
    this.seq = Number(name.split('-', 1)[0])
    this.states = new CallStates((record) => onDelivered(this, record))
    this.ledger = new Ledger({
      fs,
      dir,
      path: this.ledgerPath,
      beforeWrite: () => this.makeLateLinesDurable(),
      onDurable: () => this.states.settle(),
    })
  }

  get path(): string {
    return `${this.dir}${this.fs.separator}${this.name}.seg`
  }
  get ledgerPath(): string {
    return `${this.dir}${this.fs.separator}${this.name}.led`
  }
  get size(): number {
    return this.file.size
  }
  get mtime(): EpochMs {
    return this.file.mtimeMs
  }
  /** Device and inode, as last looked up; another file may have them by now. */
  get identity(): string {
    return this.file.identity
  }
  get header(): HeaderRecord | undefined {
    return this.states.header
  }
  get origin(): Origin {
    if (this.name.endsWith('-removed')) return 'removed'
    if (this.name.endsWith('-again')) return 'again'
    return this.header?.origin ?? 'queue'
  }
  /** Every call in it has its end. */
  get hasEnd(): boolean {
    return this.states.finishedAt >= 0 && this.states.finishedAt >= this.size
  }
  /** No call behind this offset has its end. */
  get endedTo(): number {
    return this.states.endedTo
  }
  /** Something became of a call of it: it is past the point where its claim could be undone. */
  get hasOutcomes(): boolean {
    return this.states.hasOutcomes
  }
  /** Every call below this offset has its end. */
  get checkpointAt(): number {
    return this.states.checkpointAt
  }
  get setAside(): ReadonlyMap<string, SetAside> {
    return this.states.setAside
  }
  get skipped(): ReadonlyMap<string, Skipped> {
    return this.states.skipped
  }
  get delivered(): number {
    return this.states.delivered
  }
  /** Another number after each change of what became of its calls, or of its size. */
  get revision(): number {
    return this.states.revision + this.file.size
  }
  get ends(): readonly EndsAt[] {
    return this.states.ends
  }
  /** The last few deliveries, oldest first. */
  get lately(): readonly DeliveredRecord[] {
    return this.states.lately
  }
  get lastEndAt(): EpochMs {
    return this.states.lastEndAt
  }
  /** Drains that ended with a call of this segment. */
  get endedDrains(): ReadonlySet<string> {
    return this.states.endedDrains
  }
  /** How many batches of records reached the disk. */
  get commits(): number {
    return this.ledger.commits
  }
  isEnded(offset: number, sub: number): boolean {
    return this.states.isEnded(offset, sub)
  }
  /** Sent, with no outcome known: a crash, a reset or a time-out. */
  doubtOf(offset: number, sub: number): Doubt | undefined {
    return this.states.doubtOf(offset, sub)
  }
  troubleOf(offset: number, sub: number): Trouble | undefined {
    return this.states.troubleOf(offset, sub)
  }
  /** When a running engine first saw this byte; undefined where none was running then. */
  seenAt(offset: number): EpochMs | undefined {
    return this.states.seenAt(offset)
  }
  /** Bytes below this were seen by a running engine, or known not to have been. */
  get seenTo(): number {
    return this.states.seenTo
  }

  /** Reads the ledger and the file's size. Writes nothing. */
  async load(): FsResult<null> {
    const info = await this.refresh()
    if (!info.ok) return info
    const loaded = await this.ledger.load((record) => this.states.fold(record))
    if (!loaded.ok) return loaded
    this.states.settle()
    // a claim's header is written once its bytes are synced
    if (this.header && this.origin === 'queue') this.durableTo = this.header.size
    return loaded
  }

  /** Looks at the file again; a late line may have made it grow. */
  async refresh(): FsResult<FileInfo> {
    const info = await this.fs.info(this.path)
    if (info.ok) this.file = info.value
    return info
  }

  /** Takes a record into memory and keeps it for the next `commit`. */
  note(record: LedgerRecord): void {
    this.states.fold(record)
    this.ledger.add(record)
  }
  hasUncommitted(): boolean {
    return this.ledger.hasUncommitted
  }
  /** Makes what was noted durable: one write, one sync. On failure it is kept for the next try. */
  commit(): FsResult<null> {
    return this.ledger.commit()
  }
  /** Drops an intent that was noted but not committed: nothing was sent for it. A doubt from before it stays one. */
  dropIntent(offset: number, sub: number, before: Doubt | undefined): void {
    this.ledger.drop('intent', { offset, sub })
    this.states.undoIntent({ offset, sub }, before)
  }
  /** Everything below this offset has its end: noted now and then, so that memory stays flat. */
  checkpoint(offset: number): void {
    if (offset <= this.checkpointAt || !this.states.wantsCheckpoint) return
    this.note({ kind: 'checkpoint', offset })
  }
  /** Reverts a `resolved` whose commit failed, in memory and, as it may have reached the disk in part, there too. */
  revertResolution(place: Place): void {
    this.ledger.drop('resolved', place)
    this.note({ kind: 'resolution-reverted', ...place })
  }

  /** Makes the segment's own bytes durable: what the ledger says of them must not outlive them. */
  async syncBytes(): FsResult<null> {
    const size = this.size
    const file = await this.fs.openAppend(this.path)
    if (!file.ok) return file
    const synced = await file.value.sync()
    await file.value.close()
    if (synced.ok) this.durableTo = Math.max(this.durableTo, size)
    return synced
  }
  /** The writer of a late line did not sync it; once it is set aside, only its bytes are left of it. */
  private makeLateLinesDurable(): FsResult<null> | undefined {
    return this.size > this.durableTo ? this.syncBytes() : undefined
  }
  /** Opens the ledger, and makes it where there is none; its name is durable once the folder is synced. */
  openLedger(): FsResult<null> {
    return this.ledger.open()
  }
  ledgerIsNamed(): void {
    this.ledger.isNamed = true
  }
  /** Makes durable what stands in the ledger, whoever wrote it. */
  syncLedger(): FsResult<null> {
    return this.ledger.syncFile()
  }
  async close(): Promise<void> {
    await this.ledger.close()
  }

  /** Streams the calls from an offset on, with the place to go on from after each batch. Throws a ReadFault. */
  async *entries(
    from: number,
    chunkBytes?: number,
  ): AsyncGenerator<{ readonly items: readonly { line: RawLine; entry: Entry }[]; readonly next: number }> {
    for await (const batch of this.lines(from, chunkBytes))
      yield {
        items: batch.lines.flatMap((line) => parseLine(line).map((entry) => ({ line, entry }))),
        next: batch.next,
      }
  }

  /** Streams the lines without parsing them. Throws a ReadFault: bytes that cannot be read now must not pass for the end. */
  async *lines(
    from: number,
    chunkBytes?: number,
  ): AsyncGenerator<{ readonly lines: readonly RawLine[]; readonly next: number }> {
    if (from >= this.size) return
    const opened = await this.fs.openRead(this.path)
    if (!opened.ok) throw new ReadFault(opened.error)
    const file = opened.value
    const size = this.size
    try {
      yield* scanLines(
        async (offset, length) => {
          const bytes = await file.readAt(offset, length)
          if (!bytes.ok) throw new ReadFault(bytes.error)
          if (bytes.value.length === 0)
            throw new ReadFault({ code: 'TRUNCATED', path: this.path, op: 'read' })
          return bytes.value
        },
        from,
        size,
        chunkBytes,
      )
    } finally {
      await file.close()
    }
  }

  /** The call at a place, read from the file again. */
  async entryAt(offset: number, sub: number): Promise<Entry | undefined> {
    try {
      for await (const batch of this.entries(offset, ENTRY_CHUNK)) {
        const first = batch.items.find((i) => i.line.offset === offset && i.entry.sub === sub)
        if (first) return first.entry
        if (batch.items.length > 0) return undefined
      }
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error
    }
    return undefined
  }
}
