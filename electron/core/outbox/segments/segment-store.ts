/** The segments of one outbox folder: which there are, which are put away, and what must be synced before anything is sent. */
import { folderTrouble } from '../../../../shared/data-folder.ts'
import { err, ok } from '../../../../shared/result.ts'
import type { Clock, FileSystem, FsResult, Log, Random } from '../../ports.ts'
import { createSerial } from '../serial.ts'
import { Archive } from './archive.ts'
import { countOpen } from './count-open.ts'
import { LEDGER_VERSION, type DeliveredRecord, type Origin } from './ledger-records.ts'
import { segmentOfFile, type OutboxFolder } from './outbox-folder.ts'
import { makeDurable } from './make-durable.ts'
import { Segment } from './segment.ts'

export interface SegmentStoreDeps {
  readonly fs: FileSystem
  readonly folder: OutboxFolder
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  onDelivered(segment: Segment, record: DeliveredRecord): void
  /** Counts the calls of a segment that have no end yet, from where it stopped. Throws a ReadFault. */
  index(segment: Segment): Promise<void>
  onRead(): void
}

export class SegmentStore {
  private readonly deps: SegmentStoreDeps
  private readonly segments = new Map<string, Segment>()
  private sorted: readonly Segment[] | undefined
  private readonly archive = new Archive()
  private lastSeq = 0
  /** Claimed by rename, and the folder not synced since: nothing is sent from here before it is. Some may be no file, but a link. */
  private readonly claimsToSync = new Map<string, Segment>()
  /** Ledgers that must still say that a `resolved` did not count. */
  private readonly revertsToCommit = new Set<Segment>()
  /** The folder's stamp when it was last listed, or changed by us. */
  private folderSeen: string | undefined
  private maySweep = true
  private areLedgersSynced = false
  private lostPath: string | null = null
  /** Readings of the folder: two at once would count the calls of a segment twice, or send from two of it. */
  private readonly readings = createSerial()

  constructor(deps: SegmentStoreDeps) {
    this.deps = deps
  }

  /** In the order in which they are sent. */
  all(): readonly Segment[] {
    this.sorted ??= [...this.segments.values()].sort((a, b) => a.seq - b.seq || (a.name < b.name ? -1 : 1))
    return this.sorted
  }
  get(name: string): Segment | undefined {
    return this.segments.get(name)
  }
  hasIdentity(identity: string): boolean {
    return this.all().some((segment) => segment.identity === identity)
  }
  get hasOpen(): boolean {
    return this.all().some((segment) => !segment.hasEnd)
  }
  /** Claimed calls that have no end yet. */
  get waiting(): number {
    return this.all().reduce((n, segment) => n + Math.max(0, segment.counted), 0)
  }
  get delivered(): number {
    return this.all().reduce((n, segment) => n + segment.delivered, this.archive.delivered)
  }
  get isLoaded(): boolean {
    return this.folderSeen !== undefined
  }
  /** A segment with calls in it that another program removed, as last found. */
  get lost(): string | null {
    return this.lostPath
  }
  get unsynced(): readonly Segment[] {
    return [...this.claimsToSync.values()]
  }
  /** There may be ledgers without their segment: what removes a segment is cut off anywhere. */
  get needsSweep(): boolean {
    return this.maySweep
  }
  swept(): void {
    this.maySweep = false
  }
  /** What a process before this one wrote is known to be on the disk. */
  get isSettled(): boolean {
    return this.areLedgersSynced
  }
  settled(): void {
    this.areLedgersSynced = true
  }
  get pendingReverts(): ReadonlySet<Segment> {
    return this.revertsToCommit
  }
  /** Archived segments: the size of each file when it was put away. */
  get archived(): ReadonlyMap<string, number> {
    return this.archive.sizes
  }

