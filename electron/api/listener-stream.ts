/** The stream of one listener: hints as Server-Sent Events, and a bound to what it has not taken yet. */
import type { ServerResponse } from 'node:http'
import { toIso } from '../../shared/time.ts'
import type { ChangeEntry } from './store.ts'

/** What a listener has not taken yet, at most; beyond, it gets one `resync` instead. */
export const MOST_WAITING = 256
const MOST_WAITING_BYTES = 65_536
export const BEAT_MS = 15_000

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
export class ListenerStream {
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

  end(): void {
    this.#response.end()
  }

  /** Ends with the reason: its machine has a newer stream. */
  endReplaced(position: number): void {
    this.#response.end(event('replaced', position, {}))
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
