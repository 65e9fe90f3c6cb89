/** `coord` in a terminal of its own: columns that fit, colours, questions. */
import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import stringWidth from 'string-width'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  CLI,
  fakeApi,
  place,
  realApi,
  type FakeApi,
  type Place,
  type RealApi,
  type Reply,
} from './testing/coord.ts'
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
const row = (id: string, session: string, more: object = {}): Record<string, unknown> => ({
  id,
  project_key: 'p',
  session_id: session,
  resource: 'src/some/long/path/to/a/file.ts',
  acquired_at: new Date().toISOString(),
  description: 'a long description of what is being done here, 日本語のテキスト too',
  ...more,
})
/** Locks that really go when they are released. */
async function withLocks(...rows: Record<string, unknown>[]): Promise<Record<string, unknown>[]> {
  api = await fakeApi((hit): Reply | undefined => {
    if (hit.method === 'GET' && hit.url.startsWith('/api/coord/locks')) return { body: rows }
    if (hit.method !== 'DELETE') return undefined
    const url = new URL(hit.url, 'http://x')
    const session = url.searchParams.get('session_id')
    const isAll = url.searchParams.has('release_all')
    for (const one of [...rows])
      if (one['session_id'] === session && (isAll || url.pathname.endsWith(`/${String(one['id'])}`)))
        rows.splice(rows.indexOf(one), 1)
    return { body: { released: 1 } }
  })
  at.env['COORD_API_URL'] = api.url
  return rows
}
const LONG_AGO = new Date(Date.now() - 3 * 3_600_000).toISOString()
const COLOUR = '\u001b['

describe('lists in a terminal', () => {
  it.each([40, 80, 140])('fit %d columns, wide letters included, and keep their columns', async (columns) => {
    await withLocks(
      row('1', 'BOX/a'),
      row('2', 'BOX/a-rather-long-session-name-1a2b3c4d', { resource: '日本語/ファイル.ts' }),
    )
    const { text } = await onTerminal(at, ['locks'], { columns })
    const rows = text.trimEnd().split('\n')
    expect(rows).toHaveLength(3)
    for (const one of rows) expect(stringWidth(one)).toBeLessThanOrEqual(Math.max(columns, 75))
    expect(rows[0]).toMatch(/^ID +PROJECT +RESOURCE +HELD BY +SINCE +LEFT +FOR$/)
  })
  it('in a pipe nothing is cut, and an empty column has a sign', async () => {
    const long = 'x'.repeat(5_000)
    await withLocks(row('1', 'BOX/a', { resource: long, description: null }))
    const { stdout } = await at.coord(['locks'])
    expect(stdout).toContain(long)
    expect(stdout.trimEnd().split('\n')[1]).toMatch(/ -$/)
  })
  it('a subject of 120 000 characters is one row', async () => {
    api = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages')
        ? { body: [{ id: '1', from_session: 'FAR/x', to_session: 'BOX/a', subject: 'y'.repeat(120_000) }] }
        : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    const { text } = await onTerminal(at, ['messages'])
    expect(text.split('\n')[1]?.length).toBeLessThanOrEqual(80)
  })
})

describe('colours', () => {
  const shows = async (args: string[], env: Record<string, string>): Promise<boolean> =>
    (await onTerminal(at, args, { env })).bytes.includes(COLOUR)
  it('are on a terminal, and never with NO_COLOR, --no-color or a dumb one', async () => {
    await withLocks(row('1', 'BOX/a'))
    expect(await shows(['locks'], {})).toBe(true)
    expect(await shows(['locks'], { NO_COLOR: '1' })).toBe(false)
    expect(await shows(['locks'], { NO_COLOR: '1', FORCE_COLOR: '1' })).toBe(false)
    expect(await shows(['locks', '--no-color'], {})).toBe(false)
    expect(await shows(['locks'], { TERM: 'dumb' })).toBe(false)
    expect(await shows(['locks', '--json'], {})).toBe(false)
    expect(await shows(['--help'], {})).toBe(true)
    expect(await shows(['--help'], { NO_COLOR: '1' })).toBe(false)
  })
  it('are in a pipe with FORCE_COLOR alone', async () => {
    await withLocks(row('1', 'BOX/a'))
    expect((await at.coord(['locks'])).stdout).not.toContain(COLOUR)
    expect((await at.coord(['locks'], { env: { FORCE_COLOR: '1' } })).stdout).toContain(COLOUR)
    expect((await at.coord(['locks'], { env: { FORCE_COLOR: '0' } })).stdout).not.toContain(COLOUR)
  })
})

