/* eslint-disable @typescript-eslint/no-explicit-any -- what programs print is looked at as it comes */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { appendCall } from '../adapters/queue-append.ts'
import { HOOK, fakeApi, heard, named, place, realApi, type Place, type RealApi } from './testing/coord.ts'

/** The hook's own deadline is 1.85 s; the rest is room for a machine that runs other tests beside (the bench measures it). */
const PATIENCE_MS = 15_000

const AWAY = 'http://127.0.0.1:9'
let at: Place
beforeEach(() => {
  at = place(AWAY)
})
afterEach(() => at.remove())
const settings = (): string => join(at.project, '.claude', 'settings.local.json')

describe('hook install and remove', () => {
  it.each([
    ['two spaces', '{\n  "permissions": {\n    "allow": ["Bash(ls)"]\n  }\n}\n'],
    ['tabs, CRLF, no last newline', '{\r\n\t"a": 1\r\n}'],
    ['one line', '{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"echo hi"}]}]}}'],
    ['odd spacing and an escaped letter', '{ "a" :   [1,2 ,3],\n "b": "\\u00e4" }\n\n'],
    ['a BOM', '\uFEFF{\n  "a": 1\n}\n'],
    ['an empty object', '{}'],
    ['an empty file', ''],
  ])('gives the file back byte for byte: %s', async (_name, text) => {
    writeFileSync(settings(), text)
    const before = readFileSync(settings())
    const installed = await at.coord(['hook', 'install', '--json'])
    expect(installed).toMatchObject({ code: 0, json: { installed: true, file: settings() } })
    expect(installed.stderr).toContain('+ ')
    const { hooks } = JSON.parse(readFileSync(settings(), 'utf8').replace(/^\uFEFF/, ''))
    expect(hooks.SessionStart.at(-1).hooks[0].command).toMatch(/ hook run start .*--coord-hook$/)
    expect(hooks.SessionEnd.at(-1).hooks[0].command).toMatch(/ hook run end .*--coord-hook$/)
    // A second time changes nothing about what is given back.
    await at.coord(['hook', 'install', '--session', 'mine'])
    expect((await at.coord(['hook', 'show', '--json'])).json.hooks).toHaveLength(6)
    expect(await at.coord(['hook', 'remove', '--json'])).toMatchObject({ code: 0, json: { removed: true } })
    expect(readFileSync(settings()).equals(before)).toBe(true)
  })
  it('leaves no file and no folder where there were none', async () => {
    const bare = join(at.root, 'bare')
    mkdirSync(bare)
    await at.coord(['hook', 'install', '--workspace', bare])
    expect(existsSync(join(bare, '.claude', 'settings.local.json'))).toBe(true)
    await at.coord(['hook', 'remove', '--workspace', bare])
    expect(existsSync(join(bare, '.claude'))).toBe(false)
  })
  it('keeps what somebody else changed in the meantime', async () => {
    writeFileSync(settings(), '{\n  "a": 1\n}\n')
    await at.coord(['hook', 'install'])
    const now = JSON.parse(readFileSync(settings(), 'utf8'))
    now.b = 2
    now.hooks.SessionStart.push({ matcher: 'startup', hooks: [{ type: 'command', command: 'theirs' }] })
    writeFileSync(settings(), JSON.stringify(now, null, 2) + '\n')
    await at.coord(['hook', 'remove'])
    expect(readFileSync(settings(), 'utf8')).toBe(
      JSON.stringify(
        {
          a: 1,
          hooks: { SessionStart: [{ matcher: 'startup', hooks: [{ type: 'command', command: 'theirs' }] }] },
          b: 2,
        },
        null,
        2,
      ) + '\n',
    )
  })
  it.each(['{ // comment\n}', '[]', '{"hooks":[]}', '{"hooks":{"SessionEnd":{}}}'])(
    'leaves settings alone that it cannot merge: %s',
    async (text) => {
      writeFileSync(settings(), text)
      expect(await at.coord(['hook', 'install'])).toMatchObject({ code: 1, stdout: '' })
      expect(readFileSync(settings(), 'utf8')).toBe(text)
    },
  )
  it('removes nothing where nothing is, and says so', async () => {
    expect(await at.coord(['hook', 'remove', '--json'])).toMatchObject({ code: 0, json: { removed: false } })
  })
})

