/** One loop that reads the API: never two rounds at once, the next one planned when this one has ended. */
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
import type { Clock, HttpOutcome, Log, Random } from '../ports.ts'
import type { AppEvent } from './events.ts'
import type { AppState } from './state.ts'

const WINDOW_OPEN_MS = 5_000
const WINDOW_CLOSED_MS = 15_000
const ON_BATTERY_MS = 60_000
const SCREEN_LOCKED_MS = 60_000
const LISTENING_OPEN_MS = 30_000
const LISTENING_MS = 180_000
/** A server that refused the plain list of messages is asked again after this long. */
const REFUSAL_HOLDS_MS = 60 * 60_000
/** Workflows whose items are read in one round. */
const MAX_WORKFLOWS = 30
const MAX_SESSIONS_ASKED = 100

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

/** The JSON of a 2xx answer, or undefined. */
export function jsonOf(outcome: HttpOutcome): unknown {
  if (outcome.kind !== 'answer' || outcome.status < 200 || outcome.status > 299 || outcome.isCut)
    return undefined
  return readJson(outcome.text)
}

/** The server does not know this way of asking; not a matter of rights, load or health. */
const isNotOffered = (status: number): boolean => status === 404 || status === 405 || status === 501

export function createPoller(deps: PollerDeps): Poller {
  const { connection, clock, random, log, state, emit } = deps
  let isRunning = false
  let round: Promise<void> | null = null
  let queued: Promise<void> | null = null
  let cancelTimer = (): void => {}
  let messagesRefusedAt: number | null = null

  const client = createCoordClient(connection, {
    isRepeated: true,
    hints: () => ({ projects: knownProjects(state()), sessions: sessionsToAsk(state()) }),
  })
  /** Lists that the server ended early when they were last read. */
  const caps = new Map<string, number>()

  /** The rows, or undefined where they cannot be read now; what could not be read, or was not shown, is said. */
  function taken<T>(list: string, read: ListRead<T>): Rows<T> | undefined {
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
  const stamp = (): { at: number; skewMs: number } => ({ at: clock.now(), skewMs: connection.serverSkewMs() })

  async function readLocks(): Promise<void> {
    const found = taken('locks', await client.locks())
    if (found) emit({ kind: 'locks.read', ...found, ...stamp() })
  }

  async function readMessages(): Promise<void> {
    const { machine } = state()
    const isRefused = messagesRefusedAt !== null && clock.monotonic() - messagesRefusedAt < REFUSAL_HOLDS_MS
    const { read, isBySession } = await readUnread(client, machine, sessionsToAsk(state()), isRefused)
    if (isBySession && !isRefused) messagesRefusedAt = clock.monotonic()
    if (!isBySession) messagesRefusedAt = null
    const found = taken('messages', read)
    if (!found || !isRunning) return
    const sent = found.rows.filter((m) => isOfMachine(m.from_session, machine))
    const rows = found.rows.filter((m) => concerns(m, machine))
    emit({ kind: 'messages.read', rows, unreadable: found.unreadable, sent, ...stamp() })
  }

  async function readBoard(): Promise<void> {
    const components = await client.components()
    const workflows = await client.workflows()
    let c = taken('components', components)
    let w = taken('workflows', workflows)
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
      if (!isRunning) return
      const items = taken(`work items of ${flow.name ?? flow.id}`, await client.workItems(flow.id))
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

  async function run(): Promise<void> {
    if (!connection.isReady() || state().isSuspended) return
    // One list that cannot be read hides no other; where the API itself is gone, the connection says so.
    await readLocks()
    if (isRunning && connection.isReady()) await readMessages()
    if (isRunning && state().isWindowOpen && connection.isReady()) await readBoard()
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

const knownProjects = ({ locks, messages, components, workflows }: AppState): readonly string[] => [
  ...new Set([locks, messages, components, workflows].flat().flatMap((row) => row.project_key ?? [])),
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
