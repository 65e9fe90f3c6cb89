/** The protocol document's request blocks and its catch-up loop, run with curl as written there; only the host changes. */
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { call, startServer, tempFolder, type TestAnswer, type TestServer } from './testing/server.ts'

const run = promisify(execFile)
let folder: Awaited<ReturnType<typeof tempFolder>>
let server: TestServer

beforeAll(async () => {
  folder = await tempFolder()
  server = await startServer(join(folder.path, 'coord.db'))
})
afterAll(async () => {
  await server.stop()
  await folder.remove()
})

async function curl(block: string): Promise<Pick<TestAnswer, 'status' | 'body'>> {
  const [, method = '', path = '', body = ''] = /^(\w+) (\S+)\s*([^]*)$/.exec(block.trim()) ?? []
  const data = body
    ? ['-H', 'Content-Type: application/json', '-d', body.replace(/ \/\/ omit for broadcast/, '')]
    : []
  const { stdout } = await run('curl', [
    '-s',
    '-m',
    '10',
    '-w',
    '\n%{http_code}',
    '-X',
    method,
    `${server.url}${path}`,
    ...data,
  ])
  const cut = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(cut + 1)), body: JSON.parse(stdout.slice(0, cut)) }
}

test('each request block of the document works as written', async () => {
  expect(await curl('GET /api/coord/locks?project_key=&resource=')).toEqual({ status: 200, body: [] })
  const lock =
    await curl(`POST /api/coord/locks { "project_key": "gururmm", "session_id": "DESKTOP-0O8A1RL/claude-main",
    "resource": "server/src/api/credentials.rs", "description": "Adding credential endpoints", "ttl_hours": 2 }`)
  expect(lock.status).toBe(201)
  const component = await curl(`PUT /api/coord/components { "project_key": "gururmm", "component": "server",
    "state": "deployed", "version": "0.3.0", "notes": "Deployed 2026-05-12; credential store live",
    "updated_by": "DESKTOP-0O8A1RL/claude-main" }`)
  expect(component.status).toBe(200)
  expect((await curl('GET /api/coord/components?project_key=gururmm')).body).toEqual([component.body])
  const workflow =
    await curl(`POST /api/coord/workflows { "project_key": "gururmm", "name": "Network Discovery Phase 1",
    "description": "TCP probe scanner + DB layer + API + dashboard", "status": "planning",
    "created_by": "DESKTOP-0O8A1RL/claude-main" }`)
  expect(workflow.status).toBe(201)
  const item =
    await curl(`POST /api/coord/work-items { "workflow_id": "${workflow.body.id}", "project_key": "gururmm",
    "title": "Write migrations 017-019 for discovery tables", "status": "pending", "priority": 10 }`)
  expect(item.status).toBe(201)
  const patched = await curl(`PATCH /api/coord/work-items/${item.body.id} { "status": "completed" }`)
  expect(patched).toMatchObject({ status: 200, body: { status: 'completed' } })
  const message = await curl(`POST /api/coord/messages { "from_session": "DESKTOP-0O8A1RL/claude-main",
    "to_session": "HOWARD-HOME/claude-main", // omit for broadcast
    "project_key": "gururmm", "subject": "macOS build pipeline ready for wiring",
    "body": "build-agents.sh updated. Section marked TODO-MACOS. Wire in from your end." }`)
  expect(message.status).toBe(201)
  const unread = '/api/coord/messages?to_session=HOWARD-HOME/claude-main&unread_only=true'
  expect((await curl(`GET ${unread}`)).body).toHaveLength(1)
  expect((await curl(`PUT /api/coord/messages/${message.body.id}/read`)).status).toBe(200)
  expect((await curl(`GET ${unread}`)).body).toEqual([])
  const status = await curl('GET /api/coord/status')
  expect(status.body).toMatchObject({
    locks: [{ id: lock.body.id }],
    components: [{}],
    workflows: [{}],
    unread_count: 0,
  })
  const released = await curl(
    `DELETE /api/coord/locks/${lock.body.id}?session_id=DESKTOP-0O8A1RL/claude-main`,
  )
  expect(released).toEqual({ status: 200, body: { released: 1 } })
  const all = await curl('DELETE /api/coord/locks?session_id=DESKTOP-0O8A1RL/claude-main&release_all=true')
  expect(all).toEqual({ status: 200, body: { released: 0 } })
})

test("the document's catch-up loop delivers its queue", async () => {
  const project = join(folder.path, 'project')
  await mkdir(join(project, '.claude'), { recursive: true })
  const lines = [
    '{"ts":"2026-05-12T15:30:00Z","method":"PUT","path":"/api/coord/components/loop/server","body":{"state":"deployed","version":"0.3.0","notes":"...","updated_by":"DESKTOP-0O8A1RL/claude-main"}}',
    '{"ts":"2026-05-12T15:30:01Z","method":"POST","path":"/api/coord/locks","body":{"project_key":"loop","session_id":"M/a","resource":"r","ttl_hours":2}}',
    '{"ts":"2026-05-12T15:30:02Z","method":"DELETE","path":"/api/coord/locks?session_id=M/a&release_all=true"}',
  ]
  await writeFile(join(project, '.claude/coord-queue.jsonl'), `${lines.join('\n')}\n`)
  const loop = `while read -r line; do method=$(echo "$line" | jq -r .method) path=$(echo "$line" | jq -r .path) body=$(echo "$line" | jq -r .body)
    curl -s -X "$method" "${server.url}$path" -H "Content-Type: application/json" -d "$body"; echo
    done < .claude/coord-queue.jsonl`
  const { stdout } = await run('bash', ['-c', loop], { cwd: project })
  const answers = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(answers[0]).toMatchObject({ project_key: 'loop', component: 'server', state: 'deployed' })
  expect(answers[1]).toMatchObject({ resource: 'r' })
  expect(answers[2]).toEqual({ released: 1 })
  expect((await call(server.url, 'GET', '/api/coord/locks?project_key=loop')).body).toEqual([])
})
