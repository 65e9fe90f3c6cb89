/**
 * `node plain-server.ts PORT LOG blind|sighted`: an API that knows no `Idempotency-Key`: each arrival has its effect, a repeat
 * too. Its memory is a file, written before each answer, so that it may be killed. `blind`: its lists are empty, so that
 * nothing in doubt can be looked up.
 */
import { openSync, readFileSync, writeSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { FakeApi, type Reply } from '../../../electron/testing/machine/api.ts'

const [port = '0', file = '', sight = 'sighted'] = process.argv.slice(2)
let now = 0
const api = new FakeApi(() => now)
api.honoursKeys = false

interface Kept {
  readonly at: number
  readonly method: string
  readonly path: string
  readonly body: string
}
const apply = (kept: Kept): Reply => {
  now = kept.at
  return api.handle(kept.method, kept.path, {}, kept.body)
}
const log = openSync(file, 'a+')
for (const line of readFileSync(file, 'utf8').split('\n').slice(0, -1)) apply(JSON.parse(line) as Kept)

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [method, path] = [request.method ?? '', request.url ?? '']
    let reply: Reply
    if (method === 'GET') {
      now = Date.now()
      reply =
        sight === 'blind' && path.startsWith('/api/coord/') && !path.startsWith('/api/coord/status')
          ? { status: 200, body: [] }
          : api.handle(method, path, {}, '')
    } else {
      const kept: Kept = { at: Date.now(), method, path, body: Buffer.concat(chunks).toString('utf8') }
      writeSync(log, `${JSON.stringify(kept)}\n`)
      reply = apply(kept)
    }
    response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers })
    response.end(reply.body === undefined ? '' : JSON.stringify(reply.body))
  })
})
server.listen(Number(port), '127.0.0.1', () => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  process.stdout.write(`${JSON.stringify({ listening: url })}\n`)
})
