/** What doctor finds wrong, each with what to do; and that it finds nothing where nothing is. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { tmpdir } from 'node:os'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
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
const look = async (
  env: Record<string, string> = {},
): Promise<{ code: number | null; bad: readonly Finding[] }> => {
  const { code, json } = await at.coord(['doctor', '--json'], { env })
  return { code, bad: (json as Finding[]).filter(({ ok }) => !ok) }
}
/** The one thing that is wrong. */
async function wrong(env: Record<string, string> = {}): Promise<Finding> {
  const { code, bad } = await look(env)
  expect([code, bad.map(({ check }) => check)]).toEqual([1, [expect.any(String)]])
  expect(bad[0]?.fix).toBeTruthy()
  return bad[0] as Finding
}
const onPath = (folder: string, version: string): string => {
  const bin = join(at.root, folder)
  mkdirSync(bin)
  writeFileSync(join(bin, 'coord'), `#!/bin/sh\necho ${version}\n`)
  chmodSync(join(bin, 'coord'), 0o755)
  return `${bin}:${at.env['PATH'] ?? ''}`
}

it('finds nothing where all is in place, and ends with 0', async () => {
  expect(await look()).toEqual({ code: 0, bad: [] })
})

it.each([true, false])(
  'no hooks: the guard is not said to stop anything, with a .claude: %s',
  async (isWorkspace) => {
    const cwd = isWorkspace ? at.project : join(at.root, 'other')
    mkdirSync(cwd, { recursive: true })
    execFileSync('git', ['init', '-q'], { cwd })
    const details = async (): Promise<readonly (readonly [string, string])[]> =>
      ((await at.coord(['doctor', '--json'], { cwd })).json as Finding[]).map((one) => [
        one.check,
        one.detail,
      ])
    const before = new Map(await details())
    expect(before.get('session hooks here')).toContain('not installed')
    expect(before.get('guard')).toContain('nothing asks it')
    expect((await at.coord(['hook', 'install', '--yes'], { cwd })).code).toBe(0)
    expect(new Map(await details()).get('guard')).toContain('stops an edit')
  },
)

describe('finds', () => {
  it('another version of coord on the PATH', async () => {
    expect(await wrong({ PATH: onPath('bin', '9.9.9') })).toMatchObject({
      check: 'coord on the PATH',
      detail: expect.stringContaining('9.9.9'),
    })
  })
  it('a port that another program holds, where nobody configured an address', async () => {
    const squatter = createServer((_req, res) => res.end('{"status":"ok"}')).listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    const { port } = squatter.address() as { port: number }
    const { bad } = await look({ COORD_API_URL: '', COORD_PORT: String(port) })
    expect(bad.map(({ check }) => check)).toEqual(['coordination API', 'port'])
    squatter.close()
  })
  it('a clock that is wrong', async () => {
    await api.close()
    api = await fakeApi((hit) => ({
      headers: { Date: new Date(Date.now() + 600_000).toUTCString() },
      body: hit.url === '/health' ? { status: 'ok' } : hit.url === '/api/coord/status' ? {} : [],
    }))
    expect(await wrong({ COORD_API_URL: api.url })).toMatchObject({
      check: 'clock',
      detail: expect.stringMatching(/^(9|10) min behind/),
    })
  })
  it('a token that is refused', async () => {
    await api.close()
    api = await fakeApi(() => ({ status: 401 }))
    expect(await wrong({ COORD_API_URL: api.url, COORD_TOKEN: 'x' })).toMatchObject({
      detail: expect.stringContaining('refuses the token'),
    })
  })
  it('a list of projects that is damaged, and reads one of any size', async () => {
    const user = join(at.root, 'user')
    mkdirSync(user, { recursive: true })
    const file = join(user, '.claude.json')
    writeFileSync(file, '{"projects":')
    expect(await wrong()).toMatchObject({ check: "Claude Code's list" })
    writeFileSync(file, JSON.stringify({ projects: { '/p': {} }, history: 'x'.repeat(33 * 1024 * 1024) }))
    expect(await wrong()).toMatchObject({ detail: expect.stringContaining('1 project') })
  })
  it('a fault in what the guard reads', async () => {
    execFileSync('git', ['init', '-q'], { cwd: at.project })
    writeFileSync(join(at.project, '.claude', 'coord.json'), '{"guard":"maybe"}')
    expect(await wrong()).toMatchObject({ check: 'guard', detail: expect.stringContaining('guard') })
  })
  it('a data folder that cannot be made', async () => {
    const closed = join(at.root, 'closed')
    mkdirSync(closed, { mode: 0o555 })
    chmodSync(at.root, 0o755)
    // To root every folder is open, unless it gives its rights away. As another user it might not read this checkout.
    const asAnybody = join(at.root, 'as-anybody.mjs')
    writeFileSync(
      asAnybody,
      `import { spawnSync } from 'node:child_process'
const command = [...(process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all'] : []), process.execPath]
const [program, ...args] = [...command, ${JSON.stringify(CLI)}, ...process.argv.slice(2)]
process.exitCode = spawnSync(program, args, { stdio: 'inherit' }).status`,
    )
    const env = { COORD_HOME: join(closed, 'home'), COORD_API_URL: '', COORD_PORT: '1' }
    const { json } = await at.coord(['doctor', '--json'], { env, cwd: at.root, program: asAnybody })
    const bad = (json as Finding[]).filter(({ ok }) => !ok)
    expect(bad.map(({ check }) => check)).toEqual(['data folder', 'coordination API'])
    for (const one of bad) expect(one.fix).toBeTruthy()
  })
  it('an MCP server whose program is gone', async () => {
    writeFileSync(
      join(at.project, '.mcp.json'),
      JSON.stringify({ mcpServers: { coord: { command: join(at.root, 'gone'), args: ['mcp'] } } }),
    )
    expect(await wrong()).toMatchObject({ check: 'MCP server', detail: expect.stringContaining('is gone') })
  })
  it('a queue whose folder is in the way of its records', async () => {
    writeFileSync(join(at.project, '.claude', '.coord-outbox'), '')
    writeFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      '{"method":"DELETE","path":"/api/coord/locks/1"}\n',
    )
    const { bad } = await look()
    expect(bad.map(({ check }) => check)).toEqual(['workspace project'])
  })
})

