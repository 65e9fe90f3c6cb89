/** `coord status`: what is where, and what needs a person. Claims and sends nothing. */
import { attentionWords, degradedWords, wrongAnswerWords, type Attention } from '../../../shared/attention.ts'
import type { ConnectionView } from '../../../shared/connection.ts'
import { toRelativeTime } from '../../../shared/text.ts'
import { parseTime } from '../../../shared/time.ts'
import { lockRow, type ComponentRow, type MessageRow } from '../../../shared/wire.ts'
import type { Outbox, WorkspaceSummary } from '../../core/outbox/contract.ts'
import { callsTable, type ListedCall } from '../call-lists.ts'
import { workspacesOf, type Context } from '../context.ts'
import { sayAway, sayElsewhere } from '../elsewhere.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { locksTable, messagesTable } from '../lists.ts'
import { openLive, type Live } from '../live.ts'
import { readMemory, remember } from '../memory.ts'
import { errorLine, result } from '../output.ts'
import { mayBeWritten, openThem, sayMissing } from '../outboxes.ts'
import { needsOf, wayOutOf } from '../needs.ts'
import { isForMachine, readLocks, readMessages, serverNow, toLockLine, type LockLine } from '../rows.ts'
import { table, terminalWidth } from '../terminal/table.ts'
import { bold, dim, green, line, lines, oneLine, red, Shown, yellow, type Piece } from '../terminal/text.ts'
import { wrap } from '../terminal/wrap.ts'
import { knownSessions } from '../../adapters/session-records.ts'

/** The newest calls of each end. */
const LISTED = 200
/** Rows of a list that a look shows; the command that shows all is named beneath. */
const SHOWN = 10
const TIMEOUT_MS = 5_000

interface Read {
  readonly locks: readonly LockLine[] | null
  readonly messages: readonly MessageRow[] | null
  readonly unread: number | null
  readonly components: readonly ComponentRow[]
  /** When the locks, and the messages, were read; null where they never were. */
  readonly asOf: { readonly locks: string | null; readonly unread: string | null }
  /** From before: the API is away. */
  readonly isOld: boolean
}
interface Workspace {
  readonly summary: WorkspaceSummary
  readonly calls: readonly ListedCall[]
}

export async function status(context: Context): Promise<ExitCode> {
  const named = workspacesOf(context)
  sayMissing(context, named)
  const opened = await openThem(context, named)
  const live = openLive(context, { timeoutMs: TIMEOUT_MS, longestWaitMs: 0 })
  try {
    const [read, workspaces] = await Promise.all([
      readApi(context, live),
      Promise.all(opened.outboxes.map(workspaceOf)),
    ])
    const view = live.connection.view()
    const endOf = (one: Workspace, end: ListedCall['end']) =>
      one.calls.filter((row) => row.end === end).map(({ call }) => call)
    const shown = {
      connection: { state: view.state, since: view.since, detail: view.detail },
      machine: context.machine.name,
      workspaces: workspaces.map((one) => ({
        path: one.summary.path,
        waiting: one.summary.waiting,
        delivered: one.summary.delivered,
        setAside: endOf(one, 'set-aside'),
        skipped: endOf(one, 'skipped'),
      })),
      locks: read.locks,
      unread: read.unread,
      asOf: earlier(read.asOf.locks, read.asOf.unread),
    }
    await result(shown, () => textOf(context, view, workspaces, read, serverNow(live)))
    await sayHints(context, view, workspaces)
    return EXIT.done
  } finally {
    live.close()
    await opened.close()
  }
}

/** Of two times (ISO) the earlier one: all that is shown was true then or later. */
const earlier = (a: string | null, b: string | null): string | null =>
  [a, b].filter(Boolean).sort()[0] ?? null

/** A workspace, and its calls with their bytes, which a summary leaves out. */
async function workspaceOf(outbox: Outbox): Promise<Workspace> {
  const summary = await outbox.summary()
  const listed = async (end: 'set-aside' | 'skipped'): Promise<readonly ListedCall[]> =>
    (await outbox.list(end, LISTED)).map((call) => ({ workspace: summary.name, end, call }))
  return { summary, calls: [...(await listed('set-aside')), ...(await listed('skipped'))] }
}

async function readApi(context: Context, live: Live): Promise<Read> {
  if ((await live.ready()) !== undefined) return readBefore(context, live)
  const [locks, messages, components] = await Promise.all([
    readLocks(live, context.machine, { machine: context.machine }),
    readMessages(live, context.machine, {
      to: context.givenSession,
      unreadOnly: true,
      fallback: knownSessions(context.home, context.machine.name, context.session),
      isSeen: () => false,
    }),
    live.client.components(),
  ])
  const held = 'why' in locks ? null : locks
  const ours =
    'why' in messages
      ? null
      : messages.filter((row) => context.givenSession !== null || isForMachine(row, context.machine))
  if (held === null && ours === null) return readBefore(context, live)
  const unread = ours?.length ?? null
  const asOf = new Date().toISOString()
  // a look in the name of one session is no look at the machine
  if (context.givenSession === null)
    remember(context, { locks: held, unread, asOf, sessions: held?.map((row) => row.session_id) ?? [] })
  return {
    locks: held,
    messages: ours,
    unread,
    asOf: { locks: held && asOf, unread: ours && asOf },
    components: components.kind === 'rows' ? components.rows : [],
    isOld: false,
  }
}

