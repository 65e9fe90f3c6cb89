/** Why a server could not be asked is said in the same words by both clients, against real sockets. */
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Http } from '../core/ports.ts'
import { createHttp } from './http.ts'
import { createLightHttp } from './light-http.ts'
import { networkWords } from './network-words.ts'

let server: Server
let port = 0
beforeEach(async () => {
  server = createServer((socket) => socket.once('data', () => socket.destroy()).on('error', () => undefined))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
})
const closed = (): Promise<unknown> => new Promise((done) => server.close(done))
afterEach(closed)

const CLIENTS: readonly [string, (baseUrl: string) => Http][] = [
  ['the engine', (baseUrl) => createHttp({ baseUrl })],
  ['the terminal and the hooks', (baseUrl) => createLightHttp({ baseUrl })],
]
describe.each(CLIENTS)('the client of %s', (_of, create) => {
  async function detail(baseUrl: string): Promise<string> {
    const http = create(baseUrl)
    const outcome = await http.request({ method: 'GET', path: '/health', headers: {} })
    await http.close()
    return outcome.kind === 'answer' ? `answered ${outcome.status}` : outcome.detail
  }
  it('says that nothing listens', async () => {
    await closed()
    expect(await detail(`http://127.0.0.1:${port}`)).toBe('nothing listens there')
  })
  it('says that it is no HTTP', async () => {
    await closed()
    server = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-x\r\n\r\n'),
    )
    await new Promise<void>((done) => server.listen(port, '127.0.0.1', done))
    expect(await detail(`http://127.0.0.1:${port}`)).toBe('what answers speaks no HTTP')
  })
  it('says that the connection was cut', async () => {
    expect(await detail(`http://127.0.0.1:${port}`)).toBe('the connection was cut')
  })
})

it('what has no words of ours is told in the system’s, with its code, at most 200 characters of them', () => {
  expect(networkWords(new Error('x'.repeat(300)), 'EODD')).toBe(`EODD: ${'x'.repeat(194)}`)
  expect(networkWords(new Error('read EODD'), 'EODD')).toBe('read EODD')
  expect([networkWords(new Error(''), ''), networkWords(new Error(''), 'EODD')]).toEqual([
    'no answer',
    'EODD',
  ])
})
