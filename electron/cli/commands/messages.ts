/** `coord messages`, `messages read`, `send`. */
import type { Context } from '../context.ts'
import { readJson } from '../../../shared/json.ts'
import { counted } from '../../../shared/text.ts'
import { parseTime } from '../../../shared/time.ts'
import type { MessageRow } from '../../../shared/wire.ts'
import { sayOutcome } from '../../core/coord/classify-answer.ts'
import { bodyOf, type BodyFlags } from '../body.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { limited, limitOf } from '../filters.ts'
import { isShortened, resolveIds } from '../ids.ts'
import { ago, messagesTable } from '../lists.ts'
import { openLive, type Live } from '../live.ts'
import { remember } from '../memory.ts'
import { sessionFault } from '../names.ts'
import { errorLine, hint, isJson, result, tip } from '../output.ts'
import { refused, refusedWords } from '../refused.ts'
import { isForMachine, readMessages, rowsOrStop, serverNow, type MessageLine } from '../rows.ts'
import { readSeen } from '../seen.ts'
import { table } from '../terminal/table.ts'
import { bold, dim, line, lines, oneLine, quoted, type Shown } from '../terminal/text.ts'
import { knownSessions } from '../../adapters/session-records.ts'

export interface MessagesFlags {
  readonly all?: boolean
  readonly project?: string
  readonly limit?: string
  readonly full?: boolean
}

export async function messages(context: Context, flags: MessagesFlags): Promise<ExitCode> {
  const isAll = flags.all === true
  const limit = limitOf(flags.limit)
  const live = openLive(context)
  try {
    const found = rowsOrStop(
      await readMessages(live, context.machine, {
        to: context.givenSession,
        unreadOnly: !isAll,
        fallback: knownSessions(context.home, context.machine.name, context.session),
        isSeen: readSeen(context.home),
      }),
    )
    learn(context, found)
    // read ones, or one session's, are no look at what this machine has not read
    if (!isAll && context.givenSession === null)
      remember(context, { unread: found.filter((row) => isForMachine(row, context.machine)).length })
    const rows = limited(
      (limit === Infinity ? found : newestFirst(found)).filter(
        (row) =>
          (isAll || context.givenSession !== null || isForMachine(row, context.machine)) &&
          (flags.project === undefined || row.project_key === flags.project),
      ),
      limit,
    )
    const now = serverNow(live)
    await result(rows, () => {
      if (rows.length === 0) return isAll ? 'No messages.' : 'No unread messages.'
      return flags.full === true ? wholeMessages(rows, now) : messagesTable(rows, now)
    })
    if (rows.length > 0 && flags.full !== true && !isJson()) tip('"coord messages --full" shows their texts.')
    return EXIT.done
  } finally {
    live.close()
  }
}

/** A server may list them in any order. */
const newestFirst = (rows: readonly MessageLine[]): readonly MessageLine[] =>
  rows.toSorted((a, b) => (parseTime(b.created_at) ?? 0) - (parseTime(a.created_at) ?? 0))

/** Each with its text. */
function wholeMessages(rows: readonly MessageLine[], now: number): Shown {
  return lines(
    rows.flatMap((row) => [
      line`${dim(row.id)}  ${row.from_session ?? '-'} → ${row.to_session ?? 'everyone'}  ${row.project_key ?? '-'}  ${ago(row.created_at, now) ?? '-'}`,
      line`  ${bold(row.subject ?? '-')}`,
      ...(row.body ? [quoted(row.body)] : []),
    ]),
  )
}

/** For completion: what these rows name. */
function learn(context: Context, rows: readonly MessageLine[]): void {
  remember(context, {
    ids: { messages: rows.map((row) => ({ id: row.id, text: nameMessage(row) })) },
    projects: rows.map((row) => row.project_key),
    sessions: rows.flatMap((row) => [row.from_session, row.to_session]),
  })
}
const nameMessage = (row: MessageRow): string => `${row.from_session ?? '-'}: ${row.subject ?? ''}`

/** IDs as they were given, whole; read messages are looked through, too. */
async function wholeIds(live: Live, ids: readonly string[]): Promise<readonly string[]> {
  return resolveIds(ids, async () => {
    if ((await live.ready()) !== undefined) {
      const short = ids.find(isShortened)
      if (short === undefined) return []
      throw failure(`${live.connection.view().detail} A shortened ID (${short}) cannot be looked up now`)
    }
    const rows = await live.rows('messages', (client) => client.messages())
    return 'why' in rows ? [] : rows.map((row) => ({ id: row.id, text: nameMessage(row) }))
  })
}

