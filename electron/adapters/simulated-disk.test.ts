/** The disk in memory beside a real one: what each call does with a symbolic link, so that the two cannot drift apart. */
import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { err, type Result } from '../../shared/result.ts'
import type { FileSystem, FsError } from '../core/ports.ts'
import { Disk, diskPort, type Guard } from '../testing/machine/disk.ts'
import { createFileSystem } from './file-system.ts'

/** A folder of the same path on either disk. */
interface Side {
  readonly fs: FileSystem
  symlink(target: string, path: string): void
}

let root: string
beforeEach(() => (root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-disk-')))))
afterEach(() => rmSync(root, { recursive: true }))

const real = (): Side => ({ fs: createFileSystem(), symlink: (target, path) => symlinkSync(target, path) })
function simulated(): Side {
  const disk = new Disk(() => 0)
  const guard: Guard = (op, path, act) => {
    const done = act()
    return Promise.resolve(done.ok ? done : err({ code: done.error, path, op }))
  }
  disk.makeDir(root)
  return { fs: diskPort(disk, guard, () => 'temp'), symlink: (target, path) => disk.symlink(target, path) }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const said = <T>(r: Result<T, FsError>, show: (value: T) => unknown = () => 'done'): unknown =>
  r.ok ? show(r.value) : r.error.code

/** What every way of looking at a path says. */
async function looks({ fs }: Side, path: string): Promise<unknown> {
  const opened = await fs.openRead(path)
  const text = opened.ok ? said(await opened.value.readAt(0, 100), (b) => new TextDecoder().decode(b)) : ''
  if (opened.ok) await opened.value.close()
  const isFolder = said(await fs.info(path), ({ kind }) => kind) === 'directory'
  return {
    path,
    info: said(await fs.info(path), ({ kind, size, links }) =>
      kind === 'file' ? { kind, size, links } : kind,
    ),
    linkInfo: said(await fs.linkInfo(path), ({ kind, links }) =>
      kind === 'directory' ? kind : { kind, links },
    ),
    realPath: said(await fs.realPath(path), (p) => p),
    // some systems open a folder, and then do not read it
    text: isFolder ? 'none' : opened.ok ? text : opened.error.code,
  }
}
async function append({ fs }: Side, path: string, text: string): Promise<unknown> {
  const opened = await fs.openAppend(path)
  if (!opened.ok) return opened.error.code
  const done = await opened.value.append(bytes(text))
  await opened.value.close()
  return said(done)
}

type Story = (side: Side, at: (name: string) => string) => Promise<unknown[]>

const stories: readonly [name: string, story: Story][] = [
  [
    'a look and a reading follow links, absolute, relative and in a row, up to where they lead round in a circle',
    async (side, at) => {
      await side.fs.makeDir(at('a/b'))
      await append(side, at('a/file'), 'text')
      side.symlink(at('a/file'), at('absolute'))
      side.symlink('../file', at('a/b/relative'))
      side.symlink('a/b/relative', at('row'))
      side.symlink('a/./b', at('folder'))
      side.symlink('nowhere', at('dangling'))
      side.symlink('round 2', at('round 1'))
      side.symlink('round 1', at('round 2'))
      const names = ['a/file', 'absolute', 'a/b/relative', 'row', 'folder/relative', 'folder/../file']
      const odd = ['folder', 'dangling', 'round 1', 'absolute/x', 'dangling/x', 'none/x']
      const seen = await Promise.all([...names, ...odd].map((name) => looks(side, at(name))))
      return [...seen, said(await side.fs.list(at('folder')), (found) => found)]
    },
  ],
  [
    'a rename takes the link itself, and takes its place',
    async (side, at) => {
      await append(side, at('file'), 'text')
      await append(side, at('other'), 'other')
      side.symlink('file', at('link'))
      side.symlink('file', at('second'))
      return [
        said(await side.fs.rename(at('link'), at('moved'))),
        await looks(side, at('link')),
        await looks(side, at('moved')),
        said(await side.fs.rename(at('other'), at('second'))),
        await looks(side, at('second')),
        await looks(side, at('file')),
      ]
    },
  ],
  [
    'an unlink takes the link itself, and leaves one without a target',
    async (side, at) => {
      await append(side, at('file'), 'text')
      side.symlink('file', at('link'))
      side.symlink('file', at('left'))
      const gone = [said(await side.fs.unlink(at('link'))), await looks(side, at('file'))]
      return [...gone, said(await side.fs.unlink(at('file'))), await looks(side, at('left'))]
    },
  ],
  [
    'a hard link to a link is a link, and takes the place of none',
    async (side, at) => {
      await append(side, at('file'), 'text')
      side.symlink('file', at('link'))
      side.symlink('nowhere', at('dangling'))
      return [
        said(await side.fs.link(at('link'), at('twin'))),
        said(await side.fs.link(at('file'), at('dangling'))),
        await looks(side, at('twin')),
        said(await side.fs.unlink(at('file'))),
        await looks(side, at('twin')),
      ]
    },
  ],
  [
    'what we add to is never a link; what leads through a linked folder is',
    async (side, at) => {
      await side.fs.makeDir(at('a'))
      side.symlink('a', at('folder'))
      side.symlink('a/file', at('link'))
      const added = [await append(side, at('folder/file'), 'one'), await append(side, at('link'), 'two')]
      side.symlink('a/new', at('dangling'))
      added.push(await append(side, at('dangling'), 'three'))
      return [...added, await looks(side, at('a/file')), await looks(side, at('a/new'))]
    },
  ],
  [
    'a file written anew takes the place of a link, not of its target',
    async (side, at) => {
      await append(side, at('file'), 'text')
      side.symlink('file', at('link'))
      const written = said(await side.fs.writeFile(at('link'), bytes('new')))
      return [written, await looks(side, at('link')), await looks(side, at('file'))]
    },
  ],
]

// Windows lets only some make such links, and macOS makes a hard link to the link's target: Linux is what is simulated
describe.runIf(process.platform === 'linux')('the simulated disk does as the real one', () => {
  it.each(stories)('%s', async (_, story) => {
    // `join` would take a `..` away, which must be looked up behind a link
    const at = (name: string): string => `${root}/${name}`
    const should = await story(real(), at)
    expect(await story(simulated(), at)).toEqual(should)
  })
})

describe('a power loss', () => {
  it.each([
    ['all-lost', false],
    ['all-kept', true],
  ] as const)('%s: a new link as every other entry', (kind, isKept) => {
    const disk = new Disk(() => 0)
    disk.symlink('/nowhere', '/link')
    expect(disk.looseItems).toBe(1)
    disk.powerLoss({ kind })
    expect(disk.isLink('/link')).toBe(isKept)
  })
})