/** The name that the session of a tool's id gets in this project. */
const releaseOf = (session: string): string =>
  `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`

/** The tool's input, as it comes on stdin. */
const input = (event: string, session: string, more: object = {}): string =>
  JSON.stringify({
    session_id: session,
    transcript_path: '/x',
    cwd: at.project,
    hook_event_name: event,
    ...more,
  })
const run = (
  which: 'start' | 'end',
  session: string,
  more: object = {},
  flags: string[] = [],
): ReturnType<Place['coord']> =>
  at.coord([which, ...flags], {
    program: HOOK,
    stdin: input(which === 'start' ? 'SessionStart' : 'SessionEnd', session, more),
  })

describe('the hooks, with the API away', () => {
  it('end with 0 within two seconds, and queue the release', async () => {
    const start = await run('start', 'abcdefgh-1', { source: 'startup' })
    expect(start).toMatchObject({ code: 0 })
    expect(start.ms).toBeLessThan(PATIENCE_MS)
    const end = await run('end', 'abcdefgh-1', { reason: 'exit' })
    expect(end).toMatchObject({ code: 0, stdout: '' })
    expect(end.ms).toBeLessThan(PATIENCE_MS)
    expect(at.queue()).toMatchObject([{ method: 'DELETE', path: releaseOf(named('abcdefgh-1')) }])
  })
  it('end with 0 within two seconds where the API hangs, is no API, or asks to wait', async () => {
    const api = await fakeApi(() => ({
      status: 503,
      headers: { 'Retry-After': '1' },
      body: { detail: 'away' },
    }))
    at.env['COORD_API_URL'] = api.url
    const ended = await run('end', 'abcdefgh-1', { reason: 'exit' })
    expect(ended).toMatchObject({ code: 0 })
    expect(ended.ms).toBeLessThan(PATIENCE_MS)
    await api.close()
    const { createServer } = await import('node:net')
    const hanging = createServer(() => undefined)
    await new Promise<void>((r) => hanging.listen(0, '127.0.0.1', r))
    at.env['COORD_API_URL'] = `http://127.0.0.1:${(hanging.address() as { port: number }).port}`
    for (const ran of [await run('start', 'abcdefgh-1'), await run('end', 'abcdefgh-1')]) {
      expect(ran).toMatchObject({ code: 0 })
      expect(ran.ms).toBeLessThan(PATIENCE_MS)
    }
    hanging.close()
    expect(at.queue().filter((l) => l.method === 'DELETE')).toHaveLength(2)
  })
  it('say who the session is, and queue what it claims, where its own server hangs', async () => {
    const { createServer } = await import('node:net')
    const hanging = createServer(() => undefined)
    await new Promise<void>((r) => hanging.listen(0, '127.0.0.1', r))
    // nobody configured the address: the server must prove itself before it is asked anything
    at.env['COORD_API_URL'] = ''
    at.env['COORD_PORT'] = String((hanging.address() as { port: number }).port)
    mkdirSync(join(at.project, '.git'))
    writeFileSync(join(at.project, '.git', 'HEAD'), 'ref: refs/heads/main\n')
    const words = `You are ${named('abcdefgh-1')}`
    const start = await heard(() => run('start', 'abcdefgh-1', { source: 'startup' }), words)
    expect(start).toMatchObject({ code: 0 })
    expect(start.stdout).toContain(words)
    const file = join(at.project, 'a.ts')
    const edit = input('PreToolUse', 'abcdefgh-1', { tool_name: 'Edit', tool_input: { file_path: file } })
    await expect
      .poll(
        async () => {
          expect(await at.coord(['before-tool'], { program: HOOK, stdin: edit })).toMatchObject({ code: 0 })
          return at.queue()
        },
        { timeout: PATIENCE_MS },
      )
      .toMatchObject([{ method: 'POST', path: '/api/coord/locks' }])
    hanging.close()
  })
  it.each(['', 'no json', '[]', '{"session_id":7}'])('bear bad input: %j', async (stdin) => {
    expect(await at.coord(['hook', 'run', 'start'], { stdin })).toMatchObject({ code: 0 })
    expect(await at.coord(['hook', 'run', 'end'], { stdin })).toMatchObject({ code: 0 })
  })
  it('bear a broken configuration', async () => {
    at.env['COORD_API_URL'] = 'nonsense'
    expect(await run('start', 'abcdefgh-1')).toMatchObject({ code: 0 })
  })
  it.each(['clear', 'resume'])('release nothing on %s', async (reason) => {
    await run('start', 'abcdefgh-1')
    await run('end', 'abcdefgh-1', { reason })
    expect(at.queue()).toEqual([])
  })
  it('release nothing while another live session has the name, and then release', async () => {
    const flags = ['--session', 'shared']
    await run('start', 'aaaaaaaa-1', {}, flags)
    await run('start', 'bbbbbbbb-1', {}, flags)
    await run('end', 'aaaaaaaa-1', {}, flags)
    expect(at.queue()).toEqual([])
    await run('end', 'bbbbbbbb-1', {}, flags)
    expect(at.queue()).toMatchObject([{ path: '/api/coord/locks?session_id=BOX%2Fshared&release_all=true' }])
  })
  it('keep the name when a conversation is cleared, and release it at its end', async () => {
    await run('start', 'aaaaaaaa-1', { source: 'startup' })
    await run('end', 'aaaaaaaa-1', { reason: 'clear' })
    const start = await run('start', 'cccccccc-1', { source: 'clear' })
    expect(start.stdout).toContain(named('aaaaaaaa-1'))
    await run('end', 'cccccccc-1', { reason: 'exit' })
    expect(at.queue().map((l) => l.path)).toEqual([releaseOf(named('aaaaaaaa-1'))])
  })
  it('tell the tool which session its later commands act as', async () => {
    const file = join(at.root, 'env')
    at.env['CLAUDE_ENV_FILE'] = file
    await run('start', 'abcdefgh-1')
    const ours = `export COORD_SESSION='${named('abcdefgh-1')}'\n`
    expect(readFileSync(file, 'utf8')).toBe(ours)
    // behind what another hook left without a line end
    writeFileSync(file, 'export FOO=1')
    await run('start', 'abcdefgh-1')
    expect(readFileSync(file, 'utf8')).toBe(`export FOO=1\n${ours}`)
  })
})

