/**
 * One round of torture: foreign writers append to a queue file while one flush after the other is killed in the middle, each a
 * process of its own; now and then the API is killed too. In the end all must have arrived, once, in order.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { openOutboxes } from '../../../electron/adapters/open-outbox.ts'
import { silentLog } from '../../../electron/testing/machine/parts.ts'
import { TortureApi, type ApiKind } from './api.ts'
import { bundleFlush } from './bundle.ts'
import { below, dice, makeCall, type Dice } from './calls.ts'
import { start } from './children.ts'
import { judge, type Verdict } from './judge.ts'
import { PLAIN_WRITERS, startWriter } from './writers.ts'

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

/**
 * Where a kill lands, so that the start of a process does not get all of them:
 * `arrival`: right at an arrival, or up to 3 ms behind it: the request's handling, its answer, the ledger's write and sync;
 * `file`:    at one of the outbox folder's own changes (claim, header, intent, end), as the kernel reports it;
 * `life`:    anywhere in the life of a flush, as long as the ones before it lived: the end of it too;
 * `start`:   in its first 40 ms: taking ownership, recovery, the probe, the claim.
 */
type Instant = 'arrival' | 'file' | 'life' | 'start'
const SHARES: readonly [Instant, number][] = [
  ['arrival', 0.45],
  ['file', 0.25],
  ['life', 0.2],
  ['start', 0.1],
]
const API_KILL_SHARE = 0.05
const END_MS = 90_000

