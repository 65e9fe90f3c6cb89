/** Whose a queue file with two names is, where the other workspace cannot be looked at: nobody's to claim. */
import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { createFileSystem } from '../../../adapters/file-system.ts'
import { place, type Place } from '../../../adapters/testing/place.ts'
import type { FileSystem, FsResult } from '../../ports.ts'
import { OutboxFolder } from '../segments/outbox-folder.ts'
import { SecondNames, type Whose } from './second-names.ts'

const real = createFileSystem()
let at: Place
let other: string
beforeEach(() => {
  at = place()
  other = join(at.root, 'other')
  mkdirSync(join(other, '.claude', '.coord-outbox'), { recursive: true })
  writeFileSync(join(other, '.claude', 'coord-queue.jsonl'), '{}\n')
})
afterEach(() => at.remove())

async function whose(fs: Partial<FileSystem>): Promise<Whose['kind']> {
  const all = { ...real, ...fs }
  const folder = new OutboxFolder(all, at.workspace)
  await folder.resolve()
  const info = await real.info(at.queue)
  if (!info.ok) throw new Error(info.error.code)
  const names = new SecondNames({ fs: all, folder, neighbours: () => [other] })
  return (await names.whose(info.value)).kind
}
const failing =
  <T>(does: (path: string) => FsResult<T>, ending: string) =>
  (path: string): FsResult<T> =>
    path.startsWith(other) && path.endsWith(ending)
      ? Promise.resolve({ ok: false, error: { code: 'EACCES', path, op: 'look' } })
      : does(path)

it.each([
  ['a hard link', linkSync],
  ['a symbolic link', symlinkSync],
])('%s', async (_, link) => {
  link(join(other, '.claude', 'coord-queue.jsonl'), at.queue)
  expect(await whose({ list: failing((path) => real.list(path), '.coord-outbox') })).toBe('unknown')
  expect(await whose({ info: failing((path) => real.info(path), 'coord-queue.jsonl') })).toBe('unknown')
  expect(await whose({})).toBe('theirs')
})
