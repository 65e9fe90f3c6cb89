/**
 * The calls of a folder that somebody else sends from. Ledgers are read again only where they have changed: a look costs one stat
 * of the folder, one for each segment that is not finished, and now and then one of a finished segment.
 */
import type { FileSystem } from '../ports.ts'
import { segmentOfFile, type OutboxFolder } from './segments/outbox-folder.ts'
import { Segment } from './segments/segment.ts'
import type { Source } from './summary.ts'

/** Finished segments change only where a person deals with a call in them, or a late line comes. */
const FINISHED_EVERY = 5
/** Of those with calls that a person may deal with, so many are looked at each time. */
const LISTED_AT_ONCE = 4

interface Read {
  readonly segment: Segment
  /** The ledger's size and mtime when it was read. */
  readonly ledger: string
}

export interface ReadOnlyDeps {
  readonly fs: FileSystem
  readonly folder: OutboxFolder
  /** Counts the calls of a segment that have no end yet. Throws a ReadFault. */
  index(segment: Segment): Promise<void>
}

export class ReadOnlyOutbox implements Source {
  private readonly deps: ReadOnlyDeps
  private readonly read = new Map<string, Read>()
  private sorted: readonly Segment[] = []
  /** The same: those with calls that have no end yet, those that are finished, and of these those with calls for a person. */
  private open: readonly Segment[] = []
  private finished: readonly Segment[] = []
  private listed: readonly Segment[] = []
  private folderSeen = ''
  private looks = 0
  private turn = 0

  constructor(deps: ReadOnlyDeps) {
    this.deps = deps
  }

  all(): readonly Segment[] {
    return this.sorted
  }
  get(name: string): Segment | undefined {
    return this.read.get(name)?.segment
  }
  get delivered(): number {
    return this.sorted.reduce((n, segment) => n + segment.delivered, 0)
  }
  get waiting(): number {
    return this.sorted.reduce((n, segment) => n + Math.max(0, segment.counted), 0)
  }

  /** Looks at what may have changed; whether something has. */
  async refresh(): Promise<boolean> {
    const { folder } = this.deps
    const stamp = `${folder.dir} ${await folder.stamp()}`
    // a lease that is renewed in it changes the folder's stamp, and none of its segments
    let hasChanged = false
    if (stamp !== this.folderSeen) {
      const listed = await this.listAgain()
      hasChanged = listed.hasChanged
      // what could not be read now is read the next time
      this.folderSeen = listed.isWhole ? stamp : ''
    }
    for (const segment of this.toLookAt()) if (await this.readAgain(segment.name)) hasChanged = true
    if (hasChanged) this.sort()
    return hasChanged
  }

  /** Once a change: a folder may have hundreds of finished segments, and is looked at every few seconds. */
  private sort(): void {
    this.sorted = [...this.read.values()]
      .map((one) => one.segment)
      .sort((a, b) => a.seq - b.seq || (a.name < b.name ? -1 : 1))
    this.open = this.sorted.filter((segment) => !segment.hasEnd)
    this.finished = this.sorted.filter((segment) => segment.hasEnd)
    this.listed = this.finished.filter((segment) => segment.setAside.size + segment.skipped.size > 0)
  }

  /** `isWhole`: all that is there could be read. */
  private async listAgain(): Promise<{ readonly isWhole: boolean; readonly hasChanged: boolean }> {
    const names = await this.deps.folder.list()
    if (!names.ok) return { isWhole: false, hasChanged: false }
    const there = new Set(names.value.flatMap((file) => segmentOfFile(file) ?? []))
    let hasChanged = false
    for (const name of this.read.keys()) if (!there.has(name)) hasChanged = this.read.delete(name)
    for (const name of there) if (!this.read.has(name) && (await this.readAgain(name))) hasChanged = true
    return { isWhole: [...there].every((name) => this.read.has(name)), hasChanged }
  }

  private toLookAt(): readonly Segment[] {
    this.looks++
    const some = this.some(this.listed, LISTED_AT_ONCE)
    const another = this.looks % FINISHED_EVERY === 0 ? this.some(this.finished, 1) : []
    return [...this.open, ...some, ...another]
  }
  /** In turn. */
  private some(of: readonly Segment[], count: number): readonly Segment[] {
    if (of.length <= count) return of
    this.turn += count
    return Array.from({ length: count }, (_, i) => of[(this.turn + i) % of.length]).filter(
      (segment) => segment !== undefined,
    )
  }

  /** Reads a segment where it is not as it was; true then. */
  private async readAgain(name: string): Promise<boolean> {
    const { fs, folder } = this.deps
    const known = this.read.get(name)
    const info = await fs.info(folder.pathOf(`${name}.led`))
    const ledger = info.ok ? `${info.value.size} ${info.value.mtimeMs}` : ''
    if (known?.ledger === ledger) {
      const before = known.segment.size
      // a late line waits for its owner
      if (!known.segment.hasEnd) await known.segment.refresh()
      if (known.segment.size === before) return false
    }
    const segment = new Segment(fs, folder.dir, name, () => undefined)
    if (!(await segment.load()).ok) return false
    // bytes that cannot be read now are not counted; the owner says so
    if (!segment.hasEnd) await this.deps.index(segment).catch(() => undefined)
    this.read.set(name, { segment, ledger })
    return true
  }
}
