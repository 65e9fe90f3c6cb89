/**
 * A disk in memory that forgets: what a process wrote and what would survive a power loss are two things.
 *
 * The model. Files are only ever added to: each has its bytes, and how many of them are durable; `sync` makes all of them
 * so. A folder has its entries, and the changes to them since its last `syncDir`, each of which a power loss may lose or
 * keep by itself. A rename is two changes: the new name, and the old name's going, which never becomes durable by itself
 * before the new name (no file system in use loses a file that was renamed) — but a `syncDir` of the old name's folder
 * makes it so. A new folder's own entry is such a change too. `writeFile` is temp, write, sync, rename, sync of the folder,
 * and power may fail between any two of these.
 */
import { err, ok, type Result } from '../../../shared/result.ts'
import type { FileInfo, FileSystem, FsError, OpenFile } from '../../core/ports.ts'

export interface FileNode {
  readonly kind: 'file'
  readonly ino: number
  bytes: Uint8Array
  /** This many of the bytes survive a power loss for sure. */
  durable: number
  mtime: number
}
interface FolderNode {
  readonly kind: 'directory'
  readonly ino: number
  entries: Map<string, Node>
  /** What stands on the platter. */
  base: Map<string, Node>
  pending: Change[]
  /** The change that made this folder known to its parent. */
  made: Change | undefined
  mtime: number
}
type Node = FileNode | FolderNode
interface Change {
  readonly order: number
  readonly folder: FolderNode
  readonly name: string
  readonly after: Node | undefined
  /** Not durable by itself before these are. */
  readonly needs: readonly Change[]
  isDurable: boolean
}

/** What a power loss does to what was not synced; `item` counts the pending changes and then the files with unsynced bytes. */
export type Loss =
  | { readonly kind: 'all-lost' }
  | { readonly kind: 'all-kept' }
  /** The names are kept, the bytes lost; and the other way round. */
  | { readonly kind: 'names-kept' }
  | { readonly kind: 'bytes-kept' }
  /** Names kept; of the unsynced bytes the first half, or as many zeros, or zeros first and then the second half. */
  | { readonly kind: 'torn' }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'hole' }
  | { readonly kind: 'one-lost'; readonly item: number }
  | { readonly kind: 'one-kept'; readonly item: number }
  | { readonly kind: 'some'; readonly seed: number }

export const lossText = (l: Loss): string =>
  'item' in l ? `${l.kind} ${l.item}` : 'seed' in l ? `${l.kind} ${l.seed}` : l.kind