describe('the hooks, with the real API', () => {
  let server: Place
  let api: RealApi
  beforeAll(async () => {
    server = place()
    api = await realApi(server)
  })
  afterAll(async () => {
    await api.stop()
    server.remove()
  })
  beforeEach(() => {
    at.env['COORD_API_URL'] = api.url
  })
  const post = (to: string | null, subject: string): Promise<any> =>
    api.send('POST', '/api/coord/messages', {
      from_session: 'FAR/x',
      ...(to ? { to_session: to } : {}),
      project_key: 'p',
      subject,
      body: 'line one\nline two\u001b[31m',
    })

  it('are run as the tool runs them: messages shown in the banner, marked read, locks of that session alone released', async () => {
    await at.coord(['hook', 'install'])
    const { hooks } = JSON.parse(readFileSync(settings(), 'utf8'))
    const asTool = async (event: 'SessionStart' | 'SessionEnd', more: object): Promise<string> => {
      const child = promisify(execFile)('sh', ['-c', hooks[event][0].hooks[0].command], {
        env: at.env,
        cwd: at.project,
      })
      child.child.stdin?.end(input(event, 'deadbeef-1', more))
      return (await child).stdout
    }
    const me = named('deadbeef-1')
    const sent = await post(me, 'for you')
    await post(null, 'for everyone')
    await post('FAR/y', 'for another')
    const rule = '='.repeat(60)
    const shown = await asTool('SessionStart', { source: 'startup' })
    expect(shown).toContain(
      `${rule}\nMESSAGE FROM FAR/x (to you, p, id ${sent.id})\n${rule}\n| for you\n| line one\n| line two[31m\n${rule}\n`,
    )
    expect(shown).toContain('for everyone')
    expect(shown).not.toContain('for another')
    expect(
      await api.get(`/api/coord/messages?to_session=${encodeURIComponent(me)}&unread_only=true`),
    ).toEqual([])
    // The broadcast is read for this session only.
    expect(await api.get('/api/coord/messages?to_session=FAR%2Fz&unread_only=true')).toHaveLength(1)
    expect(await asTool('SessionStart', { source: 'startup' })).not.toContain('MESSAGE FROM')

    for (const [session, resource] of [
      [me, 'a'],
      ['BOX/other', 'b'],
    ]) {
      await api.send('POST', '/api/coord/locks', {
        project_key: 'p',
        session_id: session,
        resource,
        ttl_hours: 2,
      })
    }
    await asTool('SessionEnd', { reason: 'exit' })
    // it was queued before the hook ended; a flush of its own sends it
    await expect
      .poll(async () => (await api.get('/api/coord/locks')).map((l: any) => l.session_id))
      .toEqual(['BOX/other'])
  })
  it('release behind what the session queued: a claim that waits is not sent after its session has ended', async () => {
    appendCall(at.project, {
      method: 'POST',
      path: '/api/coord/locks',
      bodyText: JSON.stringify({
        project_key: 'p',
        session_id: named('cafecafe-1'),
        resource: 'ghost',
        ttl_hours: 2,
      }),
    })
    expect(await run('end', 'cafecafe-1', { reason: 'exit' })).toMatchObject({ code: 0 })
    // the flush that the hook began goes on behind it
    await expect
      .poll(async () => (await at.coord(['status', '--json'])).json.workspaces[0])
      .toMatchObject({ waiting: 0, skipped: [{ reason: 'released-later' }] })
    const held = await api.get('/api/coord/locks')
    expect(held.filter((l: any) => l.session_id === named('cafecafe-1'))).toEqual([])
  })
  it('queue the read mark of a message that was shown, where the API hangs at that moment', async () => {
    const hanging = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages?')
        ? { body: [{ id: 7, from_session: 'F/x', to_session: named('deadbeef-1'), subject: 'shown' }] }
        : hit.method === 'PUT'
          ? { status: 503, body: { detail: 'away' } }
          : undefined,
    )
    at.env['COORD_API_URL'] = hanging.url
    const ran = await run('start', 'deadbeef-1')
    expect(ran).toMatchObject({ code: 0 })
    expect(ran.stdout).toContain('shown')
    expect(at.queue()).toMatchObject([
      {
        method: 'PUT',
        path: `/api/coord/messages/7/read?session_id=${encodeURIComponent(named('deadbeef-1'))}`,
      },
    ])
    await hanging.close()
  })
  it('mark no broadcast read where the server keeps one mark for all', async () => {
    const fake = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages?')
        ? {
            body: [
              { id: 1, from_session: 'F/x', to_session: null, subject: 's' },
              { id: 2, from_session: 'F/x', to_session: named('deadbeef-1') },
            ],
          }
        : undefined,
    )
    at.env['COORD_API_URL'] = fake.url
    const ran = await run('start', 'deadbeef-1')
    expect(ran.stdout.match(/MESSAGE FROM/g)).toHaveLength(2)
    expect(fake.writes().map((h) => h.url)).toEqual([
      `/api/coord/messages/2/read?session_id=${encodeURIComponent(named('deadbeef-1'))}`,
    ])
    await fake.close()
  })
  it('does not mark read what did not fit', async () => {
    const fake = await fakeApi((hit) =>
      hit.url.startsWith('/api/coord/messages?')
        ? {
            body: [{ id: 1, from_session: 'F/x', to_session: named('deadbeef-1'), body: 'x'.repeat(20_000) }],
          }
        : undefined,
    )
    at.env['COORD_API_URL'] = fake.url
    const ran = await run('start', 'deadbeef-1')
    expect(ran.stdout).toContain('1 more')
    expect(fake.writes()).toEqual([])
    await fake.close()
  })
})
