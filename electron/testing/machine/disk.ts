/**
 * A disk in memory that forgets: what a process wrote and what would survive a power loss are two things.
 *
 * The model. Files are only ever added to: each has its bytes, and how many of them are durable; `sync` makes all of them
 * so. A folder has its entries, and the changes to them since its last `syncDir`, each of which a power loss may lose or
 * keep by itself. A rename is two changes: the new name, and the old name's going, which never becomes durable by itself
 * before the new name (no file system in use loses a file that was renamed) — but a `syncDir` of the old name's folder
 * makes it so. A new folder's own entry is such a change too. `writeFile` is temp, write, sync, rename, sync of the folder,
 * and power may fail between any two of these.
 *
 * A symbolic link is an entry as any other, with a text for its target. What looks at a path, or opens it, follows the links
 * in it; what renames, removes or links the last name takes the link itself. `electron/adapters/simulated-disk.test.ts` holds
 * this against a real disk.
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
/** A symbolic link. It is durable as soon as its name is: there are no bytes to sync. */
interface LinkNode {
  readonly kind: 'link'
  readonly ino: number
  readonly target: string
}
type Led = FileNode | FolderNode
type Node = Led | LinkNode
/** The entry that a path leads to. */
interface Place {
  readonly folder: FolderNode
  readonly name: string
  readonly node: Node | undefined
  /** Without a link or a `..` in what leads to it. */
  readonly path: string
}
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