  /** A segment that is not in the store yet, under a number of its own. */
  create(origin: Origin): Segment {
    const names = [...this.segments.keys(), ...this.archived.keys()]
    this.lastSeq =
      names.reduce((last, name) => Math.max(last, Number(name.split('-', 1)[0])), this.lastSeq) + 1
    const id = this.deps.random.id(10)
    return this.named(
      `${String(this.lastSeq).padStart(8, '0')}-${id}${origin === 'queue' ? '' : `-${origin}`}`,
    )
  }
  private named(name: string): Segment {
    const { fs, folder } = this.deps
    return new Segment(fs, folder.dir, name, (...delivered) => this.deps.onDelivered(...delivered))
  }
  add(segment: Segment): void {
    this.segments.set(segment.name, segment)
    this.sorted = undefined
  }
  private drop(name: string): void {
    this.segments.delete(name)
    this.claimsToSync.delete(name)
    this.sorted = undefined
  }

  /**
   * Finds segments that are not known yet, and those that are gone. Writes nothing. The folder is listed only where it is not
   * as it was left: `isDue` lists it all the same, as a change within one tick of the disk's clock does not show.
   */
  load(isDue = false): FsResult<null> {
    return this.readings.run(() => this.read(isDue))
  }
  /** For somebody who looks beside the one who sends: never reads again what that one has read. */
  loadOnce(): FsResult<null> {
    return this.readings.run(() => (this.isLoaded ? Promise.resolve(ok(null)) : this.read(false)))
  }
  private async read(isDue: boolean): FsResult<null> {
    const stamp = await this.deps.folder.stamp()
    // where there is no folder, nothing may be known in one
    const isAsLeft = this.folderSeen === stamp && (stamp !== '' || this.segments.size === 0)
    if (isAsLeft && !isDue) return ok(null)
    const names = await this.deps.folder.list()
    if (!names.ok) return names
    for (const file of names.value) {
      const loaded = await this.loadSegment(file)
      if (!loaded.ok) return loaded
    }
    await this.forgetGone(new Set(names.value))
    for (const segment of this.all()) {
      const counted = await this.count(segment)
      if (!counted.ok) return counted
    }
    if (this.folderSeen === undefined) this.deps.onRead()
    this.folderSeen = stamp
    return ok(null)
  }
  /** What the folder is now is what we made of it. */
  async folderIsOurs(): Promise<void> {
    const stamp = await this.deps.folder.stamp()
    // a folder that was removed meanwhile is not what we made of it
    if (this.folderSeen !== undefined && stamp !== '') this.folderSeen = stamp
  }

  private async loadSegment(file: string): FsResult<null> {
    const name = segmentOfFile(file)
    if (name === undefined || this.segments.has(name) || this.archived.has(name)) return ok(null)
    const segment = this.named(name)
    const loaded = await segment.load()
    if (!loaded.ok)
      return loaded.error.code === 'ENOENT' ? this.noteIfLink(segment).then(() => ok(null)) : loaded
    // what its records mean is not known here: sending on would be guessing
    if ((segment.header?.version ?? 0) > LEDGER_VERSION)
      return err({ code: 'NEWER', path: segment.ledgerPath, op: 'read' })
    this.add(segment)
    // a crash may have hit between its rename and the sync of the folder: synced again before the first send
    if (!segment.hasOutcomes) this.claimsToSync.set(name, segment)
    return ok(null)
  }
  /** A link that was claimed in the file's place may lead nowhere from here: it is put back, by whoever owns the folder. */
  async noteIfLink(segment: Segment): Promise<boolean> {
    const isThere = (await this.deps.fs.linkInfo(segment.path)).ok
    if (isThere) this.claimsToSync.set(segment.name, segment)
    return isThere
  }

  private async forgetGone(files: ReadonlySet<string>): Promise<void> {
    for (const name of this.archived.keys()) if (!files.has(`${name}.seg`)) this.archive.drop(name)
    for (const name of this.claimsToSync.keys()) if (!files.has(`${name}.seg`)) this.claimsToSync.delete(name)
    for (const segment of this.all()) {
      if (files.has(`${segment.name}.seg`)) continue
      this.deps.log.error('outbox: a segment was removed by another program', { segment: segment.name })
      if (segment.counted > 0 || segment.setAside.size > 0) this.lostPath = segment.path
      this.drop(segment.name)
      await segment.close()
    }
  }

