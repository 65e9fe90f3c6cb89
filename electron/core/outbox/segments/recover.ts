/** Crash recovery, as the owner, before anything is sent: undoes what a crash or a power loss cut off in the middle. */
import { ok } from '../../../../shared/result.ts'
import type { Clock, FileSystem, FsResult } from '../../ports.ts'
import { placeOfCall } from './call-id.ts'
import type { OutboxFolder } from './outbox-folder.ts'
import { syncClaim } from './put-link-back.ts'
import type { SegmentStore } from './segment-store.ts'
import type { Segment } from './segment.ts'

/** A ledger that nobody wrote to for so long has been written out by the system itself. */
const SETTLED_MS = 10 * 60_000

export interface RecoverDeps {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly folder: OutboxFolder
  readonly store: SegmentStore
}

/**
 * - Resolutions whose commit failed are reverted on disk.
 * - What a killed process wrote and had not synced is synced, once. What is known from it must not be lost later, with the
 *   power, once something was done for it.
 * - A power loss may keep the new name of a claimed file and lose the going of the old one. The claim of the old name finds the
 *   same file again: one of its two names is removed, so that its calls go out once.
 * - A call that a person resends has a segment of its own before the old call is taken off its list. Where the old one is still
 *   listed, nobody was told that it is sent: the new segment is removed.
 * - Claims whose folder was not synced are synced; a link that was claimed is put back.
 */
export async function recoverAfterCrash(deps: RecoverDeps): FsResult<null> {
  for (const step of [revertResolutions, syncLedgers, removeSecondNames, undoResends, syncClaims]) {
    const done = await step(deps)
    if (!done.ok) return done
  }
  return ok(null)
}

async function revertResolutions({ store }: RecoverDeps): FsResult<null> {
  for (const segment of [...store.pendingReverts]) {
    const done = await segment.commit()
    if (!done.ok) return done
    store.revertCommitted(segment)
  }
  return ok(null)
}

async function syncLedgers({ fs, clock, folder, store }: RecoverDeps): FsResult<null> {
  if (store.isSettled) return ok(null)
  let hasAny = false
  for (const segment of store.all()) {
    const info = await fs.info(segment.ledgerPath)
    if (!info.ok) continue
    hasAny = true
    if (Math.abs(clock.now() - info.value.mtimeMs) > SETTLED_MS) continue
    const synced = await segment.syncLedger()
    if (!synced.ok) return synced
  }
  const synced = hasAny ? await fs.syncDir(folder.dir) : ok(null)
  if (synced.ok) store.settled()
  return synced
}

async function removeSecondNames({ fs, store }: RecoverDeps): FsResult<null> {
  const byIdentity = new Map<string, Segment>()
  for (const segment of store.all()) {
    const other = byIdentity.get(segment.identity)
    if (!other) {
      byIdentity.set(segment.identity, segment)
      continue
    }
    const [second, kept] = other.hasOutcomes || !segment.hasOutcomes ? [segment, other] : [other, segment]
    if (second.hasOutcomes || !(await isSameFile(fs, second, kept))) continue
    const dropped = await store.dropName(second)
    if (!dropped.ok) return dropped
    byIdentity.set(kept.identity, kept)
  }
  return ok(null)
}

async function undoResends({ store }: RecoverDeps): FsResult<null> {
  for (const segment of store.all()) {
    const replaced = segment.origin === 'again' && !segment.hasOutcomes ? segment.header?.replaces : undefined
    if (replaced === undefined || !placeOfCall(store, replaced)) continue
    const removed = await store.remove(segment.name)
    if (!removed.ok) return removed
  }
  return ok(null)
}

async function syncClaims(deps: RecoverDeps): FsResult<null> {
  for (const segment of deps.store.unsynced) {
    const synced = await syncClaim(deps, segment)
    if (!synced.ok) return synced
  }
  return ok(null)
}

/** Looked up afresh: a remembered inode may be another file's by now. */
export async function isSameFile(fs: FileSystem, a: Segment, b: Segment): Promise<boolean> {
  const [x, y] = [await fs.info(a.path), await fs.info(b.path)]
  return x.ok && y.ok && x.value.identity === y.value.identity && x.value.links > 1
}
