// What a person waits for at a prompt: whole processes of `coord`, as it is installed, beside a Node that does nothing.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quantile } from './lib/quantile.mjs'

const RUNS = Number(process.env.BENCH_RUNS ?? 40)

/** One process, in ms. */
function timed(args, options) {
  const from = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { ...options, encoding: 'utf8' })
  if (status !== 0) throw new Error(`bench: ${args.join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - from
}

/**
 * Times of a command and of a Node that does nothing, sorted: in turns, so that whatever else the machine does meets both. One
 * run beforehand fills the caches that a second one finds.
 */
function pairs(args, nothing, options) {
  timed(args, options)
  const both = Array.from({ length: RUNS }, () => [timed([nothing], options), timed(args, options)])
  const sorted = (i) => both.map((pair) => pair[i]).sort((x, y) => x - y)
  return { plain: sorted(0), ours: sorted(1) }
}

export async function terminal({ root, temp, say, round, serverAt }) {
  const cli = join(root, 'dist/cli/cli.cjs')
  const home = join(temp, 'home-terminal')
  const project = join(temp, 'terminal')
  mkdirSync(join(project, '.claude'), { recursive: true })
  const env = { PATH: process.env.PATH, HOME: home, COORD_HOME: home, COORD_MACHINE: 'BENCH' }
  const nothing = join(temp, 'nothing-terminal.cjs')
  writeFileSync(nothing, '')
  const api = await serverAt(
    [cli, 'serve', '--json', '--port', '0', '--database', join(temp, 'terminal.db')],
    env,
  )
  const options = { env: { ...env, COORD_API_URL: api.url }, cwd: project }
  const run = (...args) => spawnSync(process.execPath, [cli, ...args], options)
  for (let i = 0; i < 20; i++) run('claim', `src/${i}.ts`, '--project', 'bench')
  for (let i = 0; i < 20; i++)
    run('send', '--to', 'BENCH/coord', '--project', 'bench', '--subject', `message ${i}`)
  run('locks', '--all')
  const call = { method: 'PUT', path: '/api/coord/components/bench/server', body: { state: 'built' } }
  appendFileSync(join(project, '.claude', 'coord-queue.jsonl'), `${JSON.stringify(call)}\n`.repeat(100))
  const rows = [
    ['coord --version', ['--version'], 60],
    ['coord status, 20 locks, 20 messages, 100 calls', ['status'], 250],
    ['coord locks', ['locks'], null],
    ['completion: a command', ['__complete', '0', 'cl'], 80],
    ['completion: an ID', ['__complete', '1', 'release', ''], 80],
    ['coord --help', ['--help'], null],
  ]
  for (const [what, args, budget] of rows) {
    const { plain, ours } = pairs([cli, ...args], nothing, options)
    say(
      what,
      `p50 ${round(quantile(ours, 0.5), 0)} ms, p95 ${round(quantile(ours, 0.95), 0)} ms`,
      `Node alone p50 ${round(quantile(plain, 0.5), 0)} ms`,
      `+ ${round(quantile(ours, 0.5) - quantile(plain, 0.5), 0)} ms`,
      budget === null ? '' : `≤ + ${budget} ms`,
    )
  }
  await api.stop()
}