interface Flush {
  readonly child: ChildProcess
  readonly ready: Promise<unknown>
  readonly exited: Promise<unknown>
  readonly said: { errors: string }
}

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
  const workflows = await api.makeWorkflows(3)
  const writers = PLAIN_WRITERS.map((name) => startWriter(name, queue))
  const names = new Set<string>()
  const problems: string[] = []
  const instants: Record<Instant, number> = { arrival: 0, file: 0, life: 0, start: 0 }
  const each = plan.calls / plan.kills
  /** How long a flush lives that nobody kills; a guess, until some have. */
  let life = 60 + 1.5 * each
  let [kills, flushes] = [0, 0]

  const spawnFlush = (waitMs: number): Flush => {
    const child = start(
      process.execPath,
      [bench.flush, workspace, home, api.url, String(waitMs), String(plan.lanes)],
      {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        env: { ...process.env, NODE_COMPILE_CACHE: bench.cache },
      },
    )
    const said = { errors: '' }
    child.stderr?.on('data', (d) => (said.errors += String(d)))
    return { child, ready: once(child, 'message'), exited: once(child, 'exit'), said }
  }
  /** Lets it go; `onTheWay` may kill it. */
  const run = async (flush: Flush, onTheWay?: () => Promise<void>): Promise<'killed' | 'ended'> => {
    await Promise.race([flush.ready, flush.exited])
    flushes++
    const born = performance.now()
    if (flush.child.connected) flush.child.send('go', () => undefined)
    await onTheWay?.()
    await flush.exited
    if (flush.said.errors !== '') problems.push(`a flush said: ${flush.said.errors.trim()}`)
    if (flush.child.signalCode === 'SIGKILL') return 'killed'
    if (flush.child.exitCode !== 0) problems.push(`a flush ended with ${flush.child.exitCode}`)
    life = 0.7 * life + 0.3 * (performance.now() - born)
    return 'ended'
  }
  /** Has the writers append up to so many calls in all, in small portions, all of them at once. */
  const feed = (upTo: number): void => {
    while (names.size < upTo) {
      const writer = writers[below(roll, writers.length)]
      if (!writer) continue
      const lines: string[] = []
      for (let i = 1 + below(roll, 12); i > 0 && names.size < upTo; i--) {
        const made = makeCall(writer.name, names.size, workflows, roll)
        names.add(made.name)
        lines.push(made.line)
      }
      writer.write(lines)
      if (roll() < 0.1) writer.reopen()
    }
  }

  let next = spawnFlush(0)
  for (let cycle = 0; kills < plan.kills && cycle < 4 * plan.kills; cycle++) {
    const flush = next
    next = spawnFlush(0)
    const goal = Math.min(plan.calls, Math.ceil(each * (kills + 1)))
    // some of it stands there before the flush, the rest comes while it runs
    feed(names.size + Math.ceil((goal - names.size) * roll()))
    const instant = pick(roll)
    const isApiToo = roll() < API_KILL_SHARE
    const spared = isApiToo && roll() < 0.5
    const backlog = Math.max(1, goal - new Set(api.arrivals).size)
    const n = 1 + below(roll, Math.min(backlog, 2 * each))
    const delay = roll() < 0.3 ? 0 : roll() * 3
    const share = roll()
    const ended = await run(flush, async () => {
      feed(goal)
      const missed = new AbortController()
      const ms = share * (instant === 'start' ? 40 : life)
      await Promise.race([flush.exited, at(instant, { api, dir, n, delay, ms, missed: missed.signal })])
      missed.abort()
      const isAlive = flush.child.exitCode === null && flush.child.signalCode === null
      if (!spared && isAlive) flush.child.kill('SIGKILL')
      if (isApiToo) await api.kill()
    })
    if (ended === 'killed') {
      kills++
      instants[instant]++
    }
    if (isApiToo) await api.start()
  }
  next.child.kill('SIGKILL')
  await next.exited
  if (kills < plan.kills) problems.push(`only ${kills} of ${plan.kills} kills met a living flush`)
  feed(plan.calls)
  await Promise.all(writers.map((w) => w.end()))

  const left = async (): Promise<{ waiting: number; odd: string[] }> => {
    const opened = openOutboxes({
      workspaces: [{ path: workspace, name: 'x' }],
      home,
      baseUrl: api.url,
      log: silentLog,
    })
    const box = opened.outboxes[0]
    const waiting = (await box?.summary())?.waiting ?? -1
    const ends = [
      ...((await box?.list('set-aside', 1e9)) ?? []),
      ...((await box?.list('skipped', 1e9)) ?? []),
    ]
    await opened.close()
    return { waiting, odd: ends.map((c) => `${c.reason}: ${JSON.stringify(c.raw).slice(0, 200)}`) }
  }
  const deadline = performance.now() + END_MS
  let rest = { waiting: -1, odd: [] as string[] }
  while (rest.waiting !== 0) {
    if (performance.now() > deadline) {
      problems.push(`${rest.waiting} calls still wait after ${END_MS} ms without a kill`)
      break
    }
    await run(spawnFlush(10_000))
    rest = await left()
  }
  // no call of this round deserves any other end than to be delivered
  problems.push(...rest.odd.map((o) => `not delivered: ${o}`))
  await api.stop()
  // an empty one is nobody's loss: a writer that opens its file anew makes it
  const unclaimed = existsSync(queue) ? readFileSync(queue, 'utf8') : ''
  if (unclaimed !== '') problems.push(`the queue file still holds: ${unclaimed.slice(0, 200)}`)
  const isAhead = plan.api === 'ours' && plan.lanes === 1 && plan.isSilent !== true
  const verdict = judge({ names, dir, api, isStrict: plan.lanes === 1, isAhead })
  // with intents ahead all of a window may go out once more; the API has their effects already
  const allowedRepeats = (kills + api.kills) * (isAhead ? 64 : plan.lanes)
  if (verdict.repeats > allowedRepeats)
    problems.push(
      `${verdict.repeats} repeats for ${kills} kills and ${api.kills} of the API, ${plan.lanes} lanes`,
    )
  problems.push(...verdict.problems)
  if (problems.length > 0) {
    writeFileSync(join(root, 'arrivals.txt'), api.arrivals.join('\n'))
    writeFileSync(join(root, 'problems.txt'), problems.join('\n'))
  } else rmSync(root, { recursive: true, force: true })
  return {
    ...verdict,
    problems,
    plan,
    root,
    kills,
    apiKills: api.kills,
    allowedRepeats,
    flushes,
    instants,
    ms: performance.now() - started,
  }
}

function pick(roll: Dice): Instant {
  let x = roll()
  for (const [instant, share] of SHARES) if ((x -= share) < 0) return instant
  return 'life'
}

interface Aim {
  readonly api: TortureApi
  readonly dir: string
  readonly n: number
  readonly delay: number
  readonly ms: number
  /** Stops looking out for it. */
  readonly missed: AbortSignal
}
/** Resolves at the instant; may never, where the flush ends before. */
async function at(instant: Instant, aim: Aim): Promise<void> {
  switch (instant) {
    case 'start':
    case 'life':
      return after(aim.ms)
    case 'arrival':
      await new Promise<void>((resolve) => {
        const forget = aim.api.atArrival(aim.n, resolve)
        aim.missed.addEventListener('abort', forget)
      })
      if (aim.delay > 0) await after(aim.delay)
      return
    case 'file': {
      if (!existsSync(aim.dir)) return at('arrival', aim)
      let left = aim.n
      await new Promise<void>((resolve) => {
        const watcher = watch(aim.dir, () => {
          if (--left === 0) resolve()
        })
        aim.missed.addEventListener('abort', () => watcher.close())
      })
    }
  }
}
