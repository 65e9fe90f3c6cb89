/** A queue file that became a symbolic link between the look at it and its claim: the rename took the link, not its file. */
import { ok } from '../../../../shared/result.ts'
import type { FileSystem, FsResult } from '../../ports.ts'
import type { OutboxFolder } from './outbox-folder.ts'
import type { SegmentStore } from './segment-store.ts'
import type { Segment } from './segment.ts'

export interface PutBackDeps {
  readonly fs: FileSystem
  readonly folder: OutboxFolder
  readonly store: SegmentStore
}

/**
 * Makes a claim durable; nothing is sent from it before. A link is put back where it stood, for its file may be another
 * workspace's queue: it is looked at again, and claimed by its real path. By a second name, which takes no other file's place.
 */
export async function syncClaim(deps: PutBackDeps, segment: Segment): FsResult<'claimed' | 'put-back'> {
  const { fs, folder, store } = deps
  const synced = await store.syncClaim(segment)
  if (synced.ok) return ok('claimed')
  if (synced.error.code !== 'ELOOP' || synced.error.path !== segment.path) return synced
  if (!(await putBack(deps, segment)) && !((await makeRoom(deps)) && (await putBack(deps, segment))))
    return synced
  // a power loss must not take both of its names
  const named = await fs.syncDir(folder.parent)
  if (!named.ok) return named
  const dropped = await store.dropName(segment)
  return dropped.ok ? ok('put-back') : dropped
}

async function putBack({ fs, folder }: PutBackDeps, segment: Segment): Promise<boolean> {
  return (await fs.link(segment.path, folder.queuePath)).ok || leadToOne(fs, segment.path, folder.queuePath)
}

/**
 * A writer that found no link there made a file in its place. That is claimed at once, so that nobody waits for the other: it
 * is found as a segment without a ledger. What may be another workspace's, or is being read, stays where it is.
 */
async function makeRoom({ fs, folder, store }: PutBackDeps): Promise<boolean> {
  const path = folder.queuePath
  const [info, real] = [await fs.info(path), await fs.realPath(path)]
  if (!info.ok || info.value.kind !== 'file' || info.value.links > 1) return false
  if (!real.ok || real.value !== path || (await fs.hasForeignReader(path)) === true) return false
  return (await fs.rename(path, store.create('queue').path)).ok
}

/** It was put back before, and a crash came in between. */
async function leadToOne(fs: FileSystem, a: string, b: string): Promise<boolean> {
  const [x, y] = [await fs.realPath(a), await fs.realPath(b)]
  return x.ok && y.ok && x.value === y.value
}
