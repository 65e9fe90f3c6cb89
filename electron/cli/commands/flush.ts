/** `coord flush`: sends what waits, once, and says what became of it. */
import type { ConnectionView } from '../../../shared/connection.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { FlushError, Outbox } from '../../core/outbox/contract.ts'
import { workspacesOf, type Context } from '../context.ts'
import { EXIT, usage, type ExitCode } from '../exit.ts'
import { sayAway, sayElsewhere } from '../elsewhere.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { errorLine, hint, progress, result, sayWhileWaiting } from '../output.ts'
import { mayHoldCalls, openThem, sayMissing } from '../outboxes.ts'
import { table } from '../terminal/table.ts'
import { lines, oneLine, type Shown } from '../terminal/text.ts'
import { queue } from './queue.ts'

export interface FlushFlags {
  readonly wait?: string
  readonly lanes?: string
  readonly dryRun?: boolean
}

const NOTHING: FlushCounts = { delivered: 0, setAside: 0, skipped: 0, waiting: 0 }
/** Workspaces flushed at once: each waits for the network, few enough to keep descriptors. */
const AT_ONCE = 8

/** How long the call in flight may take to end after Ctrl-C. */
const GRACE_MS = 3_000

/**
 * Ctrl-C ends the run behind the call in flight; a second one, or an API that hangs, ends it at once. Nothing is lost
 * either way: a call that was cut off is looked up before it is sent again.
 */
function onCtrlC(): { readonly isPressed: () => boolean; readonly done: () => void } {
  let isPressed = false
  let grace: NodeJS.Timeout | undefined
  const leave = (): never => {
    hint('coord: stopped at once; what was not sent waits, and nothing is lost')
    process.exit(EXIT.waiting)
  }
  const press = (): void => {
    if (isPressed) leave()
    isPressed = true
    progress('')
    hint('coord: stopping behind the call in flight (Ctrl-C again: at once)')
    grace = setTimeout(leave, GRACE_MS)
  }
  process.on('SIGINT', press)
  return {
    isPressed: () => isPressed,
    done: () => {
      clearTimeout(grace)
      process.off('SIGINT', press)
    },
  }
}

export async function flush(context: Context, flags: FlushFlags): Promise<ExitCode> {
  const waitS = Number(flags.wait ?? '30')
  if (flags.wait?.trim() === '' || !Number.isFinite(waitS) || waitS < 0)
    throw usage(`--wait is a number of seconds: ${flags.wait ?? ''}`)
  const lanes = Number(flags.lanes ?? '1')
  if (!Number.isInteger(lanes) || lanes < 1 || lanes > 256)
    throw usage(`--lanes is a number from 1 to 256: ${flags.lanes ?? ''}`)

  // what would be sent is what waits
  if (flags.dryRun === true) return queue(context, 'list', [], { waiting: true })
  const workspaces = workspacesOf(context)
  sayMissing(context, workspaces)
  const counts = new Map<string, FlushCounts>(workspaces.map((w) => [w.path, NOTHING]))
  const errors: FlushError[] = []
  const holding = workspaces.filter((w) => mayHoldCalls(w.path))
  for (const w of holding) rememberWorkspace(context, w.path)
  let detail = ''
  let state: ConnectionView['state'] = 'connecting'
  const ctrlC = onCtrlC()
  if (holding.length > 0) {
    const opened = await openThem(context, holding, lanes)
    const { connection, outboxes } = opened
    const saidAll = sayWhileWaiting(() => waitWords(connection.view(), context.baseUrl, waitS))
    try {
      const started = performance.now()
      const done = new Map<string, { readonly done: number; readonly waiting: number }>()
      const pending = [...outboxes]
      const one = async (outbox: Outbox): Promise<void> => {
        if (ctrlC.isPressed()) {
          counts.set(outbox.path, { ...NOTHING, waiting: (await outbox.summary()).waiting })
          return
        }
        const told = await outbox.flush({
          waitMs: waitS * 1000,
          lanes,
          isCancelled: ctrlC.isPressed,
          onProgress: (p) => {
            done.set(outbox.path, p)
            if (ctrlC.isPressed()) return
            showProgress([...done.values()], performance.now() - started)
          },
        })
        if (told.ok) {
          counts.set(outbox.path, told.value)
          const problem = told.value.waiting > 0 ? (await outbox.summary()).problem : null
          if (problem !== null) hint(`coord: ${outbox.path}: ${problem}`)
        } else {
          errors.push(told.error)
          errorLine(`${outbox.path}: ${told.error.message}`)
          counts.set(outbox.path, { ...NOTHING, waiting: (await outbox.summary()).waiting })
        }
      }
      const worker = async (): Promise<void> => {
        for (let next = pending.shift(); next; next = pending.shift()) await one(next)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, worker))
      ;({ detail, state } = connection.view())
    } finally {
      saidAll()
      progress('')
      await opened.close()
    }
  }

  ctrlC.done()

  const rows = workspaces.map((w) => ({ path: w.path, ...(counts.get(w.path) ?? NOTHING) }))
  const sum = (pick: (c: FlushCounts) => number): number => rows.reduce((n, row) => n + pick(row), 0)
  const total: FlushCounts = {
    delivered: sum((c) => c.delivered),
    setAside: sum((c) => c.setAside),
    skipped: sum((c) => c.skipped),
    waiting: sum((c) => c.waiting),
  }
  const isHolding = (row: { readonly path: string }): boolean => holding.some((w) => w.path === row.path)
  const words = (c: FlushCounts): string =>
    `${c.delivered} delivered, ${c.setAside} set aside, ${c.skipped} skipped, ${c.waiting} waiting`
  await result({ ...total, workspaces: rows }, () =>
    holding.length === 0
      ? 'Nothing to flush.'
      : lines([`${words(total)}.`, ...(holding.length > 1 ? [countsTable(rows.filter(isHolding))] : [])]),
  )
  if (ctrlC.isPressed() && total.waiting > 0)
    hint(`coord: stopped; ${total.waiting} wait, and "coord flush" or the running app sends them`)
  else if (total.waiting > 0 && detail) errorLine(oneLine(detail))
  if (total.setAside > 0) hint('coord: calls were set aside; "coord queue list" shows them')
  if (total.waiting > 0 && state === 'offline') await sayAway(context)
  await sayElsewhere(context)
  if (errors.some((e) => e.code === 'other-api')) return EXIT.failed
  if (total.waiting > 0) return EXIT.waiting
  if (errors.length > 0) return EXIT.failed
  return total.setAside > 0 ? EXIT.setAside : EXIT.done
}

/** What a flush waits for; null where it sends. */
function waitWords({ state, until, detail }: ConnectionView, baseUrl: string, waitS: number): string | null {
  if (state === 'online') return null
  if (state === 'connecting')
    return `coord: waiting for ${baseUrl}, or for the process that sends from here (Ctrl-C stops)`
  return `coord: ${oneLine(detail)}${until === null || waitS === 0 ? '' : ` Waiting up to ${waitS} s (Ctrl-C stops)`}`
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
