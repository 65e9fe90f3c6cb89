/** The terminal against servers of several makes: ours with its extensions, one that knows none and ends its lists, and none of ours. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startPlainServer } from '../api/testing/plain-server.ts'
import { startServer, tempFolder, type TestServer } from '../api/testing/server.ts'
import { fakeApi, place, type Place } from './testing/coord.ts'

let at: Place
beforeEach(() => (at = place()))
afterEach(() => at.remove())

const queued = (body: object): string =>
  `${JSON.stringify({ ts: new Date().toISOString(), method: 'POST', path: '/api/coord/messages', body })}\n`
const queueFile = (): string => join(at.project, '.claude', 'coord-queue.jsonl')

describe('flush against an API that asks to wait', () => {
  it('waits out exactly what it may wait, and says so', async () => {
    let posts = 0
    const api = await fakeApi((hit) =>
      hit.method === 'POST' && posts++ === 0
        ? {
            status: 503,
            headers: { 'Retry-After': '3' },
            body: { detail: 'the database is away', retry_after: 3 },
          }
        : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    appendFileSync(queueFile(), queued({ from_session: 'BOX/a', project_key: 'p', subject: 's' }))
    const ran = await at.coord(['flush', '--wait', '3', '--json'])
    expect(ran).toMatchObject({ code: 0, json: { delivered: 1, waiting: 0 } })
    expect(ran.stderr).toContain('asks to wait')
    expect(ran.stderr).toContain('Waiting up to 3 s')
    await api.close()
  })
})

describe('a server of another make', () => {
  it('an id beyond 2^53 is released by its own name', async () => {
    const api = await fakeApi((hit) =>
      hit.method === 'GET' && hit.url.startsWith('/api/coord/locks')
        ? {
            body: '[{"id":1783726489912345601,"session_id":"BOX/coord","project_key":"p","resource":"r"}]',
            headers: { 'Content-Type': 'application/json' },
          }
        : undefined,
    )
    at.env['COORD_API_URL'] = api.url
    await at.coord(['release', '1783726489912345601', '--json'])
    expect(api.writes().map((hit) => hit.url)).toEqual([
      '/api/coord/locks/1783726489912345601?session_id=BOX%2Fcoord',
    ])
    await api.close()
  })
})

describe('our server', () => {
  let server: TestServer
  let folder: Awaited<ReturnType<typeof tempFolder>>
  beforeEach(async () => {
    folder = await tempFolder()
    server = await startServer(join(folder.path, 'coord.db'))
    at.env['COORD_API_URL'] = server.url
  })
  afterEach(async () => {
    await server.stop()
    await folder.remove()
  })
  const claim = (session: string, ...more: string[]) =>
    at.coord(['--session', session, 'claim', 'r', '--project', 'p', '--json', ...more])

  it('claim --wait has the lock as soon as it is free, and renew says when it is lost', async () => {
    const first = await claim('BOX/a')
    expect(first.code).toBe(0)
    const second = claim('BOX/b', '--wait', '20')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    const { id } = first.json as { id: string }
    expect((await at.coord(['--session', 'BOX/a', 'renew', id, '--json'])).json).toMatchObject({
      renewed: [{ id }],
      lost: [],
    })
    await at.coord(['--session', 'BOX/a', 'release', id, '--json'])
    const got = await second
    expect(got).toMatchObject({ code: 0, json: { session_id: 'BOX/b' } })
    expect(got.stderr).toContain('waiting')
    expect(await at.coord(['--session', 'BOX/a', 'renew', id, '--json'])).toMatchObject({
      code: 1,
      json: { lost: [{ id }] },
    })
    expect(await claim('BOX/c', '--wait', '1')).toMatchObject({
      code: 1,
      json: { conflict: true, holder: 'BOX/b' },
    })
  })

  it('of two who claim a work item one has it', async () => {
    const flow = (await at.coord(['workflow', 'create', 'p', 'w', '--json'])).json as { id: string }
    const item = (await at.coord(['item', 'add', flow.id, 't', '--json'])).json as { id: string }
    const both = await Promise.all(
      ['BOX/a', 'BOX/b'].map((s) => at.coord(['--session', s, 'item', 'claim', item.id, '--json'])),
    )
    expect(both.map((ran) => ran.code).sort()).toEqual([0, 1])
  })

  it('keeps what a message answers, until when it holds, and who has read it', async () => {
    const send = (...more: string[]) =>
      at.coord(['send', '--to', 'BOX/b', '--project', 'p', '--subject', 's', '--json', ...more])
    const first = (await send()).json as { id: string }
    await send('--reply-to', first.id, '--expires', '2')
    const rows = (await at.coord(['--session', 'BOX/b', 'messages', '--json'])).json as Record<
      string,
      unknown
    >[]
    const reply = rows.find((row) => row['reply_to'] === first.id)
    expect(typeof reply?.['expires_at']).toBe('string')
    await at.coord(['--session', 'BOX/b', 'messages', 'read', first.id])
    expect((await at.coord(['messages', 'receipts', first.id, '--json'])).json).toMatchObject([
      { session_id: 'BOX/b' },
    ])
  })
})

describe('a server without extensions', () => {
  it('waits by asking again, renews by claiming, and says what it cannot promise', async () => {
    const api = await startPlainServer({ cap: 100 })
    at.env['COORD_API_URL'] = api.url
    const first = (await at.coord(['--session', 'BOX/a', 'claim', 'r', '--project', 'p', '--json'])).json as {
      id: string
    }
    expect((await at.coord(['--session', 'BOX/a', 'renew', first.id, '--json'])).code).toBe(0)
    const second = at.coord(['--session', 'BOX/b', 'claim', 'r', '--project', 'p', '--wait', '20', '--json'])
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await at.coord(['--session', 'BOX/a', 'release', first.id, '--json'])
    expect(await second).toMatchObject({ code: 0, json: { session_id: 'BOX/b' } })
    const flow = (await at.coord(['workflow', 'create', 'p', 'w', '--json'])).json as { id: string }
    const item = (await at.coord(['item', 'add', flow.id, 't', '--project', 'p', '--json'])).json as {
      id: string
    }
    const claimed = await at.coord(['item', 'claim', String(item.id), '--json'])
    expect(claimed.code).toBe(0)
    expect(claimed.stderr).toContain('compares nothing')
    expect((await at.coord(['messages', 'receipts', '1', '--json'])).code).toBe(1)
    await api.stop()
  })
})

describe('F5: a program that holds the port where nobody configured an address', () => {
  /** Answers as our server does, with an instance that it has read, and keeps what it is sent. */
  const SQUATTER = `
    const server = require('node:http').createServer((req, res) => {
      let body = ''
      req.on('data', (c) => (body += c)).on('end', () => {
        process.stdout.write(JSON.stringify([req.method, req.url, req.headers, body]) + '\\n')
        const text = req.url === '/health' ? '{"status":"ok","service":"coord","instance":"replayed","proof":"' + '0'.repeat(64) + '"}' : '[]'
        res.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length }).end(text)
      })
    })
    server.listen(0, '127.0.0.1', () => process.stdout.write(server.address().port + '\\n'))`

  it.each([
    ['of this user', ''],
    // it changes its user by itself: another one may not be let into the folder that this program lies in
    ['of another user', 'if (process.getuid?.() === 0) { process.setgid(65534); process.setuid(65534) }'],
  ])(
    '%s gets no call, no secret and no token, and is said to be no server of yours',
    async (_, as) => {
      const child = spawn(process.execPath, ['-e', `${as}\n${SQUATTER}`], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let heard = ''
      child.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text))
      await once(child.stdout, 'data')
      at.env['COORD_PORT'] = heard.trim()
      at.env['COORD_TOKEN'] = 'the-token'
      appendFileSync(queueFile(), queued({ from_session: 'BOX/a', project_key: 'p', subject: 'private' }))
      mkdirSync(at.home, { recursive: true })
      try {
        const commands: readonly (readonly [readonly string[], number])[] = [
          [['flush', '--wait', '0', '--json'], 3],
          [['send', '--broadcast', '--project', 'p', '--subject', 'private', '--json'], 3],
          [['claim', 'private', '--project', 'p', '--json'], 3],
          [['locks', '--json'], 1],
          [['messages', '--json'], 1],
          [['release', '--session', 'BOX/coord', '--json'], 3],
          [['component', 'set', 'p', 'private', 'built', '--json'], 3],
          [['status', '--json'], 0],
          [['doctor', '--json'], 1],
        ]
        for (const [args, code] of commands) {
          const ran = await at.coord(args)
          expect([args[0], ran.code]).toEqual([args[0], code])
          expect(ran.stderr + ran.stdout).toContain('cannot prove to be your own coordination API')
        }
        expect(heard).not.toContain('private')
        expect(heard).not.toContain('the-token')
        expect(
          heard
            .split('\n')
            .slice(1)
            .filter((line) => line !== '' && !line.includes('"/health"')),
        ).toEqual([])
      } finally {
        child.kill()
        await once(child, 'exit')
      }
    },
    60_000,
  )
})

describe('a host whose name has changed', () => {
  it.each([
    ['after it has listed them', true],
    ['first of all', false],
  ])('still has the locks of its old name, and release --mine releases them, %s', async (_, isListed) => {
    const api = await startPlainServer({ cap: 100 })
    const env = { COORD_API_URL: api.url, COORD_MACHINE: '' }
    // what an earlier start on this very host has noted, under the name that it had then
    await at.coord(['status', '--json'], { env })
    const file = join(at.home, 'machine.json')
    const noted = JSON.parse(readFileSync(file, 'utf8')) as { host: string; name: string }
    writeFileSync(file, JSON.stringify({ ...noted, name: 'OLD-NAME' }))
    const lock = { id: 1, project_key: 'p', session_id: 'old-name/x', resource: 'r', acquired_at: null }
    api.rows('locks').push(lock)
    if (isListed)
      expect((await at.coord(['locks', '--json'], { env })).json).toMatchObject([{ id: '1', mine: true }])
    const ran = await at.coord(['release', '--mine', '--json'], { env })
    expect(ran).toMatchObject({ code: 0, json: { released: 1 } })
    expect(api.rows('locks')).toEqual([])
    await api.stop()
  })
})
