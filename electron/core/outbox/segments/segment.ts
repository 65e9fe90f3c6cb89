/** One claimed queue file and its ledger: what is in it, and what became of each call. Never rewritten, only added to. */
import type { SkipReason } from '../../../../shared/call.ts'
import { causeCodeOf, type CauseCode } from '../../../../shared/cause.ts'
import { ok } from '../../../../shared/result.ts'
import type { EpochMs } from '../../../../shared/time.ts'
import type { FileInfo, FileSystem, FsError, FsResult, OpenFile } from '../../ports.ts'
import { createLedgerDecoder, encodeFacts, type Fact } from './ledger-format.ts'
import { parseLine, type Entry } from '../lines/parse-line.ts'
import { scanLines, type RawLine } from '../lines/split-lines.ts'
import { encodeUtf8 } from '../lines/text.ts'

export type Header = Extract<Fact, { t: 'header' }>
export type Delivered = Extract<Fact, { t: 'delivered' }>
export type Origin = Header['origin']

/**
 * What a segment may be called. Where it came from stands in its name too: the ledger's header may be damaged, and calls
 * that another program removed must not be sent for it. (Segments of before this have it in the header only.)
 */
export const SEGMENT_NAME = '\\d{8,}-[a-z0-9]+(?:-removed|-again)?'

/** Position of a call within its segment, as one text. */
export const keyOf = (o: number, s: number): string => `${o}.${s}`

/** Between two checkpoints at most this many ends are held one by one. */
const CHECKPOINT_EVERY = 256
const LATELY = 50
/** One call is looked up with one small read. */
const ENTRY_CHUNK = 16 * 1024
const LEDGER_CHUNK = 256 * 1024
/** Most ledgers are short, and there may be thousands: the first piece is small. */
const FIRST_LEDGER_CHUNK = 8 * 1024

/** A call that waits for a person, and why. */
export interface SetAside {
  readonly code: CauseCode
  readonly reason: string
  readonly st: number | null
  readonly at: EpochMs
}

/** Bytes of a segment that cannot be read now. */
export class ReadFault extends Error {
  readonly fault: FsError
  constructor(fault: FsError) {
    super(`${fault.op} ${fault.path}: ${fault.code}`)
    this.fault = fault
  }
}

export class Segment {
  readonly seq: number
  header: Header | undefined
  /** Every call below this offset has its end. */
  upto = 0
  readonly ended = new Set<string>()
  /** Sent, with no outcome known: a crash, a reset or a time-out. */
  readonly doubts = new Map<string, { readonly at: EpochMs; readonly n: number }>()
  readonly troubles = new Map<string, { readonly count: number; readonly firstAt: EpochMs }>()
  readonly asides = new Map<string, SetAside>()
  readonly skips = new Map<string, { readonly reason: SkipReason; readonly at: EpochMs }>()
  delivered = 0
  /** The last few, to be shown. */
  readonly lately: Delivered[] = []
  lastEndAt: EpochMs = 0
  /** Bytes up to here are known to be finished; -1: not finished. */
  finishedAt = -1
  size = 0
  mtime: EpochMs = 0
  identity = ''
  damaged = 0
  /** Something became of a call of it: it is past the point where its claim could be undone. */
  hasFacts = false
  /** Calls counted and not ended; kept by the outbox's index. */
  counted = 0
  indexedTo = 0
  /** Of `counted`, those on an unterminated last line. */
  tailCounted = 0
  private seen: { readonly o: number; readonly at: EpochMs | null }[] = []
  private ledger: OpenFile | undefined
  private waiting: Fact[] = []
  private isTorn = false
  private hasLedger = false
  /** Bytes of the segment below this are known to be on the disk, not only written. */
  private durableTo = 0
  /** Damaged lines that the next batch says it knows of. */
  private unread: number | undefined
  /** What a `gone` took off the lists, until it is committed. */
  private readonly taken = new Map<
    string,
    {
      readonly aside?: SetAside | undefined
      readonly skip?: { readonly reason: SkipReason; readonly at: EpochMs } | undefined
    }
  >()
  private endsSinceCheckpoint = 0
  /** How many writes reached the disk. */
  commits = 0
  private isWriting = false
  private current: FsResult<null> = Promise.resolve(ok(null))
  private queued: FsResult<null> | undefined

