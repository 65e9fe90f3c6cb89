/** Found folders: those that were used or have a queue are watched, the tool's others suggested, ignored ones neither. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sortFolders, usedFolders } from './find-workspaces.ts'

let dir: string
const folder = (name: string, hasQueue = false): string => {
  const path = join(dir, name)
  mkdirSync(join(path, '.claude'), { recursive: true })
  if (hasQueue) writeFileSync(join(path, '.claude', 'coord-queue.jsonl'), '')
  return path
}
beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), 'coord-find-')))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('used or with a queue: watched; listed without one: suggested; gone or ignored: neither', async () => {
  const [used, queued, plain, ignored] = [folder('used'), folder('q', true), folder('p'), folder('i', true)]
  const found = await sortFolders(
    [used, join(dir, 'gone')],
    [queued, plain, ignored, used],
    (path) => path === ignored,
  )
  expect(found).toEqual({ watch: [used, queued], suggest: [plain] })
})

test('a folder of two names is one, by its real path', async () => {
  const path = folder('a', true)
  symlinkSync(path, join(dir, 'link'))
  expect((await sortFolders([join(dir, 'link')], [path], () => false)).watch).toEqual([path])
  expect(await sortFolders([join(dir, 'link')], [path], (p) => p === path)).toEqual({
    watch: [],
    suggest: [],
  })
})

test('a torn line of the list of used folders hides no other', () => {
  writeFileSync(join(dir, 'workspaces.jsonl'), '"/a"\n"/torn\n7\n"/b"\n')
  expect(usedFolders(dir)).toEqual(['/a', '/b'])
  expect(usedFolders(join(dir, 'none'))).toEqual([])
})
