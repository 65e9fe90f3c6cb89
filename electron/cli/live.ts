/**
 * Live calls of a command: made at once where the API answers, else appended to the nearest queue, so that the API never
 * blocks work. The connection, what an answer means and how lists are read are core's; this says it to a person.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { readJson } from '../../shared/json.ts'
import { counted } from '../../shared/text.ts'
import { createLightHttp } from '../adapters/light-http.ts'
import { appendCall } from '../adapters/queue-append.ts'
import { knownSessions } from '../adapters/session-records.ts'
import { systemClock, systemRandom } from '../adapters/system.ts'
import { mayBeKept, sayOutcome } from '../core/coord/classify-answer.ts'
import type { Http } from '../core/ports.ts'
import type { GatedConnection } from '../core/coord/connection-port.ts'
import { createConnection } from '../core/coord/connection.ts'
import { createCoordClient, type CoordClient } from '../core/coord/coord-client.ts'
import type { ListRead } from '../core/coord/read-list.ts'
import { queueingWorkspace, type Context } from './context.ts'
import { failure } from './exit.ts'
import { hint, isVerbose, sayWhileWaiting, waitingFor } from './output.ts'
import { notQueued } from './not-queued.ts'
import { adviceAway } from './elsewhere.ts'
import { terminalLog } from './outboxes.ts'
import { oneLine } from './terminal/text.ts'

/** A longer `Retry-After` is left to the outbox: the call is queued at once and nobody waits in front of a prompt. */
const LONGEST_WAIT_MS = 5_000

export type WriteOutcome =
  | { readonly kind: 'accepted'; readonly json: unknown }
  /** The API said no, for good. */
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string; readonly json: unknown }
  /** Appended to `file`, to be sent as soon as the API answers. */
  | { readonly kind: 'queued'; readonly file: string; readonly why: string }

export interface Why {
  readonly why: string
  /** The status with which the API refused, where it did. */
  readonly status: number | null
}

