/**
 * `GET events`: what changed, as Server-Sent Events without any text of the rows. Events are hints: whoever misses some
 * is told so (`resync`) and reads the lists.
 */
import type { ServerResponse } from 'node:http'
import { ok, type Result } from '../../shared/result.ts'
import { toMachineKey } from '../../shared/session.ts'
import { toIso } from '../../shared/time.ts'
import { overloaded, unavailable } from './answers.ts'
import type { Feed, Told } from './change-feed.ts'
import type { Answer, Caller, ChangeEntry, ChangeLog, Store, StoreFault } from './store.ts'

/** What a listener has not taken yet, at most; beyond, it gets one `resync` instead. */
const MOST_WAITING = 256
const MOST_WAITING_BYTES = 65_536

/** Times of a stream, in milliseconds. */
export interface StreamTimes {
  readonly beatMs: number
  /** A listener that takes nothing for this long is gone. */
  readonly takeLimitMs: number
}
const USUAL: StreamTimes = { beatMs: 15_000, takeLimitMs: 30_000 }
const MOST_STREAMS = 1_000
/** Of one caller's token, beside the one of its machine. */
const MOST_OF_CALLER = 8

export interface Streams {
  /** Sends events to a response until it closes; the answer to give instead where that cannot be. */
  open(
    response: ServerResponse,
    asked: { machine: string | null; after: number | null; caller: Caller | null },
  ): Promise<Answer | undefined>
  /** Whether a response is one of these. */
  has(response: ServerResponse): boolean
  /** How many there are. */
  count(): number
  /** Ends all, so that the server can stop. */
  stop(): void
}

const event = (name: string, id: number, data: object): string =>
  `event: ${name}\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n`

