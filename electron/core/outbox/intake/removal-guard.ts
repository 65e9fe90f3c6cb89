/**
 * While a queue file waits unclaimed, a hard link keeps its bytes. Where another program removes the file, they become a segment
 * whose calls are set aside: shown, and never sent by themselves.
 */
import { isAbsence } from '../../../../shared/data-folder.ts'
import type { Whose } from './second-names.ts'
import type { Clock, FileInfo, FileSystem, Log } from '../../ports.ts'
import { encodeRecords } from '../segments/ledger-format.ts'
import { LEDGER_VERSION } from '../segments/ledger-records.ts'
import { isGuard, type OutboxFolder } from '../segments/outbox-folder.ts'
import type { SegmentStore } from '../segments/segment-store.ts'

export interface RemovalGuardDeps {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly log: Log
  readonly folder: OutboxFolder
  readonly store: SegmentStore
}

export class RemovalGuard {
  private readonly deps: RemovalGuardDeps
  /** Guards that may be there; undefined: the folder must be listed. */
  private known: Set<string> | undefined
  /** The guard whose name is known to be durable. */
  private durable = ''

  constructor(deps: RemovalGuardDeps) {
    this.deps = deps
  }

  /** The folder was left, or changed by others: guards are looked for anew. */
  reset(): void {
    this.known = undefined
    this.durable = ''
  }

  /** Whether the file's bytes are kept under a durable second name. */
  isKept(identity: string): boolean {
    return this.durable !== '' && this.durable === this.deps.folder.guardPath(identity)
  }

  private async paths(): Promise<readonly string[]> {
    if (this.known === undefined) {
      const names = await this.deps.folder.list()
      if (!names.ok) return []
      this.known = new Set(names.value.filter(isGuard).map((name) => this.deps.folder.pathOf(name)))
    }
    return [...this.known]
  }
  private async unlink(path: string): Promise<void> {
    const gone = await this.deps.fs.unlink(path)
    if (gone.ok || gone.error.code === 'ENOENT') this.known?.delete(path)
  }

  /** After a claim: its bytes have a segment's name now. */
  async dropClaimed(): Promise<void> {
    for (const path of await this.paths()) {
      const info = await this.deps.fs.info(path)
      if (info.ok && this.deps.store.hasIdentity(info.value.identity)) await this.unlink(path)
    }
  }

  /** Keeps the bytes of the queue file, where they are ours, and takes in what was removed. `path`: the file's real path. */
  async guard(path: string, whose: Whose['kind']): Promise<void> {
    const { fs } = this.deps
    const queue = await fs.info(path)
    // a stat that failed does not say that the file is gone
    if (!queue.ok && !isAbsence(queue.error.code)) return
    for (const guard of await this.paths()) {
      const info = await fs.info(guard)
      if (!info.ok) {
        if (isAbsence(info.error.code)) this.known?.delete(guard)
        continue
      }
      if (queue.ok && queue.value.identity === info.value.identity) {
        if (whose === 'theirs') await this.unlink(guard)
        continue
      }
      if (this.deps.store.hasIdentity(info.value.identity)) await this.unlink(guard)
      else if (!(await this.takeIn(guard, info.value))) return
    }
    if (whose === 'ours' && queue.ok && queue.value.kind === 'file' && queue.value.size > 0)
      await this.keep(path, queue.value)
  }

  /** What another program removed becomes a segment. The ledger's header first: a crash in between must not turn these bytes into calls that are sent. */
  private async takeIn(guard: string, info: FileInfo): Promise<boolean> {
    const { fs, clock, log, store } = this.deps
    const segment = store.create('removed')
    const header = encodeRecords([
      {
        kind: 'header',
        version: LEDGER_VERSION,
        at: clock.now(),
        identity: info.identity,
        size: info.size,
        mtime: info.mtimeMs,
        origin: 'removed',
      },
    ])
    const written = await fs.writeFile(segment.ledgerPath, header)
    if (!written.ok) return false
    const renamed = await fs.rename(guard, segment.path)
    if (!renamed.ok) return false
    this.known?.delete(guard)
    const loaded = await segment.load()
    if (!loaded.ok) return true
    store.add(segment)
    // a person may discard these calls at once: they must not come back with the guard's name. A failure is made good by the
    // next recovery, before anything is done with them.
    await store.syncClaim(segment)
    await store.count(segment)
    log.warn(
      'outbox: the queue file was removed by another program before it was sent; its calls are set aside',
      {
        path: this.deps.folder.queuePath,
      },
    )
    return true
  }

  private async keep(path: string, queue: FileInfo): Promise<void> {
    const { fs, folder } = this.deps
    const guard = folder.guardPath(queue.identity)
    if (this.durable === guard && this.known?.has(guard) === true) return
    if (!(await folder.hasGuard(queue.identity))) {
      const prepared = await folder.prepare()
      // file systems without hard links (FAT, some network drives) do without
      if (!prepared.ok || !(await fs.link(path, guard)).ok) return
    }
    this.known?.add(guard)
    // the removal that it guards against may reach the disk before it does
    const [inner, outer] = [await fs.syncDir(folder.dir), await fs.syncDir(folder.parent)]
    if (!inner.ok || !outer.ok) return
    this.durable = guard
    await this.deps.store.folderIsOurs()
  }

  /** The app ends: a session's own catch-up, while it is closed, must not be mistaken for a loss. */
  async removeAll(): Promise<void> {
    const { fs, folder } = this.deps
    for (const path of await this.paths()) {
      const [info, queue] = [await fs.info(path), await fs.info(folder.queuePath)]
      if (info.ok && queue.ok && info.value.identity === queue.value.identity) await this.unlink(path)
    }
  }
}
