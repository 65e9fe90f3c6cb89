#!/usr/bin/env node
// The protocol's own bash catch-up loop beside `coord flush`, on the same calls against the same troubled API:
// every third call gets a 503 (Retry-After 0, sometimes 1), some connections are cut after the call was applied or
// before, and the API is away twice for five seconds. Says what each lost or doubled, and how long each took.
//
//   npm run bench:loop [-- CALLS]        (1 000 by default; 127.0.0.1 only; ends by itself)
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync, existsSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const calls = Number(process.argv[2] ?? 1000)
const root = fileURLToPath(new URL('../..', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'coord-loop-'))
const coord = join(root, 'build/scripts/coord.mjs')

/** A server that keeps what it applied, knows no Idempotency-Key, and misbehaves on a schedule. */
function troubledApi() {
  const rows = []
  const sockets = new Set()
  let writes = 0
  let port = 0
  let server
  let away = 0
  const handler = (request, response) => {
    const chunks = []
    request.on('data', (c) => chunks.push(c))
    request.on('end', () => {
      const json = (status, body, headers = {}) => {
        response.writeHead(status, { 'content-type': 'application/json', ...headers })
        response.end(JSON.stringify(body))
      }
      const url = new URL(request.url, 'http://x')
      if (url.pathname === '/health') return json(200, { status: 'ok' })
      if (request.method === 'GET') return json(200, url.pathname.endsWith('/messages') ? rows : [])
      const n = ++writes
      if (n % 3 === 0)
        return json(503, { detail: 'busy', retry_after: 0 }, { 'retry-after': n % 60 === 0 ? '1' : '0' })
      if (n % 101 === 0) return request.socket.destroy() // cut before it was applied
      try {
        rows.push({
          id: String(rows.length + 1),
          ...JSON.parse(Buffer.concat(chunks)),
          created_at: new Date().toISOString(),
        })
      } catch {
        return json(400, { detail: 'no JSON' })
      }
      if (n % 151 === 0) return request.socket.destroy() // cut after it was applied
      json(201, rows.at(-1))
      if ((rows.length >= calls / 3 && away === 0) || (rows.length >= (calls * 2) / 3 && away === 1)) {
        away++
        stop().then(() => setTimeout(listen, 5000))
      }
    })
  }
  const listen = () =>
    new Promise((resolve) => {
      server = createServer(handler)
      server.on('connection', (s) => sockets.add(s).has(s) && s.on('close', () => sockets.delete(s)))
      server.listen(port, '127.0.0.1', () => resolve((port = server.address().port)))
    })
  const stop = () =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const s of sockets) s.destroySoon()
    })
  return { listen, stop, rows, seen: () => writes }
}

const run = (command, args, options) =>
  new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'ignore'], ...options })
    child.on('exit', (code) => resolve(code))
  })

function workspace(name) {
  const dir = join(temp, name)
  mkdirSync(join(dir, '.claude'), { recursive: true })
  const lines = Array.from({ length: calls }, (_, i) =>
    JSON.stringify({
      ts: new Date().toISOString(),
      method: 'POST',
      path: '/api/coord/messages',
      body: { from_session: 'M/a', project_key: 'p', subject: `call ${i}`, body: 'x' },
    }),
  )
  writeFileSync(join(dir, '.claude/coord-queue.jsonl'), lines.join('\n') + '\n')
  return dir
}

function verdict(name, rows, ms, runs) {
  const count = new Map()
  for (const row of rows) count.set(row.subject, (count.get(row.subject) ?? 0) + 1)
  const order = rows.map((r) => Number(r.subject.slice(5)))
  const firsts = order.filter((n, i) => order.indexOf(n) === i)
  return {
    what: name,
    calls,
    lost: calls - count.size,
    doubled: [...count.values()].filter((n) => n > 1).length,
    'order kept': firsts.every((n, i) => i === 0 || n > firsts[i - 1]),
    seconds: Number((ms / 1000).toFixed(1)),
    runs,
  }
}

const results = []
try {
  {
    const api = troubledApi()
    const port = await api.listen()
    const dir = workspace('bash')
    // the protocol's loop as written; "remove the file only if all calls succeeded" by what it can see: curl's exit code
    const script = `ok=1
while read -r line; do
  method=$(echo "$line" | jq -r .method); path=$(echo "$line" | jq -r .path); body=$(echo "$line" | jq -r .body)
  curl -s -X "$method" "http://127.0.0.1:${port}$path" -H "Content-Type: application/json" -d "$body" || ok=0
done < .claude/coord-queue.jsonl
[ $ok = 1 ] && rm .claude/coord-queue.jsonl; exit 0`
    const t = performance.now()
    await run('bash', ['-c', script], { cwd: dir, timeout: 300_000 })
    results.push(
      verdict(
        `bash loop, once (${existsSync(join(dir, '.claude/coord-queue.jsonl')) ? 'file kept: a second run doubles all' : 'file removed'})`,
        api.rows,
        performance.now() - t,
        1,
      ),
    )
    await api.stop()
  }
  {
    const api = troubledApi()
    const port = await api.listen()
    const dir = workspace('coord')
    const env = { ...process.env, COORD_HOME: join(temp, 'home'), COORD_API_URL: `http://127.0.0.1:${port}` }
    const t = performance.now()
    let runs = 0
    for (; runs < 200;) {
      runs++
      if (
        (await run(process.execPath, [coord, 'flush', '--workspace', dir, '--json'], { env, cwd: dir })) !== 3
      )
        break
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    results.push(verdict('coord flush, until nothing waits', api.rows, performance.now() - t, runs))
    await api.stop()
  }
  console.table(results)
} finally {
  rmSync(temp, { recursive: true, force: true })
}
process.exit(
  results.length === 2 && results[1].lost === 0 && results[1].doubled === 0 && results[1]['order kept']
    ? 0
    : 1,
)
