/**
 * `GET events`: what changed, as Server-Sent Events without any text of the rows. Events are hints: whoever misses some
 * is told so (`resync`) and reads the lists.
 */
import type { ServerResponse } from 'node:http'
import { toMachineKey } from '../../shared/session.ts'
import { overloaded, unavailable } from './answers.ts'
import type { Feed } from './change-feed.ts'
import { BEAT_MS, ListenerStream } from './listener-stream.ts'
import type { Answer, Caller, Store } from './store.ts'
import { greet, readBeginning } from './stream-start.ts'

/** Times of a stream, in milliseconds. */
export interface StreamTimes {
  readonly beatMs: number
  /** A listener that takes nothing for this long is gone. */
  readonly takeLimitMs: number
}
const USUAL: StreamTimes = { beatMs: BEAT_MS, takeLimitMs: 30_000 }
const MOST_STREAMS = 1_000
/** Of one caller's token, beside the one of its machine. */
const MOST_OF_CALLER = 8

/** Whose events are asked for, and from where on. */
interface Asked {
  readonly machine: string | null
  readonly after: number | null
  readonly caller: Caller | null
}

export interface Streams {
  /** Sends events to a response until it closes; the answer to give instead where that cannot be. */
  open(response: ServerResponse, asked: Asked): Promise<Answer | undefined>
  /** Whether a response is one of these. */
  has(response: ServerResponse): boolean
  /** How many there are. */
  count(): number
  /** Ends all, so that the server can stop. */
  stop(): void
}

/** The listeners of one server. */
export const createStreams = (store: Store, feed: Feed, times: StreamTimes = USUAL): Streams =>
  new EventStreams(store, feed, times)

/** Whose stream it is, where those without a machine are counted. */
const ownerOf = ({ machine, caller }: Asked): string | null =>
  machine === null && caller !== null ? `${caller.isAdmin} ${toMachineKey(caller.machine)}` : null

class EventStreams implements Streams {
  readonly #store: Store
  readonly #feed: Feed
  readonly #times: StreamTimes
  readonly #streams = new Map<string, ListenerStream>()
  /** Also those that were replaced, until nobody knows them any more. */
  readonly #responses = new WeakSet<ServerResponse>()
  #anonymous = 0
  #unfollow: (() => void) | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(store: Store, feed: Feed, times: StreamTimes) {
    this.#store = store
    this.#feed = feed
    this.#times = times
  }

  has(response: ServerResponse): boolean {
    return this.#responses.has(response)
  }

  count(): number {
    return this.#streams.size
  }

  async open(response: ServerResponse, asked: Asked): Promise<Answer | undefined> {
    const machine = asked.machine === null ? null : toMachineKey(asked.machine)
    const key = machine === null ? `anonymous ${++this.#anonymous}` : `machine ${machine}`
    const owner = ownerOf(asked)
    const full = this.#refuseMore(key, owner)
    if (full) return full
    const read = await readBeginning(this.#store, this.#feed, asked.after)
    if (!read.ok) return unavailable(read.error)
    const { log, safe, end } = read.value
    // From here to `greet` nothing waits, so that nothing is told between them.
    this.#begin()
    end()
    // Others came while that was read.
    const isGone = response.closed || response.destroyed
    const fullNow = isGone ? undefined : this.#refuseMore(key, owner)
    if (isGone || fullNow) {
      this.#finish()
      return fullNow
    }
    // One stream a machine: the newer one is the one that lives, and the older is told why it ended.
    this.#streams.get(key)?.endReplaced(log.last)
    const stream = new ListenerStream(response, machine, owner, asked.after ?? safe)
    this.#add(key, stream, response)
    greet(stream, read.value)
    return undefined
  }

  stop(): void {
    for (const stream of this.#streams.values()) stream.end()
    this.#streams.clear()
    this.#finish()
  }

  /** The answer where there is no room for one more. */
  #refuseMore(key: string, owner: string | null): Answer | undefined {
    const streams = this.#streams
    if (streams.has(key)) return undefined
    if (streams.size >= MOST_STREAMS) return overloaded('events', `at most ${MOST_STREAMS} listeners`)
    const theirs = owner === null ? 0 : [...streams.values()].filter((one) => one.owner === owner).length
    return theirs >= MOST_OF_CALLER
      ? overloaded('events', `at most ${MOST_OF_CALLER} listeners of one token without for_machine`)
      : undefined
  }

  #add(key: string, stream: ListenerStream, response: ServerResponse): void {
    this.#streams.set(key, stream)
    this.#responses.add(response)
    response.on('close', () => {
      if (this.#streams.get(key) === stream) this.#streams.delete(key)
      this.#finish()
    })
  }

  /** Follows the feed and beats, while there is a listener. */
  #begin(): void {
    if (this.#unfollow) return
    this.#unfollow = this.#feed.follow((entries, safe) => {
      for (const stream of this.#streams.values())
        if (entries) stream.tell(entries, safe)
        else stream.resync(safe)
    })
    this.#timer = setInterval(() => {
      const now = performance.now()
      for (const stream of this.#streams.values()) stream.beat(now, this.#times.takeLimitMs)
    }, this.#times.beatMs)
    this.#timer.unref()
  }

  /** Ends both with the last listener. */
  #finish(): void {
    if (this.#streams.size > 0) return
    this.#unfollow?.()
    this.#unfollow = undefined
    clearInterval(this.#timer)
  }
}
