/** A claimed file's bytes, its ledger's name, and the names in both folders: on the disk before anything is sent from it. */
import { ok } from '../../../../shared/result.ts'
import type { FileSystem, FsResult } from '../../ports.ts'
import type { OutboxFolder } from './outbox-folder.ts'
import type { Segment } from './segment.ts'

export async function makeDurable(
  { fs, folder }: { readonly fs: FileSystem; readonly folder: OutboxFolder },
  segment: Segment,
): FsResult<null> {
  // made before the folder is synced, so that one sync is for both names
  const ledger = await segment.openLedger()
  if (!ledger.ok) return ledger
  const bytes = await segment.syncBytes()
  if (!bytes.ok) return bytes
  const inner = await fs.syncDir(folder.dir)
  if (!inner.ok) return inner
  segment.ledgerIsNamed()
  const outer = await fs.syncDir(folder.parent)
  return outer.ok ? ok(null) : outer
}
