// What a tool waits for: whole processes of the hooks, from their start to their end, beside a Node that does nothing; with
// the API up, away and hanging. Each state has a home and a project of its own, so that no rest after a silent API counts.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { quantile } from './lib/quantile.mjs'

const RUNS = Number(process.env.BENCH_RUNS ?? 40)

function timed(program, args, options) {
  const from = performance.now()
  const { status, stderr } = spawnSync(process.execPath, [program, ...args], options)
  if (status !== 0) throw new Error(`bench: hook ${args[0]} ended with ${status}: ${stderr}`)
  return performance.now() - from
}

/** Accepts and never answers; in a thread, since the runs block this one. */
function hangingServer() {
  const code = `const { createServer } = require('node:net'); const { parentPort } = require('node:worker_threads')
  const s = createServer(() => {}).listen(0, '127.0.0.1', () => parentPort.postMessage(s.address().port))`
  const worker = new Worker(code, { eval: true })
  return new Promise((resolve) =>
    worker.once('message', (port) => resolve({ port, stop: () => worker.terminate() })),
  )
}

async function closedPort() {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address()
  server.close()
  return port
}

export async function hooks({ root, temp, say, round, serveCoord }) {
  const hook = join(root, 'dist/cli/hook.cjs')
  const nothing = join(temp, 'nothing.cjs')
  writeFileSync(nothing, '')
  const plain = Array.from({ length: RUNS }, () => timed(nothing, [], {})).sort((a, b) => a - b)
  const api = await serveCoord(join(temp, 'h.db'), 'home-hooks')
  const hanging = await hangingServer()
  const states = {
    up: api.url,
    away: `http://127.0.0.1:${await closedPort()}`,
    hanging: `http://127.0.0.1:${hanging.port}`,
  }
  for (const [state, url] of Object.entries(states))
    for (const event of ['start', 'before-tool', 'after-tool', 'end']) {
      const times = Array.from({ length: RUNS }, (_, i) => {
        const project = join(temp, `hooks-${state}-${event}-${i}`)
        const home = join(project, 'home')
        mkdirSync(join(project, '.claude'), { recursive: true })
        writeFileSync(
          join(project, '.claude', 'coord.json'),
          JSON.stringify({ project: `p-${state}-${event}-${i}` }),
        )
        const env = {
          PATH: process.env.PATH,
          HOME: home,
          COORD_HOME: home,
          COORD_MACHINE: 'BENCH',
          COORD_API_URL: url,
        }
        const input = {
          session_id: `s${i}`,
          cwd: project,
          tool_name: 'Edit',
          tool_input: { file_path: join(project, 'a.ts') },
        }
        const options = { env, cwd: project, input: JSON.stringify(input), encoding: 'utf8' }
        const ms = timed(hook, [event], options)
        rmSync(project, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
        return ms
      }).sort((a, b) => a - b)
      const budget =
        event === 'before-tool' ? ({ up: 'p95 ≤ 150 ms', hanging: 'p95 ≤ 400 ms' }[state] ?? '') : '≤ 2 s'
      say(
        `hook ${event}, API ${state}`,
        `p50 ${round(quantile(times, 0.5), 0)} ms, p95 ${round(quantile(times, 0.95), 0)} ms`,
        `Node alone p50 ${round(quantile(plain, 0.5), 0)} ms`,
        round(quantile(times, 0.5) / quantile(plain, 0.5)),
        budget,
      )
    }
  await hanging.stop()
  api.stop()
}
