/** A team's server from the terminal: tokens are made, a workstation joins with one line, and every refusal says what to do. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from '../api/testing/server.ts'
import { CLI, fakeApi, place, type Place } from './testing/coord.ts'
import { onTerminal } from './testing/terminal.ts'

/** It reads its lists now and then. */
const WATCHED_MS = 100_000

let team: Place
let at: Place
let server: ChildProcess
let url: string
let token: string
const database = () => ['--database', join(team.root, 'team.db')]

beforeAll(async () => {
  team = place()
  at = place()
  const made = await team.coord(['token', 'add', 'box', ...database(), '--json'])
  expect(made).toMatchObject({ code: 0, json: { machine: 'box' } })
  token = made.json.token
  server = spawn(
    process.execPath,
    [CLI, 'serve', '--port', '0', '--proxy', 'http://coord.example', ...database()],
    { env: team.env, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const [line] = await once(server.stdout ?? server, 'data')
  url = (JSON.parse(String(line)) as { listening: string }).listening
})
afterAll(() => {
  server.kill()
  team.remove()
  at.remove()
})

it.each([
  [['--proxy', 'coord.example'], '--proxy names the address'],
  [['--proxy-from', '10.0.0.1'], 'go with --proxy'],
  [['--proxy', 'https://coord.example', '--proxy-from', 'proxy'], '"proxy" is neither'],
])('a proxy that is named wrongly is wrong usage: %j', async (flags, words) => {
  const ran = await team.coord(['serve', '--port', '0', ...flags, ...database()])
  expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining(words)])
})

it('shows a token once and keeps its hash; it has at least 128 bits', async () => {
  expect(token).toMatch(/^[\w-]{22,}$/)
  const listed = await team.coord(['token', 'list', ...database(), '--json'])
  expect(listed.json).toMatchObject([{ machine: 'box', admin: false, revoked_at: null }])
  expect(listed.stdout).not.toContain(token)
  expect((await team.coord(['token', 'add', 'a/b', ...database()])).code).toBe(2)
  expect((await team.coord(['token', 'revoke', 'NOBODY', ...database()])).code).toBe(1)
})

it('joins with one line, keeps the token for this user and this address alone, and says what is wrong otherwise', async () => {
  const nonsense = await at.coord(['join', url], { stdin: 'nonsense\n' })
  expect(nonsense).toMatchObject({ code: 1, stdout: '' })
  expect(nonsense.stderr).toContain('unknown there, or was revoked')
  const other = await at.coord(['join', url], { stdin: token, env: { COORD_MACHINE: 'ELSE' } })
  expect(other.stderr).toContain('coord token add ELSE')
  expect((await at.coord(['join', 'nonsense'], { stdin: token })).code).toBe(2)
  const joined = await at.coord(['join', `${url}/`, '--json'], { stdin: `${token}\n` })
  expect(joined).toMatchObject({ code: 0, json: { joined: url, machine: 'box' } })
  expect(joined.stdout).not.toContain(token)
  expect(statSync(joined.json.tokenFile).mode & 0o777).toBe(0o600)
  expect(await at.coord(['claim', 'r', '--project', 'p', '--json'])).toMatchObject({ code: 0 })
  const elsewhere = await at.coord(['locks', '--json'], {
    env: { COORD_API_URL: url.replace('127.0.0.1', 'localhost') },
  })
  expect(elsewhere.stderr).toContain('token')
})

