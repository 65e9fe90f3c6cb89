/** The connection of a command, and whether the API answers over it now. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createLightHttp } from '../adapters/light-http.ts'
import { knownSessions } from '../adapters/session-records.ts'
import { systemClock, systemRandom } from '../adapters/system.ts'
import type { GatedConnection } from '../core/coord/connection-port.ts'
import { createConnection } from '../core/coord/connection.ts'
import { createCoordClient } from '../core/coord/coord-client.ts'
import type { Http } from '../core/ports.ts'
import type { Context } from './context.ts'
import { adviceAway } from './elsewhere.ts'
import { terminalLog } from './outboxes.ts'
import { hint, isVerbose, sayWhileWaiting, waitingFor } from './output.ts'
import { oneLine } from './terminal/text.ts'

/** A longer `Retry-After` is left to the outbox: the call is queued at once and nobody waits in front of a prompt. */
const LONGEST_WAIT_MS = 5_000
/** An API that did not answer just now is not asked again by the same command, which would wait twice as long. */
const STILL_AWAY_MS = 1_000

/** HTTP for a person: nothing waits in silence, whichever call it is that takes long. */
export const saying = (http: Http): Http => ({
  ...http,
  async request(call) {
    const end = sayWhileWaiting(() => waitingFor(http.baseUrl))
    const from = performance.now()
    try {
      const outcome = await http.request(call)
      if (isVerbose()) {
        const what = outcome.kind === 'answer' ? String(outcome.status) : outcome.detail
        hint(`coord: ${call.method} ${call.path}: ${what}, ${Math.round(performance.now() - from)} ms`)
      }
      return outcome
    } finally {
      end()
    }
  },
})

/** The connection of a command, and how lists are read over it. */
export function connect(context: Context, timeoutMs: number | undefined) {
  const http = saying(
    createLightHttp({
      baseUrl: context.baseUrl,
      proof: context.isEmbedded ? { home: context.home } : null,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }),
  )
  // a token only to an address that a person configured
  const token = context.isEmbedded ? null : context.token
  const connection = createConnection({
    http,
    clock: systemClock,
    random: systemRandom,
    log: terminalLog,
    ...(token === null ? {} : { headers: { authorization: `Bearer ${token}` } }),
  })
  const client = createCoordClient(connection, {
    hints: () => ({
      projects: [],
      sessions: knownSessions(context.home, context.machine.name, context.session),
    }),
  })
  return { connection, client, close: () => void http.close() }
}

/** Whether the API answers: asked before each call of a command, and remembered for a moment where it does not. */
export class Readiness {
  private readonly context: Context
  private readonly connection: GatedConnection
  private readonly longestWaitMs: number
  private awayAt = -Infinity

  constructor(context: Context, connection: GatedConnection, longestWaitMs = LONGEST_WAIT_MS) {
    this.context = context
    this.connection = connection
    this.longestWaitMs = longestWaitMs
  }

  /** Identifies the API; why nothing can be asked now, or undefined. */
  async ready(): Promise<string | undefined> {
    if (performance.now() - this.awayAt < STILL_AWAY_MS) return this.detail()
    const away = (await this.reach()) ? undefined : this.detail()
    this.awayAt = away === undefined ? -Infinity : performance.now()
    return away
  }

  /** What the connection says of itself; the API's own words stand in it. */
  detail(): string {
    return oneLine(this.connection.view().detail)
  }

  /** On a fresh machine, how to get an API. */
  async advice(): Promise<string | undefined> {
    return this.connection.view().state === 'offline' ? adviceAway(this.context) : undefined
  }

  /** Why nothing can be read, with the advice. */
  async awayWords(): Promise<string> {
    const advice = await this.advice()
    return advice === undefined ? this.detail() : `${this.detail()}\n${advice}`
  }

  private async reach(): Promise<boolean> {
    const { connection } = this
    // our own back-off is for those who ask by themselves; somebody waits for this
    connection.retryNow()
    if (await connection.ensure()) return true
    const waitMs = connection.waitMs()
    const isAsked = connection.view().until !== null
    if (!isAsked || waitMs > this.longestWaitMs) return false
    await this.waitAsAsked(waitMs)
    return connection.ensure()
  }

  private async waitAsAsked(waitMs: number): Promise<void> {
    hint(`coord: the API asks to wait ${Math.ceil(waitMs / 1000)} s`)
    // a timer may come a moment early, and then nothing may be asked yet
    for (let left = waitMs; left > 0 && left <= waitMs; left = this.connection.waitMs())
      await sleep(Math.ceil(left) + 1)
  }
}