/** Small, fast and seeded (mulberry32). */
export function seeded(seed: number): () => number {
  let a = seed >>> 0
  return () => {
    a = (a + 0x6d2b79f5) >>> 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

const concat = (a: Uint8Array, b: Uint8Array): Uint8Array => {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}

export class Disk {
  private lastIno = 1
  private lastOrder = 0
  private readonly now: () => number
  readonly root: FolderNode

  constructor(now: () => number) {
    this.now = now
    this.root = this.folder(undefined)
  }

  private folder(made: Change | undefined): FolderNode {
    this.lastIno++
    return {
      kind: 'directory',
      ino: this.lastIno,
      entries: new Map(),
      base: new Map(),
      pending: [],
      made,
      mtime: this.now(),
    }
  }

  find(path: string): Node | undefined {
    let at: Node | undefined = this.root
    for (const part of path.split('/')) {
      if (part === '') continue
      at = at?.kind === 'directory' ? at.entries.get(part) : undefined
    }
    return at
  }
  file(path: string): FileNode | undefined {
    const node = this.find(path)
    return node?.kind === 'file' ? node : undefined
  }
  names(path: string): string[] {
    const node = this.find(path)
    return node?.kind === 'directory' ? [...node.entries.keys()].sort() : []
  }
  private parent(path: string): { folder: FolderNode; name: string } | undefined {
    const cut = path.lastIndexOf('/')
    const folder = this.find(path.slice(0, cut))
    return folder?.kind === 'directory' ? { folder, name: path.slice(cut + 1) } : undefined
  }

  private change(folder: FolderNode, name: string, after: Node | undefined, needs: Change[] = []): Change {
    this.lastOrder++
    const made = folder.made && !folder.made.isDurable ? [folder.made] : []
    const change = {
      order: this.lastOrder,
      folder,
      name,
      after,
      needs: [...needs, ...made],
      isDurable: false,
    }
    folder.pending.push(change)
    if (after) folder.entries.set(name, after)
    else folder.entries.delete(name)
    folder.mtime = this.now()
    return change
  }

  // ---- what processes do: each returns a platform code where it fails ------------------------------------------------------

  makeDir(path: string): string | undefined {
    let at = ''
    for (const part of path.split('/')) {
      if (part === '') continue
      at += `/${part}`
      const node = this.find(at)
      if (node?.kind === 'file') return 'ENOTDIR'
      if (node) continue
      const place = this.parent(at)
      if (!place) return 'ENOENT'
      const made = this.folder(undefined)
      made.made = this.change(place.folder, place.name, made)
    }
    return undefined
  }

  create(path: string): FileNode | string {
    const place = this.parent(path)
    if (!place) return 'ENOENT'
    const there = place.folder.entries.get(place.name)
    if (there) return there.kind === 'file' ? there : 'EISDIR'
    this.lastIno++
    const node: FileNode = {
      kind: 'file',
      ino: this.lastIno,
      bytes: new Uint8Array(0),
      durable: 0,
      mtime: this.now(),
    }
    this.change(place.folder, place.name, node)
    return node
  }

  append(node: FileNode, bytes: Uint8Array): void {
    node.bytes = concat(node.bytes, bytes)
    node.mtime = this.now()
  }

  rename(from: string, to: string): string | undefined {
    const [source, target] = [this.parent(from), this.parent(to)]
    const node = source?.folder.entries.get(source.name)
    if (!source || !target || !node) return 'ENOENT'
    if (target.folder.entries.get(target.name) === node) return undefined
    const added = this.change(target.folder, target.name, node)
    this.change(source.folder, source.name, undefined, [added, ...added.needs])
    return undefined
  }

  link(from: string, to: string): string | undefined {
    const node = this.find(from)
    const target = this.parent(to)
    if (!node || !target) return 'ENOENT'
    if (target.folder.entries.has(target.name)) return 'EEXIST'
    this.change(target.folder, target.name, node)
    return undefined
  }

  unlink(path: string): string | undefined {
    const place = this.parent(path)
    if (!place?.folder.entries.has(place.name)) return 'ENOENT'
    this.change(place.folder, place.name, undefined)
    return undefined
  }

  syncDir(path: string): string | undefined {
    const node = this.find(path)
    if (node?.kind !== 'directory') return 'ENOENT'
    node.base = new Map(node.entries)
    for (const change of node.pending) change.isDurable = true
    node.pending = []
    return undefined
  }

  private linksOf(node: Node, at: FolderNode = this.root): number {
    let n = 0
    for (const child of at.entries.values()) {
      if (child === node) n++
      if (child.kind === 'directory') n += this.linksOf(node, child)
    }
    return n
  }
  infoOf(node: Node): FileInfo {
    return {
      kind: node.kind,
      size: node.kind === 'file' ? node.bytes.length : 0,
      mtimeMs: node.mtime,
      identity: `1:${node.ino}`,
      links: this.linksOf(node),
    }
  }

  // ---- the power fails -----------------------------------------------------------------------------------------------------

  private all(at: FolderNode = this.root, found = new Set<Node>()): Set<Node> {
    if (found.has(at)) return found
    found.add(at)
    for (const child of [...at.entries.values(), ...at.base.values()])
      if (child.kind === 'directory') this.all(child, found)
      else found.add(child)
    for (const change of at.pending)
      if (change.after?.kind === 'directory') this.all(change.after, found)
      else if (change.after) found.add(change.after)
    return found
  }

  private loose(): { changes: Change[]; files: FileNode[] } {
    const nodes = [...this.all()]
    return {
      changes: nodes
        .flatMap((n) => (n.kind === 'directory' ? n.pending : []))
        .sort((a, b) => a.order - b.order),
      files: nodes
        .filter((n): n is FileNode => n.kind === 'file' && n.durable < n.bytes.length)
        .sort((a, b) => a.ino - b.ino),
    }
  }

  /** How many things a power loss could lose one by one now. */
  get looseItems(): number {
    const { changes, files } = this.loose()
    return changes.length + files.length
  }

  /** Power loss: from here on there is only what was durable, and of the rest what `loss` leaves. */
  powerLoss(loss: Loss): void {
    const { changes, files } = this.loose()
    const random = seeded(loss.kind === 'some' ? loss.seed : 1)
    const keepsNames = !['all-lost', 'bytes-kept', 'one-kept'].includes(loss.kind)
    const wants = changes.map((_, i) =>
      loss.kind === 'some' ? random() < 0.5 : 'item' in loss && loss.item === i ? !keepsNames : keepsNames,
    )
    const kept = new Set<Change>()
    changes.forEach((change, i) => {
      if (wants[i] === true && change.needs.every((n) => n.isDurable || kept.has(n))) kept.add(change)
    })
    for (const change of changes) {
      if (!kept.has(change)) continue
      if (change.after) change.folder.base.set(change.name, change.after)
      else change.folder.base.delete(change.name)
    }
    files.forEach((file, j) => {
      const item = changes.length + j
      const rest = file.bytes.length - file.durable
      const head = file.bytes.subarray(0, file.durable)
      const tail = file.bytes.subarray(file.durable)
      const half = rest >> 1
      const how =
        loss.kind === 'some'
          ? (['all-lost', 'all-kept', 'torn', 'zeros', 'hole'] as const)[Math.floor(random() * 5)]
          : 'item' in loss
            ? (loss.item === item) === (loss.kind === 'one-kept')
              ? 'all-kept'
              : 'all-lost'
            : loss.kind
      switch (how) {
        case 'all-kept':
        case 'bytes-kept':
          break
        case 'torn':
          file.bytes = concat(head, tail.subarray(0, half))
          break
        case 'zeros':
          file.bytes = concat(head, new Uint8Array(rest))
          break
        case 'hole':
          file.bytes = concat(head, concat(new Uint8Array(half), tail.subarray(half)))
          break
        case 'all-lost':
        case 'names-kept':
        case undefined:
        default:
          file.bytes = head.slice()
      }
      file.durable = file.bytes.length
    })
    for (const node of this.all()) {
      if (node.kind !== 'directory') continue
      for (const change of node.pending) change.isDurable = kept.has(change)
      node.pending = []
      node.entries = new Map(node.base)
      node.made = undefined
    }
  }
}

/** One call that a process makes. `act` does it; `torn` does half of it. */
export type Guard = <T>(
  op: string,
  path: string,
  act: () => Result<T, string>,
  torn?: () => void,
) => Promise<Result<T, FsError>>

/** The FileSystem port of one process. `isLeftOut`: syncs that do nothing, to see whether anybody notices. */
export function diskPort(
  disk: Disk,
  guard: Guard,
  tempName: () => string,
  isLeftOut: (op: string, path: string) => boolean = () => false,
): FileSystem {
  const fail = (code: string | undefined): Result<null, string> => (code === undefined ? ok(null) : err(code))
  const there = <T>(found: T | undefined): Result<T, string> =>
    found === undefined ? err('ENOENT') : ok(found)
  const sync = (op: string, path: string, node: FileNode): Promise<Result<null, FsError>> =>
    guard(op, path, () => {
      if (!isLeftOut(op, path)) node.durable = node.bytes.length
      return ok(null)
    })
  const syncDir = (op: string, path: string): Promise<Result<null, FsError>> =>
    guard(op, path, () => (isLeftOut(op, path) ? ok(null) : fail(disk.syncDir(path))))
  const half = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, bytes.length >> 1)
  const opened = (path: string, node: FileNode): OpenFile => ({
    readAt: (offset, length) => guard('read', path, () => ok(node.bytes.slice(offset, offset + length))),
    append: (bytes) =>
      guard(
        'append',
        path,
        () => {
          disk.append(node, bytes)
          return ok(null)
        },
        () => disk.append(node, half(bytes)),
      ),
    sync: () => sync('sync', path, node),
    close: () => Promise.resolve(),
  })
  const open = async (
    op: string,
    path: string,
    find: () => Result<FileNode, string>,
  ): Promise<Result<OpenFile, FsError>> => {
    const node = await guard(op, path, find)
    return node.ok ? ok(opened(path, node.value)) : node
  }
  const create = (path: string): Result<FileNode, string> => {
    const node = disk.create(path)
    return typeof node === 'string' ? err(node) : ok(node)
  }
  return {
    separator: '/',
    info: (path) =>
      guard('stat', path, () => {
        const node = disk.find(path)
        return node ? ok(disk.infoOf(node)) : err('ENOENT')
      }),
    list: (dir) =>
      guard('list', dir, () => (disk.find(dir)?.kind === 'directory' ? ok(disk.names(dir)) : err('ENOENT'))),
    makeDir: (dir) => guard('mkdir', dir, () => fail(disk.makeDir(dir))),
    rename: (from, to) => guard('rename', from, () => fail(disk.rename(from, to))),
    link: (from, to) => guard('link', from, () => fail(disk.link(from, to))),
    unlink: (path) => guard('unlink', path, () => fail(disk.unlink(path))),
    openRead: (path) => open('openRead', path, () => there(disk.file(path))),
    openAppend: (path) => open('openAppend', path, () => create(path)),
    syncDir: (dir) => syncDir('syncDir', dir),
    readFile: (path) =>
      guard('readFile', path, () => {
        const node = disk.file(path)
        return node ? ok(node.bytes.slice()) : err('ENOENT')
      }),
    async writeFile(path, bytes) {
      const temp = `${path}.${tempName()}.tmp`
      const named = <T>(r: Result<T, FsError>): Result<T, FsError> =>
        r.ok ? r : err({ ...r.error, path, op: 'write' })
      const node = await guard('writeFile.create', path, () => create(temp))
      if (!node.ok) return named(node)
      const steps: (() => Promise<Result<unknown, FsError>>)[] = [
        () =>
          guard(
            'writeFile.write',
            path,
            () => {
              disk.append(node.value, bytes)
              return ok(null)
            },
            () => disk.append(node.value, half(bytes)),
          ),
        () => sync('writeFile.sync', path, node.value),
        () => guard('writeFile.rename', path, () => fail(disk.rename(temp, path))),
      ]
      for (const step of steps) {
        const done = await step()
        if (done.ok) continue
        await guard('writeFile.unlink', path, () => fail(disk.unlink(temp)))
        return err({ ...done.error, path, op: 'write' })
      }
      return named(await syncDir('writeFile.syncDir', path.slice(0, path.lastIndexOf('/'))))
    },
    realPath: (path) => guard('realPath', path, () => (disk.find(path) ? ok(path) : err('ENOENT'))),
    hasForeignReader: () => Promise.resolve(false),
  }
}
