/** What a command writes, and where: results alone on stdout, one form for errors, and what happens where nobody reads or nothing fits. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CLI, fakeApi, place, type FakeApi, type Hit, type Place, type Reply } from './testing/coord.ts'
import { onTerminal } from './testing/terminal.ts'

const AWAY = 'http://127.0.0.1:9'
let at: Place
let api: FakeApi | undefined
beforeEach(() => (at = place(AWAY)))
afterEach(async () => {
  await api?.close()
  api = undefined
  at.remove()
})
const serving = async (answer: (hit: Hit) => Reply | undefined): Promise<FakeApi> => {
  api = await fakeApi(answer)
  at.env['COORD_API_URL'] = api.url
  return api
}
const locksAre =
  (...rows: object[]) =>
  (hit: Hit): Reply | undefined =>
    hit.method === 'GET' && hit.url.startsWith('/api/coord/locks') ? { body: rows } : undefined
const lock = (id: string, session: string, more: object = {}): object => ({
  id,
  project_key: 'p',
  session_id: session,
  resource: 'r',
  acquired_at: new Date().toISOString(),
  ...more,
})

describe('a write that fails is no success', () => {
  it.each([
    [['locks', '--json']],
    [['locks']],
    [['--help']],
    [['help', 'files']],
    [['--version']],
    [['completion', 'bash']],
  ])('%j into a full disk: a sentence and exit 1', async (args) => {
    await serving(locksAre(lock('1', 'BOX/coord')))
    const child = spawn(process.execPath, [CLI, ...args], {
      cwd: at.project,
      env: at.env,
      stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'],
    })
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const [code] = (await once(child, 'close')) as [number]
    expect([code, stderr]).toEqual([1, expect.stringContaining('the result could not be written')])
  })
})

describe('a reader that goes away', () => {
  it('ends a watch, which sends nothing behind its back', async () => {
    const served = await serving(() => undefined)
    const child = at.start(['watch'])
    const ended = once(child, 'exit')
    await once(child.stdout ?? child, 'data')
    child.stdout?.destroy()
    appendFileSync(join(at.project, '.claude', 'coord-queue.jsonl'), `${call('a')}\n`)
    const [code] = (await ended) as [number]
    expect(code).toBe(0)
    const sent = served.writes().length
    appendFileSync(join(at.project, '.claude', 'coord-queue.jsonl'), `${call('b')}\n`)
    await sleep(1_500)
    expect(served.writes().length).toBe(sent)
  })
  it('ends a list quietly', async () => {
    await serving(locksAre(...Array.from({ length: 4_999 }, (_, i) => lock(`l${i}`, 'BOX/a'))))
    const child = at.start(['locks'])
    let stderr = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.stdout?.destroy()
    const [code] = (await once(child, 'close')) as [number]
    expect([code, stderr]).toEqual([0, ''])
  })
  const call = (name: string): string =>
    JSON.stringify({
      ts: new Date().toISOString(),
      method: 'PUT',
      path: `/api/coord/components/p/${name}`,
      body: { state: 's' },
    })
})

describe('refusals and failures go to stderr with one prefix; as JSON they are results, too', () => {
  const held = locksAre(lock('l1', 'FAR/x'))
  const refusing = (hit: Hit): Reply | undefined =>
    hit.method === 'GET' ? undefined : { status: 422, body: { detail: 'no such thing' } }
  it.each([
    ['a conflict', ['claim', 'r', '--project', 'p'], held, 'r is held by FAR/x', 'conflict'],
    ['a refusal of the API', ['item', 'set', 'i', 'x'], refusing, 'refused it (422): no such thing', 'error'],
    ['a lock that is not released', ['release', 'l1'], held, 'not released: l1', 'refused'],
    ['a message that is not marked', ['messages', 'read', 'm'], refusing, 'not marked: m', 'refused'],
  ] as const)('%s', async (_what, args, answer, words, key) => {
    await serving(answer)
    const ran = await at.coord(args)
    expect(ran.code).toBe(1)
    expect(ran.stdout).toBe('')
    expect(ran.stderr).toContain(words)
    expect(ran.stderr.split('\n').find((row) => row.includes(words))).toMatch(/^coord: /)
    const json = await at.coord([...args, '--json'])
    expect(json.code).toBe(1)
    expect(json.json).toHaveProperty(key)
  })
  it('calls that are not there: one line on stderr, nothing on stdout, [] as JSON', async () => {
    for (const action of ['show', 'curl', 'send', 'discard']) {
      const ran = await at.coord(['queue', action, 'nope'])
      expect([ran.code, ran.stdout]).toEqual([1, ''])
      expect(ran.stderr).toMatch(/^coord: no call nope .*\n$/)
      expect((await at.coord(['queue', action, 'nope', '--json'])).json).toEqual([])
    }
  })
  it('no sentence ends with two full stops, and no address is said twice', async () => {
    await serving((hit) =>
      hit.method === 'GET'
        ? undefined
        : { status: 503, headers: { 'Retry-After': '60' }, body: { detail: 'back soon.' } },
    )
    const runs = [
      await at.coord(['send', '--broadcast', '--project', 'p', '--subject', 's']),
      await at.coord(['flush', '--wait', '0']),
      await at.coord(['status']),
      await at.coord(['locks'], { env: { COORD_API_URL: AWAY } }),
      await at.coord(['status'], { env: { COORD_API_URL: AWAY } }),
      await at.coord(['flush', '--wait', '0'], { env: { COORD_API_URL: AWAY } }),
    ]
    for (const { stdout, stderr } of runs) {
      expect(stdout + stderr).not.toMatch(/[^.]\.\.(?!\.)|\.\)\.\)/)
      for (const row of stderr.split('\n')) expect(row.split('http://').length).toBeLessThan(3)
    }
  })
})

describe('nothing waits in silence', () => {
  const send = ['send', '--to', 'BOX/b', '--project', 'p', '--subject', 's']
  it.each([
    [['status'], ' @long'],
    [['locks'], ''],
    [['flush'], ' @long'],
    [['doctor'], ' @long'],
    [['guard', 'check', 'a.ts'], ' @long'],
    [['join'], ' @long'],
    [['claim', 'r', '--project', 'p'], ' @long'],
    [send, ' @long'],
  ])('%j says soon what it waits for where the API hangs, and waits once%s', async (args) => {
    mkdirSync(join(at.project, '.git'))
    let connectedAt = Infinity
    let connections = 0
    const hanging = createServer(() => {
      connections++
      connectedAt = Math.min(connectedAt, performance.now())
    })
    hanging.listen(0, '127.0.0.1')
    await once(hanging, 'listening')
    const { port } = hanging.address() as { port: number }
    appendFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      '{"method":"DELETE","path":"/api/coord/locks/1"}\n',
    )
    const url = `http://127.0.0.1:${port}`
    const child =
      args[0] === 'join'
        ? at.start(['join', url], { COORD_API_URL: '', COORD_TOKEN: 'x' })
        : at.start(args, { COORD_API_URL: url })
    let saidAt = Infinity
    child.stderr?.on('data', () => (saidAt = Math.min(saidAt, performance.now())))
    child.stdout?.resume()
    await once(child, 'close')
    hanging.close()
    // one second, and room for a busy machine
    expect(saidAt - connectedAt).toBeLessThan(4_000)
    if (args[0] !== 'flush' && args[0] !== 'doctor') expect(connections).toBe(1)
    expect(performance.now() - connectedAt).toBeLessThan(25_000)
  })
})

describe('what the API demands is said with the way out', () => {
  it.each([
    ['a token', { status: 401 }, {}, /wants a token \(401\).*COORD_TOKEN/],
    ['another token', { status: 401 }, { COORD_TOKEN: 'x' }, /refuses the token \(401\).*COORD_TOKEN/],
    [
      'another machine',
      { status: 403, body: { detail: 'not this host' } },
      {},
      /403: not this host.*Set COORD_TOKEN/,
    ],
    [
      'another address',
      { status: 302, headers: { Location: 'http://other/' } },
      {},
      /redirects to http:\/\/other\/.*COORD_API_URL/,
    ],
    ['patience', { status: 429, body: { detail: 'slow down' } }, {}, /too many calls.*429: slow down/],
  ] as const)('%s', async (_what, reply, env, words) => {
    await serving(() => reply)
    for (const [args, code] of [
      [['status'], 0],
      [['locks'], 1],
      [['doctor'], 1],
      [['claim', 'r', '--project', 'p'], 3],
    ] as const) {
      const ran = await at.coord(args, { env })
      expect(ran.code).toBe(code)
      expect((ran.stdout + ran.stderr).replace(/\s+/g, ' ')).toMatch(words)
      // the way out is the refusal's, not that of an address where something else answers
      if (args[0] === 'doctor' && reply.status === 401)
        expect(ran.stdout).toMatch(
          /→ "coord join[\s\S]*token +(none is set, and the API wants one|set, and refused)/,
        )
    }
  })
  it('on a fresh machine: how to get an API', async () => {
    const free = createServer().listen(0, '127.0.0.1')
    await once(free, 'listening')
    at.env['COORD_PORT'] = String((free.address() as { port: number }).port)
    free.close()
    for (const args of [['status'], ['locks'], ['messages'], ['workflow', 'list']])
      expect((await at.coord(args, { env: { COORD_API_URL: '' } })).stderr).toMatch(
        /coord start.*coord serve/,
      )
    appendFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      '{"method":"DELETE","path":"/api/coord/locks/1"}\n',
    )
    expect((await at.coord(['flush'], { env: { COORD_API_URL: '' } })).stderr).toMatch(
      /coord start.*coord serve/,
    )
  })
})

describe('texts of others', () => {
  const EVIL = 'a\u001b[2J\u001b]0;t\u0007\n00000000  BOX/fake  row\u202etxt\u009b31m'
  it('can neither drive the terminal nor look like a row, in no list', async () => {
    await serving((hit) => {
      if (hit.method !== 'GET') return { status: 422, body: { detail: EVIL } }
      if (hit.url.startsWith('/api/coord/locks'))
        return { body: [lock('1', `BOX/${EVIL}`, { resource: EVIL, description: EVIL, project_key: EVIL })] }
      if (hit.url.startsWith('/api/coord/messages'))
        return {
          body: [
            {
              id: '1',
              from_session: EVIL,
              to_session: 'BOX/a',
              subject: EVIL,
              body: EVIL,
              project_key: EVIL,
            },
          ],
        }
      if (hit.url.startsWith('/api/coord/components'))
        return { body: [{ component: EVIL, state: EVIL, notes: EVIL, project_key: EVIL }] }
      if (hit.url.startsWith('/api/coord/workflows')) return { body: [{ id: '1', name: EVIL, status: EVIL }] }
      if (hit.url.startsWith('/api/coord/work-items'))
        return { body: [{ id: '1', title: EVIL, status: EVIL }] }
      return undefined
    })
    appendFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      `${JSON.stringify({ method: 'PATCH', path: '/api/coord/work-items/x', body: { note: EVIL } })}\n${EVIL}\n`,
    )
    await at.coord(['flush'])
    for (const args of [
      ['status'],
      ['locks', '--all'],
      ['messages', '--all'],
      ['messages', '--full'],
      ['component', 'list'],
      ['workflow', 'list'],
      ['item', 'list'],
      ['queue', 'list'],
      ['queue', 'show', '--all'],
      ['release', '1', '--dry-run'],
      ['item', 'set', '1', 'x'],
    ]) {
      const shown = await onTerminal(at, args, { columns: 200 })
      // eslint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(shown.text, args.join(' ')).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
      expect(
        shown.text.split('\n').filter((row) => row.startsWith('00000000')),
        args.join(' '),
      ).toEqual([])
    }
  })
})

it('calls elsewhere are told where they wait, with the command that sends them', async () => {
  const gamma = join(at.root, 'gamma')
  mkdirSync(join(gamma, '.claude'), { recursive: true })
  await at.coord(['enqueue', 'DELETE', '/api/coord/locks/1'], { cwd: gamma })
  for (const args of [['status'], ['flush'], ['queue', 'list']])
    expect((await at.coord(args)).stderr).toContain(`coord flush --workspace ${gamma}`)
  // on a terminal no hint, and no error, is broken inside a word, nor a command that may be copied
  for (const args of [['status'], ['flush', '--wait', '0'], ['claim', 'x', '--projct', 'p']]) {
    const { text } = await onTerminal(at, args)
    for (const row of text.split('\n')) expect(row.length, row).toBeLessThanOrEqual(80)
    if (args[0] !== 'claim') expect(text).toContain(`"coord flush --workspace ${gamma}"`)
  }
  expect((await at.coord(['status', '--json'])).json.workspaces).toHaveLength(2)
  expect((await at.coord(['status', '--workspace', gamma])).stderr).not.toContain('calls also wait')
})

describe('where a call is queued', () => {
  it('in a sub-folder of a work tree: at its top, and that is said', async () => {
    const { execFileSync } = await import('node:child_process')
    const top = join(at.root, 'repo')
    mkdirSync(join(top, 'sub', 'deep'), { recursive: true })
    execFileSync('git', ['init', '-q'], { cwd: top })
    const ran = await at.coord(['enqueue', 'DELETE', '/api/coord/locks/1'], { cwd: join(top, 'sub', 'deep') })
    expect(ran.stderr).toContain(`${top} had no .claude folder`)
    expect(existsSync(join(top, 'sub', '.claude'))).toBe(false)
    expect(at.queue(top)).toHaveLength(1)
    await at.coord(['hook', 'install'], { cwd: join(top, 'sub') })
    expect(existsSync(join(top, '.claude', 'settings.local.json'))).toBe(true)
    expect(existsSync(join(top, 'sub', '.claude'))).toBe(false)
  })
  it('in a folder that everybody writes to: in this app’s own queue', async () => {
    const { chmodSync } = await import('node:fs')
    const shared = join(at.root, 'shared')
    mkdirSync(shared)
    chmodSync(shared, 0o1777)
    await at.coord(['enqueue', 'DELETE', '/api/coord/locks/1'], { cwd: shared })
    expect(existsSync(join(shared, '.claude'))).toBe(false)
    expect(at.queue(at.home)).toHaveLength(1)
  })
})

describe('how much is said', () => {
  it('--quiet: errors alone; --verbose: each question to the API, too; the result is the same', async () => {
    // Half a minute from where the words for the time that is left change: both lists say the same.
    const acquired_at = new Date(Date.now() - 30_000).toISOString()
    await serving(locksAre(lock('l1', 'BOX/coord', { acquired_at })))
    const plain = await at.coord(['locks'])
    const quiet = await at.coord(['claim', 'r', '--project', 'p', '--session', 'FAR/x', '--quiet'])
    expect(quiet).toMatchObject({ code: 1, stdout: '' })
    expect(quiet.stderr).toMatch(/^coord: r is held by BOX\/coord[^\n]*\n$/)
    const verbose = await at.coord(['locks', '--verbose'])
    expect(verbose.stdout.replace(/\d+ s ago/, 'just now')).toBe(
      plain.stdout.replace(/\d+ s ago/, 'just now'),
    )
    expect(verbose.stderr).toMatch(/GET \/api\/coord\/locks\S*: 200, \d+ ms/)
  })
})
