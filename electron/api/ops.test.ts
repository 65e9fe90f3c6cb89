/** What runs a server looks at: metrics, the page, liveness, TLS, the log of answers. */
import { serveHere } from './testing/serving.ts'
import { connect } from 'node:net'
import { once } from 'node:events'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashOfToken } from './token-lookup.ts'
import type { Answered } from './app.ts'
import type { Serving } from './serve.ts'
import { call, tempFolder } from './testing/server.ts'
import { openTestStore } from './testing/store.ts'

const TOKEN = 'o'.repeat(32)
const BEARER = { authorization: `Bearer ${TOKEN}` }
let folder: Awaited<ReturnType<typeof tempFolder>>
let serving: Serving
let database: string
const answered: Answered[] = []

beforeAll(async () => {
  folder = await tempFolder()
  database = join(folder.path, 'coord.db')
  const store = await openTestStore(database)
  await store.access.add({ machine: 'OPS', isAdmin: false, hash: hashOfToken(TOKEN) }, Date.now())
  await store.close()
  serving = await serveHere({
    database,
    proxy: 'https://coord.example',
    onAnswer: (answer) => answered.push(answer),
  })
})
afterAll(async () => {
  await serving.close()
  await folder.remove()
})

const page = (headers: Record<string, string>, path = '/') =>
  fetch(`${serving.url}${path}`, { headers: { accept: 'text/html', ...headers } })

test('metrics are counted, in the form that Prometheus reads', async () => {
  await call(serving.url, 'GET', '/api/coord/locks', undefined, BEARER)
  await call(serving.url, 'POST', '/api/coord/locks', {}, BEARER)
  const answer = await page(BEARER, '/metrics')
  expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/)
  const text = await answer.text()
  expect(text).toMatch(/^coord_requests_total\{method="GET",status="200"\} [1-9]/m)
  expect(text).toMatch(/^coord_requests_total\{method="POST",status="422"\} 1$/m)
  expect(text).toMatch(/^coord_request_seconds_bucket\{le="\+Inf"\} [1-9]/m)
  expect(text).toMatch(/^coord_database_up 1$/m)
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{[^{}]*\})? [\d.e+-]+)$/)
})

test('each answer is told for a log, with whose token it was, without what was asked for', async () => {
  answered.length = 0
  await call(serving.url, 'GET', '/api/coord/messages?to_session=OPS/secret', undefined, BEARER)
  await call(serving.url, 'GET', '/api/coord/messages')
  expect(answered).toMatchObject([
    { method: 'GET', path: '/api/coord/messages', status: 200, address: '127.0.0.1', caller: 'OPS' },
    { method: 'GET', path: '/api/coord/messages', status: 401, address: '127.0.0.1', caller: null },
  ])
})

test('the page shows what there is, escaped, without scripts; a browser asks for the token, for the page only', async () => {
  const evil = '<script>alert(1)</script>"&'
  await call(
    serving.url,
    'POST',
    '/api/coord/locks',
    { project_key: 'p', session_id: 'OPS/a', resource: evil },
    BEARER,
  )
  const asked = await page({})
  expect(asked.status).toBe(401)
  expect(asked.headers.get('www-authenticate')).toMatch(/^Basic realm=/)
  const basic = { authorization: `Basic ${Buffer.from(`any:${TOKEN}`).toString('base64')}` }
  const shown = await page(basic)
  expect(shown.status).toBe(200)
  const html = await shown.text()
  expect(html).toContain('&#60;script&#62;alert(1)&#60;/script&#62;&#34;&#38;')
  expect(html).not.toMatch(/<script|<img|<form|javascript:|https?:/)
  expect(shown.headers.get('content-security-policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'$/,
  )
  expect((await page(basic, '/api/coord/locks')).status).toBe(401)
  const written = await call(
    serving.url,
    'POST',
    '/api/coord/locks',
    { project_key: 'p', session_id: 'OPS/a', resource: 'r' },
    basic,
  )
  expect(written.status).toBe(401)
})

test('TLS by certificate files; whoever shakes no hands is cut @long', async (context) => {
  const [cert, key] = [join(folder.path, 'c.pem'), join(folder.path, 'k.pem')]
  const made = spawnSync('openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    '-days',
    '1',
    '-subj',
    '/CN=localhost',
    '-addext',
    'subjectAltName=DNS:localhost,IP:127.0.0.1',
  ])
  if (made.status !== 0) return context.skip('no openssl here')
  const said: string[] = []
  const served = await serveHere({
    database,
    proxy: 'https://x.example',
    tls: { cert, key },
    log: (line) => said.push(line),
  })
  const status = await new Promise((resolve, reject) => {
    request(`${served.url}/api/coord/locks`, { ca: readFileSync(cert), headers: BEARER }, (res) =>
      resolve(res.resume().statusCode),
    )
      .on('error', reject)
      .end()
  })
  expect(served.url).toMatch(/^https:/)
  expect(status).toBe(200)
  expect(said).toEqual([])
  const silent = connect(Number(new URL(served.url).port), '127.0.0.1').resume()
  silent.on('error', () => undefined)
  await once(silent, 'close', { signal: AbortSignal.timeout(15_000) })
  await served.close()
})

test('the service’s file is one that systemd takes', (context) => {
  const file = join(import.meta.dirname, 'ops/coord.service')
  try {
    execFileSync('systemd-analyze', ['--version'])
  } catch {
    return context.skip('no systemd-analyze here')
  }
  const checked = spawnSync('systemd-analyze', ['verify', '--man=no', file], { encoding: 'utf8' })
  expect(
    checked.stderr
      .split('\n')
      .filter((line) => line.includes('coord.service') && !line.includes('is not executable')),
  ).toEqual([])
})
