/** What an outbox asks of the disk: for one line, and at rest beside another owner. Counted, so that it stays so. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createFileSystem } from '../../adapters/file-system.ts'
import { IN_MEMORY, message, place, type Place } from '../../adapters/testing/place.ts'
import { stage } from '../../adapters/testing/stage.ts'
import type { FileSystem, OpenFile } from '../ports.ts'
import type { OwnerPort } from './owner-port.ts'
import { ReadOnlyOutbox } from './read-only-outbox.ts'
import { encodeRecords } from './segments/ledger-format.ts'
import { OutboxFolder } from './segments/outbox-folder.ts'

let at: Place
beforeEach(() => void (at = place(true, IN_MEMORY)))
afterEach(() => at.remove())

/** The real disk, each call of it written down. */
function countingDisk(): { readonly fs: FileSystem; readonly calls: string[] } {
  const real = createFileSystem()
  const calls: string[] = []
  const say = (op: string, path: string): void =>
    void calls.push(`${op} ${path.slice(path.lastIndexOf('/') + 1)}`)
  const file = (path: string, opened: OpenFile): OpenFile => ({
    ...opened,
    readAt: (offset, length) => (say('read', path), opened.readAt(offset, length)),
    append: (bytes) => (say('append', path), opened.append(bytes)),
    sync: () => (say('sync', path), opened.sync()),
  })
  const open =
    (op: 'openRead' | 'openAppend'): FileSystem['openRead'] =>
    async (path) => {
      say(op, path)
      const opened = await real[op](path)
      return opened.ok ? { ok: true, value: file(path, opened.value) } : opened
    }
  const fs: FileSystem = {
    ...real,
    info: (path) => (say('stat', path), real.info(path)),
    linkInfo: (path) => (say('lstat', path), real.linkInfo(path)),
    list: (path) => (say('list', path), real.list(path)),
    makeDir: (path) => (say('mkdir', path), real.makeDir(path)),
    rename: (from, to) => (say('rename', from), real.rename(from, to)),
    link: (from, to) => (say('link', to), real.link(from, to)),
    unlink: (path) => (say('unlink', path), real.unlink(path)),
    syncDir: (path) => (say('syncDir', path), real.syncDir(path)),
    readFile: (path) => (say('readFile', path), real.readFile(path)),
    writeFile: (path, bytes) => (say('writeFile', path), real.writeFile(path, bytes)),
    realPath: (path) => (say('realPath', path), real.realPath(path)),
    openRead: open('openRead'),
    openAppend: open('openAppend'),
  }
  return { fs, calls }
}
const countOf = (calls: readonly string[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const call of calls) {
    const op = call.split(' ', 1)[0] ?? ''
    counts[op] = (counts[op] ?? 0) + 1
  }
  return counts
}

const ours: OwnerPort = {
  acquire: () => Promise.resolve({ kind: 'this' }),
  release: () => Promise.resolve(),
  isStillOwner: () => true,
  ask: () => Promise.resolve({ ok: false, error: { code: 'not-owner', message: '' } }),
}

describe('one line, the folder warm, the API up', () => {
  it('one rename, three syncs for the claim, one append and sync before and one after the call; no listing', async () => {
    const disk = countingDisk()
    // a lease that is renewed in the folder has it listed anew
    const s = stage(at, { fs: disk.fs, owner: ours })
    s.connection.start()
    await s.clock.drive(s.box.start())
    at.add(message('warm'))
    await s.clock.until(() => s.api.messages.length === 1)
    await s.clock.advance(3_000)
    disk.calls.length = 0
    at.add(message('measured'))
    await s.clock.until(() => s.api.messages.length === 2)
    await s.clock.advance(500)
    const counts = countOf(disk.calls)
    expect(counts, disk.calls.join('\n')).toMatchObject({ rename: 1, syncDir: 2, sync: 3, append: 2 })
    expect(counts['list'], disk.calls.join('\n')).toBeUndefined()
    expect(counts['mkdir']).toBeUndefined()
    console.log(`one line: ${JSON.stringify(counts)}`)
    expect(disk.calls.length, disk.calls.join('\n')).toBeLessThanOrEqual(29)
    await s.close()
  })
})

