/** The kills of a torture round: one flush after the other dies while writers append, and now and then the API does. */
import { reach, takeAim, type Aim, type Instant } from './aim.ts'
import type { TortureApi } from './api.ts'
import type { Dice } from './calls.ts'
import type { Feed } from './feed.ts'
import type { Flush, Flushes } from './flushes.ts'

/** What there is to kill, and to see that it is time to; `dir` is the outbox folder. */
interface Targets {
  readonly flushes: Flushes
  readonly api: TortureApi
  readonly dir: string
}

/** How many kills met a living flush, and at which instants. Gives up after four times as many flushes as kills. */
export async function killFlushes(
  plan: { readonly kills: number; readonly calls: number },
  targets: Targets,
  feed: Feed,
  roll: Dice,
): Promise<{ kills: number; instants: Record<Instant, number> }> {
  const { flushes, api } = targets
  const instants: Record<Instant, number> = { arrival: 0, file: 0, life: 0, start: 0 }
  const each = plan.calls / plan.kills
  let kills = 0
  // the next one starts while this one runs, so that a round does not wait for it
  let next = flushes.spawn(0)
  for (let cycle = 0; kills < plan.kills && cycle < 4 * plan.kills; cycle++) {
    const flush = next
    next = flushes.spawn(0)
    const goal = Math.min(plan.calls, Math.ceil(each * (kills + 1)))
    // some of it stands there before the flush, the rest comes while it runs
    feed.upTo(feed.names.size + Math.ceil((goal - feed.names.size) * roll()))
    const backlog = Math.max(1, goal - new Set(api.arrivals).size)
    const aim = takeAim(roll, Math.min(backlog, 2 * each), flushes.life)
    const ended = await flushes.run(flush, () => {
      feed.upTo(goal)
      return shoot(aim, flush, targets)
    })
    if (ended === 'killed') {
      kills++
      instants[aim.instant]++
    }
    if (aim.isApiToo) await api.start()
  }
  next.child.kill('SIGKILL')
  await next.exited
  return { kills, instants }
}

/** Kills what the aim says at its instant, or when the flush has ended before. */
async function shoot(aim: Aim, flush: Flush, { api, dir }: Targets): Promise<void> {
  const missed = new AbortController()
  await Promise.race([flush.exited, reach(aim, api, dir, missed.signal)])
  missed.abort()
  const isAlive = flush.child.exitCode === null && flush.child.signalCode === null
  if (!aim.isFlushSpared && isAlive) flush.child.kill('SIGKILL')
  if (aim.isApiToo) await api.kill()
}
