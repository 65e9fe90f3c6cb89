/** One reading of each list of the API, and what is told of it. */
import { readJson } from '../../../shared/json.ts'
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime } from '../../../shared/time.ts'
import {
  componentRow,
  decodeRows,
  listOf,
  workflowRow,
  type ListName,
  type Rows,
  type WorkflowRow,
  type WorkItemRow,
} from '../../../shared/wire.ts'
import type { z } from 'zod'
import type { Connection } from '../coord/connection-port.ts'
import { createCoordClient } from '../coord/coord-client.ts'
import type { ListRead } from '../coord/read-list.ts'
import { concerns, readUnread } from '../coord/unread-messages.ts'
import type { Clock, HttpOutcome, Log } from '../ports.ts'
import type { AppEvent } from './events.ts'
import { projectNames, type AppState } from './state.ts'

/** A server that refused the plain list of messages is asked again after this long. */
const REFUSAL_HOLDS_MS = 60 * 60_000
/** Workflows whose items are read in one round. */
const MAX_WORKFLOWS = 30
const MAX_SESSIONS_ASKED = 100

export interface ReadsDeps {
  readonly connection: Pick<Connection, 'get' | 'isReady' | 'serverSkewMs' | 'server'>
  readonly clock: Pick<Clock, 'now' | 'monotonic'>
  readonly log: Log
  readonly state: () => AppState
  readonly emit: (event: AppEvent) => void
  /** Whether anybody still wants what is being read. */
  isWanted(): boolean
}

/** The JSON of a 2xx answer, or undefined. */
export function jsonOf(outcome: HttpOutcome): unknown {
  if (outcome.kind !== 'answer' || outcome.status < 200 || outcome.status > 299 || outcome.isCut)
    return undefined
  return readJson(outcome.text)
}

/** The server does not know this way of asking; not a matter of rights, load or health. */
const isNotOffered = (status: number): boolean => status === 404 || status === 405 || status === 501

export class Reads {
  private readonly deps: ReadsDeps
  private readonly client: ReturnType<typeof createCoordClient>
  /** Lists that the server ended early when they were last read. */
  private readonly caps = new Map<string, number>()
  private refusedAt: number | null = null

  constructor(deps: ReadsDeps) {
    const { connection, state } = deps
    this.deps = deps
    this.client = createCoordClient(connection, {
      isRepeated: true,
      hints: () => ({ projects: [...projectNames(state())], sessions: sessionsToAsk(state()) }),
    })
  }

  async locks(): Promise<void> {
    const found = this.taken('locks', await this.client.locks())
    if (found) this.deps.emit({ kind: 'locks.read', ...found, ...this.stamp() })
  }

  async messages(): Promise<void> {
    const { clock, state, emit } = this.deps
    const { machine } = state()
    const isRefused = this.refusedAt !== null && clock.monotonic() - this.refusedAt < REFUSAL_HOLDS_MS
    const { read, isBySession } = await readUnread(this.client, machine, sessionsToAsk(state()), isRefused)
    if (isBySession && !isRefused) this.refusedAt = clock.monotonic()
    if (!isBySession) this.refusedAt = null
    const found = this.taken('messages', read)
    if (!found || !this.deps.isWanted()) return
    const sent = found.rows.filter((m) => isOfMachine(m.from_session, machine))
    const rows = found.rows.filter((m) => concerns(m, machine))
    emit({ kind: 'messages.read', rows, unreadable: found.unreadable, sent, ...this.stamp() })
  }

  async board(): Promise<void> {
    const { client } = this
    const { connection, state, emit } = this.deps
    const components = await client.components()
    const workflows = await client.workflows()
    let c = this.taken('components', components)
    let w = this.taken('workflows', workflows)
    const isMissing = (read: ListRead<unknown>): boolean => read.kind === 'none' && isNotOffered(read.status)
    if (isMissing(components) || isMissing(workflows)) {
      const status = jsonOf(await connection.get('/api/coord/status'))
      c ??= fromStatus(
        status,
        ['components', 'recent_components', 'recent_component_changes'],
        'components',
        componentRow,
      )
      w ??= fromStatus(status, ['workflows', 'active_workflows'], 'workflows', workflowRow)
    }
    const before = state()
    const workItems: WorkItemRow[] = []
    let unreadable = (c?.unreadable ?? 0) + (w?.unreadable ?? 0)
    for (const flow of mostWanted(w?.rows ?? [])) {
      if (!this.deps.isWanted()) return
      const items = this.taken(`work items of ${flow.name ?? flow.id}`, await client.workItems(flow.id))
      if (!items) break
      unreadable += items.unreadable
      // A server may leave the asked-for id out of its rows.
      for (const row of items.rows) workItems.push({ ...row, workflow_id: row.workflow_id ?? flow.id })
    }
    emit({
      kind: 'board.read',
      components: c?.rows ?? before.components,
      workflows: w ? distinct(w.rows) : before.workflows,
      workItems: distinct(workItems),
      unreadable,
    })
  }

  /** The rows, or undefined where they cannot be read now; what could not be read, or was not shown, is said. */
  private taken<T>(list: string, read: ListRead<T>): Rows<T> | undefined {
    const { caps } = this
    const { log, emit } = this.deps
    if (read.kind !== 'rows') return undefined
    const { rows, unreadable, cap } = read
    if (unreadable > 0) log.warn('rows could not be read', { list, unreadable })
    if (cap !== (caps.get(list) ?? null)) {
      const id = `capped-${list}`
      if (cap === null) emit({ kind: 'fault.cleared', id })
      else emit({ kind: 'fault.found', id, fault: { kind: 'list-capped', list, cap } })
    }
    if (cap === null) caps.delete(list)
    else caps.set(list, cap)
    return { rows, unreadable }
  }

  private stamp(): { at: number; skewMs: number } {
    const { clock, connection } = this.deps
    return { at: clock.now(), skewMs: connection.serverSkewMs() }
  }
}

const isOver = (x: WorkflowRow): boolean => x.status === 'completed' || x.status === 'cancelled'

/** Those under way, the newest first: a server may list the oldest first. */
const mostWanted = (rows: readonly WorkflowRow[]): readonly WorkflowRow[] =>
  rows
    .map((row) => ({ row, rank: Number(isOver(row)), at: parseTime(row.created_at) ?? 0 }))
    .sort((a, b) => a.rank - b.rank || b.at - a.at)
    .slice(0, MAX_WORKFLOWS)
    .map(({ row }) => row)

/** Names to ask for one by one: the protocol's usual one, those that a hook registered, and those seen. */
const sessionsToAsk = ({ sessions, machine, settings }: AppState): readonly string[] => [
  ...new Set([`${machine.name}/claude-main`, ...settings.sessions, ...sessions.slice(-MAX_SESSIONS_ASKED)]),
]

/** Two ways of asking may give one row twice. */
function distinct<T extends { readonly id: string }>(rows: readonly T[]): readonly T[] {
  return [...new Map(rows.map((r) => [r.id, r])).values()]
}

function fromStatus<S extends z.ZodType>(
  status: unknown,
  keys: readonly string[],
  name: ListName,
  schema: S,
): Rows<z.output<S>> | undefined {
  if (typeof status !== 'object' || status === null) return undefined
  for (const key of keys) {
    const inner: unknown = Object.hasOwn(status, key) ? (status as Record<string, unknown>)[key] : undefined
    if (listOf(inner, name)) return decodeRows(inner, name, schema)
  }
  return undefined
}
