#!/usr/bin/env node
// What a large backlog costs, as seen from outside: the peak memory (VmHWM) and time of `coord status` and `coord flush`
// over an empty queue, one call, 100 000 and 1 000 000 calls .
// An empty queue is answered before the outbox is even loaded, so what one call costs stands beside it. Linux only; 127.0.0.1 and temp folders only; ends by itself.
//
//   node build/measure/backlog.mjs [--sizes 1,100000,1000000] [--sent 20000] [--lanes 16] [--where]
//
//   --sent N   of a larger backlog the API takes N calls and then asks to wait for an hour; 0: takes all of it
//   --where    says how much of the peak is JavaScript heap and how much lies outside it
import { spawn, spawnSync } from 'node:child_process'
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { startSink } from './lib/sink.mjs'

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '1,100000,1000000' },
    sent: { type: 'string', default: '20000' },
    lanes: { type: 'string', default: '16' },
    where: { type: 'boolean', default: false },
  },
})
const root = fileURLToPath(new URL('../..', import.meta.url))
const coordScript = join(root, 'build/scripts/coord.mjs')
const temp = mkdtempSync(join(tmpdir(), 'coord-backlog-'))
const MB = 1024 * 1024
const POLL_MS = 10

/** Messages, components and releases of a thousand names, as sessions write them. */
function line(i) {
  const session = `M/s${i % 20}`
  const ts = new Date().toISOString()
  if (i % 10 < 6)
    return {
      ts,
      method: 'POST',
      path: '/api/coord/messages',
      body: {
        from_session: session,
        project_key: 'p',
        subject: `call ${i}`,
        body: 'a body of ordinary length, as sessions write them',
      },
    }
  if (i % 10 < 9)
    return {
      ts,
      method: 'PUT',
      path: `/api/coord/components/p/c${i % 1000}`,
      body: { state: `built ${i}`, version: '1.2.3', notes: 'as sessions write them', updated_by: session },
    }
  return {
    ts,
    method: 'DELETE',
    path: `/api/coord/locks/lock-${i}?session_id=${encodeURIComponent(session)}`,
  }
}

/** A workspace with so many calls in its queue file, written as a stream. */
async function workspace(name, n) {
  const dir = join(temp, name)
  mkdirSync(join(dir, '.claude'), { recursive: true })
  if (n === 0) return dir
  const file = createWriteStream(join(dir, '.claude/coord-queue.jsonl'))
  for (let i = 0; i < n; i += 1000) {
    const lines = Array.from({ length: Math.min(1000, n - i) }, (_, k) => `${JSON.stringify(line(i + k))}\n`)
    if (!file.write(lines.join(''))) await once(file, 'drain')
  }
  file.end()
  await once(file, 'finish')
  return dir
}

/** Preloaded: tells the kernel's figure as the process ends (a short one ends between two looks from outside). */
const LAST_WORD = `
import { readFileSync } from 'node:fs'
const most = { heapUsed: 0, heapTotal: 0, external: 0 }
const look = () => { const m = process.memoryUsage(); for (const k of Object.keys(most)) most[k] = Math.max(most[k], m[k]) }
if (${String(values.where)}) setInterval(look, 20).unref()
process.on('exit', () => {
  look()
  const peak = Number(/^VmHWM:\\s*(\\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
  process.stderr.write('last word ' + JSON.stringify({ peak, most }) + '\\n')
})
`
const lastWord = `data:text/javascript,${encodeURIComponent(LAST_WORD)}`

/** Runs a command and watches its peak from outside until it ends. */
async function measure(args, url) {
  const t = performance.now()
  const child = spawn(
    process.execPath,
    ['--max-semi-space-size=4', '--heap-growing-percent=50', '--import', lastWord, coordScript, ...args],
    {
      env: { ...process.env, COORD_HOME: join(temp, 'home'), COORD_API_URL: url, COORD_WORKSPACES: '' },
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: temp,
    },
  )
  let [out, err, peak] = ['', '', 0]
  child.stdout.on('data', (d) => (out += d))
  child.stderr.on('data', (d) => (err += d))
  const look = () => {
    try {
      const kb = /^VmHWM:\s*(\d+)/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
      if (kb !== undefined) peak = Math.max(peak, Number(kb) * 1024)
    } catch {
      // it has ended
    }
  }
  const timer = setInterval(look, POLL_MS)
  await once(child, 'close')
  clearInterval(timer)
  const told = /^last word (.*)$/m.exec(err)?.[1]
  if (told === undefined) throw new Error(`coord ${args.join(' ')} ended without a word: ${err}`)
  const last = JSON.parse(told)
  let result
  try {
    result = JSON.parse(out)
  } catch {
    throw new Error(`coord ${args.join(' ')}: ${out}${err}`)
  }
  return {
    peak: Math.max(peak, last.peak),
    ms: performance.now() - t,
    result,
    where: values.where ? last.most : null,
  }
}

const rows = []
const empty = new Map()
const one = new Map()
function note(what, backlog, measured, calls) {
  if (backlog === 0) empty.set(what, measured)
  if (backlog === 1) one.set(what, measured)
  const above = (base) => (base === undefined ? null : Math.round((measured.peak - base.peak) / MB))
  rows.push({
    command: what,
    backlog,
    'peak MB': Math.round(measured.peak / MB),
    'above empty MB': above(empty.get(what)),
    'above one call MB': above(one.get(what)),
    s: Number((measured.ms / 1000).toFixed(1)),
    'calls sent': calls,
    ...(measured.where === null
      ? {}
      : {
          'heap used MB': Math.round(measured.where.heapUsed / MB),
          'heap kept MB': Math.round(measured.where.heapTotal / MB),
          'outside MB': Math.round(measured.where.external / MB),
        }),
  })
}

try {
  if (process.platform !== 'linux') throw new Error('this reads /proc/PID/status: Linux only')
  const built = spawnSync(process.execPath, [join(root, 'build/scripts/build.mjs'), '--part', 'cli'], {
    stdio: ['ignore', 2, 2],
  })
  if (built.status !== 0) throw new Error('the build failed')
  // compiled once, so that the first one measured does not pay for it
  await measure(['status', '--json', '--workspace', await workspace('warm', 0)], 'http://127.0.0.1:9')
  for (const n of [0, ...values.sizes.split(',').map(Number)]) {
    for (const lanes of ['1', values.lanes]) {
      const dir = await workspace(`w-${n}-${lanes}`, n)
      const api = await startSink({ limit: Number(values.sent) })
      const at = ['--json', '--workspace', dir]
      const name = lanes === '1' ? 'flush, strict' : `flush, ${lanes} lanes`
      if (lanes === '1') note('status, unclaimed', n, await measure(['status', ...at], api.url), 0)
      const flushed = await measure(['flush', ...at, '--wait', '0', '--lanes', lanes], api.url)
      const { delivered, setAside, skipped, waiting } = flushed.result
      if (delivered + setAside + skipped + waiting !== n || setAside + skipped > 0)
        throw new Error(`not all accounted for: ${JSON.stringify(flushed.result)}`)
      note(name, n, flushed, delivered)
      if (lanes === '1') note('status, claimed', n, await measure(['status', ...at], api.url), 0)
      api.stop()
      rmSync(dir, { recursive: true, force: true })
    }
  }
  console.table(rows)
} finally {
  rmSync(temp, { recursive: true, force: true })
}
