/**
 * Hears of changes where the server offers to tell them. What is heard is a hint: the lists stay the truth, read at once
 * when one comes, and slowly while none is missed. A stream that falls silent for two beats is dead.
 */
import type { Connection } from '../coord/connection-port.ts'
import type { Clock, Log, Random } from '../ports.ts'

/** `change`: something of this kind is another one now. `resync`: some were missed. `ready`: heard from now on. */
export interface StreamEvent {
  readonly name: 'ready' | 'change' | 'resync'
  /** Which list; null where that is not said. */
  readonly kind: string | null
}

export interface StreamHandlers {
  readonly onEvent: (event: StreamEvent) => void
  /** Something was heard, a beat too. */
  readonly onBeat: () => void
  /** Once: it ended, was refused, or could not be opened. Not after it was closed from here. */
  readonly onEnd: (why: string) => void
}

/** Changes as the API tells them, on a connection of its own. Never rejects. */
export interface EventStream {
  /** The returned function closes it. */
  open(query: string, handlers: StreamHandlers): () => void
}

/** Two of the server's beats, and a little for the way. */
export const SILENCE_MS = 35_000
/** Changes that come together are read together. */
const GATHER_MS = 30
/** At most one read in this time, however much changes. */
const READ_EVERY_MS = 250
const FIRST_RETRY_MS = 1_000
const MAX_RETRY_MS = 60_000

export interface ListenerDeps {
  readonly stream: EventStream | undefined
  readonly connection: Pick<Connection, 'isReady' | 'server'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Narrows what is told of messages; null: all are. */
  readonly machine: () => string | null
  readonly isSuspended: () => boolean
  /** Reads the lists now. */
  readonly read: () => void
  /** Listening began or ended: polls are planned anew. */
  readonly onTurn: () => void
}

export interface Listener {
  readonly start: () => void
  readonly stop: () => void
  /** Something changed of what listening depends on. */
  readonly check: () => void
  readonly isListening: () => boolean
}

export function createListener(deps: ListenerDeps): Listener {
  const listener = new StreamListener(deps)
  return {
    start: () => listener.start(),
    stop: () => listener.stop(),
    check: () => listener.check(),
    isListening: () => listener.isListening,
  }
}

class StreamListener {
  readonly #deps: ListenerDeps
  isListening = false
  #isRunning = false
  #close: (() => void) | null = null
  #cancelSilence = (): void => {}
  #cancelRetry: (() => void) | null = null
  #cancelRead: (() => void) | null = null
  #retryMs = FIRST_RETRY_MS
  #lastReadAt = -Infinity

  constructor(deps: ListenerDeps) {
    this.#deps = deps
  }

  start(): void {
    this.#isRunning = true
    this.check()
  }

  stop(): void {
    this.#isRunning = false
    this.#end('stopped')
    this.#cancelRetry?.()
    this.#cancelRetry = null
    this.#cancelRead?.()
    this.#cancelRead = null
  }

  check(): void {
    const { stream } = this.#deps
    const isWanted = this.#isWanted()
    if (this.#close && !isWanted) this.#end('the API is away')
    else if (stream && !this.#close && !this.#cancelRetry && isWanted) this.#open(stream)
  }

  #isWanted(): boolean {
    const { connection, isSuspended } = this.#deps
    return (
      this.#isRunning &&
      connection.isReady() &&
      connection.server().extensions.has('events') &&
      !isSuspended()
    )
  }

  #open(stream: EventStream): void {
    const machine = this.#deps.machine()
    const query = machine === null ? '' : `?for_machine=${encodeURIComponent(machine)}`
    // Until it is open, what ends it may be told at once.
    let isEnded = false
    this.#close = () => undefined
    this.#heard()
    const closeStream = stream.open(query, {
      onEvent: (event) => void (isEnded || this.#onEvent(event)),
      onBeat: () => void (isEnded || this.#heard()),
      onEnd: (why) => void (isEnded || this.#end(why)),
    })
    if (this.#close === null) return closeStream()
    this.#close = () => {
      isEnded = true
      closeStream()
    }
  }

  #onEvent({ name }: StreamEvent): void {
    this.#heard()
    if (name === 'ready') {
      this.#retryMs = FIRST_RETRY_MS
      this.#turn(true)
    }
    // What changed before it was heard is read, too.
    this.#readSoon()
  }

  #heard(): void {
    this.#cancelSilence()
    this.#cancelSilence = this.#deps.clock.schedule(SILENCE_MS, () =>
      this.#end('nothing was heard for two beats'),
    )
  }

  #readSoon(): void {
    const { clock, read } = this.#deps
    const waitMs = Math.max(GATHER_MS, this.#lastReadAt + READ_EVERY_MS - clock.monotonic())
    this.#cancelRead ??= clock.schedule(waitMs, () => {
      this.#cancelRead = null
      this.#lastReadAt = clock.monotonic()
      read()
    })
  }

  #turn(isOn: boolean): void {
    if (this.isListening === isOn) return
    this.isListening = isOn
    this.#deps.onTurn()
  }

  #end(why: string): void {
    if (!this.#close) return
    this.#close()
    this.#close = null
    this.#cancelSilence()
    this.#turn(false)
    if (!this.#isRunning) return
    const { clock, log, random } = this.#deps
    log.info('the stream of changes ended; the lists are polled', { why })
    this.#cancelRetry = clock.schedule(this.#retryMs * (0.5 + random.next()), () => {
      this.#cancelRetry = null
      this.check()
    })
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS)
  }
}
