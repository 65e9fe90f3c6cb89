/** One write of a command: made at once where the API answers, else appended to the nearest queue. */
import { readJson } from '../../shared/json.ts'
import { appendCall } from '../adapters/queue-append.ts'
import { mayBeKept, sayOutcome } from '../core/coord/classify-answer.ts'
import type { GatedConnection } from '../core/coord/connection-port.ts'
import type { CoordClient } from '../core/coord/coord-client.ts'
import { queueingWorkspace, type Context } from './context.ts'
import { failure } from './exit.ts'
import type { Readiness } from './live-connection.ts'
import { notQueued } from './not-queued.ts'
import { hint } from './output.ts'
import { oneLine } from './terminal/text.ts'

export type WriteOutcome =
  | { readonly kind: 'accepted'; readonly json: unknown }
  /** The API said no, for good. */
  | { readonly kind: 'refused'; readonly status: number; readonly detail: string; readonly json: unknown }
  /** Appended to `file`, to be sent as soon as the API answers. */
  | { readonly kind: 'queued'; readonly file: string; readonly why: string }

export type QueuedCall = WriteOutcome & { kind: 'queued' }

/** A status that a whole address or token may get for each call. */
const MAY_REJECT_ALL: ReadonlySet<number> = new Set([401, 403, 404, 405, 407, 410])

/** With one full stop at its end, whatever it ends with. */
const sentence = (text: string): string => `${text.trimEnd().replace(/[.\s]+$/, '')}.`

/** Appends a call to the nearest queue, and says so with `why`. Throws a `Stop` where it cannot be appended either. */
function queueCall(
  context: Context,
  method: string,
  path: string,
  body: unknown,
  why: string,
  say: (text: string) => void,
): QueuedCall {
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

/** The writes of one command. */
export class LiveWriter {
  private readonly context: Context
  private readonly connection: GatedConnection
  private readonly client: CoordClient
  private readonly readiness: Readiness
  private readonly said = new Set<string>()

  constructor(context: Context, connection: GatedConnection, client: CoordClient, readiness: Readiness) {
    this.context = context
    this.connection = connection
    this.client = client
    this.readiness = readiness
  }

  /** `timeoutMs`: for a call that the server may take its time for. */
  async write(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<WriteOutcome> {
    const away = await this.readiness.ready()
    if (away !== undefined) return this.queueAway(method, path, body, away)
    const outcome = await this.send(method, path, body, timeoutMs)
    if (outcome.kind !== 'answer' || mayBeKept(outcome))
      return this.queue(method, path, body, sentence(oneLine(sayOutcome(outcome))))
    const { status } = outcome
    if (status < 300) return { kind: 'accepted', json: readJson(outcome.text) }
    const why = await this.rejectsAll(status)
    if (why !== undefined) return this.queue(method, path, body, why)
    return { kind: 'refused', status, detail: sayOutcome(outcome), json: readJson(outcome.text) }
  }

  /** Appends without trying. */
  queue(method: string, path: string, body: unknown, why: string): QueuedCall {
    return queueCall(this.context, method, path, body, why, (text) => this.sayOnce(text))
  }

  private async queueAway(method: string, path: string, body: unknown, away: string): Promise<QueuedCall> {
    const queued = this.queue(method, path, body, away)
    const advice = await this.readiness.advice()
    if (advice !== undefined) this.sayOnce(advice)
    return queued
  }

  /** Once more where the API asks to wait, and it is not for long. */
  private async send(method: string, path: string, body: unknown, timeoutMs: number | undefined) {
    const call = {
      ...{ method, path, headers: {} },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    }
    const outcome = await this.connection.send(call)
    const isAskedToWait = mayBeKept(outcome) && this.connection.view().until !== null
    return isAskedToWait && (await this.readiness.ready()) === undefined
      ? this.connection.send(call)
      : outcome
  }

  /** A rejection that every call gets is the address's or the token's fault, never the call's. */
  private async rejectsAll(status: number): Promise<string | undefined> {
    if (!MAY_REJECT_ALL.has(status)) return undefined
    const read = await this.client.locks({ project: '-', resource: '-' })
    if (read.kind === 'rows') return undefined
    return read.kind === 'paused'
      ? this.readiness.detail()
      : `${this.context.baseUrl} rejects everything (${read.status}).`
  }

  /** Of several calls each is queued for the same reason, in the same place. */
  private sayOnce(text: string): void {
    if (!this.said.has(text)) hint(text)
    this.said.add(text)
  }
}
