/** Each answer about a path, on the real disk. */
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { lookAtFolder } from './look-at-folder.ts'

let root: string
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'coord-folder-')))
  for (const folder of ['plain', 'git/.git', 'claude/.claude', 'queue/.claude', 'shut'])
    mkdirSync(join(root, folder), { recursive: true })
  writeFileSync(join(root, 'queue', '.claude', 'coord-queue.jsonl'), '')
  writeFileSync(join(root, 'file'), '')
  symlinkSync(join(root, 'queue'), join(root, 'link'))
})
afterEach(() => {
  chmodSync(join(root, 'shut'), 0o700)
  rmSync(root, { recursive: true, force: true })
})

it.each([
  ['plain', 'folder', 'plain'],
  ['git', 'project', 'git'],
  ['claude', 'project', 'claude'],
  ['queue/', 'queue', 'queue'],
  ['link', 'queue', 'queue'],
  ['file', 'not-a-folder', 'file'],
  ['file/x', 'not-a-folder', 'file/x'],
  ['nothing', 'missing', 'nothing'],
])('%s is %s', (name, state, resolved) => {
  expect(lookAtFolder(join(root, name))).toEqual({ state, resolved: join(root, resolved) })
})

it('a path that does not begin at the root is none, whatever stands there; ~ is the person’s own folder', () => {
  for (const path of ['plain', './plain', '', '~other/x'])
    expect(lookAtFolder(path)).toEqual({ state: 'not-absolute', resolved: path })
  expect(lookAtFolder('~').resolved).toBe(realpathSync(homedir()))
  expect(lookAtFolder(` ${root}/plain `)).toMatchObject({ state: 'folder' })
})

it.skipIf(process.getuid?.() === 0)('a folder that may not be read says so', () => {
  chmodSync(join(root, 'shut'), 0)
  expect(lookAtFolder(join(root, 'shut'))).toMatchObject({ state: 'no-permission' })
})
