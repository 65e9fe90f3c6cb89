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
  const { stream, connection, clock } = deps
  let isRunning = false
  let isListening = false
  let close: (() => void) | null = null
  let cancelSilence = (): void => {}
  let cancelRetry: (() => void) | null = null
  let cancelRead: (() => void) | null = null
  let retryMs = FIRST_RETRY_MS
  let lastReadAt = -Infinity

  const isWanted = (): boolean =>
    isRunning && connection.isReady() && connection.server().extensions.has('events') && !deps.isSuspended()

  function readSoon(): void {
    const waitMs = Math.max(GATHER_MS, lastReadAt + READ_EVERY_MS - clock.monotonic())
    cancelRead ??= clock.schedule(waitMs, () => {
      cancelRead = null
      lastReadAt = clock.monotonic()
      deps.read()
    })
  }

  function turn(isOn: boolean): void {
    if (isListening === isOn) return
    isListening = isOn
    deps.onTurn()
  }

  function end(why: string): void {
    if (!close) return
    close()
    close = null
    cancelSilence()
    turn(false)
    if (!isRunning) return
    deps.log.info('the stream of changes ended; the lists are polled', { why })
    cancelRetry = clock.schedule(retryMs * (0.5 + deps.random.next()), () => {
      cancelRetry = null
      check()
    })
    retryMs = Math.min(retryMs * 2, MAX_RETRY_MS)
  }

  function heard(): void {
    cancelSilence()
    cancelSilence = clock.schedule(SILENCE_MS, () => end('nothing was heard for two beats'))
  }

  function onEvent({ name }: StreamEvent): void {
    heard()
    if (name === 'ready') {
      retryMs = FIRST_RETRY_MS
      turn(true)
    }
    // What changed before it was heard is read, too.
    readSoon()
  }

  function check(): void {
    if (!stream || close || cancelRetry || !isWanted()) {
      if (close && !isWanted()) end('the API is away')
      return
    }
    const machine = deps.machine()
    const query = machine === null ? '' : `?for_machine=${encodeURIComponent(machine)}`
    // Until it is open, what ends it may be told at once.
    let isEnded = false
    close = () => undefined
    heard()
    const closeStream = stream.open(query, {
      onEvent: (event) => void (isEnded || onEvent(event)),
      onBeat: () => void (isEnded || heard()),
      onEnd(why) {
        if (!isEnded) end(why)
      },
    })
    if (close === null) return closeStream()
    close = () => {
      isEnded = true
      closeStream()
    }
  }

  return {
    start() {
      isRunning = true
      check()
    },
    stop() {
      isRunning = false
      end('stopped')
      cancelRetry?.()
      cancelRetry = null
      cancelRead?.()
      cancelRead = null
    },
    check,
    isListening: () => isListening,
  }
}
