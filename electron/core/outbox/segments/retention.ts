/** What becomes of finished segments: looked at now and then, put away after ten minutes, removed after their week. */
import type { Clock, FileSystem, FsError } from '../../ports.ts'
import { isLeftOver, ledgerOfFile, type OutboxFolder } from './outbox-folder.ts'
import type { SegmentStore } from './segment-store.ts'

const RETENTION_MS = 7 * 24 * 3_600_000
/** A finished segment may still grow through a writer's open descriptor. */
const FINISHED_LOOK_MS = 60_000
/** By then nothing looks for duplicates in it. */
const ARCHIVE_AFTER_MS = 10 * 60_000
/** How often archived segments are checked for the end of their 7-day retention. */
const ARCHIVE_CHECK_MS = 3_600_000

export interface RetentionDeps {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly folder: OutboxFolder
  readonly store: SegmentStore
  /** Deliveries that are shown: the segments that hold the newest of them stay at hand. */
  readonly shown: number
  onFault(error: FsError): void
}

export class Retention {
  private readonly deps: RetentionDeps
  private lastLook = -Infinity
  private lastCheck = -Infinity

  constructor(deps: RetentionDeps) {
    this.deps = deps
  }

  /** Whether finished segments are to be looked at again. */
  get isDue(): boolean {
    return this.deps.clock.monotonic() - this.lastLook >= FINISHED_LOOK_MS
  }

  /** Looks for late lines: in open segments always, in finished ones once a minute. */
  async lookForLateLines(isRunning: boolean): Promise<void> {
    const { store, fs, folder, clock } = this.deps
    const looksAtFinished = this.isDue
    if (looksAtFinished) {
      this.lastLook = clock.monotonic()
      for (const [name, size] of [...store.archived]) {
        const info = await fs.info(folder.pathOf(`${name}.seg`))
        if (info.ok && info.value.size !== size) await store.unarchive(name)
      }
    }
    for (const segment of store.all()) {
      if (segment.hasEnd && !looksAtFinished) continue
      const looked = await store.look(segment, isRunning)
      if (!looked.ok) this.deps.onFault(looked.error)
    }
  }

  /** Removes segments a week after their last call ended, and puts away what is finished, needs nobody and is not shown. */
  async tidy(): Promise<void> {
    await this.removeExpired()
    await this.sweepOrphans()
    await this.archiveFinished()
  }

  private async removeExpired(): Promise<void> {
    const { store, fs, folder, clock } = this.deps
    if (clock.monotonic() - this.lastCheck >= ARCHIVE_CHECK_MS) {
      this.lastCheck = clock.monotonic()
      for (const name of [...store.archived.keys()]) {
        // the ledger's last line is the end of its last call, or later
        const info = await fs.info(folder.pathOf(`${name}.led`))
        if (info.ok && clock.now() - info.value.mtimeMs > RETENTION_MS) await store.unarchive(name)
      }
    }
    for (const segment of store.all()) {
      if (!segment.hasEnd || segment.setAside.size > 0) continue
      if (clock.now() - segment.lastEndAt < RETENTION_MS) continue
      const info = await segment.refresh()
      // under a second name, which others may claim, its calls would be sent again: they stay known here
      if (!info.ok || !segment.hasEnd || info.value.links > 1) continue
      await store.remove(segment.name)
    }
  }

  /** Ledgers without their segment, and files that were never finished: what a process left that died in between. */
  private async sweepOrphans(): Promise<void> {
    const { store, fs, folder } = this.deps
    if (!store.needsSweep) return
    const names = await folder.list()
    if (!names.ok) return
    const there = new Set(names.value)
    const orphans = names.value.filter((file) => {
      const name = ledgerOfFile(file)
      return name === undefined ? isLeftOver(file) : !there.has(`${name}.seg`) && !store.get(name)
    })
    store.swept()
    // the unlink of its segment may not be durable yet
    if (orphans.length === 0 || !(await fs.syncDir(folder.dir)).ok) return
    for (const file of orphans) await fs.unlink(folder.pathOf(file))
  }

  private async archiveFinished(): Promise<void> {
    const { store, clock } = this.deps
    let shown = 0
    for (const segment of [...store.all()].reverse()) {
      const isShown = shown < this.deps.shown
      shown += segment.lately.length
      if (!segment.hasEnd || segment.hasUncommitted()) continue
      if (clock.now() - segment.lastEndAt < ARCHIVE_AFTER_MS) continue
      if (isShown || segment.setAside.size > 0 || segment.skipped.size > 0) continue
      // a second name of its bytes would be a guard that could not be removed yet: whose they are must stay known
      const info = await segment.refresh()
      if (!info.ok || info.value.links > 1 || !segment.hasEnd) continue
      await store.archiveOne(segment)
    }
  }
}
