/**
 * One round of torture: foreign writers append to a queue file while one flush after the other is killed in the middle, each a
 * process of its own; now and then the API is killed too. In the end all must have arrived, once, in order.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openOutboxes } from '../../../electron/adapters/open-outbox.ts'
import { silentLog } from '../../../electron/testing/machine/parts.ts'
import type { Instant } from './aim.ts'
import { TortureApi, type ApiKind } from './api.ts'
import { bundleFlush } from './bundle.ts'
import { dice } from './calls.ts'
import { Feed } from './feed.ts'
import { Flushes } from './flushes.ts'
import { judge, type Verdict } from './judge.ts'
import { killFlushes } from './kills.ts'

export interface RoundPlan {
  readonly seed: number
  readonly lanes: number
  readonly api: ApiKind
  /** The API honours keys and does not say so: one intent a call, as with one that ignores them. */
  readonly isSilent?: boolean
  readonly kills: number
  readonly calls: number
}
export interface RoundResult extends Verdict {
  readonly plan: RoundPlan
  /** Where the evidence is, if there are problems. */
  readonly root: string
  readonly kills: number
  readonly apiKills: number
  /** How many repeats the promise allows: one for each kill and lane; none matters where keys are honoured. */
  readonly allowedRepeats: number
  readonly flushes: number
  readonly instants: Readonly<Record<Instant, number>>
  readonly ms: number
}

const END_MS = 90_000
/** How many intents go ahead of an API that honours keys. */
const INTENTS_AHEAD = 64

/** What rounds have in common: a folder, and in it the flush as one file, and what Node compiled. */
export interface Bench {
  readonly base: string
  readonly flush: string
  readonly cache: string
}
export async function prepare(base: string): Promise<Bench> {
  return { base, flush: await bundleFlush(join(base, 'bundle')), cache: join(base, 'compile-cache') }
}

/** Leaves its folder behind where something is wrong. */
export async function torture(plan: RoundPlan, bench: Bench): Promise<RoundResult> {
  const started = performance.now()
  const roll = dice(plan.seed)
  const root = mkdtempSync(join(bench.base, 'round-'))
  const [workspace, home] = [join(root, 'project'), join(root, 'home')]
  const queue = join(workspace, '.claude', 'coord-queue.jsonl')
  const dir = join(workspace, '.claude', '.coord-outbox')
  mkdirSync(join(workspace, '.claude'), { recursive: true })
  const api = new TortureApi(plan.api, root, bench.cache, plan.isSilent === true)
  await api.start()
  const problems: string[] = []
  const feed = new Feed(queue, await api.makeWorkflows(3), roll)
  const guessedLife = 60 + 1.5 * (plan.calls / plan.kills)
  const command = { program: bench.flush, cache: bench.cache, workspace, home, lanes: plan.lanes }
  const flushes = new Flushes(command, api, guessedLife, problems)

  const { kills, instants } = await killFlushes(plan, { flushes, api, dir }, feed, roll)
  if (kills < plan.kills) problems.push(`only ${kills} of ${plan.kills} kills met a living flush`)
  feed.upTo(plan.calls)
  await feed.end()
  await sendTheRest(flushes, () => leftIn(workspace, home, api.url), problems)
  await api.stop()
  // an empty one is nobody's loss: a writer that opens its file anew makes it
  const unclaimed = existsSync(queue) ? readFileSync(queue, 'utf8') : ''
  if (unclaimed !== '') problems.push(`the queue file still holds: ${unclaimed.slice(0, 200)}`)

  const isAhead = plan.api === 'ours' && plan.lanes === 1 && plan.isSilent !== true
  const verdict = judge({ names: feed.names, dir, api, isStrict: plan.lanes === 1, isAhead })
  // with intents ahead all of a window may go out once more; the API has their effects already
  const allowedRepeats = (kills + api.kills) * (isAhead ? INTENTS_AHEAD : plan.lanes)
  if (verdict.repeats > allowedRepeats)
    problems.push(
      `${verdict.repeats} repeats for ${kills} kills and ${api.kills} of the API, ${plan.lanes} lanes`,
    )
  problems.push(...verdict.problems)
  keepEvidence(root, api.arrivals, problems)
  const ms = performance.now() - started
  const counts = { kills, apiKills: api.kills, allowedRepeats, flushes: flushes.count, instants, ms }
  return { ...verdict, problems, plan, root, ...counts }
}

/** What an outbox still holds when nobody sends. */
interface Left {
  readonly waiting: number
  /** Calls that came to another end than to be delivered. */
  readonly odd: readonly string[]
}

/** Flushes without a kill until nothing waits. */
async function sendTheRest(flushes: Flushes, left: () => Promise<Left>, problems: string[]): Promise<void> {
  const deadline = performance.now() + END_MS
  let rest: Left = { waiting: -1, odd: [] }
  while (rest.waiting !== 0) {
    if (performance.now() > deadline) {
      problems.push(`${rest.waiting} calls still wait after ${END_MS} ms without a kill`)
      break
    }
    await flushes.run(flushes.spawn(10_000))
    rest = await left()
  }
  // no call of this round deserves any other end than to be delivered
  problems.push(...rest.odd.map((o) => `not delivered: ${o}`))
}

async function leftIn(workspace: string, home: string, baseUrl: string): Promise<Left> {
  const opened = openOutboxes({
    workspaces: [{ path: workspace, name: 'x' }],
    home,
    baseUrl,
    log: silentLog,
  })
  const box = opened.outboxes[0]
  const waiting = (await box?.summary())?.waiting ?? -1
  const ends = [...((await box?.list('set-aside', 1e9)) ?? []), ...((await box?.list('skipped', 1e9)) ?? [])]
  await opened.close()
  return { waiting, odd: ends.map((c) => `${c.reason}: ${JSON.stringify(c.raw).slice(0, 200)}`) }
}

/** Writes down what was wrong, and in which order the calls arrived; removes the folder of a round in which all is well. */
function keepEvidence(root: string, arrivals: readonly string[], problems: readonly string[]): void {
  if (problems.length > 0) {
    writeFileSync(join(root, 'arrivals.txt'), arrivals.join('\n'))
    writeFileSync(join(root, 'problems.txt'), problems.join('\n'))
  } else rmSync(root, { recursive: true, force: true })
}
