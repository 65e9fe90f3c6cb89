// The replay rows of `npm run bench`: `coord flush`, strict and with 16 lanes, beside the protocol's bash loop and
// beside bare undici loops that make each call durable the same way. The server is a process of its own on 127.0.0.1.
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Pool } from 'undici'

const CALLS = 10_000
/** What lanes are for: a large backlog. */
const LANE_CALLS = 40_000
const LANES = 16
const ROUNDS = 5
/** More sessions than lanes: calls of one session keep their order, so they share a lane. */
const SESSIONS = 64

const line = (i) =>
  JSON.stringify({
    ts: new Date().toISOString(),
    method: 'POST',
    path: '/api/coord/messages',
    body: {
      from_session: `M/s${i % SESSIONS}`,
      project_key: 'p',
      subject: `call ${i}`,
      body: 'a body of ordinary length, as sessions write them',
    },
  })

/** `keepsKeys`: it says that it keeps our keys, so that intents go ahead of the calls. */
function sink(keepsKeys) {
  const health = JSON.stringify({ status: 'ok', ...(keepsKeys ? { idempotency: true } : {}) })
  const code = `require('node:http').createServer((q,r)=>{q.resume();q.on('end',()=>{r.setHeader('content-type','application/json');if(q.url==='/health')return r.end('${health}');if(q.method==='GET')return r.end('[]');r.statusCode=201;r.end('{"id":1}')})}).listen(0,'127.0.0.1',function(){console.log(this.address().port)});process.stdin.on('end',()=>process.exit()).resume()`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  return new Promise((resolve) =>
    child.stdout.once('data', (d) => resolve({ port: Number(String(d)), stop: () => child.stdin.end() })),
  )
}

/** One call a connection at a time; its ledger line is written and synced, together with those that wait meanwhile. */
async function bare(temp, port, n, connections, isDurable = true) {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1 })
  const file = await open(join(temp, 'bare.ledger'), 'a')
  let waiting = ''
  let running
  let queued
  const write = async () => {
    const bytes = waiting
    waiting = ''
    await file.write(bytes)
    await file.datasync()
    if (!queued) running = undefined
  }
  const commit = () => {
    if (!running) return (running = write())
    queued ??= running.then(() => {
      queued = undefined
      return (running = write())
    })
    return queued
  }
  let next = 0
  const t = performance.now()
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (next < n) {
        const i = next++
        const answer = await pool.request({
          method: 'POST',
          path: '/api/coord/messages',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(JSON.parse(line(i)).body),
        })
        await answer.body.text()
        if (!isDurable) continue
        waiting += 'x'.repeat(150) + '\n'
        await commit()
      }
    }),
  )
  const ms = performance.now() - t
  await file.close()
  await pool.close()
  return ms
}

export async function replay({ root, temp, say, round, rate }) {
  const [server, keeper] = [await sink(false), await sink(true)]
  const envOf = ({ port }) => ({
    ...process.env,
    COORD_HOME: join(temp, `home-${port}`),
    COORD_API_URL: `http://127.0.0.1:${port}`,
  })
  const workspace = (name, n) => {
    const dir = join(temp, name)
    rmSync(dir, { recursive: true, force: true })
    mkdirSync(join(dir, '.claude'), { recursive: true })
    writeFileSync(
      join(dir, '.claude/coord-queue.jsonl'),
      Array.from({ length: n }, (_, i) => line(i)).join('\n') + '\n',
    )
    return dir
  }
  /** Milliseconds of one `coord flush` over `n` calls, the process's start and end included. */
  const flush = (n, lanes, to = server) => {
    const dir = workspace('work', n)
    const t = performance.now()
    const done = spawnSync(
      process.execPath,
      [
        join(root, 'build/scripts/coord.mjs'),
        'flush',
        '--json',
        '--lanes',
        String(lanes),
        '--workspace',
        dir,
      ],
      { env: envOf(to), encoding: 'utf8' },
    )
    const ms = performance.now() - t
    if (JSON.parse(done.stdout).delivered !== n)
      throw new Error(`bench: not all delivered: ${done.stdout}${done.stderr}`)
    return ms
  }
  const median = (pairs) => pairs.sort((a, b) => a.bare / a.ours - b.bare / b.ours)[pairs.length >> 1]
  try {
    flush(10, 1)
    const startUp = Math.min(flush(1, 1), flush(1, 1), flush(1, 1))
    const strict = []
    const ahead = []
    const lanes = []
    for (let i = 0; i < ROUNDS; i++) {
      strict.push({ ours: flush(CALLS, 1) - startUp, bare: await bare(temp, server.port, CALLS, 1) })
      ahead.push({
        ours: flush(CALLS, 1, keeper) - startUp,
        bare: await bare(temp, keeper.port, CALLS, 1, false),
      })
      lanes.push({
        ours: flush(LANE_CALLS, LANES) - startUp,
        bare: await bare(temp, server.port, LANE_CALLS, LANES),
      })
    }
    const loop = workspace('bash', 100)
    const script = `while read -r line; do method=$(echo "$line" | jq -r .method); path=$(echo "$line" | jq -r .path); body=$(echo "$line" | jq -r .body); curl -s -X "$method" "http://127.0.0.1:${server.port}$path" -H "Content-Type: application/json" -d "$body" > /dev/null; done < .claude/coord-queue.jsonl`
    const tb = performance.now()
    spawnSync('bash', ['-c', script], { cwd: loop })
    const bashMs = (performance.now() - tb) / 100
    const one = median(strict)
    const many = median(lanes)
    const early = median(ahead)
    say(
      'replay, strict, beside the bash loop',
      `${rate(CALLS, one.ours)}/s`,
      `${rate(1, bashMs)}/s`,
      round((bashMs * CALLS) / one.ours, 0),
      '≥ 150',
    )
    say(
      'replay, strict, intents ahead, beside the bash loop',
      `${rate(CALLS, early.ours)}/s`,
      `${rate(1, bashMs)}/s`,
      round((bashMs * CALLS) / early.ours, 0),
      '',
    )
    say(
      'replay, strict, intents ahead, beside bare undici, no fdatasync',
      `${rate(CALLS, early.ours)}/s`,
      `${rate(CALLS, early.bare)}/s`,
      round(early.bare / early.ours),
      '≥ 0.75',
    )
    say(
      'replay, strict, beside bare undici + fdatasync a call',
      `${rate(CALLS, one.ours)}/s`,
      `${rate(CALLS, one.bare)}/s`,
      round(one.bare / one.ours),
      '≥ 0.85',
    )
    say(
      `replay, ${LANES} lanes, beside bare undici, ${LANES} connections, group commit`,
      `${rate(LANE_CALLS, many.ours)}/s`,
      `${rate(LANE_CALLS, many.bare)}/s`,
      round(many.bare / many.ours),
      '≥ 0.7',
    )
    say('coord flush of one call, whole process', `${round(startUp, 0)} ms`, '', '', '')
  } finally {
    server.stop()
    keeper.stop()
  }
}
