/**
 * Live calls of a command: made at once where the API answers, else appended to the nearest queue, so that the API never
 * blocks work. The connection, what an answer means and how lists are read are core's; this says it to a person.
 */
import { counted } from '../../shared/text.ts'
import type { GatedConnection } from '../core/coord/connection-port.ts'
import type { CoordClient } from '../core/coord/coord-client.ts'
import type { ListRead } from '../core/coord/read-list.ts'
import type { Context } from './context.ts'
import { connect, Readiness } from './live-connection.ts'
import { LiveWriter, type QueuedCall, type WriteOutcome } from './live-write.ts'
import { hint } from './output.ts'

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
  queue(method: string, path: string, body: unknown, why: string): QueuedCall
  close(): void
}

export interface LiveOptions {
  readonly timeoutMs?: number
  /** How long one `Retry-After` is waited for, in milliseconds; 5 000 where absent. */
  readonly longestWaitMs?: number
}

/** Says what a list leaves out: what could not be read, and what the API does not give. */
function sayLeftOut(list: string, unreadable: number, cap: number | null): void {
  if (unreadable > 0) hint(`coord: ${counted(unreadable, list.replace(/s$/, ''))} could not be read`)
  if (cap !== null)
    hint(
      `coord: the API ends its list of ${list} at ${cap} rows and gives no way on; what it does not show is not shown here`,
    )
}

/** Opens the live calls of one command; nothing is asked before the first of them. */
export function openLive(context: Context, options: LiveOptions = {}): Live {
  const { connection, client, close } = connect(context, options.timeoutMs)
  const readiness = new Readiness(context, connection, options.longestWaitMs)
  const writer = new LiveWriter(context, connection, client, readiness)
  return {
    connection,
    client,
    ready: () => readiness.ready(),
    async rows(list, ask) {
      if ((await readiness.ready()) !== undefined) return { why: await readiness.awayWords(), status: null }
      const read = await ask(client)
      if (read.kind === 'paused') return { why: await readiness.awayWords(), status: null }
      if (read.kind === 'none') {
        const { status } = read
        return { why: `${context.baseUrl} gives no list of ${list} (${status}).`, status }
      }
      sayLeftOut(list, read.unreadable, read.cap)
      return read.rows
    },
    write: (...call) => writer.write(...call),
    queue: (...call) => writer.queue(...call),
    close,
  }
}
