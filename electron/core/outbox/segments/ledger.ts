/** The durable append of one ledger: records are taken one by one, written in batches, and synced before `commit` returns. */
import { ok } from '../../../../shared/result.ts'
import type { FileSystem, FsResult, OpenFile } from '../../ports.ts'
import { encodeUtf8 } from '../lines/text.ts'
import { concat, createLedgerDecoder, encodeRecords } from './ledger-format.ts'
import type { LedgerRecord, Place } from './ledger-records.ts'

const CHUNK = 256 * 1024
/** Most ledgers are short, and there may be thousands: the first piece is small. */
const FIRST_CHUNK = 8 * 1024

export interface LedgerDeps {
  readonly fs: FileSystem
  readonly dir: string
  readonly path: string
  /** Makes durable what the next records speak of: they must not outlive it. Undefined where it is. */
  beforeWrite(): FsResult<null> | undefined
  /** All records taken before the write are on disk. */
  onDurable(): void
}

export class Ledger {
  private readonly deps: LedgerDeps
  private file: OpenFile | undefined
  private waiting: LedgerRecord[] = []
  private isTorn = false
  /** The file's name is there, and durable; else the next commit syncs the folder. */
  isNamed = false
  /** Damaged lines that the next batch says it knows of. */
  private damageToNote: number | undefined
  private commitCount = 0
  private isWriting = false
  private current: FsResult<null> = Promise.resolve(ok(null))
  private queued: FsResult<null> | undefined

  constructor(deps: LedgerDeps) {
    this.deps = deps
  }

  /** How many batches reached the disk. */
  get commits(): number {
    return this.commitCount
  }
  get hasUncommitted(): boolean {
    return this.waiting.length > 0
  }

  /** Reads what can be trusted, streamed: the ledger of a large backlog is as long as the backlog itself. Writes nothing. */
  async load(take: (record: LedgerRecord) => void): FsResult<null> {
    const opened = await this.deps.fs.openRead(this.deps.path)
    if (!opened.ok) return opened.error.code === 'ENOENT' ? ok(null) : opened
    /** Damaged lines that those who wrote on knew of. */
    let known = 0
    const decoder = createLedgerDecoder((record, before) => {
      if (record.kind === 'damage-noted') known = record.lines
      else if (before === known || (record.kind !== 'checkpoint' && record.kind !== 'end')) take(record)
    })
    try {
      for (let at = 0, want = FIRST_CHUNK; ; want = CHUNK) {
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
    this.isNamed = true
    this.isTorn = isTorn
    const bad = damaged + (isTailDamaged ? 1 : 0)
    if (bad !== known) this.damageToNote = bad
    return ok(null)
  }

  /** Keeps a record for the next `commit`. */
  add(record: LedgerRecord): void {
    this.waiting.push(record)
  }

  /** Drops uncommitted records of one kind about one call. */
  drop(kind: 'intent' | 'resolved', place: Place): void {
    this.waiting = this.waiting.filter(
      (r) => !(r.kind === kind && r.offset === place.offset && r.sub === place.sub),
    )
  }

  /**
   * Makes the records durable: one write, one sync. On failure they are kept for the next try. What is added while a sync is
   * under way goes with the next one, for all who wait for it (group commit); if that sync fails, theirs fails too.
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

  private begin(): FsResult<null> {
    this.isWriting = true
    return this.write().then((done) => {
      // else the one that waits goes on at once: two writes at a time would mix their batches
      if (!this.queued) this.isWriting = false
      return done
    })
  }

  private async write(): FsResult<null> {
    if (this.waiting.length === 0) return ok(null)
    const late = this.deps.beforeWrite()
    const ready = late && (await late)
    if (ready && !ready.ok) return ready
    const opened = this.file ? ok(this.file) : await this.opened()
    if (!opened.ok) return opened
    if (!this.isNamed) {
      const named = await this.deps.fs.syncDir(this.deps.dir)
      if (!named.ok) return named
      this.isNamed = true
    }
    // what is added while this is on its way belongs to the next one
    const batch = [...this.waiting]
    const written = await opened.value.append(this.bytesOf(batch))
    if (!written.ok) {
      // part of it may be there: the next append starts on a line of its own, and repeats all of it (records are idempotent)
      this.isTorn = true
      return written
    }
    this.isTorn = false
    const synced = await opened.value.sync()
    if (!synced.ok) {
      // [Note: fsync] after a failed sync the kernel may have dropped the pages: that descriptor is not trusted again
      await this.close()
      return this.rewrite()
    }
    this.damageToNote = undefined
    this.forget(batch)
    return ok(null)
  }

  private bytesOf(batch: readonly LedgerRecord[]): Uint8Array {
    const noted = this.damageToNote
    const bytes = encodeRecords(
      noted === undefined ? batch : [{ kind: 'damage-noted', lines: noted }, ...batch],
    )
    return this.isTorn ? concat(encodeUtf8('\n'), bytes) : bytes
  }

  /** Opens the file, and makes it where there is none. */
  async open(): FsResult<null> {
    const opened = await this.opened()
    return opened.ok ? ok(null) : opened
  }
  private async opened(): FsResult<OpenFile> {
    if (this.file) return ok(this.file)
    const opened = await this.deps.fs.openAppend(this.deps.path)
    if (opened.ok) this.file = opened.value
    return opened
  }

  /**
   * Puts a new ledger in place of the old one: the bytes that can be read, damaged ones too, and what is in memory. Some of
   * it stands there twice then; records are idempotent.
   */
  private async rewrite(): FsResult<null> {
    const { fs, path } = this.deps
    // should it fail half-way, the new file may be in place, but its name not durable: the next commit syncs the folder
    this.isNamed = false
    const old = await fs.readFile(path)
    if (!old.ok && old.error.code !== 'ENOENT') return old
    const batch = [...this.waiting]
    const whole = old.ok ? concat(old.value, encodeUtf8('\n')) : new Uint8Array(0)
    const written = await fs.writeFile(path, concat(whole, encodeRecords(batch)))
    if (!written.ok) return written
    this.isNamed = true
    this.forget(batch)
    this.isTorn = false
    return ok(null)
  }

  /** These are on disk. By identity: others may have come, or been dropped, while they were written. */
  private forget(batch: readonly LedgerRecord[]): void {
    this.commitCount++
    const written = new Set(batch)
    this.deps.onDurable()
    this.waiting = this.waiting.filter((record) => !written.has(record))
  }

  /** Makes durable what stands in the file, whoever wrote it. */
  async syncFile(): FsResult<null> {
    const file = await this.deps.fs.openAppend(this.deps.path)
    if (!file.ok) return file
    const synced = await file.value.sync()
    await file.value.close()
    return synced
  }

  async close(): Promise<void> {
    await this.file?.close()
    this.file = undefined
  }
}