const toEvent = (entry: ChangeEntry, position: number): string =>
  event('change', position, {
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
  /** Whose it is, where that is counted. */
  readonly owner: string | null
  #waiting = 0
  #isBehind = false
  #stalledSince: number | undefined
  /** All up to here it was told of: where it goes on after a break. */
  #position: number
  /** Told of at its beginning: the feed may tell of them once more. */
  readonly #told = new Set<number>()

  constructor(response: ServerResponse, machine: string | null, owner: string | null, position: number) {
    this.#response = response
    this.owner = owner
    this.#machine = machine
    this.#position = position
    response.writeHead(200, {
      'Content-Type': 'text/event-stream',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Accel-Buffering': 'no',
    })
    response.socket?.setKeepAlive(true, USUAL.beatMs)
    response.socket?.setNoDelay(true)
  }

  get position(): number {
    return this.#position
  }

  /** A first word at once: the caller knows that it is heard, and where it stands. */
  ready(): void {
    this.#write(`retry: 1000\n${event('ready', this.#position, {})}`)
  }

  /** What it missed while it was away, before the feed goes on. `safe`: all up to there is among it, or was before. */
  catchUp(entries: readonly ChangeEntry[], safe: number): void {
    for (const entry of entries) this.#told.add(entry.seq)
    for (const entry of entries) this.#hint(entry, Math.min(entry.seq, safe))
  }

  /** `safe`: all up to there was told of. */
  tell(entries: readonly ChangeEntry[], safe: number): void {
    for (const entry of entries)
      if (!this.#told.delete(entry.seq)) this.#hint(entry, Math.min(entry.seq, safe))
    this.#position = Math.max(this.#position, safe)
  }

  #hint(entry: ChangeEntry, position: number): void {
    this.#position = Math.max(this.#position, position)
    const isForIt =
      this.#machine === null ||
      entry.kind !== 'messages' ||
      entry.machine === null ||
      entry.machine === this.#machine
    if (isForIt) this.#send(toEvent(entry, this.#position))
  }

  resync(position: number): void {
    this.#position = position
    this.#send(event('resync', position, {}))
  }

  beat(now: number, takeLimitMs: number): void {
    if (this.#stalledSince !== undefined && now - this.#stalledSince > takeLimitMs) this.#response.destroy()
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

interface Beginning {
  readonly log: ChangeLog
  /** All up to here is in what was read, or was before. */
  readonly safe: number
  /** What the feed tells of, until `end` is called: where the stream itself is told from then on, nothing falls between them. */
  readonly meanwhile: readonly Parameters<Told>[]
  readonly end: () => void
}

const safeOf = ({ last, missing }: ChangeLog): number => Math.min(last, (missing[0]?.from ?? Infinity) - 1)

/** The first words to a listener: where it stands, and what it missed. */
function greet(stream: Stream, { log, safe, meanwhile }: Beginning): void {
  const isTooMuch =
    log.isCut || log.entries.length > MOST_WAITING || meanwhile.some(([told]) => told === null)
  if (isTooMuch) return stream.resync(safe)
  stream.ready()
  stream.catchUp(log.entries, safe)
  for (const [entries, safe] of meanwhile) if (entries) stream.tell(entries, safe)
}

/** The listeners of one server. */
export function createStreams(store: Store, feed: Feed, times: StreamTimes = USUAL): Streams {
  const streams = new Map<string, Stream>()
  let unfollow: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let anonymous = 0
  const open = new WeakSet<ServerResponse>()

  function begin(): void {
    if (unfollow) return
    unfollow = feed.follow((entries, safe) => {
      for (const stream of streams.values())
        if (entries) stream.tell(entries, safe)
        else stream.resync(safe)
    })
    timer = setInterval(() => {
      const now = performance.now()
      for (const stream of streams.values()) stream.beat(now, times.takeLimitMs)
    }, times.beatMs)
    timer.unref()
  }

  /** What was written after a position, and what the feed tells of from before that is read. */
  async function readFrom(after: number | null): Promise<Result<Beginning, StoreFault>> {
    const meanwhile: Parameters<Told>[] = []
    const end = feed.follow((...told) => meanwhile.push(told))
    await feed.ready()
    // Before the log is read: what the feed has told of is in it. The feed also knows which numbers will not come any more.
    const told = feed.safe()
    const log = await store.changes(after, MOST_WAITING + 1)
    if (!log.ok) {
      end()
      return log
    }
    begin()
    return ok({ log: log.value, safe: Math.min(told ?? safeOf(log.value), log.value.last), meanwhile, end })
  }

  /** The answer where there is no room for one more. */
  function refuseMore(key: string, owner: string | null): Answer | undefined {
    if (streams.has(key)) return undefined
    if (streams.size >= MOST_STREAMS) return overloaded('events', `at most ${MOST_STREAMS} listeners`)
    const theirs = owner === null ? 0 : [...streams.values()].filter((one) => one.owner === owner).length
    return theirs >= MOST_OF_CALLER
      ? overloaded('events', `at most ${MOST_OF_CALLER} listeners of one token without for_machine`)
      : undefined
  }

  function finish(): void {
    if (streams.size > 0) return
    unfollow?.()
    unfollow = undefined
    clearInterval(timer)
  }

  return {
    has: (response) => open.has(response),
    count: () => streams.size,
    async open(response, { machine, after, caller }) {
      const key = machine === null ? `anonymous ${++anonymous}` : `machine ${toMachineKey(machine)}`
      const owner =
        machine === null && caller !== null ? `${caller.isAdmin} ${toMachineKey(caller.machine)}` : null
      const full = refuseMore(key, owner)
      if (full) return full
      const read = await readFrom(after)
      if (!read.ok) return unavailable(read.error)
      const { log, safe, end } = read.value
      // From here to `greet` nothing waits, so that nothing is told between them.
      end()
      if (response.closed || response.destroyed) {
        finish()
        return undefined
      }
      // Others came while that was read.
      const fullNow = refuseMore(key, owner)
      if (fullNow) {
        finish()
        return fullNow
      }
      // One stream a machine: the newer one is the one that lives, and the older is told why it ended.
      streams.get(key)?.end(event('replaced', log.last, {}))
      const stream = new Stream(
        response,
        machine === null ? null : toMachineKey(machine),
        owner,
        after ?? safe,
      )
      streams.set(key, stream)
      open.add(response)
      response.on('close', () => {
        if (streams.get(key) === stream) streams.delete(key)
        finish()
      })
      greet(stream, read.value)
      return undefined
    },
    stop() {
      for (const stream of streams.values()) stream.end()
      streams.clear()
      finish()
    },
  }
}
