import { expect, it } from 'vitest'
import { diskWords, folderWords, type FolderFault } from './data-folder.ts'

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

it("why a file call failed is a clause in words: the system's code and call are in none", () => {
  const said = (code: string): string =>
    diskWords(Object.assign(new Error(`${code}: what the system says, open '/x'`), { code }))
  for (const code of [
    'EROFS',
    'EACCES',
    'EPERM',
    'ENOTDIR',
    'EEXIST',
    'ENOSPC',
    'EDQUOT',
    'ENOENT',
    'EISDIR',
    'EIO',
  ])
    expect(said(code)).toMatch(/^[a-z][a-z ]+-?[a-z ]+$/)
  expect(said('EROFS')).toBe('its disk is read-only')
  // what nobody foresaw is not kept back
  expect(said('EFOO')).toContain('EFOO')
  expect(diskWords(new Error('a sentence'))).toBe('a sentence')
})