/** As many as Linux follows in one path. */
const MOST_LINKS = 40
const namesOf = (path: string): string[] => path.split('/').filter((name) => name !== '' && name !== '.')

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

  /** The entry of a path, or the platform's code. A link as the last name is followed only where `follows`. */
  private place(path: string, follows: boolean): Place | string {
    const rest = namesOf(path)
    const way: Place[] = []
    let links = 0
    for (let name = rest.shift(); name !== undefined; name = rest.shift()) {
      const folder = way.length === 0 ? this.root : way.at(-1)?.node
      if (folder?.kind !== 'directory') return folder ? 'ENOTDIR' : 'ENOENT'
      const node = folder.entries.get(name)
      if (name === '..') way.pop()
      else if (node?.kind === 'link' && (follows || rest.length > 0)) {
        links++
        if (links > MOST_LINKS) return 'ELOOP'
        if (node.target.startsWith('/')) way.length = 0
        rest.unshift(...namesOf(node.target))
      } else way.push({ folder, name, node, path: `${way.at(-1)?.path ?? ''}/${name}` })
    }
    return way.at(-1) ?? { folder: this.root, name: '', node: this.root, path: '/' }
  }
  /** What a path leads to, and its real path. */
  lookup(path: string): { readonly node: Led; readonly path: string } | string {
    const place = this.place(path, true)
    if (typeof place === 'string') return place
    const { node } = place
    return node === undefined || node.kind === 'link' ? 'ENOENT' : { node, path: place.path }
  }
  find(path: string): Led | undefined {
    const found = this.lookup(path)
    return typeof found === 'string' ? undefined : found.node
  }
  file(path: string): FileNode | undefined {
    const node = this.find(path)
    return node?.kind === 'file' ? node : undefined
  }
  names(path: string): string[] {
    const node = this.find(path)
    return node?.kind === 'directory' ? [...node.entries.keys()].sort() : []
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
      const place = this.place(at, false)
      if (typeof place === 'string') return place
      if (place.node) return 'EEXIST'
      const made = this.folder(undefined)
      made.made = this.change(place.folder, place.name, made)
    }
    return undefined
  }

  /** The file of that name, through a link also one that is not there yet, as `open` with O_CREAT. */
  create(path: string): FileNode | string {
    const place = this.place(path, true)
    if (typeof place === 'string') return place
    if (place.node) return place.node.kind === 'file' ? place.node : 'EISDIR'
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
    const [source, target] = [this.place(from, false), this.place(to, false)]
    if (typeof source === 'string') return source
    if (typeof target === 'string') return target
    if (!source.node) return 'ENOENT'
    if (target.node === source.node) return undefined
    const added = this.change(target.folder, target.name, source.node)
    this.change(source.folder, source.name, undefined, [added, ...added.needs])
    return undefined
  }

  link(from: string, to: string): string | undefined {
    const source = this.place(from, false)
    if (typeof source === 'string') return source
    return source.node ? this.enter(source.node, to) : 'ENOENT'
  }
  symlink(target: string, path: string): string | undefined {
    return this.enter({ kind: 'link', ino: ++this.lastIno, target }, path)
  }
  private enter(node: Node, path: string): string | undefined {
    const place = this.place(path, false)
    if (typeof place === 'string') return place
    if (place.node) return 'EEXIST'
    this.change(place.folder, place.name, node)
    return undefined
  }

  unlink(path: string): string | undefined {
    const place = this.place(path, false)
    if (typeof place === 'string') return place
    if (!place.node) return 'ENOENT'
    this.change(place.folder, place.name, undefined)
    return undefined
  }
  /** What has this name, a link too; or the platform's code. */
  entry(path: string): Node | string {
    const place = this.place(path, false)
    return typeof place === 'string' ? place : (place.node ?? 'ENOENT')
  }
  isLink(path: string): boolean {
    const node = this.entry(path)
    return typeof node !== 'string' && node.kind === 'link'
  }

  /** One name as it is now is on the platter, and nothing else of its folder. */
  syncName(path: string): void {
    const place = this.place(path, false)
    if (typeof place === 'string') return
    const { folder, name, node } = place
    if (node) folder.base.set(name, node)
    else folder.base.delete(name)
    for (const change of folder.pending) if (change.name === name) change.isDurable = true
    folder.pending = folder.pending.filter((change) => change.name !== name)
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
      kind: node.kind === 'link' ? 'other' : node.kind,
      size: node.kind === 'file' ? node.bytes.length : node.kind === 'link' ? node.target.length : 0,
      mtimeMs: node.kind === 'link' ? 0 : node.mtime,
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
  const lookup = <T>(path: string, as: (node: Led, path: string) => Result<T, string>): Result<T, string> => {
    const found = disk.lookup(path)
    return typeof found === 'string' ? err(found) : as(found.node, found.path)
  }
  const fileAt = (path: string): Result<FileNode, string> =>
    lookup(path, (node) => (node.kind === 'file' ? ok(node) : err('EISDIR')))
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
    info: (path) => guard('stat', path, () => lookup(path, (node) => ok(disk.infoOf(node)))),
    linkInfo: (path) =>
      guard('lstat', path, () => {
        const node = disk.entry(path)
        return typeof node === 'string' ? err(node) : ok(disk.infoOf(node))
      }),
    list: (dir) =>
      guard('list', dir, () =>
        lookup(dir, (node) => (node.kind === 'directory' ? ok(disk.names(dir)) : err('ENOTDIR'))),
      ),
    makeDir: (dir) => guard('mkdir', dir, () => fail(disk.makeDir(dir))),
    rename: (from, to) => guard('rename', from, () => fail(disk.rename(from, to))),
    link: (from, to) => guard('link', from, () => fail(disk.link(from, to))),
    unlink: (path) => guard('unlink', path, () => fail(disk.unlink(path))),
    openRead: (path) => open('openRead', path, () => fileAt(path)),
    // with O_NOFOLLOW
    openAppend: (path) => open('openAppend', path, () => (disk.isLink(path) ? err('ELOOP') : create(path))),
    syncDir: (dir) => syncDir('syncDir', dir),
    readFile: (path) =>
      guard('readFile', path, () => {
        const node = fileAt(path)
        return node.ok ? ok(node.value.bytes.slice()) : node
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
    realPath: (path) => guard('realPath', path, () => lookup(path, (_, real) => ok(real))),
    hasForeignReader: () => Promise.resolve(false),
  }
}
