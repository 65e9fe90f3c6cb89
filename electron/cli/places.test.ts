/** Folders and files that a person names and that are none, or hold something else: each is said in words, and nothing hangs. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Finding } from './doctor/finding.ts'
import { CLI, fakeApi, place, type FakeApi, type Place } from './testing/coord.ts'
import { onTerminal } from './testing/terminal.ts'

let at: Place
let api: FakeApi
beforeEach(async () => {
  api = await fakeApi((hit) => (hit.url === '/api/coord/status' ? { body: {} } : undefined))
  at = place(api.url)
})
afterEach(async () => {
  await api.close()
  at.remove()
})
/** One sentence of ours, and no word of Node's or of the system's. */
const inWords = (stderr: string): void => {
  expect(stderr).toMatch(/^coord: [^\n]+\n$/)
  expect(stderr).not.toMatch(/ENO\w+|E[A-Z]{4,}:|process\.cwd/)
}

describe('a COORD_HOME that cannot be one', () => {
  const homes: Readonly<Record<string, (root: string) => string>> = {
    'is a file': (root) => join(root, 'file'),
    'is beneath a file': (root) => join(root, 'file', 'a', 'b'),
    // a recursive mkdir would never end there
    ...(process.platform === 'linux' ? { 'is where the system makes no folders': () => '/proc/none/a' } : {}),
  }
  it.each(Object.keys(homes))(
    '%s: exit 1 as in the app, what is so and the way out; help and doctor work',
    async (what) => {
      writeFileSync(join(at.root, 'file'), '')
      const env = { COORD_HOME: homes[what]?.(at.root) ?? '' }
      for (const args of [['status'], ['locks'], ['enqueue', 'DELETE', '/api/coord/locks/1']]) {
        const ran = await at.coord(args, { env })
        expect([ran.code, ran.stdout]).toEqual([1, ''])
        inWords(ran.stderr)
        expect(ran.stderr).toContain('set COORD_HOME to a folder that is')
        expect(ran.stderr).toContain(`COORD_HOME is no folder: ${env.COORD_HOME}`)
      }
      expect((await at.coord(['help', 'files'], { env })).code).toBe(0)
      const { json } = await at.coord(['doctor', '--json'], { env })
      expect((json as Finding[]).filter(({ ok }) => !ok)).toMatchObject([
        { check: 'setting', detail: expect.stringContaining('COORD_HOME') as string },
      ])
    },
  )
})

