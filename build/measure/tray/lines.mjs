// How soon a line that Bash appends to a queue file is a call at the API: by the app, and by `coord watch`.
import { spawn } from 'node:child_process'
import { medianOf, quantileOf, sleep } from '../lib/desk.mjs'
import { rowOf } from './rows.mjs'

const LINES = 200

export async function lines(programs, workspaces, arrivals) {
  const bash = startBash(arrivals)
  const app = await programs.app(programs.newHome())
  const byApp = lineRow('tray app', await arrivalTimes(bash, workspaces))
  await app.stop()
  const watch = programs.coordWatch(programs.newHome())
  const byWatch = lineRow('coord watch', await arrivalTimes(bash, workspaces))
  await watch.stop()
  bash.end()
  return [byApp, byWatch]
}

/** One Bash appends all lines: starting it is no part of the time. */
function startBash(arrivals) {
  const bash = spawn('bash', [], { stdio: ['pipe', 'ignore', 'inherit'] })
  let number = 0
  return {
    /** Appends a line; the ms until its call arrived. */
    async append(path) {
      const n = number++
      const text = lineOf(n)
      const begin = performance.now()
      bash.stdin.write(`printf '%s\\n' '${text}' >> '${path}/.claude/coord-queue.jsonl'\n`)
      const deadline = begin + 30_000
      while (!arrivals.has(n) && performance.now() < deadline) await sleep(5)
      const at = arrivals.get(n)
      if (at === undefined) throw new Error(`line ${n} never arrived`)
      return at - begin
    },
    end: () => bash.stdin.end(),
  }
}

const lineOf = (n) =>
  JSON.stringify({
    ts: new Date().toISOString(),
    method: 'POST',
    path: '/api/coord/messages',
    body: {
      from_session: 'BENCH/a',
      to_session: 'OTHER/x',
      project_key: 'p',
      subject: `line ${n}`,
      body: 'x',
    },
  })

async function arrivalTimes(bash, workspaces) {
  // the first line may wait for the program to be ready
  await bash.append(workspaces[0])
  const times = []
  for (let i = 0; i < LINES; i++) {
    await sleep(20 + Math.random() * 300)
    times.push(await bash.append(workspaces[i % workspaces.length]))
  }
  return times
}

function lineRow(name, times) {
  const [median, p99] = [medianOf(times), quantileOf(times, 0.99)]
  return rowOf(
    `line appended by bash → call at the API, ${name} (${LINES}, median and p99)`,
    `${median.toFixed(0)} ms`,
    `${p99.toFixed(0)} ms`,
    `worst ${Math.max(...times).toFixed(0)} ms`,
    '≤ 100 ms, ≤ 1 s',
    median <= 100 && p99 <= 1_000,
  )
}