describe('at rest', () => {
  const finished = (n: number): void => {
    mkdirSync(at.dir, { recursive: true })
    for (let i = 1; i <= n; i++) {
      const name = `${String(i).padStart(8, '0')}-aaaaaaaaaa`
      const bytes = Buffer.from(`${JSON.stringify(message(`m${i}`))}\n`)
      const here = { offset: 0, sub: 0, at: Date.now() }
      writeFileSync(join(at.dir, `${name}.seg`), bytes)
      writeFileSync(
        join(at.dir, `${name}.led`),
        encodeRecords([
          {
            kind: 'header',
            version: 1,
            at: Date.now(),
            identity: '1:1',
            size: bytes.length,
            mtime: 1,
            origin: 'queue',
          },
          { kind: 'intent', ...here, attempt: 1 },
          { kind: 'delivered', ...here, status: 201, lineHash: 'a', resourceHash: 'b', sessionHash: '' },
          { kind: 'end', offset: bytes.length, at: Date.now() },
        ]),
      )
    }
  }
  const others: OwnerPort = {
    ...ours,
    acquire: () => Promise.resolve({ kind: 'other-process' }),
    isStillOwner: () => false,
  }

  it('who only watches makes two file calls a second, with 300 finished segments, and sees what the owner does', async () => {
    finished(300)
    const disk = countingDisk()
    const s = stage(at, { fs: disk.fs, owner: others })
    await s.clock.drive(s.box.start())
    expect(await s.box.summary()).toMatchObject({ delivered: 300, owner: 'other-process' })
    await s.clock.advance(10_000)
    disk.calls.length = 0
    await s.clock.advance(60_000)
    expect(disk.calls.length / 60, disk.calls.slice(0, 40).join('\n')).toBeLessThanOrEqual(2)
    expect(disk.calls.filter((call) => call.startsWith('list'))).toEqual([])
    // the owner claims, and sets one aside
    const bytes = Buffer.from('bad\n')
    writeFileSync(join(at.dir, '00000301-bbbbbbbbbb.seg'), bytes)
    writeFileSync(
      join(at.dir, '00000301-bbbbbbbbbb.led'),
      encodeRecords([
        { kind: 'set-aside', offset: 0, sub: 0, at: 1, cause: 'not-json', reason: 'not JSON', status: null },
        { kind: 'end', offset: bytes.length, at: 1 },
      ]),
    )
    await s.clock.advance(3_000)
    const told = s.events.filter((event) => event.kind === 'workspace.changed').at(-1)
    expect(told).toMatchObject({ summary: { delivered: 300, setAsideCount: 1, owner: 'other-process' } })
    // a person, through the owner, discards it
    writeFileSync(
      join(at.dir, '00000301-bbbbbbbbbb.led'),
      encodeRecords([
        { kind: 'set-aside', offset: 0, sub: 0, at: 1, cause: 'not-json', reason: 'not JSON', status: null },
        { kind: 'end', offset: bytes.length, at: 1 },
        { kind: 'resolved', offset: 0, sub: 0, at: 2, how: 'discarded' },
      ]),
    )
    await s.clock.advance(3_000)
    const last = s.events.filter((event) => event.kind === 'workspace.changed').at(-1)
    expect(last).toMatchObject({ summary: { setAsideCount: 0 } })
    await s.close()
  })

  it('a lease that its owner renews is no change to who only watches; a segment that comes or goes is one', async () => {
    finished(3)
    const fs = createFileSystem()
    const folder = new OutboxFolder(fs, at.workspace)
    await folder.resolve()
    const watched = new ReadOnlyOutbox({ fs, folder, index: () => Promise.resolve() })
    expect([await watched.refresh(), await watched.refresh()]).toEqual([true, false])
    for (let i = 0; i < 3; i++) {
      writeFileSync(join(at.dir, 'lease.tmp'), `{"epoch":${i}}`)
      renameSync(join(at.dir, 'lease.tmp'), join(at.dir, 'lease.json'))
      expect(await watched.refresh()).toBe(false)
    }
    finished(4)
    expect([await watched.refresh(), watched.delivered]).toEqual([true, 4])
    rmSync(join(at.dir, '00000004-aaaaaaaaaa.seg'))
    expect([await watched.refresh(), watched.delivered]).toEqual([true, 3])
  })

  it.each([
    ['this', 1_000],
    ['other-process', 3_000],
  ] as const)(
    'where the owner is %s, a folder waits for the beat of all others each %i ms',
    async (kind, ms) => {
      const s = stage(at, { owner: { ...ours, acquire: () => Promise.resolve({ kind }) } })
      const waited: number[] = []
      Object.assign(s.clock, {
        nextBeat(withinMs: number, task: () => void) {
          waited.push(withinMs)
          return s.clock.schedule(withinMs, task)
        },
      })
      await s.clock.drive(s.box.start())
      await s.clock.advance(9_500)
      expect(new Set(waited)).toEqual(new Set([ms]))
      expect(waited.length).toBeGreaterThanOrEqual(3)
      await s.close()
    },
  )

  it('the owner of the same folder makes one file call a second, and looks at its finished segments once a minute', async () => {
    finished(300)
    const disk = countingDisk()
    const s = stage(at, { fs: disk.fs })
    s.connection.start()
    await s.clock.drive(s.box.start())
    await s.clock.advance(90_000)
    disk.calls.length = 0
    await s.clock.advance(55_000)
    const queue = disk.calls.filter((call) => call === 'stat coord-queue.jsonl').length
    expect(queue).toBeGreaterThan(40)
    const inOneLook = disk.calls.filter((call) => call.endsWith('.seg')).length
    expect(inOneLook).toBeLessThanOrEqual(620)
    expect(disk.calls.length - inOneLook, countText(disk.calls)).toBeLessThanOrEqual(75)
    await s.close()
  })
})
const countText = (calls: readonly string[]): string => JSON.stringify(countOf(calls))
