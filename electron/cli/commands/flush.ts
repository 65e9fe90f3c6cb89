/** `coord flush`: sends what waits, once, and says what became of it. */
import type { ConnectionView } from '../../../shared/connection.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { FlushError, Outbox } from '../../core/outbox/contract.ts'
import { workspacesOf, type Context, type NamedWorkspace } from '../context.ts'
import { EXIT, usage, type ExitCode } from '../exit.ts'
import { sayAway, sayElsewhere } from '../elsewhere.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { errorLine, hint, progress, result, sayWhileWaiting } from '../output.ts'
import { mayHoldCalls, openThem, sayMissing } from '../outboxes.ts'
import { table } from '../terminal/table.ts'
import { lines, oneLine, type Shown } from '../terminal/text.ts'
import { queue } from './queue.ts'

export interface FlushFlags {
  /** What holds where none is given stands with the options, where the help tells it. */
  readonly wait: string
  readonly lanes: string
  readonly dryRun?: boolean
}

const NOTHING: FlushCounts = { delivered: 0, setAside: 0, skipped: 0, waiting: 0 }
/** Workspaces flushed at once: each waits for the network, few enough to keep descriptors. */
const AT_ONCE = 8

/** How long the call in flight may take to end once the run is to end. */
const GRACE_MS = 3_000
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Ctrl-C, a service manager's SIGTERM or a terminal that closes ends the run behind the call in flight; a second one, or an API
 * that hangs, ends it at once. Nothing is lost either way: a call that was cut off is looked up before it is sent again.
 */
function onStop(): { readonly isAsked: () => boolean; readonly done: () => void } {
  let isAsked = false
  let grace: NodeJS.Timeout | undefined
  const leave = (): never => {
    hint('coord: stopped at once; what was not sent waits, and nothing is lost')
    process.exit(EXIT.waiting)
  }
  const ask = (signal: NodeJS.Signals): void => {
    // a terminal that closes says so twice: the system does, and the shell
    if (isAsked) return signal === 'SIGHUP' ? undefined : leave()
    isAsked = true
    progress('')
    hint(`coord: stopping behind the call in flight${signal === 'SIGINT' ? ' (Ctrl-C again: at once)' : ''}`)
    grace = setTimeout(leave, GRACE_MS)
  }
  for (const signal of SIGNALS) process.on(signal, ask)
  return {
    isAsked: () => isAsked,
    done: () => {
      clearTimeout(grace)
      // what was done is still to be told, and the second one may come late
      process.on('SIGHUP', () => undefined)
      for (const signal of SIGNALS) process.off(signal, ask)
    },
  }
}

interface Wanted {
  readonly waitS: number
  readonly lanes: number
}

function wantedOf(flags: FlushFlags): Wanted {
  const waitS = Number(flags.wait)
  if (flags.wait.trim() === '' || !Number.isFinite(waitS) || waitS < 0)
    throw usage(`--wait is a number of seconds: ${flags.wait}`)
  const lanes = Number(flags.lanes)
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 256)
    throw usage(`--lanes is a number from 1 to 256: ${flags.lanes}`)
  return { waitS, lanes }
}

export async function flush(context: Context, flags: FlushFlags): Promise<ExitCode> {
  const wanted = wantedOf(flags)
  // what would be sent is what waits
  if (flags.dryRun === true) return queue(context, 'list', [], { waiting: true })
  const workspaces = workspacesOf(context)
  sayMissing(context, workspaces)
  const holding = workspaces.filter((w) => mayHoldCalls(w.path))
  for (const w of holding) rememberWorkspace(context, w.path)
  const stop = onStop()
  const run = holding.length > 0 ? await send(context, holding, wanted, stop.isAsked) : NO_RUN
  stop.done()
  return sayRun(
    context,
    workspaces.map(({ path }) => ({ path, ...(run.counts.get(path) ?? NOTHING) })),
    new Set(holding.map(({ path }) => path)),
    { ...run, isStopped: stop.isAsked() },
  )
}

/** What one run did, and how the connection was when it ended. */
interface Run {
  readonly counts: ReadonlyMap<string, FlushCounts>
  readonly errors: readonly FlushError[]
  readonly connection: Pick<ConnectionView, 'detail' | 'state'>
}
const NO_RUN: Run = { counts: new Map(), errors: [], connection: { detail: '', state: 'connecting' } }