it('explains 401, 403 and a revoked token where a person sees it', async () => {
  const foreign = await at.coord(['claim', 'x', '--project', 'p', '--session', 'OTHER/a'])
  expect(foreign).toMatchObject({ code: 1, stdout: '' })
  expect(foreign.stderr).toMatch(/403.*OTHER\/a is not yours: this token is box's/)
  const workflow = await at.coord(['workflow', 'create', 'p', 'w', '--json'])
  const post = (path: string, body: object) =>
    fetch(`${url}/api/coord/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }).then((answer) => answer.json() as Promise<{ id: string }>)
  const item = await post('work-items', { workflow_id: workflow.json.id, title: 't', assignee: 'OTHER/a' })
  const taken = await at.coord(['item', 'claim', item.id])
  expect(taken).toMatchObject({ code: 1, stdout: '' })
  expect(taken.stderr).toMatch(/403.*the work item is OTHER\/a's/)
  const none = await at.coord(['status', '--json'], {
    env: { COORD_API_URL: url.replace('127.0.0.1', 'localhost') },
  })
  expect(none.json.connection).toMatchObject({ detail: expect.stringContaining('coord join') })
  const watching = at.start(['watch', '--json'])
  let watched = ''
  watching.stdout?.on('data', (chunk) => (watched += String(chunk)))
  await until(() => watched.includes('"online"'), WATCHED_MS)
  expect((await team.coord(['token', 'revoke', 'BOX', ...database()])).code).toBe(0)
  // Who runs already is told at the next list that it reads, not when it has something to send.
  await until(() => watched.includes('"wrong-answer"'), WATCHED_MS)
  expect(watched).toMatch(/refuses the token \(401\).*coord join/)
  watching.kill()
  writeFileSync(join(at.project, 'x'), '')
  const status = await at.coord(['status', '--json'])
  expect(status.json.connection.detail).toMatch(/refuses the token.*coord join/)
  expect((await at.coord(['status'])).stdout).toContain('the API takes nothing from this machine')
})

it.each([429, 503])(
  'join says what a server that answers %i said, and judges no token by it',
  async (status) => {
    const api = await fakeApi(() => ({ status, body: { detail: 'not now', retry_after: 9 } }))
    const joined = await at.coord(['join', api.url], { stdin: 'a-token\n' })
    await api.close()
    expect(joined).toMatchObject({ code: 1, stdout: '' })
    expect(joined.stderr).toMatch(/asks to wait.*not now/)
  },
)

it('joins nothing but the API: a path of a server, a page, a redirect, a port where nobody listens are said', async () => {
  const api = await fakeApi((hit) =>
    hit.url.startsWith('/moved/')
      ? { status: 308, headers: { location: 'https://elsewhere.invalid/' }, body: {} }
      : hit.url.startsWith('/old/')
        ? hit.url.endsWith('/whoami')
          ? { status: 404, body: {} }
          : { body: hit.url.endsWith('/health') ? { status: 'ok' } : [] }
        : { status: 404, body: { detail: 'no such path' } },
  )
  const join = (path: string) => at.coord(['join', `${api.url}${path}`], { stdin: 'a-token\n' })
  const wrong = await join('/wrong')
  const moved = await join('/moved')
  const old = await join('/old')
  await api.close()
  const none = await join('')
  expect([wrong.code, wrong.stderr]).toEqual([
    1,
    expect.stringContaining('does not look like the coordination API'),
  ])
  expect([moved.code, moved.stderr]).toEqual([
    1,
    expect.stringContaining('redirects to https://elsewhere.invalid/ (308)'),
  ])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('nothing listens there')])
  // One of the protocol, which knows no tokens.
  expect(old).toMatchObject({ code: 0, stdout: expect.stringContaining('Joined') })
})

it('on a terminal join asks for the token only where a server is there that could take it', async () => {
  const asked = async (address: string) => {
    const shown = await onTerminal(at, ['join', address], { answers: [['Token for', 'nonsense\r']] })
    return [shown.code, shown.text.includes('Token for'), shown.text.replaceAll('\n', ' ')]
  }
  const api = await fakeApi((hit) =>
    hit.url.startsWith('/moved/')
      ? { status: 308, headers: { location: 'https://elsewhere.invalid/' }, body: {} }
      : hit.url.startsWith('/busy/')
        ? { status: 503, body: { detail: 'not now', retry_after: 9 } }
        : hit.url.startsWith('/old/') && !hit.url.endsWith('/health')
          ? { status: hit.url.endsWith('/whoami') ? 404 : 401, body: {} }
          : hit.url.startsWith('/old/')
            ? { body: { status: 'ok' } }
            : { status: 404, body: { detail: 'no such path' } },
  )
  expect(await asked(`${api.url}/wrong`)).toEqual([1, false, expect.stringContaining('does not look like')])
  expect(await asked(`${api.url}/moved`)).toEqual([1, false, expect.stringContaining('redirects to')])
  expect(await asked(`${api.url}/busy`)).toEqual([1, false, expect.stringContaining('asks to wait')])
  // one of the protocol in front of which something wants a token
  expect((await asked(`${api.url}/old`)).slice(0, 2)).toEqual([1, true])
  await api.close()
  expect(await asked(api.url)).toEqual([1, false, expect.stringContaining('nothing listens there')])
  expect(await asked(url)).toEqual([1, true, expect.stringContaining('unknown there, or was revoked')])
})
