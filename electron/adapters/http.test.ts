/** The Http port against real sockets: encodings, sizes, and no proxy, whatever the environment says. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { HttpOutcome } from '../core/ports.ts'
import { createHttp } from './http.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})
async function listening(answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
async function ask(url: string, maxAnswerBytes?: number): Promise<HttpOutcome> {
  const http = createHttp({ baseUrl: url, answerTimeoutMs: 2_000 })
  try {
    return await http.request({
      method: 'POST',
      path: '/api/coord/x',
      headers: {},
      body: '{}',
      ...(maxAnswerBytes === undefined ? {} : { maxAnswerBytes }),
    })
  } finally {
    await http.close()
  }
}
const JSON_TYPE = { 'content-type': 'application/json' }

describe('answers', () => {
  it.each([
    ['gzip', gzipSync('{"id":1}')],
    ['deflate', deflateSync('{"id":1}')],
    ['br', brotliCompressSync('{"id":1}')],
  ])('packed as %s, though nobody asked for it: unpacked', async (encoding, bytes) => {
    const wishes: unknown[] = []
    const url = await listening((req, res) => {
      wishes.push(req.headers['accept-encoding'])
      res.writeHead(200, { ...JSON_TYPE, 'content-encoding': encoding }).end(bytes)
    })
    expect(await ask(url)).toMatchObject({ kind: 'answer', status: 200, text: '{"id":1}', isCut: false })
    expect(wishes).toEqual(['identity'])
  })
  it('packed wrongly, or a small one that unpacks to a huge one: memory stays bounded, and it is no JSON', async () => {
    const bomb = gzipSync('['.repeat(50_000_000))
    for (const bytes of [Buffer.from('not gzip'), bomb]) {
      const url = await listening((_, res) =>
        res.writeHead(200, { ...JSON_TYPE, 'content-encoding': 'gzip' }).end(bytes),
      )
      const outcome = await ask(url)
      expect(outcome).toMatchObject({ kind: 'answer', status: 200 })
      if (outcome.kind === 'answer') {
        expect(outcome.text.length).toBeLessThanOrEqual(1024 * 1024)
        expect(() => JSON.parse(outcome.text) as unknown).toThrow()
      }
    }
  })
  it('in chunks, and empty ones', async () => {
    const chunked = await listening((_, res) => {
      res.writeHead(200, JSON_TYPE)
      for (const part of ['{"i', 'd":', '1}']) res.write(part)
      res.end()
    })
    expect(await ask(chunked)).toMatchObject({ text: '{"id":1}' })
    const empty = await listening((_, res) => res.writeHead(204).end())
    expect(await ask(empty)).toMatchObject({ status: 204, text: '' })
  })
  it('of 10 MB: cut, and said to be cut', async () => {
    const url = await listening((_, res) => res.writeHead(200, JSON_TYPE).end(`"${'x'.repeat(10_000_000)}"`))
    const outcome = await ask(url, 4_096)
    expect(outcome).toMatchObject({ kind: 'answer', isCut: true })
    if (outcome.kind === 'answer') expect(outcome.text.length).toBe(4_096)
  })
})

describe('proxy variables', () => {
  it('are ignored: no request reaches the proxy', async () => {
    let proxied = 0
    const proxy = await listening((_, res) => {
      proxied++
      res.writeHead(200, JSON_TYPE).end('{"status":"proxy"}')
    })
    const url = await listening((_, res) => res.writeHead(200, JSON_TYPE).end('{"direct":true}'))
    const child = spawn(
      process.execPath,
      [
        '-e',
        `import(${JSON.stringify(join(import.meta.dirname, 'http.ts'))}).then(async (m) => {
           const http = m.createHttp({ baseUrl: process.argv[1] })
           console.log((await http.request({ method: 'GET', path: '/health', headers: {} })).text)
           await http.close()
         })`,
        url,
      ],
      {
        env: {
          PATH: process.env['PATH'] ?? '',
          NODE_USE_ENV_PROXY: '1',
          ...Object.fromEntries(
            ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy'].map((n) => [n, proxy]),
          ),
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    let out = ''
    child.stdout.on('data', (c) => (out += String(c)))
    await once(child, 'close')
    expect(out.trim()).toBe('{"direct":true}')
    expect(proxied).toBe(0)
  })
})