const LINE = '{"method":"DELETE","path":"/api/coord/locks/1"}\n'
const queueFile = (): string => join(at.project, '.claude', 'coord-queue.jsonl')

describe('finds a queue that cannot be taken over, where flush says so, too', () => {
  const isOtherDisk = existsSync('/dev/shm') && statSync('/dev/shm').dev !== statSync(tmpdir()).dev
  it.skipIf(!isOtherDisk)('(/dev/shm is another disk than the temporary folder) by a link', async () => {
    const elsewhere = mkdtempSync('/dev/shm/coord-doctor-')
    try {
      const target = join(elsewhere, 'queue.jsonl')
      symlinkSync(target, queueFile())
      writeFileSync(target, '')
      expect(await look()).toEqual({ code: 0, bad: [] })
      writeFileSync(target, LINE)
      expect(await wrong()).toMatchObject({
        check: 'workspace project',
        detail: expect.stringContaining('another disk'),
        fix: expect.stringContaining('without the link'),
      })
      expect(readFileSync(target, 'utf8')).toBe(LINE)
      const flushed = await at.coord(['flush', '--json'])
      expect([flushed.code, flushed.json]).toEqual([3, expect.objectContaining({ waiting: 1 })])
      expect(flushed.stderr).toContain('EXDEV')
    } finally {
      rmSync(elsewhere, { recursive: true })
    }
  })
  const unshare = ['--user', '--map-root-user', '--mount']
  const canMount =
    process.platform === 'linux' &&
    spawnSync('unshare', [...unshare, 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0
  it.skipIf(!canMount).each([
    [
      'a file of another disk mounted over it',
      'mount -t tmpfs tmpfs "$H"; echo "$L" > "$H/q"; touch "$C/coord-queue.jsonl"; mount --bind "$H/q" "$C/coord-queue.jsonl"',
      'mounted from elsewhere',
    ],
    [
      'a file of the same disk mounted over it',
      'echo "$L" > "$H/q"; touch "$C/coord-queue.jsonl"; mount --bind "$H/q" "$C/coord-queue.jsonl"',
      'mounted from elsewhere',
    ],
    [
      'its records on a disk that is full',
      'mkdir "$C/.coord-outbox"; mount -t tmpfs -o size=64k tmpfs "$C/.coord-outbox"; echo "$L" > "$C/.coord-outbox/00000001-abcd.seg"; head -c 100k /dev/zero > "$C/.coord-outbox/other" 2>/dev/null',
      'the disk is full',
    ],
  ])('(mounts are allowed) by %s', async (_what, mount, words) => {
    const script = `H="${at.home}"; C="${join(at.project, '.claude')}"; L='${LINE.trim()}'; ${mount}; exec "$@"`
    const child = spawn(
      'unshare',
      [...unshare, 'sh', '-c', script, 'sh', process.execPath, CLI, 'doctor', '--json'],
      { cwd: at.project, env: at.env, stdio: ['ignore', 'pipe', 'inherit'] },
    )
    let told = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (told += part))
    const [code] = (await once(child, 'close')) as [number]
    const found = (JSON.parse(told) as Finding[]).filter(({ ok }) => !ok)
    expect([code, found]).toEqual([
      1,
      [
        expect.objectContaining({
          check: 'workspace project',
          detail: expect.stringContaining(words),
          fix: expect.any(String),
        }),
      ],
    ])
  })
})

it('for a person: in groups, the fix beneath, no line wider than the terminal, and how many things need them', async () => {
  const { text, code } = await onTerminal(at, ['doctor'], {
    columns: 70,
    env: { COORD_API_URL: 'http://127.0.0.1:9' },
  })
  expect(code).toBe(1)
  for (const words of [
    'This machine',
    'Queues',
    'BAD coordination API',
    '→ Look at COORD_API_URL',
    'One thing needs you',
  ])
    expect(text).toContain(words)
  expect(text.split('\n').filter((row) => row.length > 72)).toEqual([])
})
