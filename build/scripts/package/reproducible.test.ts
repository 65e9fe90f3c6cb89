/** The same program packed by two people, at two times, in two places: the same bytes. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let root: string
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'coord-same-'))))
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface Packer {
  readonly name: string
  readonly umask: number
  readonly zone: string
  readonly time: number
}

/** Packs a small program as the packer would; gives the checksum of what came out. */
function pack(kind: 'deb' | 'tar', { name, umask, zone, time }: Packer): string {
  const app = join(root, name, 'app')
  const out = join(root, name, 'out')
  mkdirSync(join(app, 'resources'), { recursive: true })
  mkdirSync(out)
  writeFileSync(join(app, 'coord'), '#!/bin/sh\n')
  writeFileSync(join(app, 'resources', 'some.txt'), 'text')
  utimesSync(join(app, 'coord'), time, time)
  const maker = { deb: 'makeDeb', tar: 'makeTar' }[kind]
  const program = `
    process.umask(${umask})
    const { ${maker} } = await import(${JSON.stringify(join(import.meta.dirname, `${kind}.mjs`))})
    ${maker}({ ...${JSON.stringify({ app, out, work: join(root, name, 'work') })}, bundled: [], isQuick: true })`
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    env: { ...process.env, TZ: zone, SOURCE_DATE_EPOCH: '1700000000' },
  })
  expect(status, stderr).toBe(0)
  const files = readdirSync(out)
  expect(files).toHaveLength(1)
  return createHash('sha256')
    .update(readFileSync(join(out, files[0] ?? '')))
    .digest('hex')
}

const has = (tool: string): boolean => spawnSync(tool, ['--version']).status === 0

it.skipIf(process.platform !== 'linux' || !has('dpkg-deb')).each(['deb', 'tar'] as const)('%s', (kind) => {
  const one = pack(kind, { name: 'one', umask: 0o022, zone: 'UTC', time: 1_600_000_000 })
  const other = pack(kind, { name: 'other', umask: 0o077, zone: 'Asia/Kolkata', time: 1_500_000_000 })
  expect(other).toBe(one)
})