describe('a question before what destroys', () => {
  const aside = async (): Promise<void> => {
    api = await fakeApi((hit) => (hit.method === 'GET' ? undefined : { status: 422, body: { detail: 'no' } }))
    at.env['COORD_API_URL'] = api.url
    appendFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      '{"method":"PATCH","path":"/api/coord/work-items/1","body":{}}\n',
    )
    await at.coord(['flush'])
  }
  const left = async (): Promise<number> =>
    ((await at.coord(['queue', 'list', '--json'])).json as unknown[]).length
  const ASKED = 'for good?'

  it('queue discard: a no (Enter, n, Ctrl-C, Ctrl-D) changes nothing and ends with 1, a yes does it', async () => {
    await aside()
    for (const keys of ['\r', 'n\r', 'x\r', '\u0003', '\u0004']) {
      const shown = await onTerminal(at, ['queue', 'discard', '--all'], { answers: [[ASKED, keys]] })
      expect(shown.code, JSON.stringify(keys)).toBe(1)
      expect(shown.text).toContain('PATCH work-items/1')
      expect(shown.text).toContain('Nothing was changed')
      expect(await left()).toBe(1)
    }
    expect((await onTerminal(at, ['queue', 'discard', '--all'], { answers: [[ASKED, 'y\r']] })).code).toBe(0)
    expect(await left()).toBe(0)
  })
  it('--yes asks nothing, --dry-run does nothing, and without a terminal the command is the answer', async () => {
    await aside()
    const dry = await onTerminal(at, ['queue', 'discard', '--all', '--dry-run'])
    expect([dry.code, dry.text.includes(ASKED), await left()]).toEqual([0, false, 1])
    expect(dry.text).toContain('Would discard 1 call')
    expect((await at.coord(['queue', 'send', '--all', '--dry-run'])).stdout).toContain('Would send 1 call')
    expect((await onTerminal(at, ['queue', 'discard', '--all', '--yes'])).text).not.toContain(ASKED)
    expect(await left()).toBe(0)
    await aside()
    expect((await at.coord(['queue', 'discard', '--all'])).code).toBe(0)
    expect(await left()).toBe(0)
  })
  it('release: of a session, of the machine, by force; named locks of the own session are not asked for', async () => {
    const locks = await withLocks(
      row('1', 'BOX/coord'),
      row('2', 'BOX/other'),
      row('3', 'FAR/old', { acquired_at: LONG_AGO }),
    )
    const no = { answers: [['Release', 'n\r']] } as const
    for (const args of [['--session', 'BOX/other'], ['--mine'], ['3', '--force'], ['2', '--mine']]) {
      const shown = await onTerminal(at, ['release', ...args], no)
      expect([args, shown.code, locks.length]).toEqual([args, 1, 3])
      expect(shown.text).toMatch(/Release (this lock|these \d locks)\?/)
    }
    expect((await onTerminal(at, ['release', '1'])).code).toBe(0)
    expect(locks.map((one) => one['id'])).toEqual(['2', '3'])
    expect((await at.coord(['release', '--mine', '--dry-run'])).stdout).toContain('Would release 1 lock')
    expect((await onTerminal(at, ['release', '--mine', '--yes'])).code).toBe(0)
    expect(locks.map((one) => one['id'])).toEqual(['3'])
  })
  it('release --dry-run foretells what the release does, and why it would leave what it leaves', async () => {
    const locks = await withLocks(
      row('1', 'BOX/coord'),
      row('2', 'BOX/other'),
      row('3', 'FAR/old', { acquired_at: LONG_AGO }),
      row('4', 'FAR/x'),
    )
    const all = [...locks]
    const ways = [
      ...[['1', '2', '9'], ['2', '--mine'], ['3'], ['3', '4', '--force'], ['--mine']],
      ...[
        ['--session', 'BOX/other'],
        ['--session', 'FAR/x'],
        ['--session', 'FAR/old', '--force'],
      ],
    ]
    for (const args of ways) {
      const dry = await at.coord(['release', ...args, '--dry-run', '--json'])
      expect(locks).toEqual(all)
      const real = await at.coord(['release', ...args, '--json'])
      const gone = all.filter((one) => !locks.includes(one)).map((one) => one['id'])
      locks.splice(0, locks.length, ...all)
      const { wouldRelease, refused } = dry.json as { wouldRelease: { id: string }[]; refused: unknown }
      expect([args, dry.code, refused]).toEqual([
        args,
        real.code,
        (real.json as { refused: unknown }).refused,
      ])
      expect([args, wouldRelease.map(({ id }) => id)]).toEqual([args, gone])
    }
    const shown = await at.coord(['release', '2', '--dry-run'])
    expect(shown.stdout).toBe('Nothing would be released.\n')
    expect(shown.stderr).toMatch(/^coord: not released: 2, held by BOX\/other: .*--mine/)
  })
  /** An API that is there, and whose locks cannot be read. */
  async function withoutList(): Promise<FakeApi> {
    const served = await fakeApi((hit): Reply | undefined =>
      hit.method === 'GET' && hit.url.startsWith('/api/coord/locks') && !hit.url.includes('limit=1')
        ? { status: 404, body: { detail: 'no such list' } }
        : undefined,
    )
    api = served
    at.env['COORD_API_URL'] = served.url
    return served
  }
  it('release --dry-run says so where the locks cannot be read', async () => {
    await withoutList()
    const dry = await at.coord(['release', '--mine', '--dry-run'])
    expect([dry.code, dry.stdout]).toEqual([1, ''])
  })
  it('release asks also where the locks cannot be read to be shown', async () => {
    const served = await withoutList()
    const no = await onTerminal(at, ['release', '--session', 'BOX/other'], {
      answers: [['Release the locks of BOX/other?', 'n\r']],
    })
    expect([no.code, no.text]).toEqual([1, expect.stringContaining('Nothing was changed')])
    expect(served.writes()).toEqual([])
  })
  it('token revoke: a no leaves the tokens, which are listed with whose they are', async () => {
    await at.coord(['token', 'add', 'FAR'])
    const no = await onTerminal(at, ['token', 'revoke', 'FAR'], { answers: [['Revoke all tokens', 'n\r']] })
    expect(no.code).toBe(1)
    expect((await at.coord(['token', 'list'])).stdout).toMatch(
      /^MACHINE +MAY +MADE +REVOKED\nFAR +FAR\/\* +\S.* -\n$/,
    )
    // nothing to ask about: no such machine, and none that is good any more
    const isAskedNothing = async (machine: string): Promise<void> => {
      const none = await onTerminal(at, ['token', 'revoke', machine], { answers: [['Revoke all', 'n\r']] })
      expect([none.code, none.text]).toEqual([1, expect.stringContaining('has no token that is good')])
      expect(none.text).not.toContain('Revoke all')
    }
    await isAskedNothing('NOSUCH')
    expect((await onTerminal(at, ['token', 'revoke', 'far', '--yes'])).code).toBe(0)
    await isAskedNothing('FAR')
    expect((await at.coord(['token', 'list', '--json'])).json).toMatchObject([
      { revoked_at: expect.any(String) },
    ])
  })
  it('another machine’s live locks stay, named by their session, too', async () => {
    const locks = await withLocks(row('1', 'FAR/x'))
    for (const args of [['--session', 'FAR/x'], ['1'], ['--session', 'FAR/x', '--force']]) {
      const ran = await at.coord(['release', ...args])
      expect([args, locks.length]).toEqual([args, 1])
      expect(ran.code).toBe(1)
    }
  })
  it('hook and mcp install: the change is shown, Enter writes it, n does not; a second time there is nothing to do', async () => {
    for (const [what, file] of [
      ['hook', join(at.project, '.claude', 'settings.local.json')],
      ['mcp', join(at.project, '.mcp.json')],
    ] as const) {
      const no = await onTerminal(at, [what, 'install'], { answers: [['Write this to', 'n\r']] })
      expect([no.code, existsSync(file)]).toEqual([1, false])
      const dry = await at.coord([what, 'install', '--dry-run'])
      expect([dry.code, existsSync(file)]).toEqual([0, false])
      expect(dry.stderr).toContain('+ ')
      const yes = await onTerminal(at, [what, 'install'], { answers: [['Write this to', '\r']] })
      expect([yes.code, existsSync(file)]).toEqual([0, true])
      // as it stands, however narrow the terminal
      for (const row of dry.stderr.split('\n')) expect(yes.text).toContain(row)
      const before = readFileSync(file)
      const again = await at.coord([what, 'install'])
      expect(again.stdout.toLowerCase()).toContain('already installed')
      expect(again.stderr).not.toContain('+ ')
      expect((await at.coord([what, 'remove', '--dry-run'])).code).toBe(0)
      expect(readFileSync(file)).toEqual(before)
      await at.coord([what, 'remove'])
      expect(existsSync(file)).toBe(false)
    }
  })
  it('an editor changes a call, and what is no JSON changes nothing', async () => {
    await aside()
    const [call] = (await at.coord(['queue', 'list', '--json'])).json as { id: string }[]
    const id = call?.id ?? ''
    at.env['TMPDIR'] = at.root
    const bad = await onTerminal(at, ['queue', 'edit', id], { env: { VISUAL: `sh -c 'echo oh > "$1"' -` } })
    expect([bad.code, await left()]).toEqual([1, 1])
    for (const VISUAL of ['true', `sh -c ': > "$1"' -`]) {
      const unchanged = await onTerminal(at, ['queue', 'edit', id], { env: { VISUAL } })
      expect([VISUAL, unchanged.code, await left()]).toEqual([VISUAL, 1, 1])
      expect(unchanged.text).toContain('nothing is sent')
    }
    const good = await onTerminal(at, ['queue', 'edit', id], {
      env: { VISUAL: `sh -c 'sed -i s/PATCH/PUT/ "$1"' -` },
    })
    expect(good.code).toBe(0)
    expect(good.text).toContain('coord flush')
    expect((await at.coord(['queue', 'list', '--waiting'])).stdout).toContain('PUT work-items/1')
  })
  it.each([
    ['no JSON', '{"method":"PUT" oh', 'no JSON', 0],
    ['no call that may be sent', '{"method":"GET","path":"/api/coord/locks"}', 'cannot be sent', 0],
    ['left by an editor that failed', '{"method":"PUT","path":"/api/coord/work-items/1"}', 'ended with 7', 7],
  ])(
    'what was left in the editor and is %s lies on, for its writer alone, with the way on; nothing is sent',
    async (_what, left_, words, code) => {
      await aside()
      const [call] = (await at.coord(['queue', 'list', '--json'])).json as { id: string }[]
      const script = join(at.root, 'editor.sh')
      // as many editors do: a new file in the place of the old one
      writeFileSync(script, `umask 022\nprintf '%s' '${left_}' > "$1.new"\nmv "$1.new" "$1"\nexit ${code}\n`)
      const env = { VISUAL: `sh ${script}`, TMPDIR: at.root }
      const shown = await onTerminal(at, ['queue', 'edit', call?.id ?? ''], { columns: 400, env })
      expect([shown.code, await left()]).toEqual([1, 1])
      expect(shown.text).toContain(words)
      const file = /kept in (\S+\.json)/.exec(shown.text)?.[1] ?? ''
      expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([left_, 0o600])
      expect(shown.text).toContain(`coord queue edit ${call?.id} --line - < "${file}"`)
      expect((await at.coord(['queue', 'list', '--waiting', '--json'])).json).toEqual([])
    },
  )
  it('what was left in the editor and is taken lies nowhere else', async () => {
    await aside()
    const [call] = (await at.coord(['queue', 'list', '--json'])).json as { id: string }[]
    const env = { VISUAL: `sh -c 'sed -i s/PATCH/PUT/ "$1"' -`, TMPDIR: at.root }
    expect((await onTerminal(at, ['queue', 'edit', call?.id ?? ''], { env })).code).toBe(0)
    expect(readdirSync(at.root).filter((name) => name.startsWith('coord-edit-'))).toEqual([])
  })
})

