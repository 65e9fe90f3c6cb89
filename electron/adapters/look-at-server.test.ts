/** A server on the default port gets a call only if it proves whose it is. */
import { createServer, request, type Server } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { serveApi, type Serving } from '../api/serve.ts'
import { readHomeKey, serverProof } from './home-key.ts'
import { lookAtServer } from './look-at-server.ts'

let home: string
let serving: Serving
const servers: Server[] = []

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'coord-look-'))
  const key = readHomeKey(home)
  const served = await serveApi({
    host: '127.0.0.1',
    port: 0,
    database: join(home, 'coord.db'),
    instance: 'mine',
    prove: (nonce, baseUrl) => serverProof(key, nonce, baseUrl),
  })
  if (!served.ok) throw new Error(served.error.message)
  serving = served.value
})
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
  }
  await serving.close()
  rmSync(home, { recursive: true, force: true })
})

async function impostor(answer: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(answer as never)
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
const kindOf = async (url: string, key = readHomeKey(home)) => (await lookAtServer(url, key, 1_500)).kind

test('F6: our own server proves itself; with another key it does not, and nobody is nobody', async () => {
  expect(await lookAtServer(serving.url, readHomeKey(home))).toMatchObject({
    kind: 'ours',
    health: { status: 'ok', instance: 'mine', idempotency: true },
  })
  expect(await kindOf(serving.url, 'ab'.repeat(32))).toBe('other')
  expect(await kindOf('http://127.0.0.1:1')).toBe('nobody')
})

test('F6: who has read our instance, or an earlier proof, is another program', async () => {
  const health = { status: 'ok', database: 'connected', service: 'coord', instance: 'mine' }
  const earlier = await new Promise<string>((resolve) =>
    request(`${serving.url}/health`, { headers: { 'x-coord-challenge': 'a'.repeat(32) } }, (res) => {
      let text = ''
      res.on('data', (part) => (text += String(part))).on('end', () => resolve(text))
    }).end(),
  )
  expect(JSON.parse(earlier).proof).toMatch(/^[0-9a-f]{64}$/)
  for (const body of [JSON.stringify(health), earlier, '[]', 'x'.repeat(200_000)])
    expect(await kindOf(await impostor((_, res) => void res.end(body)))).toBe('other')
  expect(await kindOf(await impostor(() => undefined))).toBe('other')
})

test('F6: a program that passes the challenge on to our server at its own port is another program', async () => {
  const relay = await impostor((req, res) => {
    const headers = { ...req.headers }
    request(`${serving.url}${req.url}`, { headers }, (answer) => void answer.pipe(res)).end()
  })
  expect(await kindOf(relay)).toBe('other')
})
