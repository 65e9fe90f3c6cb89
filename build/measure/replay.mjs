// The replay rows of `npm run bench`: `coord flush`, strict and with 16 lanes, beside the protocol's bash loop and beside bare
// undici loops that make each call durable the same way. Both are processes of their own, less what each takes for one call, so
// that both are as cold at their start; that the loop is slower there is shown by one that is warm. The server is a third one.
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bareLoop, line } from './lib/bare-loop.mjs'
import { startSink } from './lib/sink.mjs'

/** Of the time for them the compiler's start, which both have, is a small part. */
const CALLS = 20_000
const LANES = 16
const ROUNDS = 9
const START_ROUNDS = 5

/** Milliseconds of a whole process, and what it printed. */
function runNode(args, env = process.env) {
  const since = performance.now()
  const done = spawnSync(process.execPath, args, { env, encoding: 'utf8' })
  const ms = performance.now() - since
  if (done.status !== 0) throw new Error(`bench: ${args.join(' ')}: ${done.stdout}${done.stderr}`)
  return { ms, stdout: done.stdout }
}

function workspace(temp, calls) {
  const dir = join(temp, 'work')
  rmSync(dir, { recursive: true, force: true })
  mkdirSync(join(dir, '.claude'), { recursive: true })
  const lines = Array.from({ length: calls }, (_, i) => `${line(i)}\n`)
  writeFileSync(join(dir, '.claude/coord-queue.jsonl'), lines.join(''))
  return dir
}

/** Milliseconds of one `coord flush` over so many calls. */
function flush({ root, temp }, { port, lanes }, calls) {
  const dir = workspace(temp, calls)
  const { ms, stdout } = runNode(
    [join(root, 'build/scripts/coord.mjs'), 'flush', '--json', '--lanes', String(lanes), '--workspace', dir],
    {
      ...process.env,
      COORD_HOME: join(temp, `home-${port}`),
      COORD_API_URL: `http://127.0.0.1:${port}`,
    },
  )
  if (JSON.parse(stdout).delivered !== calls) throw new Error(`bench: not all delivered: ${stdout}`)
  return ms
}

/** Milliseconds of one bare loop over as many, as a process. */
function bare({ root }, { port, lanes, file }, calls) {
  const program = join(root, 'build/measure/lib/bare-loop.mjs')
  return runNode([program, port, calls, lanes, ...(file === undefined ? [] : [file])].map(String)).ms
}

/** The same in this process, which has sent thousands by then. */
async function warmBare({ port, lanes, file }, calls) {
  const since = performance.now()
  await bareLoop({ file, port, calls, connections: lanes })
  return performance.now() - since
}

const middle = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]

/** One way (`file`: where the loop makes its calls durable, if anywhere), side by side in turn: median milliseconds of ours, of the bare loop, of the warm one, and each round's ratios. */
async function compare(tools, way) {
  flush(tools, way, 10)
  const starts = Array.from({ length: START_ROUNDS }, () => [flush(tools, way, 1), bare(tools, way, 1)])
  const [ourStart, bareStart] = [0, 1].map((i) => Math.min(...starts.map((pair) => pair[i])))
  await warmBare(way, CALLS)
  const rounds = []
  for (let i = 0; i < ROUNDS; i++) {
    const run = [
      () => ['ours', flush(tools, way, CALLS) - ourStart],
      () => ['bare', bare(tools, way, CALLS) - bareStart],
      async () => ['warm', await warmBare(way, CALLS)],
    ]
    // who is first takes turns: the machine's speed drifts
    if (i % 2 === 1) run.reverse()
    const took = []
    for (const one of run) took.push(await one())
    rounds.push(Object.fromEntries(took))
  }
  return {
    ours: middle(rounds.map((r) => r.ours)),
    bare: middle(rounds.map((r) => r.bare)),
    warm: middle(rounds.map((r) => r.warm)),
    ratios: rounds.map((r) => r.bare / r.ours),
    warmRatios: rounds.map((r) => r.warm / r.ours),
    start: ourStart,
  }
}

/** Milliseconds a call of the loop that the protocol has sessions write. */
function bashLoop(temp, port) {
  const calls = 100
  const script = `while read -r line; do method=$(echo "$line" | jq -r .method); path=$(echo "$line" | jq -r .path); body=$(echo "$line" | jq -r .body); curl -s -X "$method" "http://127.0.0.1:${port}$path" -H "Content-Type: application/json" -d "$body" > /dev/null; done < .claude/coord-queue.jsonl`
  const cwd = workspace(temp, calls)
  const since = performance.now()
  spawnSync('bash', ['-c', script], { cwd })
  return (performance.now() - since) / calls
}

export async function replay(tools) {
  const { temp, say, round, rate } = tools
  const [server, keeper] = [await startSink(), await startSink({ keepsKeys: true })]
  const file = join(temp, 'bare.ledger')
  /** The median, and the least and the most of any round. */
  const spread = (ratios) =>
    `${round(middle(ratios))} (${round(Math.min(...ratios))} to ${round(Math.max(...ratios))})`
  const sayPair = (what, { ours, bare: beside, warm, ratios, warmRatios }, budget) => {
    say(what, `${rate(CALLS, ours)}/s`, `${rate(CALLS, beside)}/s`, spread(ratios), budget)
    say(`${what}, the loop warm`, `${rate(CALLS, ours)}/s`, `${rate(CALLS, warm)}/s`, spread(warmRatios), '')
  }
  try {
    const early = await compare(tools, { port: keeper.port, lanes: 1 })
    const strict = await compare(tools, { port: server.port, lanes: 1, file })
    const many = await compare(tools, { port: server.port, lanes: LANES, file })
    const bashMs = bashLoop(temp, server.port)
    sayPair('replay, strict, intents ahead, beside bare undici, no fdatasync', early, '≥ 0.75')
    sayPair('replay, strict, beside bare undici + fdatasync a call', strict, '≥ 0.85')
    sayPair(`replay, ${LANES} lanes, beside bare undici, ${LANES} connections, group commit`, many, '≥ 0.7')
    for (const [what, one] of [
      ['replay, strict, intents ahead, beside the bash loop', early],
      ['replay, strict, beside the bash loop', strict],
    ])
      say(
        what,
        `${rate(CALLS, one.ours)}/s`,
        `${rate(1, bashMs)}/s`,
        round((bashMs * CALLS) / one.ours, 0),
        'reported',
      )
    say('coord flush of one call, whole process', `${round(strict.start, 0)} ms`, '', '', '')
  } finally {
    server.stop()
    keeper.stop()
  }
}
