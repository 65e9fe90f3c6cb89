import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, startServer, tempFolder, type TestServer } from './testing/server.ts'

const RUNS = process.env.COORD_LONG ? 5_000 : 250
let folder: Awaited<ReturnType<typeof tempFolder>>
let server: TestServer

beforeAll(async () => {
  folder = await tempFolder()
  server = await startServer(join(folder.path, 'coord.db'))
})
afterAll(async () => {
  const health = await call(server.url, 'GET', '/health')
  await server.stop()
  await folder.remove()
  expect(health.body.status).toBe('ok')
  expect(server.stderr()).toBe('')
})

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\0', '\ud800', 'a/b', '😀', '%', '__proto__'),
)
const value = fc.oneof(text, fc.jsonValue(), fc.double(), fc.constant(null))
const fields =
  'project_key session_id resource description ttl_hours component state version notes updated_by name status created_by workflow_id title priority from_session to_session subject body'.split(
    ' ',
  )
const body = fc.oneof(
  fc.dictionary(fc.oneof(fc.constantFrom(...fields), text), value),
  fc.record(Object.fromEntries(fields.map((f) => [f, fc.oneof({ weight: 9, arbitrary: text }, value)]))),
  fc.jsonValue(),
)
const calls = fc.constantFrom(
  ['POST', '/locks'],
  ['DELETE', '/locks'],
  ['DELETE', '/locks/$'],
  ['GET', '/locks'],
  ['PUT', '/components'],
  ['PUT', '/components/$/$'],
  ['GET', '/components'],
  ['POST', '/workflows'],
  ['PATCH', '/workflows/$'],
  ['GET', '/workflows'],
  ['POST', '/work-items'],
  ['PATCH', '/work-items/$'],
  ['GET', '/work-items'],
  ['POST', '/messages'],
  ['GET', '/messages'],
  ['PUT', '/messages/$/read'],
  ['GET', '/status'],
  ['GET', '/$'],
)
const queries = fc.dictionary(
  fc.constantFrom(...fields, 'unread_only', 'release_all', 'limit', 'offset', 'order'),
  fc.oneof(text, fc.constantFrom('1', 'true', '-1', '9'.repeat(40))),
)
const encoded = (t: string): string => encodeURIComponent(t.toWellFormed())

test('no body, path or query gives a 500 or hangs', async () => {
  await fc.assert(
    fc.asyncProperty(calls, body, text, queries, async ([method = '', shape = ''], given, id, query) => {
      const search = Object.entries(query)
        .map(([k, v]) => `${k}=${encoded(v)}`)
        .join('&')
      const path = `/api/coord${shape.replaceAll('$', () => encoded(id))}?${search}`
      const answer = await call(server.url, method, path, method === 'GET' ? undefined : given)
      expect(answer.status).toBeLessThan(500)
      if (answer.status >= 400) expect(typeof answer.body.detail).toBe('string')
      if (answer.status === 201 && typeof given === 'object' && given !== null && 'title' in given)
        for (const field of ['subject', 'title', 'resource'])
          if (typeof answer.body[field] === 'string')
            expect(answer.body[field]).toBe((given as Record<string, unknown>)[field])
    }),
    { numRuns: RUNS },
  )
})

/** Sends raw bytes and gives all that came back before the server closed or a moment passed. */
async function raw(bytes: Uint8Array): Promise<string> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  let got = ''
  socket.on('data', (chunk) => (got += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  const closed = once(socket, 'close')
  socket.end(bytes)
  const timer = setTimeout(() => socket.destroy(new Error('hang')), 8_000)
  await closed.catch(() => undefined)
  clearTimeout(timer)
  expect(socket.errored?.message).not.toBe('hang')
  return got
}

test('no raw bytes give a 500 or hang', async () => {
  const head = fc.constantFrom(
    'POST /api/coord/locks HTTP/1.1',
    'PUT /api/coord/messages/x/read HTTP/1.1',
    'GET http://evil/ HTTP/1.1',
    'TRACE / HTTP/1.1',
    'GET //x HTTP/1.1',
    'GET /api/coord/locks/%ff%00 HTTP/1.0',
    'OPTIONS * HTTP/1.1',
    'DELETE /api/coord/locks/%zz?session_id=%ff HTTP/1.1',
    'PUT /api/coord/components/%e0%a4/%2e%2e HTTP/1.1',
    'GET / HTTP/9.9',
    '',
  )
  const header = fc.constantFrom(
    'Host: 127.0.0.1',
    'Host: a b',
    'Host:',
    'Content-Type: application/json',
    'Content-Length: 5',
    'Content-Length: -1',
    'Transfer-Encoding: chunked',
    'Idempotency-Key: "',
    'X-Coord-Queued-At: never',
    'Expect: 100-continue',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Origin: ',
    'Content-Encoding: gzip',
  )
  await fc.assert(
    fc.asyncProperty(
      head,
      fc.uniqueArray(header),
      fc.uint8Array({ maxLength: 200 }),
      async (line, headers, tail) => {
        const start = new TextEncoder().encode([line, ...headers, '', ''].join('\r\n'))
        const answer = await raw(Buffer.concat([start, tail]))
        expect(answer).not.toMatch(/^HTTP\/1\.1 5/m)
      },
    ),
    { numRuns: RUNS },
  )
})

test('bodies too large, too deep or cut off are refused', async () => {
  const large = await call(server.url, 'POST', '/api/coord/messages', { body: 'x'.repeat(1_100_000) })
  expect(large.status).toBe(413)
  const deep = await fetch(`${server.url}/api/coord/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '['.repeat(500_000),
  })
  expect([400, 422]).toContain(deep.status)
})