  private readonly fs: FileSystem
  readonly dir: string
  readonly name: string

  private readonly onDelivered: (segment: Segment, fact: Delivered) => void

  /** `onDelivered` is told of each delivery, those that the ledger tells of too. */
  constructor(
    fs: FileSystem,
    dir: string,
    name: string,
    onDelivered: (segment: Segment, fact: Delivered) => void,
  ) {
    this.fs = fs
    this.onDelivered = onDelivered
    this.dir = dir
    this.name = name
    this.seq = Number(name.split('-', 1)[0])
  }

  get path(): string {
    return `${this.dir}${this.fs.separator}${this.name}.seg`
  }
  get ledgerPath(): string {
    return `${this.dir}${this.fs.separator}${this.name}.led`
  }
  get origin(): Origin {
    if (this.name.endsWith('-removed')) return 'removed'
    if (this.name.endsWith('-again')) return 'again'
    return this.header?.origin ?? 'queue'
  }
  get hasEnd(): boolean {
    return this.finishedAt >= 0 && this.finishedAt >= this.size
  }

  /** Reads the ledger and the file's size. Writes nothing. */
  async load(): FsResult<null> {
    const info = await this.refresh()
    if (!info.ok) return info
    return this.readLedger()
  }

  /** Streamed: the ledger of a large backlog is as long as the backlog itself. */
  private async readLedger(): FsResult<null> {
    const opened = await this.fs.openRead(this.ledgerPath)
    if (!opened.ok) return opened.error.code === 'ENOENT' ? ok(null) : opened
    /** Damaged lines that those who wrote on knew of. */
    let known = 0
    const decoder = createLedgerDecoder((fact, before) => {
      if (fact.t === 'reread') known = fact.n
      else if (before === known || (fact.t !== 'upto' && fact.t !== 'end')) this.apply(fact)
    })
    try {
      for (let at = 0, want = FIRST_LEDGER_CHUNK; ; want = LEDGER_CHUNK) {
        const bytes = await opened.value.readAt(at, want)
        if (!bytes.ok) return bytes
        decoder.push(bytes.value)
        // fewer than asked for: that was the end
        if (bytes.value.length < want) break
        at += bytes.value.length
      }
    } finally {
      await opened.value.close()
    }
    const { damaged, isTailDamaged, isTorn } = decoder.end()
    this.hasLedger = true
    this.isTorn = isTorn
    this.damaged = damaged
    this.taken.clear()
    const bad = damaged + (isTailDamaged ? 1 : 0)
    if (bad !== known) this.unread = bad
    // a claim's header is written once its bytes are synced
    if (this.header && this.origin === 'queue') this.durableTo = this.header.size
    return ok(null)
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

  /** Makes durable what stands in the ledger, whoever wrote it. */
  async syncLedger(): FsResult<null> {
    const file = await this.fs.openAppend(this.ledgerPath)
    if (!file.ok) return file
    const synced = await file.value.sync()
    await file.value.close()
    return synced
  }

  /** Looks at the file again; a late line may have made it grow. */
  async refresh(): FsResult<FileInfo> {
    const info = await this.fs.info(this.path)
    if (info.ok) {
      this.size = info.value.size
      this.mtime = info.value.mtimeMs
      this.identity = info.value.identity
    }
    return info
  }

  isEnded(o: number, s: number): boolean {
    return o < this.upto || this.ended.has(keyOf(o, s))
  }

  /** When a running engine first saw this byte; undefined where none was running then. */
  seenAt(o: number): EpochMs | undefined {
    for (const s of this.seen) if (o < s.o) return s.at ?? undefined
    return undefined
  }
  get seenTo(): number {
    return this.seen.at(-1)?.o ?? 0
  }

  /** Takes a fact into memory and keeps it for the next `commit`. */
  note(fact: Fact): void {
    this.apply(fact)
    this.waiting.push(fact)
  }

  hasUncommitted(): boolean {
    return this.waiting.length > 0
  }

  /** Drops an intent that was noted but not committed: nothing was sent for it. An older doubt stays one. */
  dropIntent(o: number, s: number, before: { readonly at: EpochMs; readonly n: number } | undefined): void {
    this.waiting = this.waiting.filter((f) => !(f.t === 'intent' && f.o === o && f.s === s))
    if (before) this.doubts.set(keyOf(o, s), before)
    else this.doubts.delete(keyOf(o, s))
  }

  /** Everything below this offset has its end: noted now and then, so that memory stays flat. */
  checkpoint(o: number): void {
    if (o <= this.upto || this.endsSinceCheckpoint < CHECKPOINT_EVERY) return
    this.note({ t: 'upto', o })
  }

  /**
   * Makes the noted facts durable: one write, one sync. On failure they are kept for the next try. What is noted while a
   * sync is under way goes with the next one, for all who wait for it (group commit); if that sync fails, theirs fails too.
   */
  commit(): FsResult<null> {
    if (!this.isWriting) return (this.current = this.begin())
    this.queued ??= this.current.then((before) => {
      this.queued = undefined
      if (before.ok) return (this.current = this.begin())
      this.isWriting = false
      return before
    })
    return this.queued
  }

  private async begin(): FsResult<null> {
    this.isWriting = true
    const done = await this.write()
    // else the one that waits goes on at once: two writes at a time would mix their batches
    if (!this.queued) this.isWriting = false
    return done
  }

  private async write(): FsResult<null> {
    if (this.waiting.length === 0) return ok(null)
    if (this.size > this.durableTo) {
      // a late line: its writer did not sync it, and once it is set aside only its bytes are left of it
      const synced = await this.syncBytes()
      if (!synced.ok) return synced
    }
    if (!this.ledger) {
      const opened = await this.fs.openAppend(this.ledgerPath)
      if (!opened.ok) return opened
      this.ledger = opened.value
      if (!this.hasLedger) {
        const synced = await this.fs.syncDir(this.dir)
        if (!synced.ok) {
          await this.closeLedger()
          return synced
        }
        this.hasLedger = true
      }
    }
    // what is noted while this is on its way belongs to the next one
    const batch = [...this.waiting]
    const facts = encodeFacts(
      this.unread === undefined ? batch : [{ t: 'reread', n: this.unread } as const, ...batch],
    )
    const bytes = this.isTorn ? join(encodeUtf8('\n'), facts) : facts
    const written = await this.ledger.append(bytes)
    if (!written.ok) {
      // part of it may be there: the next append starts on a line of its own, and repeats all of it (facts are idempotent)
      this.isTorn = true
      return written
    }
    this.isTorn = false
    const synced = await this.ledger.sync()
    if (!synced.ok) {
      // [Note: fsync] after a failed sync the kernel may have dropped the pages: that descriptor is not trusted again
      await this.closeLedger()
      return this.rewrite()
    }
    this.unread = undefined
    this.forget(batch)
    return ok(null)
  }

  /**
   * Puts a new ledger in place of the old one: the bytes that can be read, damaged ones too, and what is in memory. Some of
   * it stands there twice then; facts are idempotent.
   */
  private async rewrite(): FsResult<null> {
    // should it fail half-way, the new file may be in place, but its name not durable: the next commit syncs the folder
    this.hasLedger = false
    const old = await this.fs.readFile(this.ledgerPath)
    if (!old.ok && old.error.code !== 'ENOENT') return old
    const batch = [...this.waiting]
    const whole = old.ok ? join(old.value, encodeUtf8('\n')) : new Uint8Array(0)
    const written = await this.fs.writeFile(this.ledgerPath, join(whole, encodeFacts(batch)))
    if (!written.ok) return written
    this.hasLedger = true
    this.forget(batch)
    this.isTorn = false
    return ok(null)
  }

  /** These are on disk. By identity: others may have come, or been dropped, while they were written. */
  private forget(batch: readonly Fact[]): void {
    this.commits++
    const written = new Set(batch)
    this.taken.clear()
    this.waiting = this.waiting.filter((fact) => !written.has(fact))
  }

  /** Takes back a `gone` whose commit failed, in memory and, as it may have reached the disk in part, there too. */
  takeBack(o: number, s: number): void {
    this.waiting = this.waiting.filter((f) => !(f.t === 'gone' && f.o === o && f.s === s))
    this.note({ t: 'kept', o, s })
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

  /** The call at a position, read from the file again. */
  async entryAt(o: number, s: number): Promise<Entry | undefined> {
    try {
      for await (const batch of this.entries(o, ENTRY_CHUNK)) {
        const first = batch.items.find((i) => i.line.offset === o && i.entry.sub === s)
        if (first) return first.entry
        if (batch.items.length > 0) return undefined
      }
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error
    }
    return undefined
  }

  async close(): Promise<void> {
    await this.closeLedger()
  }

  private async closeLedger(): Promise<void> {
    await this.ledger?.close()
    this.ledger = undefined
  }

  private apply(fact: Fact): void {
    if (fact.t !== 'header' && fact.t !== 'seen') this.hasFacts = true
    switch (fact.t) {
      case 'header':
        this.header = fact
        return
      case 'seen':
        this.seen.push(fact)
        return
      case 'intent':
        this.doubts.set(keyOf(fact.o, fact.s), fact)
        return
      case 'unsent':
        this.doubts.delete(keyOf(fact.o, fact.s))
        return
      case 'retry': {
        const key = keyOf(fact.o, fact.s)
        const before = this.troubles.get(key)
        if (!fact.healthy) this.troubles.delete(key)
        else this.troubles.set(key, { count: (before?.count ?? 0) + 1, firstAt: before?.firstAt ?? fact.at })
        return
      }
      case 'delivered':
        // a repeated batch (a write that failed half-way) must not count twice
        // where the ledger lost the line that opened a completed call again, the call is still delivered
        if (this.end(fact) || this.asides.delete(keyOf(fact.o, fact.s))) {
          this.delivered++
          this.lately.push(fact)
          if (this.lately.length > 2 * LATELY) this.lately.splice(0, LATELY)
          this.onDelivered(this, fact)
        }
        return
      case 'aside':
        if (this.end(fact))
          this.asides.set(keyOf(fact.o, fact.s), { ...fact, code: fact.c ?? causeCodeOf(fact.reason) })
        return
      case 'skipped':
        if (this.end(fact)) this.skips.set(keyOf(fact.o, fact.s), fact)
        return
      case 'gone': {
        const key = keyOf(fact.o, fact.s)
        if (this.asides.has(key) || this.skips.has(key))
          this.taken.set(key, { aside: this.asides.get(key), skip: this.skips.get(key) })
        this.asides.delete(key)
        this.skips.delete(key)
        // an end of its own: were the line that set it aside damaged, the call would be open again
        if (fact.why !== 'completed' && fact.o >= this.upto) this.ended.add(key)
        if (fact.why === 'completed') {
          // the torn line got its rest: the call at this place is open again
          this.ended.delete(key)
          this.finishedAt = -1
        }
        return
      }
      case 'kept': {
        const key = keyOf(fact.o, fact.s)
        const { aside, skip } = this.taken.get(key) ?? {}
        if (aside) this.asides.set(key, aside)
        if (skip) this.skips.set(key, skip)
        return
      }
      case 'reread':
        return
      case 'upto':
        if (fact.o > this.upto) {
          this.upto = fact.o
          for (const key of this.ended) if (Number(key.split('.', 1)[0]) < fact.o) this.ended.delete(key)
          this.endsSinceCheckpoint = 0
        }
        return
      case 'end':
        this.finishedAt = fact.o
        this.lastEndAt = Math.max(this.lastEndAt, fact.at)
        return
      default:
        // a kind of a newer version: kept in the file, no meaning here
        return
    }
  }

  /** Notes that a call has its end; false where it had one already. */
  private end(fact: { readonly o: number; readonly s: number; readonly at: EpochMs }): boolean {
    const key = keyOf(fact.o, fact.s)
    if (this.ended.has(key) || fact.o < this.upto) return false
    this.ended.add(key)
    this.endsSinceCheckpoint++
    this.doubts.delete(key)
    this.troubles.delete(key)
    this.lastEndAt = Math.max(this.lastEndAt, fact.at)
    return true
  }
}

function join(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