export interface Live {
  readonly connection: GatedConnection
  readonly client: CoordClient
  /** Identifies the API; why nothing can be asked now, or undefined. */
  ready(): Promise<string | undefined>
  /** The rows of a list, or why there are none now. What could not be read, or was not shown, is said. */
  rows<T>(list: string, ask: (client: CoordClient) => Promise<ListRead<T>>): Promise<readonly T[] | Why>
  /** `timeoutMs`: for a call that the server may take its time for. */
  write(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<WriteOutcome>
  /** Appends without trying. */
  queue(method: string, path: string, body: unknown, why: string): WriteOutcome & { kind: 'queued' }
  close(): void
}

export interface LiveOptions {
  readonly timeoutMs?: number
  /** How long one `Retry-After` is waited for, in milliseconds; 5 000 where absent. */
  readonly longestWaitMs?: number
}

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

/** With one full stop at its end, whatever it ends with. */
const sentence = (text: string): string => `${text.trimEnd().replace(/[.\s]+$/, '')}.`

/** The connection of a command, and how lists are read over it. */
function connect(context: Context, { timeoutMs }: LiveOptions) {
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

/** Appends a call to the nearest queue, and says so with `why`. Throws a `Stop` where it cannot be appended either. */
function queueCall(
  context: Context,
  method: string,
  path: string,
  body: unknown,
  why: string,
  say: (text: string) => void,
): WriteOutcome & { kind: 'queued' } {
  const workspace = queueingWorkspace(context) ?? context.home
  try {
    const bodyText = body === undefined ? {} : { bodyText: JSON.stringify(body) }
    const file = appendCall(workspace, { method, path, ...bodyText })
    say(`coord: ${why}\nQueued in ${file}: the app sends it, or "coord flush".`)
    return { kind: 'queued', file, why }
  } catch (error) {
    throw failure(`${why} The call could not be queued either ${notQueued(context, workspace, error)}`)
  }
}

export function openLive(context: Context, options: LiveOptions = {}): Live {
  const { connection, client, close } = connect(context, options)

  /** What the connection says of itself; the API's own words stand in it. */
  const detailNow = (): string => oneLine(connection.view().detail)

  let awayAt = -Infinity
  async function ready(): Promise<string | undefined> {
    if (performance.now() - awayAt < STILL_AWAY_MS) return detailNow()
    const away = await whyNotReady()
    awayAt = away === undefined ? -Infinity : performance.now()
    return away
  }

  async function whyNotReady(): Promise<string | undefined> {
    // our own back-off is for those who ask by themselves; somebody waits for this
    connection.retryNow()
    if (await connection.ensure()) return undefined
    const waitMs = connection.waitMs()
    const isAsked = connection.view().until !== null
    if (isAsked && waitMs <= (options.longestWaitMs ?? LONGEST_WAIT_MS)) {
      hint(`coord: the API asks to wait ${Math.ceil(waitMs / 1000)} s`)
      // a timer may come a moment early, and then nothing may be asked yet
      for (let left = waitMs; left > 0 && left <= waitMs; left = connection.waitMs())
        await sleep(Math.ceil(left) + 1)
      if (await connection.ensure()) return undefined
    }
    return detailNow()
  }

  const adviceNow = async (): Promise<string | undefined> =>
    connection.view().state === 'offline' ? adviceAway(context) : undefined

  /** Why nothing can be read; on a fresh machine also how to get an API. */
  const awayWords = async (): Promise<string> => {
    const advice = await adviceNow()
    return advice === undefined ? detailNow() : `${detailNow()}\n${advice}`
  }

  // of several calls each is queued for the same reason, in the same place
  const said = new Set<string>()
  const once = (text: string): void => {
    if (!said.has(text)) hint(text)
    said.add(text)
  }
  const queue: Live['queue'] = (...call) => queueCall(context, ...call, once)

  /** A rejection that every call gets is the address's or the token's fault, never the call's. */
  async function rejectsAll(status: number): Promise<string | undefined> {
    if (![401, 403, 404, 405, 407, 410].includes(status)) return undefined
    const read = await client.locks({ project: '-', resource: '-' })
    if (read.kind === 'rows') return undefined
    return read.kind === 'paused' ? detailNow() : `${context.baseUrl} rejects everything (${read.status}).`
  }

  async function write(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs?: number,
  ): Promise<WriteOutcome> {
    const before = await ready()
    if (before !== undefined) {
      const queued = queue(method, path, body, before)
      const advice = await adviceNow()
      if (advice !== undefined) once(advice)
      return queued
    }
    const text = {
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    const send = () => connection.send({ method, path, headers: {}, ...text })
    let outcome = await send()
    if (mayBeKept(outcome) && connection.view().until !== null && (await ready()) === undefined)
      outcome = await send()
    if (outcome.kind !== 'answer' || mayBeKept(outcome))
      return queue(method, path, body, sentence(oneLine(sayOutcome(outcome))))
    if (outcome.status < 300) return { kind: 'accepted', json: readJson(outcome.text) }
    const why = await rejectsAll(outcome.status)
    if (why !== undefined) return queue(method, path, body, why)
    const { status } = outcome
    return { kind: 'refused', status, detail: sayOutcome(outcome), json: readJson(outcome.text) }
  }

  return {
    connection,
    client,
    ready,
    async rows(list, ask) {
      if ((await ready()) !== undefined) return { why: await awayWords(), status: null }
      const read = await ask(client)
      if (read.kind === 'paused') return { why: await awayWords(), status: null }
      if (read.kind === 'none')
        return {
          why: `${context.baseUrl} gives no list of ${list} (${read.status}).`,
          status: read.status,
        }
      if (read.unreadable > 0)
        hint(`coord: ${counted(read.unreadable, list.replace(/s$/, ''))} could not be read`)
      if (read.cap !== null)
        hint(
          `coord: the API ends its list of ${list} at ${read.cap} rows and gives no way on; what it does not show is not shown here`,
        )
      return read.rows
    },
    write,
    queue,
    close,
  }
}
