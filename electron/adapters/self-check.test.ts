/** The self-test of this machine: says what is so, and leaves nothing behind. */
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { checkFolder, checkWatcher } from './self-check.ts'
import { createWatcher, noWatcher } from './watcher.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-check-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a folder that can be written is well; a file, or nothing, is not and says the way out', () => {
  mkdirSync(join(dir, '.claude'))
  expect(checkFolder('w', dir, 'fix it')).toMatchObject({ isWell: true, fix: null })
  expect(readdirSync(join(dir, '.claude'))).toEqual([])
  writeFileSync(join(dir, 'file'), '')
  expect(checkFolder('w', join(dir, 'file'), 'fix it')).toMatchObject({ isWell: false, fix: 'fix it' })
  expect(checkFolder('w', join(dir, 'none'), 'fix it')).toMatchObject({ isWell: false, fix: 'fix it' })
})

test('the real watcher is heard; one that says nothing is found out', async () => {
  expect(await checkWatcher(createWatcher(), dir)).toMatchObject({ isWell: true })
  const deaf = await checkWatcher(noWatcher, dir)
  expect(deaf).toMatchObject({ isWell: false, detail: 'tells of no change' })
  expect(deaf.fix).toMatch(/Nothing is lost/)
  expect(readdirSync(dir)).toEqual([])
})
