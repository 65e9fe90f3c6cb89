/** One loop that reads the API: never two rounds at once, the next one planned when this one has ended. */
import type { Connection } from '../coord/connection-port.ts'
import type { Clock, Log, Random } from '../ports.ts'
import type { AppEvent } from './events.ts'
import { Reads } from './reads.ts'
import type { AppState } from './state.ts'

const WINDOW_OPEN_MS = 5_000
const WINDOW_CLOSED_MS = 15_000
const ON_BATTERY_MS = 60_000
const SCREEN_LOCKED_MS = 60_000
const LISTENING_OPEN_MS = 30_000
const LISTENING_MS = 180_000
export interface PollerDeps {
  readonly connection: Pick<Connection, 'get' | 'isReady' | 'serverSkewMs' | 'server'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly state: () => AppState
  readonly emit: (event: AppEvent) => void
  readonly isListening?: () => boolean
}

export interface Poller {
  readonly start: () => void
  /** Resolves when the round under way has ended. */
  readonly stop: () => Promise<void>
  /** Reads now, or right after the round under way. Resolves after a whole round. */
  readonly poke: () => Promise<void>
  /** How often to read is another matter now. */
  readonly plan: () => void
}

/** `isListening`: changes are told as they happen; polls only make sure. */
export function pollIntervalMs(
  state: Pick<AppState, 'isWindowOpen' | 'isOnBattery' | 'isScreenLocked'>,
  isListening = false,
): number {
  if (isListening) return state.isWindowOpen ? LISTENING_OPEN_MS : LISTENING_MS
  if (state.isScreenLocked) return SCREEN_LOCKED_MS
  if (state.isWindowOpen) return WINDOW_OPEN_MS
  return state.isOnBattery ? ON_BATTERY_MS : WINDOW_CLOSED_MS
}

export function createPoller(deps: PollerDeps): Poller {
  const { connection, clock, random, log, state } = deps
  let isRunning = false
  const reads = new Reads({ ...deps, isWanted: () => isRunning })
  let round: Promise<void> | null = null
  let queued: Promise<void> | null = null
  let cancelTimer = (): void => {}

  async function run(): Promise<void> {
    if (!connection.isReady() || state().isSuspended) return
    // One list that cannot be read hides no other; where the API itself is gone, the connection says so.
    await reads.locks()
    if (isRunning && connection.isReady()) await reads.messages()
    if (isRunning && state().isWindowOpen && connection.isReady()) await reads.board()
  }

  function startRound(): Promise<void> {
    cancelTimer()
    const mine = run()
      .catch((cause: unknown) => log.error('a round of reading failed', { cause: String(cause) }))
      .then(() => {
        round = null
        plan()
      })
    round = mine
    return mine
  }
  function plan(): void {
    cancelTimer()
    if (!isRunning) return
    const delayMs = pollIntervalMs(state(), deps.isListening?.() ?? false) * (0.85 + 0.3 * random.next())
    cancelTimer = clock.schedule(delayMs, () => void poke())
  }
  function poke(): Promise<void> {
    if (!isRunning) return Promise.resolve()
    if (!round) return startRound()
    queued ??= round.then(() => {
      queued = null
      return isRunning ? (round ?? startRound()) : undefined
    })
    return queued
  }

  return {
    start() {
      if (isRunning) return
      isRunning = true
      void poke()
    },
    async stop() {
      isRunning = false
      cancelTimer()
      await round
    },
    poke,
    plan: () => void (round ?? plan()),
  }
}
