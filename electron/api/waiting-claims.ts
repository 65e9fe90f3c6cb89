/** `POST locks?wait=S`: a claim that waits until what it needs is free. */
import { performance } from 'node:perf_hooks'
import type { Result } from '../../shared/result.ts'
import { parseTime, type EpochMs } from '../../shared/time.ts'
import type { Feed } from './change-feed.ts'
import type { Answer, CallKey, Caller, Change, ChangeEntry, Store, StoreFault } from './store.ts'

type Claim = Extract<Change, { kind: 'lock.claim' }>

const CREATED = 201
const CONFLICT = 409
/** A lock that ends by itself is looked at again this long after its end. */
const AFTER_END_MS = 5
/** One that has ended by this server's clock and not by the store's is not asked for again and again. */
const CLOCKS_DIFFER_MS = 250

export interface ClaimWait {
  readonly store: Pick<Store, 'write'>
  readonly feed: Feed
  readonly now: () => EpochMs
}

interface Asked {
  readonly change: Claim
  readonly key: CallKey | null
  readonly caller: Caller | null
}

/** Claims, and tries again at each release in the project until `waitMs` is over; the last answer counts. */
export async function claimWithin(
  server: ClaimWait,
  asked: Asked,
  waitMs: number,
  signal: AbortSignal,
): Promise<Result<Answer, StoreFault>> {
  const { store, feed, now } = server
  const { change, key, caller } = asked
  const deadline = performance.now() + waitMs
  const freed = new Freed(change.project)
  const unfollow = feed.follow((entries) => freed.look(entries))
  try {
    // What becomes free after the first refusal must be heard of.
    await feed.ready()
    for (;;) {
      freed.forget()
      const answer = await store.write(change, now(), key, caller)
      const leftMs = deadline - performance.now()
      if (!answer.ok || answer.value.status !== CONFLICT || leftMs <= 0 || signal.aborted) {
        return await giveBack(server, asked, answer, signal)
      }
      await freed.wait(Math.min(leftMs, untilEnd(answer.value, now())), signal)
      if (signal.aborted) return answer
    }
  } finally {
    unfollow()
  }
}

/** Nobody is there any more to hold what this call won: neither the lock nor the answer under its key stays. */
async function giveBack(
  { store, now }: ClaimWait,
  { change, key }: Asked,
  answer: Result<Answer, StoreFault>,
  signal: AbortSignal,
): Promise<Result<Answer, StoreFault>> {
  if (!signal.aborted || !answer.ok || answer.value.status !== CREATED || answer.value.isAgain) return answer
  const won = JSON.parse(answer.value.body) as { id: string; acquired_at: string }
  const claimedAt = parseTime(won.acquired_at) ?? 0
  // Where that cannot be written it stays held, and its key says so: the same call again is told.
  await store.write(
    { kind: 'lock.give-back', id: won.id, session: change.session, claimedAt, key },
    now(),
    null,
  )
  return answer
}

/** How long until the lock in the way ends by itself. */
function untilEnd(answer: Answer, at: EpochMs): number {
  const { lock } = JSON.parse(answer.body) as { lock?: { expires_at?: string | null } }
  const end = parseTime(lock?.expires_at)
  if (end === undefined) return Number.POSITIVE_INFINITY
  return end > at ? end - at + AFTER_END_MS : CLOCKS_DIFFER_MS
}

/** Whether something in a project became free since it was last asked. */
class Freed {
  readonly #project: string
  #isFree = false
  #wake: (() => void) | undefined

  constructor(project: string) {
    this.#project = project
  }

  look(entries: readonly ChangeEntry[] | null): void {
    const isFree =
      entries === null ||
      entries.some(
        (e) =>
          e.kind === 'locks' && e.project === this.#project && (e.act === 'released' || e.act === 'expired'),
      )
    if (!isFree) return
    this.#isFree = true
    this.#wake?.()
  }

  forget(): void {
    this.#isFree = false
  }

  async wait(mostMs: number, signal: AbortSignal): Promise<void> {
    if (this.#isFree || signal.aborted) return
    await new Promise<void>((done) => {
      const timer = setTimeout(done, Math.min(mostMs, 60_000))
      const end = (): void => {
        clearTimeout(timer)
        done()
      }
      this.#wake = end
      signal.addEventListener('abort', end, { once: true })
    })
    this.#wake = undefined
  }
}
