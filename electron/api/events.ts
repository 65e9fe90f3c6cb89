/**
 * `GET events`: what changed, as Server-Sent Events without any text of the rows. Events are hints: whoever misses some
 * is told so (`resync`) and reads the lists.
 */
import type { ServerResponse } from 'node:http'
import { toMachineKey } from '../../shared/session.ts'
import { toIso } from '../../shared/time.ts'
import { overloaded, unavailable } from './answers.ts'
import type { Feed } from './change-feed.ts'
import type { Answer, ChangeEntry, Store } from './store.ts'

const BEAT_MS = 15_000
/** What a listener has not taken yet, at most; beyond, it gets one `resync` instead. */
const MOST_WAITING = 256
const MOST_WAITING_BYTES = 65_536
/** A listener that takes nothing for this long is gone. */
const TAKE_LIMIT_MS = 30_000
const MOST_STREAMS = 1_000

export interface Streams {
  /** Sends events to a response until it closes; the answer to give instead where that cannot be. */
  open(
    response: ServerResponse,
    asked: { machine: string | null; after: number | null },
  ): Promise<Answer | undefined>
  /** Whether a response is one of these. */
  has(response: ServerResponse): boolean
  /** Ends all, so that the server can stop. */
  stop(): void
}

const event = (name: string, id: number, data: object): string =>
  `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`

const toEvent = (entry: ChangeEntry): string =>
  event('change', entry.seq, {
    kind: entry.kind,
    act: entry.act,
    project: entry.project,
    id: entry.id,
    at: toIso(entry.at),
  })

/** One listener: what it did not take yet is bounded. */
class Stream {
  readonly #response: ServerResponse
  readonly #machine: string | null
  #waiting = 0
  #isBehind = false
  #stalledSince: number | undefined
  /** The newest position that it was told of. */
  #position: number

  constructor(response: ServerResponse, machine: string | null, position: number) {
    this.#response = response
    this.#machine = machine
    this.#position = position
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Accel-Buffering': 'no',
    })
    response.socket?.setKeepAlive(true, BEAT_MS)
    response.socket?.setNoDelay(true)
  }

  get position(): number {
    return this.#position
  }

  /** A first word at once: the caller knows that it is heard, and where it stands. */
  ready(): void {
    this.#write(`retry: 1000\n${event('ready', this.#position, {})}`)
  }

  tell(entries: readonly ChangeEntry[]): void {
    for (const entry of entries) {
      if (entry.seq <= this.#position) continue
      this.#position = entry.seq
      const isForIt =
        this.#machine === null ||
        entry.kind !== 'messages' ||
        entry.machine === null ||
        entry.machine === this.#machine
      if (isForIt) this.#send(toEvent(entry))
    }
  }

  resync(position: number): void {
    this.#position = position
    this.#send(event('resync', position, {}))
  }

  beat(now: number): void {
    if (this.#stalledSince !== undefined && now - this.#stalledSince > TAKE_LIMIT_MS) this.#response.destroy()
    else if (this.#stalledSince === undefined) this.#write(': beat\n\n')
  }

  end(last?: string): void {
    if (last === undefined) this.#response.end()
    else this.#response.end(last)
  }

  #send(text: string): void {
    if (this.#isBehind) return
    if (this.#waiting >= MOST_WAITING || this.#response.writableLength + text.length > MOST_WAITING_BYTES) {
      this.#isBehind = true
      return
    }
    this.#write(text)
  }

  #write(text: string): void {
    if (this.#waiting === 0) this.#stalledSince = performance.now()
    this.#waiting++
    this.#response.write(text, () => this.#taken())
  }

  #taken(): void {
    this.#waiting--
    if (this.#waiting > 0) {
      this.#stalledSince = performance.now()
      return
    }
    this.#stalledSince = undefined
    if (!this.#isBehind) return
    this.#isBehind = false
    this.#write(event('resync', this.#position, {}))
  }
}

/** The listeners of one server. */
export function createStreams(store: Store, feed: Feed): Streams {
  const streams = new Map<string, Stream>()
  let unfollow: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let anonymous = 0
  const open = new WeakSet<ServerResponse>()

  function begin(): void {
    if (unfollow) return
    unfollow = feed.follow((entries) => {
      for (const stream of streams.values())
        if (entries) stream.tell(entries)
        else void resyncAll()
    })
    timer = setInterval(() => {
      const now = performance.now()
      for (const stream of streams.values()) stream.beat(now)
    }, BEAT_MS)
    timer.unref()
  }

  async function resyncAll(): Promise<void> {
    const log = await store.changes(null, 1)
    if (log.ok) for (const stream of streams.values()) stream.resync(log.value.last)
  }

  function finish(): void {
    if (streams.size > 0) return
    unfollow?.()
    unfollow = undefined
    clearInterval(timer)
  }

  return {
    has: (response) => open.has(response),
    async open(response, { machine, after }) {
      const key = machine === null ? `anonymous ${++anonymous}` : `machine ${toMachineKey(machine)}`
      if (streams.size >= MOST_STREAMS && !streams.has(key))
        return overloaded('events', `at most ${MOST_STREAMS} listeners`)
      const log = await store.changes(after, MOST_WAITING + 1)
      if (!log.ok) return unavailable(log.error)
      const { entries, last, isCut } = log.value
      const isTooMuch = isCut || entries.length > MOST_WAITING
      if (response.destroyed) return undefined
      // One stream a machine: the newer one is the one that lives, and the older is told why it ended.
      streams.get(key)?.end(event('replaced', last, {}))
      begin()
      const stream = new Stream(response, machine === null ? null : toMachineKey(machine), after ?? last)
      streams.set(key, stream)
      open.add(response)
      response.on('close', () => {
        if (streams.get(key) === stream) streams.delete(key)
        finish()
      })
      if (isTooMuch) stream.resync(last)
      else {
        stream.ready()
        stream.tell(entries)
      }
      return undefined
    },
    stop() {
      for (const stream of streams.values()) stream.end()
      streams.clear()
      finish()
    },
  }
}
