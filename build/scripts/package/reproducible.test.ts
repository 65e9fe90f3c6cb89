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

const MAKERS = {
  deb: { maker: 'makeDeb', from: 'deb.mjs', tool: 'dpkg-deb' },
  tar: { maker: 'makeTar', from: 'tar.mjs', tool: 'tar' },
  rpm: { maker: 'makeRpm', from: 'rpm.mjs', tool: 'rpmbuild' },
  AppImage: { maker: 'makeAppImage', from: 'appimage.mjs', tool: 'mksquashfs' },
} as const
type Kind = keyof typeof MAKERS

/** Packs a small program as the packer would; gives the checksum of what came out. */
function pack(kind: Kind, { name, umask, zone, time }: Packer): string {
  const app = join(root, name, 'app')
  const out = join(root, name, 'out')
  mkdirSync(join(app, 'resources'), { recursive: true })
  mkdirSync(out)
  writeFileSync(join(app, 'coord'), '#!/bin/sh\n')
  writeFileSync(join(app, 'resources', 'some.txt'), 'text')
  utimesSync(join(app, 'coord'), time, time)
  const { maker, from } = MAKERS[kind]
  const program = `
    process.umask(${umask})
    const { ${maker} } = await import(${JSON.stringify(join(import.meta.dirname, from))})
    ${maker}({ ...${JSON.stringify({ app, out, work: join(root, name, 'work'), runtime: join(app, 'coord') })}, bundled: [], isQuick: true })`
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

const has = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined

const all = Object.keys(MAKERS) as Kind[]
const here = all.filter((kind) => has(MAKERS[kind].tool))
for (const kind of all.filter((one) => !here.includes(one)))
  process.stderr.write(`NOT TESTED: ${kind} packed twice: there is no ${MAKERS[kind].tool} here\n`)

it.skipIf(process.platform !== 'linux').each(here)('%s', (kind) => {
  const one = pack(kind, { name: 'one', umask: 0o022, zone: 'UTC', time: 1_600_000_000 })
  const other = pack(kind, { name: 'other', umask: 0o077, zone: 'Asia/Kolkata', time: 1_500_000_000 })
  expect(other).toBe(one)
})