  /** Counts the calls of a segment that have no end yet, and indexes its releases; goes on where it stopped. */
  count = (segment: Segment): FsResult<null> => countOpen(segment, () => this.deps.index(segment))

  /** Looks at a segment's file: a late line through a writer's open descriptor makes it grow. Fails where the new lines cannot be read. */
  async look(segment: Segment, isRunning: boolean): FsResult<null> {
    const before = segment.size
    const info = await segment.refresh()
    if (!info.ok || segment.size <= before) return ok(null)
    if (isRunning) segment.note({ kind: 'first-seen', offset: segment.size, at: this.deps.clock.now() })
    return this.count(segment)
  }

  /** After a claim: nothing is sent from it before this has succeeded. A power loss must not bring the queue file back then. */
  async syncClaim(segment: Segment): FsResult<null> {
    this.claimsToSync.set(segment.name, segment)
    const done = await makeDurable(this.deps, segment)
    if (done.ok) this.claimsToSync.delete(segment.name)
    return done
  }

  /** Commits; on a full disk the reserve is given up once, so that the answers in hand can be recorded. */
  commit(segment: Segment): FsResult<null> {
    return segment.commit().then((done) => {
      if (done.ok || folderTrouble(done.error.code) !== 'no-space') return done
      return this.deps.folder.freeReserve().then((isFreed) => (isFreed ? segment.commit() : done))
    })
  }

  /** Takes a `resolved` back that could not be committed: on disk too, at once or before anything else is done. */
  async revertResolution(
    segment: Segment,
    place: { readonly offset: number; readonly sub: number },
  ): FsResult<null> {
    segment.revertResolution(place)
    const done = await this.commit(segment)
    if (!done.ok) this.revertsToCommit.add(segment)
    return done
  }
  revertCommitted(segment: Segment): void {
    this.revertsToCommit.delete(segment)
  }

  /** Takes away one of two names of a file. */
  async dropName(segment: Segment): FsResult<null> {
    this.maySweep = true
    const gone = await this.deps.fs.unlink(segment.path)
    if (!gone.ok && gone.error.code !== 'ENOENT') return gone
    this.drop(segment.name)
    await segment.close()
    return ok(null)
  }

  /**
   * The segment first, its ledger second, and the first durable before the second: a segment that is there without its
   * ledger would be sent once more.
   */
  async remove(name: string): FsResult<null> {
    const { fs, folder } = this.deps
    this.maySweep = true
    await this.segments.get(name)?.close()
    const gone = await fs.unlink(folder.pathOf(`${name}.seg`))
    if (!gone.ok && gone.error.code !== 'ENOENT') return gone
    this.drop(name)
    const synced = await fs.syncDir(folder.dir)
    if (!synced.ok) return synced
    const ledger = await fs.unlink(folder.pathOf(`${name}.led`))
    return ledger.ok || ledger.error.code === 'ENOENT' ? ok(null) : ledger
  }

  /** A finished segment is known by little from now on. */
  async archiveOne(segment: Segment): Promise<void> {
    await segment.close()
    this.archive.add(segment)
    this.drop(segment.name)
  }
  async unarchive(name: string): Promise<Segment | undefined> {
    const segment = this.named(name)
    const loaded = await segment.load()
    if (!loaded.ok) return undefined
    this.archive.take(segment)
    this.add(segment)
    return segment
  }

  /** What could not be written yet is written before the process ends; of a claim that is not synced, nothing is. */
  async commitAll(): Promise<void> {
    for (const segment of this.segments.values())
      if (segment.hasUncommitted() && !this.claimsToSync.has(segment.name)) await segment.commit()
  }

  /** Forgets all of it; it is read afresh. */
  reset = (): Promise<void> => this.readings.run(() => this.clear())
  private async clear(): Promise<void> {
    for (const segment of this.segments.values()) await segment.close()
    this.segments.clear()
    this.claimsToSync.clear()
    this.sorted = undefined
    this.archive.clear()
    this.revertsToCommit.clear()
    this.folderSeen = undefined
    this.maySweep = true
    this.areLedgersSynced = false
  }
}
