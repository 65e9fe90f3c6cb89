import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { makeFolder, type MakeDir } from './make-folder.ts'

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'coord-folder-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const failing = (code: string): Error => Object.assign(new Error(code), { code })

/** As Node 24 has it below a folder on a file system that is mounted read-only: the recursive call hides why. */
const readOnly: MakeDir = (path, { recursive }) => {
  if (existsSync(path) && recursive) return
  throw failing(recursive ? 'ENOENT' : 'EROFS')
}

describe('a folder that cannot be made', () => {
  it.each(['sessions', 'a/b/sessions'])('on a file system that is read-only, EROFS: %s', (below) => {
    expect(() => makeFolder(join(root, below), 0o700, readOnly)).toThrow('EROFS')
    expect(existsSync(join(root, 'a'))).toBe(false)
  })
  it('where a file stands in the way: as the system has it', () => {
    writeFileSync(join(root, 'file'), '')
    expect(() => makeFolder(join(root, 'file', 'a'))).toThrow(/ENOTDIR/)
    expect(() => makeFolder(join(root, 'file'))).toThrow(/EEXIST/)
  })
})

it.runIf(process.platform === 'linux')(
  'where the system makes no folders it ends, with what the system says',
  () => {
    expect(() => makeFolder('/proc/none/a/b')).toThrow(/ENOENT/)
  },
)

it('makes what is missing, and leaves alone what is there', () => {
  const path = join(root, 'a', 'b')
  makeFolder(path, 0o700)
  makeFolder(path, 0o700)
  if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o700)
})

it('goes on where somebody else makes and removes folders on its way', () => {
  let calls = 0
  const racing: MakeDir = (path, options) => {
    if (calls++ === 0) throw failing('ENOENT')
    return mkdirSync(path, options)
  }
  makeFolder(join(root, 'a', 'b'), 0o700, racing)
  expect(existsSync(join(root, 'a', 'b'))).toBe(true)
})
