/** `coord watch`: the engine without a face; each change of its state is one line. */
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime, toIso, type EpochMs } from '../../../shared/time.ts'
import cliTruncate from 'cli-truncate'
import type { LockRow } from '../../../shared/wire.ts'
import type { AppEvent } from '../../core/engine/events.ts'
import type { AppState } from '../../core/engine/state.ts'
import type { WorkspaceSummary } from '../../core/outbox/contract.ts'
import type { Context } from '../context.ts'
import { systemClock } from '../../adapters/system.ts'
import { openEngine } from '../engine.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { terminalWidth } from '../terminal/table.ts'
import { oneLine } from '../terminal/text.ts'
import { isJson, write } from '../output.ts'
import { untilAskedToEnd } from './serve.ts'

/** Of one value; `--json` has all of it. */
const LONGEST_VALUE = 1_000

export type WatchEvent = { readonly event: string; readonly at: string } & Readonly<Record<string, unknown>>
type Data = Readonly<Record<string, unknown>>
/** `at`: when it happened, where that is known; undefined: when it was noticed. */
type Add = (event: string, at: EpochMs | undefined, data: Data) => void

/**
 * What one event of the engine changed, oldest first. `before` null: where things stand at the start. `noticedAt`: now; the
 * state's own `now` is that of its last poll.
 */
export function eventsOf(
  before: Pick<AppState, 'connection' | 'workspaces' | 'messages' | 'locks'> | null,
  after: AppState,
  cause: AppEvent | null,
  noticedAt: EpochMs,
): readonly WatchEvent[] {
  const events: { readonly at: EpochMs; readonly event: WatchEvent }[] = []
  const add: Add = (event, when, data) => {
    const at = when ?? noticedAt
    events.push({ at, event: { event, at: toIso(at), ...data } })
  }
  connectionEvents(before, after, add)
  for (const workspace of after.workspaces) {
    const was = before?.workspaces.find((w) => w.path === workspace.path)
    if (was !== workspace) workspaceEvents(was, workspace, add)
  }
  if (cause) callEvents(cause, add)
  if (before?.messages !== after.messages) messageEvents(before, after, add)
  if (before?.locks !== after.locks) lockEvents(before, after, add)
  return events.toSorted((a, b) => a.at - b.at).map(({ event }) => event)
}

function connectionEvents(
  before: Pick<AppState, 'connection'> | null,
  { connection }: AppState,
  add: Add,
): void {
  const { state, since, detail } = connection
  if (before?.connection.state !== state || before.connection.since !== since)
    add('connection.changed', before ? parseTime(since) : undefined, { state, since, detail })
}

const countsOf = (w: WorkspaceSummary): Data => ({
  path: w.path,
  waiting: w.waiting,
  delivered: w.delivered,
  setAside: w.setAsideCount,
  skipped: w.skippedCount,
})

function workspaceEvents(was: WorkspaceSummary | undefined, now: WorkspaceSummary, add: Add): void {
  if (!was) return add('workspace.watched', undefined, countsOf(now))
  if (JSON.stringify(countsOf(was)) !== JSON.stringify(countsOf(now)))
    add('workspace.changed', undefined, countsOf(now))
  if (now.problem !== null && now.problem !== was.problem)
    add('workspace.problem', undefined, { path: now.path, problem: now.problem })
}

/** The end of a call is told once, with the call. */
function callEvents(cause: AppEvent, add: Add): void {
  if (cause.kind === 'call.delivered') {
    const { id, at, method, path } = cause.call
    add('call.delivered', at, { workspace: cause.workspace, id, method, path })
  } else if (cause.kind === 'call.set-aside' || cause.kind === 'call.skipped')
    add(cause.kind, cause.at, { workspace: cause.workspace, ...cause.call })
}

const isNew = <T extends { readonly id: string }>(rows: readonly T[] | undefined): ((row: T) => boolean) => {
  const known = new Set((rows ?? []).map((row) => row.id))
  return (row) => !known.has(row.id)
}

/** The server's clock is read as ours. */
const toLocal = (time: string | null, { skewMs }: AppState): EpochMs | undefined => {
  const at = parseTime(time)
  return at === undefined ? undefined : at - skewMs
}

function messageEvents(before: Pick<AppState, 'messages'> | null, after: AppState, add: Add): void {
  for (const m of after.messages.filter((row) => row.read_at === null).filter(isNew(before?.messages)))
    add('message.arrived', toLocal(m.created_at, after), {
      id: m.id,
      from: m.from_session ?? '',
      to: m.to_session,
      project: m.project_key,
      subject: m.subject ?? '',
    })
}

function lockEvents(before: Pick<AppState, 'locks'> | null, after: AppState, add: Add): void {
  const dataOf = (l: LockRow): Data => ({
    id: l.id,
    resource: l.resource ?? '',
    project: l.project_key,
    session: l.session_id,
    mine: isOfMachine(l.session_id, after.machine),
  })
  for (const l of after.locks.filter(isNew(before?.locks)))
    add('lock.acquired', toLocal(l.acquired_at, after), dataOf(l))
  for (const l of (before?.locks ?? []).filter(isNew(after.locks))) add('lock.released', undefined, dataOf(l))
}

const valueText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

/** One line, cut to the terminal: nobody's subject may fill the screen. */
function textOf({ event, at, ...data }: WatchEvent): string {
  const words = Object.entries(data)
    .filter(([key, value]) => value !== null && key !== 'raw')
    .map(([key, value]) => `${key}=${oneLine(valueText(value).slice(0, LONGEST_VALUE))}`)
  const text = `${at}  ${event}  ${words.join('  ')}`
  const width = terminalWidth()
  return Number.isFinite(width) ? cliTruncate(text, width) : text
}

export async function watch(context: Context): Promise<ExitCode> {
  const engine = await openEngine(context)
  const ending = untilAskedToEnd(false)
  let isFirst = true
  const unsubscribe = engine.engine.onChange(({ event, before, after }) => {
    const events = eventsOf(isFirst ? null : before, after, event, systemClock.now())
    isFirst = false
    for (const one of events)
      void write((isJson() ? JSON.stringify(one) : textOf(one)) + '\n').then((isWritten) => {
        // nobody reads any more, or the disk is full: going on would send calls behind somebody's back
        if (!isWritten) ending.end()
      })
  })
  try {
    await engine.start()
    await ending.asked
    engine.engine.leaveAtOnce()
  } finally {
    unsubscribe()
    await engine.stop()
  }
  return EXIT.done
}
