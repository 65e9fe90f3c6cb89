/**
 * Whose a queue file is that has more than one name. A symbolic link, and a second hard link that is not our guard, make one
 * file reachable from several workspaces: its calls must go out once, so one of them owns it and the others say whose it is.
 *
 * The owner is the workspace that claimed it already; else the first by path of those whose queue file is no link; else the
 * first of the links. Nothing is written down for this: each that looks at the same folders comes to the same answer. A claim turns the queue
 * file into a segment by one rename, so it is looked for as a queue file first, as a segment second.
 */
import { isAbsence } from '../../../../shared/data-folder.ts'
import type { FileInfo, FileSystem } from '../../ports.ts'
import { OutboxFolder, segmentOfFile } from '../segments/outbox-folder.ts'

export interface SecondNamesDeps {
  readonly fs: FileSystem
  readonly folder: OutboxFolder
  /** Folders of other workspaces that are known on this machine. */
  neighbours(): readonly string[]
}

export type Whose =
  /** `path`: the file's real path, to be renamed. */
  | { readonly kind: 'ours'; readonly path: string }
  | { readonly kind: 'theirs'; readonly workspace: string }
  /** Another workspace cannot be looked at now. */
  | { readonly kind: 'unknown' }

interface Name {
  readonly workspace: string
  readonly queue: string
  /** The file's real path. */
  readonly path: string
  readonly isLink: boolean
}

export class SecondNames {
  private readonly deps: SecondNamesDeps
  /** A segment of another workspace that a file was found to be; looked at first the next time. */
  private last: { readonly identity: string; readonly is: Whose } | undefined
  private found: { readonly identity: string; readonly path: string; readonly workspace: string } | undefined

  constructor(deps: SecondNamesDeps) {
    this.deps = deps
  }

  /** The workspace whose file it is, as last found; undefined: ours. */
  get theirs(): string | undefined {
    return this.last?.is.kind === 'theirs' ? this.last.is.workspace : undefined
  }

  /** `info`: the queue file as just looked at. */
  async whose(info: FileInfo): Promise<Whose> {
    const is = await this.find(info)
    this.last = { identity: info.identity, is }
    return is
  }

  private async find(info: FileInfo): Promise<Whose> {
    const { fs, folder } = this.deps
    const own = await this.nameOf(folder, '')
    const hasGuard = info.links > 1 && (await folder.hasGuard(info.identity))
    if (!own.isLink && info.links <= (hasGuard ? 2 : 1)) return { kind: 'ours', path: own.path }
    const names = [own]
    for (const workspace of this.deps.neighbours()) {
      const other = new OutboxFolder(fs, workspace)
      await other.resolve()
      if (other.dir === folder.dir) continue
      const queue = await fs.info(other.queuePath)
      const isClaimed = await this.isSegmentOf(other, workspace, info.identity)
      // what cannot be looked at now may be theirs: nothing is claimed before it can
      if (isClaimed === undefined || (!queue.ok && !isAbsence(queue.error.code))) return { kind: 'unknown' }
      if (isClaimed) return { kind: 'theirs', workspace }
      if (queue.ok && queue.value.identity === info.identity) names.push(await this.nameOf(other, workspace))
    }
    const [first] = names.sort((a, b) => Number(a.isLink) - Number(b.isLink) || (a.queue < b.queue ? -1 : 1))
    return first === undefined || first === own
      ? { kind: 'ours', path: own.path }
      : { kind: 'theirs', workspace: first.workspace }
  }

  private async nameOf(folder: OutboxFolder, workspace: string): Promise<Name> {
    const real = await this.deps.fs.realPath(folder.queuePath)
    const path = real.ok ? real.value : folder.queuePath
    return { workspace, queue: folder.queuePath, path, isLink: path !== folder.queuePath }
  }

  /** Undefined where that cannot be seen now. */
  private async isSegmentOf(
    other: OutboxFolder,
    workspace: string,
    identity: string,
  ): Promise<boolean | undefined> {
    const { fs } = this.deps
    if (this.found?.identity === identity) {
      const info = await fs.info(this.found.path)
      if (info.ok && info.value.identity === identity) return this.found.workspace === workspace
    }
    const names = await other.list()
    if (!names.ok) return undefined
    for (const file of names.value) {
      if (segmentOfFile(file) === undefined) continue
      const path = other.pathOf(file)
      const info = await fs.info(path)
      if (!info.ok && !isAbsence(info.error.code)) return undefined
      if (!info.ok || info.value.identity !== identity) continue
      this.found = { identity, path, workspace }
      return true
    }
    return false
  }
}
