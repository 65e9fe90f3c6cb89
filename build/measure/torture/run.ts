/** `npm run test:torture`: many rounds, in both orders, against an API that honours keys and against two that do not; one line sums it up. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { ApiKind } from './api.ts'
import { prepare, torture, type RoundResult } from './round.ts'

const USAGE = `npm run test:torture [-- OPTIONS]
  --kills N      SIGKILLs of a flush in all (1000)
  --calls N      calls in all (100000)
  --rounds N     in how many rounds, each in a workspace of its own (24)
  --part I/N     only the I-th of N parts of these rounds
  --order O      strict, lanes or both (both)
  --lanes N      how many lanes the second order has (16)
  --seed N       makes the same calls and choices again; instants stay a matter of luck
`
const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    calls: { type: 'string', default: '100000' },
    rounds: { type: 'string', default: '24' },
    part: { type: 'string', default: '1/1' },
    order: { type: 'string', default: 'both' },
    lanes: { type: 'string', default: '16' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
})
const number = (text: string): number => {
  const n = Number(text)
  if (Number.isSafeInteger(n) && n > 0) return n
  process.stderr.write(`not a whole number above 0: ${text}\n${USAGE}`)
  process.exit(2)
}
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const [kills, calls, rounds, lanes, seed] = [
  number(values.kills),
  number(values.calls),
  number(values.rounds),
  number(values.lanes),
  number(values.seed),
]
const [part = 1, parts = 1] = values.part.split('/').map(number)
const orders = values.order === 'strict' ? [1] : values.order === 'lanes' ? [lanes] : [1, lanes]
/** Half of the rounds against the API that we serve: with intents ahead, and, where it does not say that it keeps keys, without. */
const apis: readonly { readonly api: ApiKind; readonly isSilent?: boolean }[] = [
  { api: 'ours' },
  { api: 'blind' },
  { api: 'ours', isSilent: true },
  { api: 'sighted' },
]
/** The i-th share of a whole, so that the shares add up to it. */
const share = (whole: number, i: number): number =>
  Math.floor((whole * (i + 1)) / rounds) - Math.floor((whole * i) / rounds)

// an exit, so that no process stays behind; the folder stays
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
const base = mkdtempSync(join(tmpdir(), 'coord-torture-'))
const bench = await prepare(base)
const done: RoundResult[] = []
let isWell = true
console.log(
  `torture: ${kills} kills over ${calls} calls in ${rounds} rounds, part ${part}/${parts}, seed ${seed}`,
)
for (let i = 0; i < rounds; i++) {
  if (Math.floor((i * parts) / rounds) !== part - 1) continue
  const plan = {
    seed: seed + i,
    lanes: orders[i % orders.length] ?? 1,
    ...(apis[Math.floor(i / orders.length) % apis.length] ?? { api: 'ours' as const }),
    kills: Math.max(1, share(kills, i)),
    calls: Math.max(1, share(calls, i)),
  }
  const result = await torture(plan, bench)
  done.push(result)
  console.log(
    `round ${i + 1}/${rounds}: ${nameOf(plan.lanes)}, API ${plan.api}${plan.isSilent === true ? ', silent' : ''}: ${result.kills} kills (+ ${result.apiKills} of the API), ${words(result)}, ${(result.ms / 1000).toFixed(1)} s`,
  )
  if (result.problems.length > 0) {
    isWell = false
    for (const problem of result.problems.slice(0, 10)) console.log(`  ${problem}`)
    console.log(`  ${result.problems.length} problems; kept: ${result.root}`)
  }
}

interface Counts {
  readonly calls: number
  readonly lost: number
  readonly doubled: number
  readonly repeats: number
  readonly allowedRepeats: number
  readonly outOfOrder: number
}
function words(c: Counts): string {
  return `${c.calls} calls, ${c.lost} lost, ${c.doubled} doubled, ${c.repeats} sent again (≤ ${c.allowedRepeats}), ${c.outOfOrder} out of order`
}
function nameOf(n: number): string {
  return n === 1 ? 'strict' : `${n} lanes`
}
const sum = (of: readonly RoundResult[], what: (r: RoundResult) => number): number =>
  of.reduce((n, r) => n + what(r), 0)
function total(name: string, of: readonly RoundResult[]): void {
  if (of.length === 0) return
  const counts: Counts = {
    calls: sum(of, (r) => r.calls),
    lost: sum(of, (r) => r.lost),
    doubled: sum(of, (r) => r.doubled),
    repeats: sum(of, (r) => r.repeats),
    allowedRepeats: sum(of, (r) => r.allowedRepeats),
    outOfOrder: sum(of, (r) => r.outOfOrder),
  }
  console.log(
    `${name}: ${sum(of, (r) => r.kills)} kills (+ ${sum(of, (r) => r.apiKills)} of the API), ${words(counts)}`,
  )
}
const spread = (['arrival', 'file', 'life', 'start'] as const).map(
  (instant) => `${instant} ${sum(done, (r) => r.instants[instant])}`,
)
console.log(
  `\ninstants: ${spread.join(', ')}; ${sum(done, (r) => r.flushes)} flushes, ${(sum(done, (r) => r.ms) / 1000).toFixed(0)} s`,
)
for (const n of orders)
  total(
    nameOf(n),
    done.filter((r) => r.plan.lanes === n),
  )
for (const kind of ['ours', 'blind', 'sighted'] as const)
  total(
    `API ${kind}`,
    done.filter((r) => r.plan.api === kind),
  )
total(isWell ? 'all well' : 'NOT WELL', done)
if (isWell) rmSync(base, { recursive: true, force: true })
process.exit(isWell ? 0 : 1)
