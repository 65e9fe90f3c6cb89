import { apply } from '../../shared/patch.ts'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { ok } from '../../shared/result.ts'
import { serveWindow, type ServedWindow } from './loopback.ts'

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string | undefined>>
  readonly body?: string | Buffer
}
interface Answer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
}

let dir: string
let served: ServedWindow
let port: number
let token: string
let dispatched: [unknown, unknown][]
let publish: ((snapshot: AppSnapshot) => void) | undefined

const snapshot = (revision: number, filler = ''): AppSnapshot =>
  ({ revision, filler }) as unknown as AppSnapshot

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'coord-window-'))
  await mkdir(join(dir, 'window', 'assets'), { recursive: true })
  await writeFile(join(dir, 'window', 'index.html'), '<!doctype html><title>Coord Tray</title>')
  await writeFile(join(dir, 'window', 'assets', 'a.js'), 'export {}')
  await writeFile(join(dir, 'window', 'notes.txt'), 'no kind that the window has')
  await writeFile(join(dir, 'secret.js'), 'secret')
  await symlink(join(dir, 'secret.js'), join(dir, 'window', 'link.js'))
  dispatched = []
  publish = undefined
  served = await serveWindow({
    windowDir: join(dir, 'window'),
    dispatch: async (name, input) => {
      dispatched.push([name, input])
      return ok(null)
    },
    subscribe: (listener) => {
      publish = listener
      return () => (publish = undefined)
    },
  })
  const url = new URL(served.url)
  port = Number(url.port)
  token = url.hash.replace('#token=', '')
})
afterEach(async () => {
  await served.close()
  await rm(dir, { recursive: true })
})

