/** A database whose folder cannot be made: the true cause is said, and the way out. A disk that is read-only is mounted in a namespace. */
import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from './open-store.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'coord-store-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const unshare = ['--user', '--map-root-user', '--mount']
const canMount =
  process.platform === 'linux' &&
  spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

const refusal = (why: string, folder: string) => ({
  ok: false,
  error: {
    code: 'database-unusable',
    message: `the folder of the database cannot be made (${why}): ${folder}. Make it usable, or name another file with --database`,
  },
})

test.each(['', 'below', 'far/below'])('a file is in the way of its folder: %j below it', async (below) => {
  writeFileSync(join(dir, 'file'), '')
  const folder = join(dir, 'file', below)
  const opened = await openStore({ database: join(folder, 'coord.db') }, () => undefined)
  expect(opened).toEqual(refusal('a file is in its way', folder))
})

test.skipIf(process.platform === 'win32')(
  'a folder, or a file of another program, in the place of the database is refused and keeps its mode; our own is made private',
  async () => {
    const text = join(dir, 'text')
    writeFileSync(text, 'not ours '.repeat(100))
    const theirs = join(dir, 'theirs.db')
    const db = new DatabaseSync(theirs)
    db.exec('CREATE TABLE theirs (a)')
    db.close()
    const folder = join(dir, 'folder')
    mkdirSync(folder)
    const modeOf = (place: string): number => statSync(place).mode & 0o777
    for (const place of [text, theirs, folder]) {
      chmodSync(place, 0o755)
      expect([place, (await openStore({ database: place }, () => undefined)).ok]).toEqual([place, false])
      expect([place, modeOf(place)]).toEqual([place, 0o755])
    }
    const ours = join(dir, 'ours.db')
    for (const mode of [0o600, 0o644]) {
      const opened = await openStore({ database: ours }, () => undefined)
      if (opened.ok) await opened.value.close()
      expect(modeOf(ours)).toBe(0o600)
      chmodSync(ours, mode === 0o600 ? 0o644 : 0o600)
    }
  },
)

test.skipIf(!canMount)('its folder is missing on a disk that is read-only', () => {
  const disk = join(dir, 'disk')
  mkdirSync(disk)
  const folder = join(disk, 'far', 'below')
  const open = `import { openStore } from ${JSON.stringify(join(import.meta.dirname, 'open-store.ts'))}
process.stdout.write(JSON.stringify(await openStore({ database: process.argv[1] }, () => undefined)))`
  const script = 'mount -t tmpfs -o ro tmpfs "$1"; exec "$2" --input-type=module -e "$3" "$4"'
  const said = execFileSync(
    'unshare',
    [...unshare, 'sh', '-c', script, 'sh', disk, process.execPath, open, join(folder, 'coord.db')],
    { encoding: 'utf8' },
  )
  expect(JSON.parse(said)).toEqual(refusal('its disk is read-only', folder))
})