describe('an installation writes no more than its own lines', () => {
  it('four lines of somebody stay as they are written', async () => {
    const file = join(at.project, '.claude', 'settings.local.json')
    const before = '{\n  "permissions": { "allow": ["Bash(gr\\u00fcn:*)", "x"] },\n  "env": { "A": "1" }\n}\n'
    writeFileSync(file, before)
    const { stderr } = await at.coord(['hook', 'install'])
    const after = readFileSync(file, 'utf8')
    expect(after).toContain(
      '  "permissions": { "allow": ["Bash(gr\\u00fcn:*)", "x"] },\n  "env": { "A": "1" },\n',
    )
    expect(stderr.split('\n').filter((one) => one.startsWith('- '))).toHaveLength(1)
    writeFileSync(file, after.replace('"A": "1"', '"A": "2"'))
    await at.coord(['hook', 'remove'])
    expect(readFileSync(file, 'utf8')).toBe(before.replace('"A": "1"', '"A": "2"'))
  })
  it('the port of the installing shell is taken along, as address, machine and home are', async () => {
    await at.coord(['hook', 'install'], { env: { COORD_API_URL: '', COORD_PORT: '8123' } })
    expect(readFileSync(join(at.project, '.claude', 'settings.local.json'), 'utf8')).toContain('--port 8123')
  })
})

