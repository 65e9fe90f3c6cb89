import { expect, it } from 'vitest'
import { folderWords, type FolderFault } from './data-folder.ts'

it('every fault says the folder and a way out', () => {
  const path = '/data folder'
  const faults: readonly FolderFault[] = [
    { code: 'read-only', path },
    { code: 'no-permission', path },
    { code: 'not-a-folder', path },
    { code: 'no-space', path },
    { code: 'no-lock', path },
    { code: 'other', path, cause: 'EIO' },
  ]
  const words = faults.map(folderWords)
  for (const { text, wayOut } of words)
    expect([text.includes(path), wayOut.length > 10]).toEqual([true, true])
  expect(new Set(words.map(({ text }) => text)).size).toBe(faults.length)
  expect(words.at(-1)?.text).toContain('EIO')
})