/** Sends what these folders hold, some at once, and says on stderr how it goes. */
async function send(
  context: Context,
  holding: readonly NamedWorkspace[],
  { waitS, lanes }: Wanted,
  isCancelled: () => boolean,
): Promise<Run> {
  const counts = new Map<string, FlushCounts>()
  const errors: FlushError[] = []
  const opened = await openThem(context, holding, lanes)
  const { connection } = opened
  const saidAll = sayWhileWaiting(() => waitWords(connection.view(), context.baseUrl, waitS))
  const started = performance.now()
  const done = new Map<string, { readonly done: number; readonly waiting: number }>()
  const keepWaiting = async (outbox: Outbox): Promise<void> =>
    void counts.set(outbox.path, { ...NOTHING, waiting: (await outbox.summary()).waiting })
  const sendOne = async (outbox: Outbox): Promise<void> => {
    if (isCancelled()) return keepWaiting(outbox)
    const told = await outbox.flush({
      waitMs: waitS * 1000,
      lanes,
      isCancelled,
      onProgress: (p) => {
        done.set(outbox.path, p)
        if (!isCancelled()) showProgress([...done.values()], performance.now() - started)
      },
    })
    if (!told.ok) {
      errors.push(told.error)
      errorLine(`${outbox.path}: ${told.error.message}`)
      return keepWaiting(outbox)
    }
    counts.set(outbox.path, told.value)
    const problem = told.value.waiting > 0 ? (await outbox.summary()).problem : null
    if (problem !== null) hint(`coord: ${outbox.path}: ${problem}`)
  }
  const pending = [...opened.outboxes]
  const worker = async (): Promise<void> => {
    for (let next = pending.shift(); next; next = pending.shift()) await sendOne(next)
  }
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker))
    return { counts, errors, connection: connection.view() }
  } finally {
    saidAll()
    progress('')
    await opened.close()
  }
}

/** Says what became of the calls, in all and by folder, and gives the exit code. `holding`: the folders that had any. */
async function sayRun(
  context: Context,
  rows: readonly Row[],
  holding: ReadonlySet<string>,
  { errors, connection, isStopped }: Run & { readonly isStopped: boolean },
): Promise<ExitCode> {
  const sum = (pick: (c: FlushCounts) => number): number => rows.reduce((n, row) => n + pick(row), 0)
  const total: FlushCounts = {
    delivered: sum((c) => c.delivered),
    setAside: sum((c) => c.setAside),
    skipped: sum((c) => c.skipped),
    waiting: sum((c) => c.waiting),
  }
  const { delivered, setAside, skipped, waiting } = total
  await result({ ...total, workspaces: rows }, () =>
    holding.size === 0
      ? 'Nothing to flush.'
      : lines([
          `${delivered} delivered, ${setAside} set aside, ${skipped} skipped, ${waiting} waiting.`,
          ...(holding.size > 1 ? [countsTable(rows.filter(({ path }) => holding.has(path)))] : []),
        ]),
  )
  if (isStopped && waiting > 0)
    hint(`coord: stopped; ${waiting} wait, and "coord flush" or the running app sends them`)
  // a connection that is there is no reason why calls wait: the folder's own was said
  else if (waiting > 0 && connection.state !== 'online' && connection.detail)
    errorLine(oneLine(connection.detail))
  if (setAside > 0) hint('coord: calls were set aside; "coord queue list" shows them')
  if (waiting > 0 && connection.state === 'offline') await sayAway(context)
  await sayElsewhere(context)
  if (errors.some((e) => e.code === 'other-api')) return EXIT.failed
  if (waiting > 0) return EXIT.waiting
  if (errors.length > 0) return EXIT.failed
  return setAside > 0 ? EXIT.setAside : EXIT.done
}

/** What a flush waits for; null where it sends, or waits no more: why it does not is said once, at its end. */
export function waitWords(
  { state, until, detail }: Pick<ConnectionView, 'state' | 'until' | 'detail'>,
  baseUrl: string,
  waitS: number,
): string | null {
  if (state === 'online') return null
  if (state === 'connecting')
    return `coord: waiting for ${baseUrl}, or for the process that sends from here (Ctrl-C stops)`
  if (until === null || waitS === 0) return null
  return `coord: ${oneLine(detail)} Waiting up to ${waitS} s (Ctrl-C stops)`
}

interface Row extends FlushCounts {
  readonly path: string
}
const countsTable = (rows: readonly Row[]): Shown =>
  table<Row>(
    [
      { heading: 'DELIVERED', cell: (row) => row.delivered, align: 'right' },
      { heading: 'SET ASIDE', cell: (row) => row.setAside, align: 'right' },
      { heading: 'SKIPPED', cell: (row) => row.skipped, align: 'right' },
      { heading: 'WAITING', cell: (row) => row.waiting, align: 'right' },
      { heading: 'FOLDER', cell: (row) => row.path, cut: 'middle' },
    ],
    rows,
  )

function showProgress(all: readonly { readonly done: number; readonly waiting: number }[], ms: number): void {
  const done = all.reduce((n, p) => n + p.done, 0)
  const waiting = all.reduce((n, p) => n + p.waiting, 0)
  const rate = done / Math.max(ms / 1000, 0.001)
  const left = rate > 0 ? `, ${Math.ceil(waiting / rate)} s left` : ''
  progress(`${done} sent, ${waiting} to go, ${Math.round(rate)}/s${left}`)
}