/** This program where COORD_HOME lies on a disk that `mount` makes ("$1" is its folder), in a namespace of its own. */
const unshare = ['unshare', '--user', '--map-root-user', '--mount'] as const
const canMount =
  process.platform === 'linux' &&
  spawnSync(unshare[0], [...unshare.slice(1), 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0

describe.skipIf(!canMount).each([
  ['mount -t tmpfs -o ro tmpfs "$1"', 'is on a disk that is read-only'],
  [
    'mount -t tmpfs -o size=8k tmpfs "$1"; head -c 100k /dev/zero > "$1/full" 2>/dev/null',
    'No space is left',
  ],
])('a data folder that cannot be written: %s', (mount, words) => {
  it.each([[['start', '--browser']], [['watch']], [['serve', '--port', '0']]])(
    '%j ends with exit 1, what is so and the way out',
    (args) => {
      const { status, stdout, stderr } = spawnSync(
        unshare[0],
        [
          ...unshare.slice(1),
          'sh',
          '-c',
          `${mount}; shift; exec "$@"`,
          'sh',
          at.home,
          process.execPath,
          CLI,
          ...args,
        ],
        { cwd: at.project, env: at.env, encoding: 'utf8', timeout: 30_000 },
      )
      expect([status, stdout]).toEqual([1, ''])
      inWords(stderr)
      expect(stderr).toContain(words)
      expect(stderr).toContain(at.home)
    },
  )
})

/** Commands, a line each, that keep something on a disk: what each says, in a mount namespace of its own. */
function saidOnDisk(mount: string, commands: readonly string[]): readonly string[] {
  const script = `${mount}; shift; for c in ${commands.map((one) => `'${one}'`).join(' ')}; do
    cd "${at.project}"; case "$c" in /*) cd /; c="\${c#/ }" ;; esac
    "$@" $c </dev/null 2>&1; echo "exit $?"; done`
  const { stdout } = spawnSync(
    unshare[0],
    [...unshare.slice(1), 'sh', '-c', script, 'sh', at.home, process.execPath, CLI],
    // our own API could not answer while this waits
    { env: { ...at.env, COORD_API_URL: 'http://127.0.0.1:1' }, encoding: 'utf8', timeout: 60_000 },
  )
  return stdout.split(/(?<=exit \d+)\n/).filter((one) => one !== '')
}

/** It says each of these, and no word of the system's. */
function expectWords(said: string, ...all: readonly RegExp[]): void {
  for (const words of all) expect(said).toMatch(words)
  expect(said).not.toMatch(/E[A-Z]{4,}|Error/)
}

describe.skipIf(!canMount)('a disk that takes nothing: one sentence with the way out, exit 1', () => {
  it.each([
    ['read-only', 'mount -t tmpfs -o ro tmpfs "$1"', /read-only/],
    [
      'full',
      'mount -t tmpfs -o size=8k tmpfs "$1"; head -c 100k /dev/zero > "$1/full" 2>/dev/null',
      /full|no space/,
    ],
  ])('beneath the data folder: %s', (_what, mount, why) => {
    const said = saidOnDisk(mount, [
      'token list',
      'token add other',
      'token revoke other --yes',
      '/ enqueue DELETE /api/coord/locks/1',
    ])
    expect(said).toHaveLength(4)
    for (const one of said) expectWords(one, /^coord: [^\n]+\nexit 1$/, why, /Make it usable, or |make room/)
  })
  it('beneath the project: what queues, what installs', () => {
    const said = saidOnDisk(
      'p="$1/../project"; mount -t tmpfs tmpfs "$p"; mkdir "$p/.claude"; mount -o remount,ro "$p"',
      [
        'enqueue DELETE /api/coord/locks/1',
        'release 1',
        'hook install --yes',
        'mcp install --yes',
        'serve --port 0 --database x.db',
      ],
    )
    expect(said).toHaveLength(5)
    for (const one of said) expectWords(one, /its disk is read-only.*\nexit 1$/)
  })
})

it('settings that do not parse: what opens the engine keeps them aside and says so, a look leaves them', async () => {
  const file = join(at.home, 'settings.json')
  writeFileSync(file, '{nonsense')
  const looked = await at.coord(['status'])
  expect([looked.stderr.includes('Repair it or move it away.'), existsSync(file)]).toEqual([true, true])
  const child = at.start(['watch'])
  const said = await new Promise<string>((done) => child.stderr?.setEncoding('utf8').once('data', done))
  await expect.poll(() => existsSync(file)).toBe(false)
  child.kill()
  await new Promise((done) => child.once('exit', done))
  expect(said).toContain('It is kept beside, as settings.corrupt-….json.')
  expect(readdirSync(at.home).filter((name) => name.startsWith('settings.corrupt-'))).toHaveLength(1)
})

it('settings that cannot be read, or do not parse: no other API is asked than the one that they name', async () => {
  const file = join(at.home, 'settings.json')
  const asked = async (): Promise<string> => {
    const { stdout } = await at.coord(['status', '--json'], { env: { COORD_API_URL: '' } })
    return (JSON.parse(stdout) as { connection: { detail: string } }).connection.detail
  }
  writeFileSync(file, '{"apiUrl": "http://127.0.0.1:7/team",}')
  expect(await asked()).toContain('http://127.0.0.1:7/team')
  rmSync(file)
  mkdirSync(file)
  expect(await asked()).toContain('http://127.0.0.1:9 ')
  const looked = await at.coord(['doctor'])
  expect(looked.stderr).toContain('cannot be read (it is a folder): nothing is contacted')
  expect(looked.stdout).toMatch(/BAD settings .*cannot be read/)
})

it('a folder that was removed beneath the shell: said; what needs no folder works', async () => {
  const here = join(at.root, 'gone')
  const words = (...args: string[]): string[] => [process.execPath, CLI, ...args]
  for (const [args, code] of [
    [['status'], 1],
    [['enqueue', 'DELETE', '/api/coord/locks/1'], 1],
    [['help', 'files'], 0],
    [['--version'], 0],
  ] as const) {
    mkdirSync(here)
    const script = `cd '${here}' && rmdir '${here}' && exec "$@"`
    const shell = join(at.root, 'in-a-gone-folder.cjs')
    // the shell stands in it before it is gone, as a person's does
    writeFileSync(
      shell,
      `const { status, stdout, stderr } = require('node:child_process').spawnSync('sh', ${JSON.stringify(['-c', script, 'sh', ...words(...args)])}, { encoding: 'utf8' })
process.stdout.write(stdout); process.stderr.write(stderr); process.exitCode = status`,
    )
    const ran = await at.coord([], { program: shell })
    expect(ran.code).toBe(code)
    if (code === 1) inWords(ran.stderr)
  }
})

it('a watched folder that is not there is told, and is no wrong usage: its drive may be away', async () => {
  const env = { COORD_WORKSPACES: join(at.root, 'misspelt') }
  for (const args of [['status'], ['flush'], ['queue', 'list']]) {
    const ran = await at.coord(args, { env })
    expect(ran.code).toBe(0)
    expect(ran.stderr).toContain(`coord: ${env.COORD_WORKSPACES} is no folder`)
  }
  expect(existsSync(env.COORD_WORKSPACES)).toBe(false)
  const { json } = await at.coord(['doctor', '--json'], { env })
  expect((json as Finding[]).filter(({ ok }) => !ok)).toEqual([
    {
      check: 'workspace misspelt',
      ok: false,
      detail: `${env.COORD_WORKSPACES} is no folder`,
      fix: expect.stringContaining('Make it a folder') as string,
    },
  ])
})

describe('bodies', () => {
  const send = ['send', '--to', 'BOX/b', '--project', 'p', '--subject', 's']
  const enqueue = ['enqueue', 'PUT', '/api/coord/components/p/n']
  const posts = (): number => api.hits.filter(({ method }) => method === 'POST').length
  // a queue's line is judged by the same words as a message
  it.each([
    ['Latin-1', Buffer.from('{"state":"f\u00fcr"}', 'latin1')],
    ['UTF-16', Buffer.from('\uFEFF{"state":"s"}', 'utf16le')],
  ])('%s would arrive as other letters: it is refused, wherever it comes from', async (_what, bytes) => {
    writeFileSync(join(at.project, 'body'), bytes)
    for (const [args, stdin] of [
      [[...send, '--body', '-'], bytes],
      [[...send, '--body-file', '-'], bytes],
      [[...send, '--body-file', 'body'], ''],
      [[...enqueue, '--body', '-'], bytes],
    ] as const) {
      const ran = await at.coord(args, { stdin })
      expect([ran.code, ran.stdout]).toEqual([2, ''])
      expect(ran.stderr).toMatch(/no UTF-8 text/)
    }
    expect([posts(), at.queue()]).toEqual([0, []])
  })
  it('UTF-8 comes through, without its byte order mark', async () => {
    const stdin = Buffer.from('\uFEFF{"state":"für 日本"}')
    expect((await at.coord([...enqueue, '--body', '-'], { stdin })).code).toBe(0)
    expect(at.queue()).toMatchObject([{ body: { state: 'für 日本' } }])
  })
  it.each([
    ['none', 'is not there'],
    ['.', 'is a folder'],
  ])('the file %s %s: said', async (file, words) => {
    const ran = await at.coord([...send, '--body-file', file])
    expect([ran.code, posts()]).toEqual([2, 0])
    inWords(ran.stderr)
    expect(ran.stderr).toContain(words)
  })
})

it('status breaks its sentences at blanks, on a terminal of any width', async () => {
  await api.close()
  for (const columns of [60, 140]) {
    const { text } = await onTerminal(at, ['status'], { columns, env: { COORD_API_URL: api.url } })
    const sentence = text.split('\n\n')[0] ?? ''
    expect(sentence.replace(/\s+/g, ' ')).toContain('Calls wait and will be sent as soon as it answers.')
    for (const row of sentence.split('\n')) expect(row.length).toBeLessThanOrEqual(columns)
  }
  expect(readdirSync(at.project)).toEqual(['.claude'])
})