describe('with the real API', () => {
  let server: Place
  let real: RealApi
  beforeAll(async () => {
    server = place()
    real = await realApi(server)
  })
  afterAll(async () => {
    await real.stop()
    server.remove()
  })
  const json = async (...args: string[]): Promise<Record<string, unknown>> =>
    (await at.coord([...args, '--json'])).json as Record<string, unknown>

  it('what is created says its ID, and any unique beginning of an ID is taken', async () => {
    at.env['COORD_API_URL'] = real.url
    const made = await at.coord(['workflow', 'create', 'ids', 'Plan A'])
    const workflow = /[0-9a-f-]{36}/.exec(made.stdout)?.[0] ?? ''
    expect(workflow).not.toBe('')
    const added = await at.coord(['item', 'add', workflow.slice(0, 8), 'First'])
    const item = /[0-9a-f-]{36}/.exec(added.stdout)?.[0] ?? ''
    expect((await at.coord(['item', 'list', workflow.slice(0, 6)])).stdout).toContain('First')
    expect((await at.coord(['item', 'set', item.slice(0, 8), 'completed'])).stdout).toContain(item)
    const lock = String((await json('claim', at.root, '--project', 'ids'))['id'])
    expect((await json('renew', lock.slice(0, 8)))['lost']).toEqual([])
    expect((await json('release', lock.slice(0, 8)))['released']).toBe(1)
    const sent = String((await json('send', '--to', 'BOX/coord', '--project', 'ids', '--subject', 's'))['id'])
    expect((await json('messages', 'read', sent.slice(0, 8)))['read']).toEqual([sent])
    expect((await at.coord(['messages', 'receipts', sent.slice(0, 8)])).code).toBe(0)
  })
  it('a body from a file and from a pipe', async () => {
    at.env['COORD_API_URL'] = real.url
    writeFileSync(join(at.project, 'body.txt'), 'from a file')
    const send = (...more: string[]): Promise<unknown> =>
      at.coord(['send', '--to', 'BOX/bodies', '--project', 'p', '--subject', 's', ...more], {
        stdin: 'from a pipe\nof two lines',
      })
    await send('--body-file', 'body.txt')
    await send('--body', '-')
    const rows = (await at.coord(['messages', '--session', 'BOX/bodies', '--json'])).json as {
      body: string
    }[]
    expect(rows.map((one) => one.body).sort()).toEqual(['from a file', 'from a pipe\nof two lines'])
    await at.coord(['enqueue', 'PUT', '/api/coord/components/p/n', '--body', '-'], { stdin: '{"state":"s"}' })
    expect(at.queue()).toMatchObject([{ body: { state: 's' } }])
  })
  it('what the page of enqueue shows are calls that the API takes', async () => {
    at.env['COORD_API_URL'] = real.url
    const workflow = String((await json('workflow', 'create', 'demo', 'Plan'))['id'])
    const item = String((await json('item', 'add', workflow, 'First'))['id'])
    const shown = (await at.coord(['help', 'enqueue'])).stdout
      .split('\n')
      .filter((row) => row.startsWith('  $ '))
    expect(shown).toHaveLength(2)
    for (const row of shown) {
      const line = row
        .slice(4)
        .replace('coord', `'${process.execPath}' '${CLI}'`)
        .replace('/ID ', `/${item} `)
      expect(spawnSync('sh', ['-c', line], { cwd: at.project, env: at.env }).status).toBe(0)
    }
    expect(await json('flush')).toMatchObject({ delivered: 2, setAside: 0, waiting: 0 })
  })
  it('status shows what needs a person, and why; away it says what it knew, with its age', async () => {
    at.env['COORD_API_URL'] = real.url
    const lock = await json('claim', `${at.root}/mine`, '--project', 'p')
    await real.send('POST', '/api/coord/locks', {
      project_key: 'p',
      session_id: 'FAR/waiting',
      resource: `${at.root}/mine`,
    })
    await at.coord(['component', 'set', 'p', 'server', 'failed'])
    await at.coord([
      'send',
      '--session',
      'FAR/x',
      '--to',
      'BOX/coord',
      '--project',
      'p',
      '--subject',
      'Look at this',
    ])
    appendFileSync(
      join(at.project, '.claude', 'coord-queue.jsonl'),
      '{"method":"PATCH","path":"/api/coord/work-items/nope","body":{"status":5}}\n',
    )
    await at.coord(['flush'])
    const { stdout } = await at.coord(['status'])
    for (const words of [
      'FAR/waiting waits for',
      `coord release ${String(lock['id']).slice(0, 8)} --session BOX/coord`,
      '1 call set aside',
      'server of p failed',
      'to sessions of this machine',
      'Look at this',
      'PATCH work-items/nope',
      'answered 422',
      String(lock['id']).slice(0, 8),
    ])
      expect(stdout).toContain(words)
    const known = (await at.coord(['status', '--json'])).json as { asOf: string; unread: number }
    const away = await at.coord(['status', '--json'], { env: { COORD_API_URL: AWAY } })
    expect(away.json).toMatchObject({ locks: null, unread: null, asOf: null })
    // what another command read since is newer: the status shows that, and each part its own age
    await at.coord(['claim', 'since', '--project', 'p'])
    await at.coord(['locks', '--project', 'none'])
    await at.coord(['locks'])
    await real.stop()
    expect((await at.coord(['status', '--json'])).json).toMatchObject({
      connection: { state: 'offline' },
      locks: expect.arrayContaining([
        expect.objectContaining({ id: lock['id'], mine: true }),
        expect.objectContaining({ resource: 'since', mine: true }),
      ]) as object,
      unread: known.unread,
      asOf: known.asOf,
    })
    expect((await at.coord(['status'])).stdout).toMatch(/as of (just now|\d+ s ago)/)
  })
})

it('a server on a terminal says in words where it is, which database, and how it ends', async () => {
  const shown = await onTerminal(at, ['serve', '--port', '0'], { answers: [['Ctrl-C ends it', '\u0003']] })
  expect(shown.code).toBe(0)
  expect(shown.text).toContain('The coordination API is at http://127.0.0.1:')
  expect(shown.text).toContain(join(at.home, 'coord.db'))
  expect(shown.text).not.toContain('{"listening"')
})
