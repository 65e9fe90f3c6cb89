#!/usr/bin/env node
// `npm run bench`: every row of the bench, as ratios side by side in one run, each beside what a user has today.
// 127.0.0.1 and temp folders only; ends by itself. `-- replay|acts|backlog|api|lists|full|hooks|terminal|bundles|tray|window` runs one part.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { Pool } from 'undici'
import { actsAndWatching } from './acts.mjs'
import { apiLists } from './api-lists.mjs'
import { full } from './full.mjs'
import { hooks } from './hooks.mjs'
import { replay } from './replay.mjs'
import { terminal } from './terminal.mjs'
import { team } from './team.mjs'
import { trayRows } from './tray.mjs'
import { measureWindow } from './window.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'coord-bench-'))
const only = process.argv[2]
const rows = []
const say = (what, measured, beside, ratio, budget) => rows.push({ what, measured, beside, ratio, budget })
const round = (n, d = 2) => Number(n.toFixed(d))
const rate = (n, ms) => round((n / ms) * 1000, 0)

async function serverAt(args, env) {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const url = await new Promise((resolve) =>
    child.stdout.once('data', (d) => resolve(JSON.parse(String(d)).listening)),
  )
  const stop = () =>
    new Promise((ended) => {
      child.once('exit', ended)
      child.kill()
    })
  return { url, pid: child.pid, stop }
}

/** The API as it is installed, on a database of its own; `home` is a name. */
const serveCoord = (database, home) =>
  serverAt(
    [join(root, 'build/scripts/coord.mjs'), 'serve', '--json', '--port', '0', '--database', database],
    {
      COORD_HOME: join(temp, home),
    },
  )

const BARE = `
import { serve } from '@hono/node-server'; import { Hono } from 'hono'; import { DatabaseSync } from 'node:sqlite'
const db = new DatabaseSync(process.argv[2]); db.exec('PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, body TEXT)')
const put = db.prepare('INSERT INTO t(body) VALUES (?)'); const app = new Hono()
app.post('/', async (c) => { const id = put.run(JSON.stringify(await c.req.json())).lastInsertRowid; return c.json({ id: Number(id) }, 201) })
app.delete('/:id', (c) => { put.run(c.req.param('id')); return c.json({ released: 1 }) })
serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (i) => console.log(JSON.stringify({ listening: 'http://127.0.0.1:' + i.port })))
`

async function cycles(url, n, claim, release) {
  const pool = new Pool(url, { connections: 32, pipelining: 1 })
  const send = async (method, path, body) => {
    const answer = await pool.request({
      method,
      path,
      ...(body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {}),
    })
    return JSON.parse(await answer.body.text())
  }
  let next = 0
  const t = performance.now()
  await Promise.all(
    Array.from({ length: 32 }, async (_, client) => {
      while (next++ < n) await release(send, (await claim(send, client, next)).id, client)
    }),
  )
  const ms = performance.now() - t
  await pool.close()
  return ms
}

async function api() {
  const bareFile = join(root, 'out', 'bench-bare.mjs')
  mkdirSync(join(root, 'out'), { recursive: true })
  writeFileSync(bareFile, BARE)
  const ours = await serveCoord(join(temp, 'a.db'), 'home-api')
  const bare = await serverAt(['--no-warnings', bareFile, join(temp, 'b.db')])
  const n = 3_000
  const pairs = []
  for (let i = 0; i < 3; i++) {
    pairs.push({
      ours: await cycles(
        ours.url,
        n,
        (s, c, k) =>
          s('POST', '/api/coord/locks', {
            project_key: 'p',
            session_id: `M/${c}`,
            resource: `r${k}`,
            ttl_hours: 2,
          }),
        (s, id, c) => s('DELETE', `/api/coord/locks/${id}?session_id=M%2F${c}`),
      ),
      bare: await cycles(
        bare.url,
        n,
        (s) => s('POST', '/', { a: 1 }),
        (s, id) => s('DELETE', `/${id}`),
      ),
    })
  }
  const mid = pairs.sort((a, b) => a.bare / a.ours - b.bare / b.ours)[1]
  say(
    'API: claim + release, 32 clients, beside bare Hono + SQLite',
    `${rate(n, mid.ours)}/s`,
    `${rate(n, mid.bare)}/s`,
    round(mid.bare / mid.ours),
    '≥ 1.2',
  )
  bare.stop()
  ours.stop()
  rmSync(bareFile, { force: true })
}

function bundles() {
  // The window's are among its rows.
  const size = gzipSync(readFileSync(join(root, 'dist/main/main.cjs'))).length
  say('main bundle, gzip', `${round(size / 1024, 0)} kB`, '', '', '≤ 400 kB')
}

try {
  spawnSync(process.execPath, [join(root, 'build/scripts/build.mjs')], { stdio: ['ignore', 2, 2] })
  if (only === undefined || only === 'replay') await replay({ root, temp, say, round, rate })
  if (only === undefined || only === 'acts') await actsAndWatching({ root, temp, say, round })
  if (only === undefined || only === 'backlog')
    spawnSync(process.execPath, [join(root, 'build/measure/backlog.mjs')], { stdio: 'inherit' })
  if (only === undefined || only === 'api') await api()
  if (only === undefined || only === 'lists') await apiLists({ temp, say, round, serveCoord })
  if (only === undefined || only === 'full') await full({ temp, say, rate, serveCoord })
  // By itself: it takes minutes, and a database server.
  if (only === 'team') await team({ temp, say, round, serveCoord })
  if (only === undefined || only === 'tray') rows.push(...trayRows())
  if (only === undefined || only === 'hooks') await hooks({ root, temp, say, round, serveCoord })
  if (only === undefined || only === 'terminal') await terminal({ root, temp, say, round, serverAt })
  if (only === undefined || only === 'bundles') bundles()
  if (only === undefined || only === 'window') await measureWindow({ root, say, round })
  process.stdout.write(
    `${cpus().length} × ${cpus()[0]?.model ?? '?'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${process.platform}\n`,
  )
  console.table(rows)
} finally {
  rmSync(temp, { recursive: true, force: true })
}
process.exit(0)
