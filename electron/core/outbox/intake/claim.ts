/** Takes the queue file over by one rename: from then on no other program replays or removes what is in it. */
import { err, ok } from '../../../../shared/result.ts'
import type { Clock, FileInfo, FileSystem, FsError, FsResult } from '../../ports.ts'
import { LEDGER_VERSION } from '../segments/ledger-records.ts'
import type { OutboxFolder } from '../segments/outbox-folder.ts'
import { syncClaim } from '../segments/put-link-back.ts'
import { isSameFile } from '../segments/recover.ts'
import type { SegmentStore } from '../segments/segment-store.ts'
import type { Segment } from '../segments/segment.ts'
import type { Mark, QueueFile } from './queue-file.ts'
import type { RemovalGuard } from './removal-guard.ts'

export interface ClaimDeps {
  readonly fs: FileSystem
  readonly clock: Clock
  readonly folder: OutboxFolder
  readonly store: SegmentStore
  readonly queue: QueueFile
  readonly guard: RemovalGuard
}

/**
 * Claims the file at `path` (its real path). `isRunning`: an engine watches, so what is new in it was seen just now.
 * The folder is synced before this returns, and so before the first send: a power loss must not bring the file back after its
 * calls went out. `nothing`: another program took it first, or put a link in its place.
 */
export async function claim(
  deps: ClaimDeps,
  path: string,
  isRunning: boolean,
): FsResult<'claimed' | 'nothing'> {
  const { fs, folder, store, queue } = deps
  const prepared = await folder.prepare()
  if (!prepared.ok) return prepared
  const segment = store.create('queue')
  const renamed = await fs.rename(path, segment.path)
  if (!renamed.ok) {
    if (renamed.error.code !== 'ENOENT') return renamed
    // the queue file is gone, or the outbox folder is: that is made again by the next claim
    folder.forget()
    return ok('nothing')
  }
  const marksOf = queue.takeMarks()
  const info = await segment.refresh()
  if (!info.ok) return notRead(deps, segment, info.error)
  const dropped = await dropIfClaimedBefore(deps, segment, info.value)
  if (!dropped.ok) return dropped
  if (dropped.value) return ok('nothing')
  store.add(segment)
  noteClaim(deps, segment, info.value, marksOf(info.value.identity), isRunning)
  await deps.guard.dropClaimed()
  const synced = await syncClaim(deps, segment)
  if (!synced.ok) return synced
  if (synced.value === 'put-back') return ok('nothing')
  const counted = await store.count(segment)
  if (!counted.ok) return counted
  await store.folderIsOurs()
  return ok('claimed')
}

/** Claimed, and not to be read: found again as a segment without a ledger, or a link that leads nowhere from here. */
async function notRead(deps: ClaimDeps, segment: Segment, error: FsError): FsResult<'nothing'> {
  if (error.code !== 'ENOENT' || !(await deps.store.noteIfLink(segment))) return err(error)
  const done = await syncClaim(deps, segment)
  return done.ok ? ok('nothing') : done
}

/** A power loss may have brought the old name of a claimed file back: then it goes again, and its segment stays. */
async function dropIfClaimedBefore(
  { fs, store }: ClaimDeps,
  segment: Segment,
  info: FileInfo,
): FsResult<boolean> {
  for (const other of store.all()) {
    if (other.identity !== info.identity || !(await isSameFile(fs, segment, other))) continue
    const dropped = await store.dropName(segment)
    return dropped.ok ? ok(true) : dropped
  }
  return ok(false)
}

function noteClaim(
  { clock }: ClaimDeps,
  segment: Segment,
  info: FileInfo,
  marks: readonly Mark[],
  isRunning: boolean,
): void {
  segment.note({
    kind: 'header',
    version: LEDGER_VERSION,
    at: clock.now(),
    identity: info.identity,
    size: info.size,
    mtime: info.mtimeMs,
    origin: 'queue',
  })
  for (const mark of marks) segment.note({ kind: 'first-seen', ...mark })
  if (isRunning && marks.length > 0 && segment.size > segment.seenTo)
    segment.note({ kind: 'first-seen', offset: segment.size, at: clock.now() })
}