export async function markRead(context: Context, ids: readonly string[]): Promise<ExitCode> {
  const live = openLive(context)
  const outcome = { read: [] as string[], queued: 0, refused: [] as { id: string; reason: string }[] }
  try {
    for (const id of new Set(await wholeIds(live, ids))) {
      const path = `/api/coord/messages/${encodeURIComponent(id)}/read?session_id=${encodeURIComponent(context.session)}`
      const written = await live.write('PUT', path)
      if (written.kind === 'accepted') outcome.read.push(id)
      else if (written.kind === 'queued') outcome.queued++
      else outcome.refused.push({ id, reason: refusedWords(written) })
    }
    await result(
      outcome,
      outcome.read.length + outcome.queued === 0
        ? null
        : `Marked ${counted(outcome.read.length, 'message')} read${outcome.queued > 0 ? `, queued ${outcome.queued}` : ''}.`,
    )
    if (!isJson())
      for (const one of outcome.refused) errorLine(oneLine(`not marked: ${one.id}: ${one.reason}`))
    return outcome.refused.length > 0 ? EXIT.failed : outcome.queued > 0 ? EXIT.waiting : EXIT.done
  } finally {
    live.close()
  }
}

export interface SendFlags extends BodyFlags {
  readonly to?: string
  readonly broadcast?: boolean
  readonly project: string
  readonly subject: string
  readonly replyTo?: string
  /** Hours from now. */
  readonly expires?: string
}

/** What is wrong with the flags is said before anything is read or asked. */
function checkSend(context: Context, flags: SendFlags): number | null {
  if ((flags.to === undefined) === !flags.broadcast) throw usage('say to whom: either --to S or --broadcast')
  const fault = flags.to === undefined ? null : sessionFault(flags.to, context.machine.name)
  if (fault !== null) throw usage(`--to is no name of a session: ${flags.to ?? ''}: ${fault}`)
  if (flags.expires === undefined) return null
  const hours = Number(flags.expires)
  if (!Number.isFinite(hours) || hours <= 0) throw usage(`--expires is a number of hours: ${flags.expires}`)
  return hours
}

export async function send(context: Context, flags: SendFlags): Promise<ExitCode> {
  const hours = checkSend(context, flags)
  const body = await bodyOf(flags, context.cwd)
  const live = openLive(context)
  try {
    await sayWhatIsNotKept(live, flags)
    const [replyTo] = flags.replyTo === undefined ? [] : await wholeIds(live, [flags.replyTo])
    const outcome = await live.write('POST', '/api/coord/messages', {
      from_session: context.session,
      ...(flags.to === undefined ? {} : { to_session: flags.to }),
      project_key: flags.project,
      subject: flags.subject,
      body: body ?? '',
      ...(replyTo === undefined ? {} : { reply_to: replyTo }),
      ...(hours === null ? {} : { expires_at: new Date(Date.now() + hours * 3_600_000).toISOString() }),
    })
    if (outcome.kind === 'refused') return await refused(outcome)
    if (outcome.kind === 'queued') {
      await result({ queued: true }, 'Queued.')
      return EXIT.waiting
    }
    const id = idOf(outcome.json)
    await result({ id }, id === null ? 'Sent.' : `Sent: ${id}`)
    return EXIT.done
  } finally {
    live.close()
  }
}

/** A server that does not know a field leaves it out: the message goes all the same. */
async function sayWhatIsNotKept(live: Live, { replyTo, expires }: SendFlags): Promise<void> {
  if ((await live.ready()) !== undefined) return
  const { extensions } = live.connection.server()
  if (replyTo !== undefined && !extensions.has('reply_to'))
    hint('coord: this API may not keep which message it answers')
  if (expires !== undefined && !extensions.has('expires_at'))
    hint('coord: this API may not know when a message expires')
}

/** Who has read a message, where the API keeps that. */
export async function receipts(context: Context, given: string): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const why = await live.ready()
    if (why !== undefined) throw failure(why)
    const [id = given] = await wholeIds(live, [given])
    const answer = await live.connection.get(`/api/coord/messages/${encodeURIComponent(id)}/receipts`)
    if (
      answer.kind === 'answer' &&
      answer.status === 404 &&
      !live.connection.server().extensions.has('receipts')
    )
      throw failure('this API keeps no receipts')
    if (answer.kind !== 'answer' || answer.status !== 200) throw failure(`${sayOutcome(answer)}`)
    const rows = readJson(answer.text)
    await result(rows, () => receiptsText(rows))
    return EXIT.done
  } finally {
    live.close()
  }
}

function receiptsText(json: unknown): Shown | string {
  const rows = (Array.isArray(json) ? json : []) as readonly Readonly<Record<string, unknown>>[]
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  if (rows.length === 0) return 'Nobody has read it.'
  return table(
    [
      { heading: 'READ BY', cell: (row) => text(row['session_id']), cut: 'middle' },
      { heading: 'WHEN', cell: (row) => ago(text(row['read_at'] ?? row['at'])) },
    ],
    rows,
  )
}

/** The id of a row that the API gave; ids are opaque texts. */
function idOf(json: unknown): string | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}
