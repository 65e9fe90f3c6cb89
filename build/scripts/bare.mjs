#!/usr/bin/env node
// `npm run test:bare`: README's two commands on a bare machine. In a Debian with nothing but Node, npm and git, a fresh
// clone of the last commit is installed, tested and started; what the tests need they must install themselves.
// Exit 77: this machine cannot show it. `-- --keep DIR` keeps the root there, for a look.
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { CANNOT_BE_SHOWN, makeBareRoot, runInside, WHY_RED, whyNoBareRoot } from './lib/bare-root.mjs'
import { root } from './lib/freshness.mjs'

const MINUTE_MS = 60_000
const { values } = parseArgs({ options: { keep: { type: 'string' } } })
const say = (text) => process.stderr.write(`bare machine: ${text}\n`)

const why = whyNoBareRoot()
if (why !== null) {
  say(why)
  process.exit(CANNOT_BE_SHOWN)
}
const dir = values.keep ?? mkdtempSync(join(tmpdir(), 'coord-bare-'))
mkdirSync(dir, { recursive: true })
mkdirSync(dirname(WHY_RED), { recursive: true })
rmSync(WHY_RED, { force: true })
// it becomes the root folder inside, and not all that runs there is root
chmodSync(dir, 0o755)

let startedAt = performance.now()
/** Says how long the step took; gives the words of what is wrong, or nothing. */
const step = (name, problem) => {
  say(`${name}: ${problem || 'ok'} (${((performance.now() - startedAt) / 1000).toFixed(0)} s)`)
  startedAt = performance.now()
  if (problem) writeFileSync(WHY_RED, `${name}: ${problem}\n`)
  return problem || null
}
/** The lines of a run of the tests that say what is red. */
const redLines = (output) => output.split('\n').filter((line) => /^(failed|left out): /.test(line))

function check() {
  const clone = join(dir, 'root/coord-tray')
  const problem = makeBareRoot(dir)
  if (step('a Debian with Node, npm and git', problem)) return false
  const cloned = spawnSync('git', ['clone', '-q', '--no-hardlinks', root, clone], { stdio: ['ignore', 2, 2] })
  if (step('a fresh clone', cloned.status === 0 ? null : 'failed')) return false

  const inside = (command, minutes) =>
    runInside(dir, `cd /root/coord-tray && ${command}`, { timeoutMs: minutes * MINUTE_MS })
  const installed = inside('npm ci', 10)
  const warned = /^npm (warn|error).*/m.exec(installed.output)?.[0]
  if (step('npm ci', installed.status !== 0 ? `exit ${installed.status}` : warned && `it warns: ${warned}`))
    return false
  // CI=true: what misses a deadline once on a busy machine is tried again, and told as flaky
  const tested = inside('CI=true npm test', 25)
  const last = tested.output.trimEnd().split('\n').at(-1)
  const isRed = tested.status !== 0
  if (step(`npm test: ${last}`, isRed && [`exit ${tested.status}`, ...redLines(tested.output)].join('; ')))
    return false

  // No display here: the browser form. It is asked to end as soon as it has said where it is.
  const started = inside(
    'COORD_HOME=/tmp/home timeout --signal=TERM 20 npm start > /tmp/said 2>&1; status=$?; cat /tmp/said; exit $status',
    2,
  )
  const isOpen = /^Open http:\/\/127\.0\.0\.1:\d+\/#token=/m.test(started.output)
  return step('npm start', isOpen ? null : 'it did not say where its window is') === null
}

try {
  process.exitCode = check() ? 0 : 1
} finally {
  if (values.keep === undefined) rmSync(dir, { recursive: true, force: true })
}
