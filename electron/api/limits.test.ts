/** Nobody stops another: sizes, bytes on their way, connections, slow senders and slow readers. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { call, eachOf, startServer, tempFolder, until, type TestServer } from './testing/server.ts'

let folder: Awaited<ReturnType<typeof tempFolder>>
let server: TestServer
const sockets: Socket[] = []

beforeEach(async () => {
  folder = await tempFolder()
  server = await startServer(join(folder.path, 'coord.db'))
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop()
  await folder.remove()
})

async function open(): Promise<Socket> {
  const { hostname, port } = new URL(server.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** Sends raw bytes; what came back until the server closed. */
async function raw(text: string): Promise<string> {
  const socket = await open()
  let got = ''
  socket.on('data', (chunk) => (got += chunk.toString('latin1')))
  const closed = once(socket, 'close')
  socket.end(text)
  await closed
  return got
}

const post = (path: string, body: object) => call(server.url, 'POST', `/api/coord${path}`, body)

test.each([
  ['/locks', { project_key: 'p', session_id: 'M/a', resource: 'r' }, 'description', 16_384],
  ['/messages', { from_session: 'M/a' }, 'subject', 1_000],
  ['/messages', { from_session: 'M/a', subject: 's' }, 'body', 262_144],
  ['/workflows', { project_key: 'p', name: 'n' }, 'description', 16_384],
  ['/locks', { project_key: 'p', session_id: 'M/a' }, 'resource', 1_000],
])('F2: %s takes %s no longer than it may be, and names %s', async (path, body, field, most) => {
  expect((await post(path, { ...body, [field]: 'x'.repeat(most) })).status).toBe(201)
  const refused = await post(path, { ...body, [field]: 'x'.repeat(most + 1) })
  expect([refused.status, refused.body.field]).toEqual([422, field])
  if (most > 1_000)
    expect((await post(path, { ...body, [field]: 'ä'.repeat(most / 2 + 1) })).status).toBe(422)
})

test('F2: one session with long texts fills no page beyond what a client reads', async () => {
  const claim = { project_key: 'p', session_id: 'M/a', description: 'x'.repeat(16_000) }
  await eachOf(600, (n) => post('/locks', { ...claim, resource: `r${n}` }))
  expect((await call(server.url, 'GET', '/api/coord/locks')).text.length).toBeLessThan(4_300_000)
  expect((await call(server.url, 'GET', '/api/coord/locks?limit=1')).body).toHaveLength(1)
})

test('F11: half-sent bodies beyond 64 MiB are refused, and others go on', async () => {
  const half = 'x'.repeat(900_000)
  const answers: string[] = []
  for (let n = 0; n < 90; n++) {
    const socket = await open()
    socket.on('data', (chunk) => answers.push(chunk.toString('latin1')))
    socket.write(
      `POST /api/coord/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n${half}`,
    )
  }
  await until(() => answers.length > 0)
  expect(answers.every((a) => a.startsWith('HTTP/1.1 503') && a.includes('"field":"body"'))).toBe(true)
  expect((await call(server.url, 'GET', '/health')).body.status).toBe('ok')
  for (const socket of sockets.splice(0)) socket.destroy()
  // More than may be left of the 64 MiB: what they held is there for others again.
  const large = { from_session: 'M/a', subject: 's', body: 'x'.repeat(200_000) }
  await until(async () => (await post('/messages', large)).status === 201)
})

test('F11: answers that nobody reads are bounded, and their readers do not stop others @long', async () => {
  const body = 'x'.repeat(250_000)
  await eachOf(17, (n) => post('/messages', { from_session: 'M/a', subject: String(n), body }))
  for (let n = 0; n < 60; n++) {
    const socket = await open()
    socket.pause()
    socket.write('GET /api/coord/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
  }
  await until(async () => (await call(server.url, 'GET', '/api/coord/messages')).status === 503)
  expect((await call(server.url, 'GET', '/health')).body.status).toBe('ok')
  // After 30 s they are cut: the lists are given again.
  await until(async () => (await call(server.url, 'GET', '/api/coord/messages')).status === 200, 60_000)
})

test('F11: of more connections than 512 the idle ones go, and a new one is served', async () => {
  for (let n = 0; n < 510; n++) {
    const socket = await open()
    socket.write('GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n')
    socket.resume()
  }
  await eachOf(20, () => call(server.url, 'GET', '/health'))
  expect((await call(server.url, 'GET', '/health')).body.status).toBe('ok')
})

test('F15: what the parser refuses has the shape of every refusal', async () => {
  const answers = await Promise.all([
    raw('NONSENSE\r\n\r\n'),
    raw(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ${'x'.repeat(90_000)}\r\n\r\n`),
    raw('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: everything\r\n\r\n'),
    raw('GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    raw('GET /health HTTP/1.1\r\nConnection: close\r\n\r\n'),
    raw('GET /health HTTP/1.0\r\n\r\n'),
    raw('GET /health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n'),
    raw('OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
    raw('GET /api\\coord HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n'),
  ])
  expect(answers.map((a) => a.slice(9, 12))).toEqual([
    '400',
    '431',
    '417',
    ...new Array<string>(6).fill('400'),
  ])
  for (const answer of answers) expect(answer).toMatch(/\r\n\r\n\{"detail":"/)
})

test('F15: the longest names fit into a path, in any script', async () => {
  const name = encodeURIComponent('ナ'.repeat(1_000))
  const answer = await call(server.url, 'PUT', `/api/coord/components/${name}/${name}`, { state: 's' })
  expect(answer.status).toBe(200)
})

test('F15: answers may not be embedded by pages of another origin', async () => {
  const { headers } = await call(server.url, 'GET', '/api/coord/nothing')
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin')
  expect(headers.get('x-frame-options')).toBe('DENY')
})