/** A raw request: `fetch` would not let a test lie in Host and Origin. */
function ask({ method = 'GET', path = '/', headers = {}, body }: Asked): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const given = Object.entries(headers).filter((entry): entry is [string, string] => entry[1] !== undefined)
    const req = request(
      { host: '127.0.0.1', port, method, path, headers: Object.fromEntries(given) },
      (res) => {
        const chunks: Buffer[] = []
        res.on('data', (chunk: Buffer) => chunks.push(chunk))
        res.on('end', () =>
          resolve({
            status: res.statusCode ?? 0,
            headers: res.headers,
            text: Buffer.concat(chunks).toString(),
          }),
        )
        res.on('error', reject)
      },
    )
    req.on('error', reject)
    req.end(body)
  })
}
const command = (body: unknown, headers: Asked['headers'] = {}): Promise<Answer> =>
  ask({
    method: 'POST',
    path: '/command',
    headers: { 'content-type': 'application/json', 'x-coord-token': token, ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })

describe('serveWindow', () => {
  it('puts a 32-byte token in the fragment of a 127.0.0.1 address', () => {
    expect(served.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]{43}$/)
  })

  it('serves the bundle without a token, with every protecting header', async () => {
    const page = await ask({})
    expect(page.status).toBe(200)
    expect(page.text).toContain('Coord Tray')
    expect(page.text).not.toContain(token)
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    })
    expect(page.headers['content-security-policy']).toContain("default-src 'none'")
    expect(page.headers['content-security-policy']).toContain("connect-src 'self'")
    expect(page.headers['access-control-allow-origin']).toBeUndefined()
    expect((await ask({ path: '/assets/a.js?v=1' })).headers['content-type']).toContain('javascript')
    const head = await ask({ method: 'HEAD' })
    expect([head.status, head.text]).toEqual([200, ''])
  })

  it('runs a command that carries the token', async () => {
    const answer = await command({ name: 'queue.flush', input: { workspace: null } })
    expect([answer.status, answer.text]).toEqual([200, '{"ok":true,"value":null}'])
    expect(dispatched).toEqual([['queue.flush', { workspace: null }]])
  })

  it.each([[undefined], [''], ['wrong'], ['A'.repeat(43)]])('refuses the token %s', async (wrong) => {
    expect((await command({ name: 'app.quit' }, { 'x-coord-token': wrong })).status).toBe(401)
    expect((await ask({ path: '/snapshots', headers: { 'x-coord-token': wrong } })).status).toBe(401)
    expect((await ask({ path: `/snapshots?token=${token}` })).status).toBe(401)
    expect(dispatched).toEqual([])
  })

  it.each([['evil.example'], ['127.0.0.1'], ['127.0.0.1:1'], ['127.0.0.1.evil.example:80'], ['[::1]:80']])(
    'refuses the foreign Host %s, for the page too',
    async (host) => {
      expect((await command({ name: 'app.quit' }, { host })).status).toBe(403)
      expect((await ask({ headers: { host } })).status).toBe(403)
      expect(dispatched).toEqual([])
    },
  )

  it('takes localhost with its own port, and then that origin only', async () => {
    const host = `localhost:${port}`
    expect((await command({ name: 'a' }, { host, origin: `http://${host}` })).status).toBe(200)
    expect((await command({ name: 'a' }, { host, origin: `http://127.0.0.1:${port}` })).status).toBe(403)
  })

  it.each([['http://evil.example'], ['null'], ['http://127.0.0.1:1'], ['file://']])(
    'refuses the foreign Origin %s even with the token',
    async (origin) => {
      expect((await command({ name: 'app.quit' }, { origin })).status).toBe(403)
      expect(dispatched).toEqual([])
    },
  )

  it.each([['cross-site'], ['same-site']])('refuses Sec-Fetch-Site %s', async (site) => {
    expect((await command({ name: 'app.quit' }, { 'sec-fetch-site': site })).status).toBe(403)
    expect((await ask({ headers: { 'sec-fetch-site': site } })).status).toBe(403)
  })

  it.each([
    ['/../secret.js'],
    ['/assets/../../secret.js'],
    ['/%2e%2e/secret.js'],
    ['/..%2fsecret.js'],
    ['/..%5csecret.js'],
    ['//etc/passwd'],
    ['/a%00.js'],
    ['/%'],
    ['/%c0%ae%c0%ae/secret.js'],
    ['/link.js'],
    ['/notes.txt'],
    ['/assets'],
    ['/nowhere.js'],
    ['http://127.0.0.1/secret.js'],
  ])('gives nothing at %s', async (path) => {
    const answer = await ask({ path })
    expect([400, 404]).toContain(answer.status)
    expect(answer.text).not.toContain('secret')
  })

  it('refuses other methods', async () => {
    expect((await ask({ method: 'POST' })).status).toBe(405)
    expect((await ask({ method: 'OPTIONS', path: '/command' })).status).toBe(405)
    expect((await ask({ path: '/command', headers: { 'x-coord-token': token } })).status).toBe(405)
    expect((await ask({ method: 'PUT', path: '/assets/a.js' })).status).toBe(405)
  })

  it('refuses a body above 2 MiB, declared or not, and takes one below', async () => {
    const large = Buffer.alloc(2 * 1024 * 1024 + 1, 'x').toString()
    const refused = await command(large).catch((cause: NodeJS.ErrnoException) => cause.code)
    expect(['ECONNRESET', 'EPIPE', 413]).toContain(typeof refused === 'object' ? refused.status : refused)
    const chunked = await command(large, { 'transfer-encoding': 'chunked' }).catch(
      (cause: NodeJS.ErrnoException) => cause.code,
    )
    expect(['ECONNRESET', 'EPIPE', 413]).toContain(typeof chunked === 'object' ? chunked.status : chunked)
    expect(dispatched).toEqual([])
    expect((await command({ name: 'queue.edit', input: 'x'.repeat(1_100_000) })).status).toBe(200)
  })

  it.each([['{'], ['[]'], ['7'], ['null'], [''], ['"queue.flush"']])('refuses the body %s', async (body) => {
    expect((await command(body)).status).toBe(400)
    expect(dispatched).toEqual([])
  })

  it('refuses a body that a plain form could send', async () => {
    expect((await command('{"name":"app.quit"}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect(dispatched).toEqual([])
  })

  it('passes names and inputs on as unknown, prototypes included', async () => {
    await command('{"__proto__":{"name":"app.quit"},"input":1}')
    expect(dispatched).toEqual([[undefined, 1]])
  })

  it('streams snapshots, one a line, and lets go when the reader goes', async () => {
    const stop = new AbortController()
    const answer = await fetch(`http://127.0.0.1:${port}/snapshots`, {
      headers: { 'x-coord-token': token },
      signal: stop.signal,
    })
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
    publish?.(snapshot(1))
    publish?.(snapshot(2))
    let text = ''
    while (!text.includes('"kind":"patch"')) text += (await reader?.read())?.value ?? ''
    const [whole, patch] = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(whole).toEqual({ kind: 'whole', snapshot: snapshot(1) })
    expect(patch.base).toBe(1)
    expect(apply(snapshot(1), patch.patch)).toEqual(snapshot(2))
    stop.abort()
    await expect.poll(() => publish).toBeUndefined()
  })

  it('gives a slow reader the newest snapshot, not all of them', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`GET /snapshots HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nX-Coord-Token: ${token}\r\n\r\n`)
    await expect.poll(() => publish).toBeDefined()
    socket.pause()
    const filler = 'x'.repeat(1_000_000)
    for (let revision = 1; revision <= 60; revision++) publish?.(snapshot(revision, `${revision} ${filler}`))
    let size = 0
    let tail = ''
    socket.on('data', (chunk: Buffer) => {
      size += chunk.length
      tail = (tail + chunk.toString()).slice(-1_200_000)
    })
    socket.resume()
    await expect.poll(() => tail.includes('"set":60')).toBe(true)
    expect(size).toBeLessThan(30_000_000)
    socket.destroy()
  })

  it('ends its streams when it closes', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/snapshots`, { headers: { 'x-coord-token': token } })
    const text = answer.text().catch(() => 'cut')
    await served.close()
    await text
    expect(publish).toBeUndefined()
    await expect(ask({})).rejects.toThrow()
  })
})

describe('opened from a command line', () => {
  const path = (url: string): string => new URL(url).pathname

  it('a code takes a browser to the window once, and its address names no key', async () => {
    const url = served.openOnce()
    expect(url).not.toContain(token)
    const headers = { host: `127.0.0.1:${port}`, 'sec-fetch-site': 'none' }
    const first = await ask({ path: path(url), headers })
    expect(first.status).toBe(303)
    expect(first.headers.location).toBe(`/#token=${token}`)
    const again = await ask({ path: path(url), headers })
    expect(again.status).toBe(410)
    expect(again.headers.location).toBeUndefined()
  })

  it('a code that was not given, or is asked for by another page, opens nothing', async () => {
    const host = `127.0.0.1:${port}`
    expect((await ask({ path: '/open/guessed', headers: { host } })).status).toBe(410)
    const foreign = { host, 'sec-fetch-site': 'cross-site' }
    expect((await ask({ path: path(served.openOnce()), headers: foreign })).status).toBe(403)
  })

  it('a second start gets a code with the key, and only with it', async () => {
    const host = `127.0.0.1:${port}`
    expect((await ask({ method: 'POST', path: '/open', headers: { host } })).status).toBe(401)
    const given = await ask({ method: 'POST', path: '/open', headers: { host, 'x-coord-token': token } })
    const { url } = JSON.parse(given.text) as { url: string }
    expect((await ask({ path: path(url), headers: { host } })).headers.location).toBe(`/#token=${token}`)
  })
})
