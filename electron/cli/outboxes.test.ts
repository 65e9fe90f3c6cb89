/** What the commands can tell of a folder without opening the outbox. */
import type * as realFs from 'node:fs'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { mayBeWritten } from './outboxes.ts'

/** Root may write anywhere: the refusal is played, by the folder's name. */
const readOnly = vi.hoisted(() => ({ name: '', code: '' }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof realFs>()
  return {
    ...fs,
    accessSync(path: string, mode: number) {
      if (readOnly.name !== '' && path.endsWith(readOnly.name))
        throw Object.assign(new Error('no'), { code: readOnly.code })
      fs.accessSync(path, mode)
    },
  }
})

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coord-folder-'))
})
afterEach(() => {
  readOnly.name = ''
  rmSync(root, { recursive: true })
})

it.each(['EACCES', 'EROFS'])('a folder that may not be written (%s) is known as such', (code) => {
  mkdirSync(join(root, '.claude', '.coord-outbox'), { recursive: true })
  expect(mayBeWritten(root)).toBe(true)
  for (const name of ['.claude', '.coord-outbox']) {
    Object.assign(readOnly, { name, code })
    expect(mayBeWritten(root)).toBe(false)
  }
})
it('a folder that is not there yet is no hindrance', () => {
  expect(mayBeWritten(root)).toBe(true)
  expect(mayBeWritten(join(root, 'nowhere'))).toBe(true)
})