/** What an earlier look saw, with its time; nothing where there was none. */
function readBefore(context: Context, live: Live): Read {
  const last = context.givenSession === null ? readMemory(context).last : null
  return {
    locks:
      last?.locks?.rows.flatMap((kept) => {
        const row = lockRow.safeParse(kept)
        return row.success ? [toLockLine(row.data, context.machine, serverNow(live))] : []
      }) ?? null,
    messages: null,
    unread: last?.unread?.count ?? null,
    components: [],
    asOf: { locks: last?.locks?.asOf ?? null, unread: last?.unread?.asOf ?? null },
    isOld: true,
  }
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
const STATES: Readonly<Record<ConnectionView['state'], (view: ConnectionView) => Shown>> = {
  online: () => green('online'),
  connecting: () => yellow('connecting'),
  offline: () => yellow('offline'),
  degraded: (view) => yellow(lowerFirst(degradedWords(view))),
  'wrong-answer': (view) => red(lowerFirst(wrongAnswerWords(view))),
}

function textOf(
  context: Context,
  view: ConnectionView,
  workspaces: readonly Workspace[],
  read: Read,
  now: number,
): Shown {
  const needs = needsOf(
    context,
    view,
    workspaces.map(({ summary }) => summary),
    read,
    now,
  )
  return lines([
    line`${bold(context.machine.name)}: ${STATES[view.state](view)}, ${context.baseUrl}`,
    // what answers wrongly stands among what needs a person
    view.state === 'online' || view.state === 'wrong-answer' ? null : indented(view.detail, 2),
    ...section('Needs you', needs.length === 0 ? null : needsText(needs)),
    ...section('Queues', queuesTable(workspaces)),
    ...callSections(workspaces),
    ...locksSection(read, now),
    ...messagesSection(read, now),
  ])
}

/** How old a part is that was read before. */
function ageOf({ isOld, asOf }: Read, part: keyof Read['asOf']): string {
  const at = parseTime(asOf[part])
  return isOld && at !== undefined ? ` (as of ${toRelativeTime(at, Date.now())})` : ''
}

const section = (title: string, body: Piece | null): readonly Piece[] =>
  body === null ? [] : [line``, line`${bold(title)}`, body]

/** One text in lines of the terminal's width. */
const indented = (text: string, blanks: number): Shown =>
  lines(wrap(oneLine(text), terminalWidth() - blanks).map((row) => line`${' '.repeat(blanks)}${row}`))

const needsText = (needs: readonly Attention[]): Shown =>
  lines(
    needs.flatMap((one) => {
      const wayOut = wayOutOf(one)
      return [
        line`  ${yellow('!')} ${new Shown(indented(attentionWords(one).text, 4).text.trimStart())}`,
        ...(wayOut === null ? [] : [line`    ${dim(wayOut)}`]),
      ]
    }),
  )

const queuesTable = (workspaces: readonly Workspace[]): Shown =>
  table<WorkspaceSummary>(
    [
      { heading: 'NAME', cell: (s) => s.name, cut: 'end' },
      { heading: 'WAITING', cell: (s) => s.waiting, align: 'right' },
      { heading: 'DELIVERED', cell: (s) => s.delivered, align: 'right' },
      {
        heading: 'SET ASIDE',
        cell: (s) => s.setAsideCount,
        align: 'right',
        style: (s) => (s.setAsideCount > 0 ? 'yellow' : undefined),
      },
      { heading: 'SKIPPED', cell: (s) => s.skippedCount, align: 'right' },
      { heading: 'FOLDER', cell: (s) => s.path, cut: 'middle' },
    ],
    workspaces.map(({ summary }) => summary),
    { indent: 2 },
  )

/** What was set aside, newest first; what was skipped is only counted. */
function callSections(workspaces: readonly Workspace[]): readonly Piece[] {
  const aside = workspaces.flatMap(({ calls }) => calls.filter(({ end }) => end === 'set-aside')).reverse()
  if (aside.length === 0) return []
  return [
    ...section('Set aside', callsTable(aside.slice(0, SHOWN), 2, true)),
    ...(aside.length > SHOWN ? [line`  … ${aside.length - SHOWN} more: coord queue list`] : []),
  ]
}

function locksSection(read: Read, now: number): readonly Piece[] {
  const title = `Resource locks of this machine${ageOf(read, 'locks')}`
  if (read.locks === null) return section(title, line`  unknown`)
  if (read.locks.length === 0) return section(title, line`  none`)
  return [
    ...section(title, locksTable(read.locks.slice(0, SHOWN), now, 2)),
    ...(read.locks.length > SHOWN ? [line`  … ${read.locks.length - SHOWN} more: coord locks`] : []),
  ]
}

function messagesSection(read: Read, now: number): readonly Piece[] {
  const title = `Unread messages${ageOf(read, 'unread')}`
  if (read.unread === null) return section(title, line`  unknown`)
  if (read.unread === 0) return section(title, line`  none`)
  if (read.messages === null) return section(title, line`  ${read.unread}`)
  const rows = read.messages.map((row) => ({ ...row, mine: true, seen: false }))
  return [
    ...section(title, messagesTable(rows.slice(0, SHOWN), now, 2)),
    ...(rows.length > SHOWN ? [line`  … ${rows.length - SHOWN} more: coord messages`] : []),
  ]
}

async function sayHints(
  context: Context,
  view: ConnectionView,
  workspaces: readonly Workspace[],
): Promise<void> {
  for (const { summary } of workspaces)
    if (summary.waiting > 0 && summary.problem === null && !mayBeWritten(summary.path))
      errorLine(
        `${summary.path}: nothing is sent from here: its .claude folder may not be written; nothing is lost`,
      )
  if (view.state === 'offline') await sayAway(context)
  await sayElsewhere(context)
}
