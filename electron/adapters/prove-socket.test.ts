import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CHALLENGE_HEADER } from '../../shared/extensions.ts'
import type { Http, HttpCall } from '../core/ports.ts'
import { readHomeKey, serverProof } from './home-key.ts'
import { createHttp } from './http.ts'
import { createLightHttp } from './light-http.ts'

let home: string
let key: string
const closers: (() => Promise<unknown>)[] = []
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'coord-proof-'))
  key = readHomeKey(home)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
  rmSync(home, { recursive: true, force: true })
})

type Prove = (nonce: string, address: string) => string | undefined

/** A server of the protocol that answers challenges as `prove` says, and keeps what else it was sent. */
async function serve(
  prove: Prove,
  port = 0,
): Promise<{ url: string; port: number; got: IncomingMessage[]; server: Server }> {
  const got: IncomingMessage[] = []
  const server = createServer((req, res) => {
    const nonce = req.headers[CHALLENGE_HEADER]
    if (typeof nonce !== 'string') got.push(req)
    const proof =
      typeof nonce === 'string'
        ? prove(nonce, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
        : undefined
    req.resume().on('end', () => {
      const text = JSON.stringify({
        status: 'ok',
        service: 'coord',
        ...(proof === undefined ? {} : { proof }),
      })
      res
        .writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
        .end(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const at = (server.address() as AddressInfo).port
  closers.push(() => end(server))
  return { url: `http://127.0.0.1:${at}`, port: at, got, server }
}
const end = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })

const secretCall: HttpCall = {
  method: 'POST',
  path: '/api/coord/messages',
  headers: { authorization: 'Bearer secret' },
  body: '{"subject":"private"}',
}
const truth: Prove = (nonce, address) => serverProof(key, nonce, address)
const clients: readonly (readonly [string, (url: string) => Http])[] = [
  ['undici', (baseUrl) => createHttp({ baseUrl, proof: { home } })],
  ['node:http', (baseUrl) => createLightHttp({ baseUrl, proof: { home } })],
]

describe.each(clients)('a call by %s where nobody configured the address', (_, create) => {
  const request = async (url: string, times = 1) => {
    const http = create(url)
    closers.push(() => http.close())
    let last
    for (let i = 0; i < times; i++) last = await http.request(secretCall)
    return last
  }

  it('goes to the server that proves itself, over connections that are kept', async () => {
    const { url, got } = await serve(truth)
    expect(await request(url, 10)).toMatchObject({ kind: 'answer', status: 200 })
    expect(got.length).toBe(10)
    expect(new Set(got.map((r) => r.socket)).size).toBeLessThan(3)
  })

  it.each<readonly [string, Prove]>([
    ['gives no proof', () => undefined],
    ['has another key', (nonce, address) => serverProof('ab'.repeat(32), nonce, address)],
    ['replays the proof of another challenge', (_n, address) => serverProof(key, 'an older nonce', address)],
    [
      'passes the challenge on to the true server at another port',
      (nonce) => serverProof(key, nonce, 'http://127.0.0.1:1'),
    ],
  ])('sends nothing to one that %s', async (_name, prove) => {
    const { url, got, port } = await serve(prove)
    expect(await request(url)).toEqual({
      kind: 'unreachable',
      why: 'unproven',
      detail: expect.stringContaining(
        `Port ${port} of this machine is held by a program that cannot prove`,
      ) as string,
    })
    expect(got).toEqual([])
  })

  it('sends nothing to a squatter that takes the port when the true server ends', async () => {
    const first = await serve(truth)
    const http = create(first.url)
    closers.push(() => http.close())
    expect(await http.request(secretCall)).toMatchObject({ kind: 'answer' })
    await end(first.server)
    const squatter = await serve(() => undefined, first.port)
    const outcomes = [await http.request(secretCall), await http.request(secretCall)]
    expect(outcomes.at(-1)).toMatchObject({ kind: 'unreachable', why: 'unproven' })
    expect(squatter.got).toEqual([])
  })

  it.each([
    ['nonsense', 'SSH-2.0-OpenSSH\r\n\r\n'],
    ['a page', 'HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>'],
    ['an answer without a length', 'HTTP/1.1 200 OK\r\n\r\n{}'],
    ['more than one answer', `HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n`],
  ])('sends nothing to a program that answers %s', async (_name, text) => {
    const got: string[] = []
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined)
      socket.on('data', (data) => {
        got.push(data.toString())
        socket.write(text)
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    closers.push(() => new Promise((resolve) => server.close(resolve)))
    const outcome = await request(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    expect(outcome).toMatchObject({ kind: 'unreachable', why: 'unproven' })
    expect(got.join('')).not.toContain('secret')
  })

  it('ends in its own time where the server takes the connection and says nothing', async () => {
    const got: string[] = []
    const sockets: Socket[] = []
    const silent = createTcpServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => undefined)
      socket.on('data', (data) => got.push(data.toString()))
    })
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    closers.push(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => silent.close(resolve))
    })
    const http = create(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
    closers.push(() => http.close())
    const begun = performance.now()
    expect(await http.request({ ...secretCall, timeoutMs: 100 })).toMatchObject({ kind: 'unreachable' })
    // by itself the proof is waited for longer than this
    expect(performance.now() - begun).toBeLessThan(2_500)
    expect(got.join('')).not.toContain('secret')
  })

  it('says plainly that nobody is there', async () => {
    const { url, server } = await serve(truth)
    await end(server)
    const outcome = await request(url)
    expect(outcome).toMatchObject({ kind: 'unreachable' })
    expect(outcome).not.toHaveProperty('why')
  })
})
