/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print and servers answer is looked at as it comes */
/** Hooks where something is wrong: a signal, a late or a broken input, a full disk, a folder that is gone. */
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { appendCall } from '../adapters/queue-append.ts'
import { readRecords } from '../adapters/session-records.ts'
import {
  HOOK,
  fakeApi,
  heard,
  named,
  place,
  realApi,
  type Place,
  type Ran,
  type RealApi,
} from './testing/coord.ts'

const AWAY = 'http://127.0.0.1:9'
let server: Place
let api: RealApi
let at: Place
beforeAll(async () => {
  server = place()
  api = await realApi(server)
})
afterAll(async () => {
  await api.stop()
  server.remove()
})
beforeEach(() => {
  at = place(AWAY)
  execFileSync('git', ['init', '-q', '-b', 'main'], { cwd: at.project })
  writeFileSync(join(at.project, '.claude', 'coord.json'), JSON.stringify({ project: at.root }))
})
afterEach(() => at.remove())

const run = (
  event: string,
  input: object | string,
  env: Record<string, string> = {},
  cwd?: string,
): Promise<Ran> =>
  at.coord([event], {
    program: HOOK,
    stdin: typeof input === 'string' ? input : JSON.stringify({ cwd: at.project, ...input }),
    env: { COORD_GUARD_WAIT: '10000', ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
const edit = (id: string, path: string, env: Record<string, string> = {}): Promise<Ran> =>
  run('before-tool', { session_id: id, tool_name: 'Edit', tool_input: { file_path: path } }, env)
const releases = (folder = at.project): string[] =>
  at
    .queue(folder)
    .filter((line) => line.method === 'DELETE')
    .map((line) => decodeURIComponent(/session_id=([^&]*)/.exec(line.path)?.[1] ?? ''))
const held = async (): Promise<string[]> =>
  (await api.get(`/api/coord/locks?project_key=${encodeURIComponent(at.root)}`)).map(
    (l: any) => `${l.session_id} ${l.resource}`,
  )

/** Code that a hook runs before its own: a stand-in for what the machine does. */
function machine(code: string): Record<string, string> {
  const file = join(at.root, 'machine.cjs')
  writeFileSync(file, code)
  return { NODE_OPTIONS: `--require ${file}` }
}

describe('a session that moves (S5): every folder that it was seen in is found and flushed, its release behind its calls', () => {
  it('also the queue that it made in a work tree', async () => {
    const feat = join(at.project, '.claude', 'worktrees', 'feat')
    at.env['CLAUDE_PROJECT_DIR'] = at.project
    await run('start', { session_id: 's', source: 'startup' })
    // there it queues by hand, as the protocol has it
    mkdirSync(feat, { recursive: true })
    const body = { project_key: at.root, session_id: named('s'), resource: 'ghost', ttl_hours: 2 }
    appendCall(feat, { method: 'POST', path: '/api/coord/locks', bodyText: JSON.stringify(body) })
    await run('after-tool', { session_id: 's', cwd: feat, tool_name: 'Bash', tool_input: {} })
    expect(readFileSync(join(at.home, 'workspaces.jsonl'), 'utf8').split('\n')).toContain(
      JSON.stringify(feat),
    )
    // back in the project, it ends while the API is there
    at.env['COORD_API_URL'] = api.url
    expect(await run('end', { session_id: 's', reason: 'exit' })).toMatchObject({ code: 0 })
    await expect.poll(() => at.queue(feat)).toEqual([])
    await expect.poll(held).toEqual([])
    const [entry] = (await at.coord(['status', '--json', '--workspace', feat])).json.workspaces
    expect(entry).toMatchObject({ waiting: 0, skipped: [{ reason: 'released-later' }] })
  })
})

describe('a teardown that a signal meets (S6): the release is in the queue before anything slow begins', () => {
  it.each(['SIGTERM', 'SIGKILL', 'SIGINT', 'SIGHUP'])(
    '%s at its first process or connection',
    async (signal) => {
      const slow = machine(`
      const end = () => process.kill(process.pid, '${signal}')
      require('child_process').spawn = end
      require('net').Socket.prototype.connect = end`)
      await run('start', { session_id: 's' })
      const ended = await run('end', { session_id: 's', reason: 'exit' }, slow)
      expect(ended.code).toBeNull()
      expect(releases()).toEqual([named('s')])
    },
  )
})

describe('a fallback identity (S7): without an id nothing is done in a name of its own, and the id is waited for', () => {
  /**
   * Writes the pieces one after the other, `ms` apart, and leaves the pipe open. Again where the hook waited no longer: on a busy
   * machine the last piece may come later than was meant.
   */
  async function inPieces(event: string, pieces: readonly (string | Buffer)[], ms: number): Promise<Ran> {
    for (let left = 10; ; left--) {
      const ran = await oncePieces(event, pieces, ms)
      const isLate = /no session id|nothing is guarded/.test(ran.stdout + ran.stderr)
      if (!isLate || left === 0) return ran
    }
  }
  async function oncePieces(event: string, pieces: readonly (string | Buffer)[], ms: number): Promise<Ran> {
    const child = spawn(process.execPath, [HOOK, event], { cwd: at.project, env: at.env, stdio: 'pipe' })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (c: string) => (stdout += c))
    child.stderr.setEncoding('utf8').on('data', (c: string) => (stderr += c))
    child.stdin.on('error', () => undefined)
    const ended = new Promise<number | null>((r) => child.once('close', r))
    for (const piece of pieces) {
      await new Promise((r) => setTimeout(r, ms))
      child.stdin.write(piece)
    }
    const code = await ended
    return { code, stdout, stderr, json: undefined, ms: 0 }
  }
  const start = JSON.stringify({ session_id: 's', source: 'startup' })
  it('an input that comes after 0.6 s is used, whole or in halves', async () => {
    expect(await inPieces('start', [start], 600)).toMatchObject({ code: 0 })
    expect((await inPieces('start', [start], 600)).stdout).toContain(`You are ${named('s')}`)
    const halves = [start.slice(0, 12), start.slice(12)]
    expect((await inPieces('start', halves, 300)).stdout).toContain(`You are ${named('s')}`)
    expect(readRecords(at.home).map((r) => r.session)).toEqual([named('s')])
  })
  it('also before a tool: a guard that did not wait would guard nothing', async () => {
    const call = { session_id: 's', tool_name: 'Write', tool_input: { file_path: join(at.project, 'a.ts') } }
    expect(await inPieces('before-tool', [JSON.stringify(call)], 600)).toMatchObject({ code: 0 })
    expect(at.queue()).toMatchObject([{ method: 'POST', body: { session_id: named('s'), resource: 'a.ts' } }])
  })
  it.each(['start', 'prompt', 'after-tool', 'stop', 'end'])(
    '%s without an id says so, and leaves no call and no record',
    async (event) => {
      for (const input of [
        '{}',
        '',
        '{"session_id":""}',
        '{"session_id":null,"cwd":"/"}',
        start.slice(0, 20),
      ]) {
        const ran = await run(event, input)
        expect(ran).toMatchObject({ code: 0, stdout: '' })
        expect(ran.stderr.trimEnd().split('\n')).toEqual([expect.stringContaining('no session id')])
      }
      expect(at.queue()).toEqual([])
      expect(readRecords(at.home)).toEqual([])
    },
  )
  it('before a tool that is not named it is said that nothing is guarded', async () => {
    for (const input of ['', '{"session_id":"s"}', '[]', '{"session_id":"s","tool_na']) {
      const ran = await run('before-tool', input)
      expect(ran.code).toBe(0)
      expect(ran.json).toEqual({ systemMessage: expect.stringContaining('nothing is guarded') })
    }
  })
  it('an input with a byte order mark, one of megabytes, and one with what UTF-8 does not know are read', async () => {
    expect((await run('start', `\uFEFF${start}`)).stdout).toContain(named('s'))
    const huge = {
      session_id: 's',
      tool_name: 'Read',
      tool_input: {},
      tool_response: '}\n'.repeat(3_000_000),
    }
    expect(await run('after-tool', JSON.stringify(huge))).toMatchObject({ code: 0, stderr: '' })
    const broken = Buffer.concat([Buffer.from(start.slice(0, -1)), Buffer.from(',"x":"\xff\xfe"}', 'latin1')])
    expect((await inPieces('start', [broken], 0)).stdout).toContain(named('s'))
  })
})

it('no table of processes, as on Windows (S11): a cleared conversation goes on, and its locks are released at its end', async () => {
  const noTable = machine(`
    const fs = require('fs'), read = fs.readFileSync
    fs.readFileSync = (file, ...more) => {
      if (String(file).startsWith('/proc/')) throw Object.assign(new Error('none'), { code: 'ENOENT' })
      return read(file, ...more)
    }
    require('child_process').execFileSync = () => { throw new Error('none') }`)
  await run('start', { session_id: 'a', source: 'startup' }, noTable)
  expect(readRecords(at.home)[0]?.process).toBeNull()
  await edit('a', join(at.project, 'a.ts'), noTable)
  await run('end', { session_id: 'a', reason: 'clear' }, noTable)
  const next = await run('start', { session_id: 'b', source: 'clear' }, noTable)
  expect(next.stdout).toContain(`You are ${named('a')}`)
  expect(releases()).toEqual([])
  await run('end', { session_id: 'b', reason: 'exit' }, noTable)
  expect(releases()).toEqual([named('a')])
})

it('truncated identity (S1), the kind after a clear: a conversation that is resumed has no name that another took', async () => {
  await run('start', { session_id: 'a', source: 'startup' })
  await run('end', { session_id: 'a', reason: 'clear' })
  await run('start', { session_id: 'b', source: 'clear' })
  const resumed = await run('start', { session_id: 'a', source: 'resume' })
  const name = /You are (\S+)/.exec(resumed.stdout)?.[1]
  expect(name).not.toBe(named('a'))
  expect((await run('start', { session_id: 'a', source: 'resume' })).stdout).toContain(`You are ${name} `)
  await run('end', { session_id: 'a', reason: 'exit' })
  expect(releases()).toEqual([name])
})

describe('what cannot be written keeps no guard from guarding (a full disk, a read-only home)', () => {
  const full = `
    const fs = require('fs')
    const no = () => { throw Object.assign(new Error('full'), { code: 'ENOSPC' }) }
    for (const name of ['writeSync', 'writeFileSync', 'appendFileSync']) fs[name] = no`
  const states: [string, () => Record<string, string>, boolean][] = [
    ['a home that cannot be made', () => ({ COORD_HOME: '/dev/null/home' }), true],
    ['a disk that is full', () => machine(full), false],
  ]
  it.each(states)(
    '%s: held by another is refused, the rest goes on and is said',
    async (_name, state, mayQueue) => {
      at.env['COORD_API_URL'] = api.url
      const env = state()
      await api.send('POST', '/api/coord/locks', {
        project_key: at.root,
        session_id: 'FAR/x',
        resource: 'a.ts',
        ttl_hours: 2,
      })
      const refused = await edit('s', join(at.project, 'a.ts'), env)
      expect(refused.code).toBe(2)
      expect(refused.stderr).toContain('is held by FAR/x')
      expect(refused.stderr.match(/cannot be written/g)).toHaveLength(1)
      expect((await edit('s', join(at.project, 'b.ts'), env)).code).toBe(0)
      expect(await held()).toContain(`${named('s')} b.ts`)

      const sent = await api.send('POST', '/api/coord/messages', {
        from_session: 'FAR/x',
        to_session: named('s'),
        project_key: at.root,
        subject: 'for you',
      })
      const started = await heard(() => run('start', { session_id: 's' }, env), `id ${sent.id}`)
      expect(started.stdout).toContain(`You are ${named('s')}`)
      expect(started.stdout).toContain(`id ${sent.id}`)
      expect(started.stderr).toContain('cannot be written')

      const ended = await run('end', { session_id: 's', reason: 'exit' }, env)
      expect(ended).toMatchObject({ code: 0, stdout: '' })
      if (mayQueue) await expect.poll(held).toEqual(['FAR/x a.ts'])
      else expect(ended.stderr).toContain('could not be queued')
    },
  )
  it('a project that cannot be written: the call waits in the app’s own queue', async () => {
    rmSync(join(at.project, '.claude'), { recursive: true })
    writeFileSync(join(at.project, '.claude'), 'a file')
    await edit('s', join(at.project, 'a.ts'))
    expect(at.queue(at.home)).toMatchObject([{ method: 'POST', body: { resource: 'a.ts' } }])
    await run('end', { session_id: 's', reason: 'exit' })
    expect(releases(at.home)).toEqual([named('s')])
  })
})

describe('a folder that is gone', () => {
  it('is no reason to end without a release, and does not come back for it', async () => {
    const gone = join(at.root, 'feat')
    mkdirSync(join(gone, '.claude'), { recursive: true })
    const name = /You are (\S+)/.exec(
      (await run('start', { session_id: 's', cwd: gone }, { CLAUDE_PROJECT_DIR: gone })).stdout,
    )?.[1]
    rmSync(gone, { recursive: true })
    const ended = await run(
      'end',
      { session_id: 's', cwd: gone, reason: 'exit' },
      { CLAUDE_PROJECT_DIR: gone },
    )
    expect(ended).toMatchObject({ code: 0, stderr: '' })
    expect(existsSync(gone)).toBe(false)
    expect(releases(at.home)).toEqual([name])
  })
  it('may be the one that the hook stands in', async () => {
    const gone = join(at.root, 'gone')
    mkdirSync(gone)
    const script = `cd ${gone} && rmdir ${gone} && exec ${process.execPath} ${HOOK} end`
    const child = spawn('sh', ['-c', script], { env: at.env, stdio: ['pipe', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (c: string) => (errors += c))
    child.stdin.end(JSON.stringify({ session_id: 's', cwd: at.project, reason: 'exit' }))
    expect(await new Promise((r) => child.once('exit', r))).toBe(0)
    expect(errors).toBe('')
    expect(releases()).toEqual([named('s')])
  })
})

it.each(['COORD_HOME', 'XDG_DATA_HOME'])(
  'no folder of the person, as in a container that names %s alone: the guard guards',
  async (name) => {
    at.env['COORD_API_URL'] = api.url
    const none = machine(`require('os').homedir = () => { throw new Error('no entry of this user') }`)
    const env = { ...none, HOME: '', COORD_HOME: '', [name]: at.home }
    const lock = { project_key: at.root, session_id: 'FAR/x', resource: 'a.ts', ttl_hours: 2 }
    await api.send('POST', '/api/coord/locks', lock)
    const refused = await edit('s', join(at.project, 'a.ts'), env)
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('is held by FAR/x')
    expect(await run('end', { session_id: 's', reason: 'exit' }, env)).toMatchObject({ code: 0, stderr: '' })
  },
)

it('a call that reaches hundreds of files: all are judged, the first hundred claimed, and that is said', async () => {
  at.env['COORD_API_URL'] = api.url
  const names = Array.from({ length: 150 }, (_, i) => `f${i}`)
  const bash = (command: string): Promise<Ran> =>
    run('before-tool', { session_id: 's', tool_name: 'Bash', tool_input: { command } })
  const many = await bash(`touch ${names.join(' ')}`)
  expect(many.code).toBe(0)
  expect(many.json.systemMessage).toContain('50 more')
  expect(await held()).toHaveLength(100)
  // what is its own already is reached, too, and is not claimed again
  const others = Array.from({ length: 60 }, (_, i) => `h${i}`)
  expect((await bash(`touch ${[...others, ...names].join(' ')}`)).json.systemMessage).toContain(
    '10 more were not claimed: this call reaches 210',
  )
  const lock = { project_key: at.root, session_id: 'FAR/x', resource: 'f149', ttl_hours: 2 }
  await api.send('POST', '/api/coord/locks', lock)
  expect((await bash(`touch ${names.join(' ')}`)).code).toBe(2)

  at.env['COORD_API_URL'] = AWAY
  expect((await bash(`rm ${names.map((name) => `g${name}`).join(' ')}`)).json.systemMessage).toContain(
    '50 more',
  )
  expect(at.queue()).toHaveLength(100)
})

it('hooks of one session side by side: one name, one lock a file, and a record that says all of it', async () => {
  at.env['COORD_API_URL'] = api.url
  const files = ['a', 'b', 'c', 'd', 'e', 'f']
  const ran = await Promise.all(files.map((file) => edit('s', join(at.project, file))))
  expect(ran.map((one) => one.code)).toEqual(files.map(() => 0))
  // Who finds the API slow does not wait for it: its claim is in the queue then.
  const waiting = at.queue().map((line) => `${String(line.body?.session_id)} ${String(line.body?.resource)}`)
  expect([...(await held()), ...waiting].sort()).toEqual(files.map((file) => `${named('s')} ${file}`))
  const [record, ...others] = readRecords(at.home)
  expect(others).toEqual([])
  expect(record?.claims.map((one) => one.resource).sort()).toEqual(files)
  // and two that edit the same file at the same time
  const twice = await Promise.all([edit('s', join(at.project, 'g')), edit('s', join(at.project, 'g'))])
  expect(twice.map((one) => one.code)).toEqual([0, 0])
  // and what a message says is told by one of those that run at the same time
  const message = { from_session: 'FAR/x', to_session: named('s'), project_key: at.root, subject: 'once' }
  await api.send('POST', '/api/coord/messages', message)
  let told = 0
  await expect
    .poll(
      async () => {
        const all = await Promise.all([1, 2, 3].map(() => run('after-tool', { session_id: 's' })))
        return (told += all.filter((one) => one.stdout.includes('| once')).length)
      },
      { timeout: 60_000 },
    )
    .toBeGreaterThan(0)
  expect(told).toBe(1)
})

it('a subagent acts as its session, and leaves its session’s messages to it', async () => {
  at.env['COORD_API_URL'] = api.url
  await api.send('POST', '/api/coord/messages', {
    from_session: 'FAR/x',
    to_session: named('s'),
    project_key: at.root,
    subject: 'for the session',
  })
  const inside = { session_id: 's', agent_id: 'def456', agent_type: 'Explore' }
  const call = { tool_name: 'Write', tool_input: { file_path: join(at.project, 'a.ts') } }
  expect(await run('before-tool', { ...inside, ...call })).toMatchObject({ code: 0 })
  expect(await held()).toEqual([`${named('s')} a.ts`])
  expect(await run('after-tool', { ...inside, ...call })).toMatchObject({ code: 0, stdout: '' })
  const main = await heard(() => run('after-tool', { session_id: 's', agent_type: 'reviewer', ...call }))
  expect(main.json.hookSpecificOutput.additionalContext).toContain('| for the session')
})

it('a start shows at most what a tool takes whole, and only that counts as read', async () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({
    id: i + 1,
    from_session: 'FAR/x',
    to_session: named('s'),
    subject: `number ${i + 1}`,
    body: 'x'.repeat(700),
  }))
  const fake = await fakeApi((hit) =>
    hit.url.startsWith('/api/coord/messages?') ? { body: rows } : undefined,
  )
  at.env['COORD_API_URL'] = fake.url
  const { stdout } = await heard(() => run('start', { session_id: 's' }), 'MESSAGE FROM')
  expect(stdout.length).toBeLessThan(10_000)
  expect(stdout.length).toBeGreaterThan(8000)
  expect(fake.writes()).toHaveLength(stdout.match(/^MESSAGE FROM/gm)?.length ?? 0)
  await fake.close()
})
