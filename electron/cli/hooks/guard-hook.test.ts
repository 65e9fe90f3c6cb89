/** What one guarded call leaves behind, with an API that takes a part of it. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { queueFileOf } from '../../adapters/queue-append.ts'
import { appendFact, readRecords } from '../../adapters/session-records.ts'
import { guardHook } from './guard-hook.ts'
import type { HookAnswer } from './hook-answer.ts'
import { HookApi } from './hook-api.ts'
import { toHookInput } from './hook-input.ts'
import { placeOf } from './hook-place.ts'

let root = ''
let api: Server
/** The status of a claim of each resource; 200 where none is named. */
let claims: Record<string, number> = {}
/** What the API says is held. */
let held: readonly object[] = []
beforeEach(async () => {
  claims = {}
  held = []
  root = mkdtempSync(join(tmpdir(), 'coord-guard-'))
  mkdirSync(join(root, 'p', '.claude'), { recursive: true })
  writeFileSync(join(root, 'p', '.claude', 'coord.json'), '{"project":"p"}')
  api = createServer((req, res) => {
    let text = ''
    req.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
    req.on('end', () => {
      const send = (status: number, body: unknown): unknown =>
        res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
      if (req.url === '/health') return void send(200, { status: 'ok' })
      if (req.method !== 'POST') return void send(200, held)
      const body = JSON.parse(text) as { resource: string }
      const status = claims[body.resource] ?? 200
      const holder = status === 409 ? { session_id: 'FAR/x' } : {}
      send(status, { id: body.resource, ...body, ...holder })
    })
  })
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
})
afterEach(async () => {
  await new Promise((resolve) => {
    api.close(resolve)
    api.closeAllConnections()
  })
  rmSync(root, { recursive: true })
})
async function guard(command: string, session?: string): Promise<HookAnswer> {
  const input = toHookInput({
    session_id: 's',
    cwd: join(root, 'p'),
    tool_name: 'Bash',
    tool_input: { command },
  })
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}`
  const place = placeOf(input, session === undefined ? {} : { session }, {
    COORD_HOME: join(root, 'home'),
    COORD_API_URL: url,
    COORD_MACHINE: 'BOX',
  })
  return guardHook(place, input, () => new HookApi(place.context, performance.now() + 20_000))
}
const queued = (): readonly string[] => {
  const file = queueFileOf(join(root, 'p'))
  const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []
  return lines.map((line) => (JSON.parse(line) as { body: { resource: string } }).body.resource)
}
const remembered = (): readonly string[] =>
  readRecords(join(root, 'home')).flatMap((record) => record.claims.map(({ resource }) => resource))

it('a claim that the API could not take waits in the queue, and the call goes on', async () => {
  claims = { a: 500 }
  expect(await guard('touch a b')).toMatchObject({ exitCode: 0 })
  expect(queued()).toEqual(['a'])
  expect([...remembered()].sort()).toEqual(['a', 'b'])
})

it('of a call that is refused nothing waits, and nothing is remembered', async () => {
  claims = { a: 500, b: 409 }
  const refused = await guard('touch a b c')
  expect(refused).toMatchObject({ exitCode: 2 })
  expect(refused.error).toContain('is held by FAR/x')
  expect([queued(), remembered()]).toEqual([[], []])
})

it('a session that is given another name in the middle is not kept out by its own locks', async () => {
  const home = join(root, 'home')
  const started = (id: string): void => {
    appendFact(home, id, { at: 1, fact: 'started', session: 'BOX/before', folder: root, process: null })
  }
  held = [{ id: '1', project_key: 'p', session_id: 'BOX/before', resource: 'a' }]
  expect(await guard('touch a', 'now')).toMatchObject({ exitCode: 2 })
  started('s')
  expect(await guard('touch a', 'now')).toMatchObject({ exitCode: 0, out: '' })
  // unless another session has that name by now
  started('other')
  expect(await guard('touch a', 'now')).toMatchObject({ exitCode: 2 })
})
