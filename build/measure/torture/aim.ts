/** The instant at which a kill of a torture round lands: which kind it is, how it is chosen, and how it is met. */
import { existsSync, watch } from 'node:fs'
import { setTimeout as after } from 'node:timers/promises'
import type { TortureApi } from './api.ts'
import { below, type Dice } from './calls.ts'

/**
 * Where a kill lands, so that the start of a process does not get all of them:
 * `arrival`: right at an arrival, or up to 3 ms behind it: the request's handling, its answer, the ledger's write and sync;
 * `file`:    at one of the outbox folder's own changes (claim, header, intent, end), as the kernel reports it;
 * `life`:    anywhere in the life of a flush, as long as the ones before it lived: the end of it too;
 * `start`:   in its first 40 ms: taking ownership, recovery, the probe, the claim.
 */
export type Instant = 'arrival' | 'file' | 'life' | 'start'
const SHARES: readonly [Instant, number][] = [
  ['arrival', 0.45],
  ['file', 0.25],
  ['life', 0.2],
  ['start', 0.1],
]
const START_MS = 40
const API_KILL_SHARE = 0.05

export interface Aim {
  readonly instant: Instant
  /** At the n-th arrival or change. */
  readonly n: number
  /** So many ms behind an arrival. */
  readonly delay: number
  /** So many ms after the start. */
  readonly ms: number
  readonly isApiToo: boolean
  /** Only the API dies. */
  readonly isFlushSpared: boolean
}

/** `most`: the most arrivals or changes to wait for; `life`: how many ms a flush lives. */
export function takeAim(roll: Dice, most: number, life: number): Aim {
  const instant = pick(roll)
  const isApiToo = roll() < API_KILL_SHARE
  const isFlushSpared = isApiToo && roll() < 0.5
  const n = 1 + below(roll, most)
  const delay = roll() < 0.3 ? 0 : roll() * 3
  const ms = roll() * (instant === 'start' ? START_MS : life)
  return { instant, n, delay, ms, isApiToo, isFlushSpared }
}

function pick(roll: Dice): Instant {
  let x = roll()
  for (const [instant, share] of SHARES) if ((x -= share) < 0) return instant
  return 'life'
}

/** Resolves at the instant; may never, where the flush ends before. `missed` stops looking out for it. */
export async function reach(aim: Aim, api: TortureApi, dir: string, missed: AbortSignal): Promise<void> {
  switch (aim.instant) {
    case 'start':
    case 'life':
      return after(aim.ms)
    case 'arrival':
      return reachArrival(aim, api, missed)
    case 'file':
      return existsSync(dir) ? reachChange(aim.n, dir, missed) : reachArrival(aim, api, missed)
  }
}

async function reachArrival(aim: Aim, api: TortureApi, missed: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const forget = api.atArrival(aim.n, resolve)
    missed.addEventListener('abort', forget)
  })
  if (aim.delay > 0) await after(aim.delay)
}

function reachChange(n: number, dir: string, missed: AbortSignal): Promise<void> {
  let left = n
  return new Promise<void>((resolve) => {
    const watcher = watch(dir, () => {
      if (--left === 0) resolve()
    })
    missed.addEventListener('abort', () => watcher.close())
  })
}
