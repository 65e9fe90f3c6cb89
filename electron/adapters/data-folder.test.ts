/** What can be wrong with the data folder, on real folders; disks that are full or read-only are mounted in a namespace. */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { findFolderFault } from './data-folder.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const unshare = ['--user', '--map-root-user', '--mount']
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

it('a folder that is missing is made, and nothing is left in it', () => {
  expect(findFolderFault(join(dir, 'a', 'b'))).toBeNull()
  expect(readdirSync(join(dir, 'a', 'b'))).toEqual([])
})

it('a file, and a folder below a file', () => {
  writeFileSync(join(dir, 'file'), '')
  expect(findFolderFault(join(dir, 'file'))).toMatchObject({ code: 'not-a-folder' })
  expect(findFolderFault(join(dir, 'file', 'below'))).toMatchObject({ code: 'not-a-folder' })
})

it.skipIf(!canMount).each([
  ['mount -t tmpfs -o ro tmpfs "$1"', '', 'read-only'],
  ['mount -t tmpfs -o ro tmpfs "$1"', 'missing/folder', 'read-only'],
  ['mount -t tmpfs -o size=8k tmpfs "$1"; head -c 100k /dev/zero > "$1/full" 2>/dev/null', '', 'no-space'],
])('a disk: %s, and %j on it', (mount, below, code) => {
  const path = join(dir, 'disk', below)
  mkdirSync(join(dir, 'disk'))
  const look = `import { findFolderFault } from ${JSON.stringify(join(import.meta.dirname, 'data-folder.ts'))}
process.stdout.write(JSON.stringify(findFolderFault(process.argv[1])))`
  const script = `${mount}; exec "$2" --input-type=module -e "$3" "$4"`
  const said = execFileSync(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', join(dir, 'disk'), process.execPath, look, path],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(said)).toEqual({ code, path })
})
