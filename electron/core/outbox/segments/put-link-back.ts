/** A queue file that became a symbolic link between the look at it and its claim: the rename took the link, not its file. */
import { err, ok } from '../../../../shared/result.ts'
import type { FileSystem, FsResult } from '../../ports.ts'
import type { OutboxFolder } from './outbox-folder.ts'
import type { SegmentStore } from './segment-store.ts'
import type { Segment } from './segment.ts'

export interface PutBackDeps {
  readonly fs: FileSystem
  readonly folder: OutboxFolder
  readonly store: SegmentStore
}

/** Makes a claim durable; nothing is sent from it before. A link is put back. */
export async function syncClaim(deps: PutBackDeps, segment: Segment): FsResult<'claimed' | 'put-back'> {
  const { store } = deps
  // a link that leads nowhere from here, so that it could not be read
  if (store.get(segment.name) === undefined) return putBack(deps, segment)
  const synced = await store.syncClaim(segment)
  if (synced.ok) return ok('claimed')
  const isLink = synced.error.code === 'ELOOP' && synced.error.path === segment.path
  return isLink ? putBack(deps, segment) : synced
}

/**
 * A link goes back to where it stood, for its file may be another workspace's queue: it is looked at again there, and claimed by
 * its real path. It gets a second name there before it loses the one here: a rename would take the place of a file that a
 * writer made meanwhile.
 */
async function putBack(deps: PutBackDeps, segment: Segment): FsResult<'put-back'> {
  const { fs, folder, store } = deps
  if (!(await addName(deps, segment)) && !((await makeRoom(deps)) && (await addName(deps, segment))))
    return err({ code: 'ELOOP', path: segment.path, op: 'open' })
  // a power loss must not take both of its names
  const named = await fs.syncDir(folder.parent)
  if (!named.ok) return named
  const dropped = await store.dropName(segment)
  return dropped.ok ? ok('put-back') : dropped
}

/** Whether the link stands at the queue's place, by now or since a crash that came in between. */
async function addName({ fs, folder }: PutBackDeps, segment: Segment): Promise<boolean> {
  if ((await fs.link(segment.path, folder.queuePath)).ok) return true
  const [here, there] = [await fs.linkInfo(segment.path), await fs.linkInfo(folder.queuePath)]
  return here.ok && there.ok && here.value.identity === there.value.identity
}

/**
 * A writer that found no link there made a file in its place. That is claimed at once, so that nobody waits for the other: it
 * is found as a segment without a ledger. What may be another workspace's, or is being read, stays where it is.
 */
async function makeRoom({ fs, folder, store }: PutBackDeps): Promise<boolean> {
  const path = folder.queuePath
  const [info, real] = [await fs.info(path), await fs.realPath(path)]
  if (!info.ok || info.value.kind !== 'file') return false
  const { identity, links } = info.value
  // names of our own: its guard, and a claim whose rename a power loss half undid
  const hasGuard = await folder.hasGuard(identity)
  if (links > 1 + Number(hasGuard) + Number(store.hasIdentity(identity))) return false
  if (!real.ok || real.value !== path || (await fs.hasForeignReader(path)) === true) return false
  return (await fs.rename(path, store.create('queue').path)).ok
}
