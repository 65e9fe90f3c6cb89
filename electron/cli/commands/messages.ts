/** `coord messages`, `messages read`, `send`. */
import type { Context } from '../context.ts'
import { readJson } from '../../../shared/json.ts'
import { sayOutcome } from '../../core/coord/classify-answer.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { openLive, type Live } from '../live.ts'
import { hint, result } from '../output.ts'
import { ageOf, isForMachine, readMessages, rowsOrStop, type MessageLine } from '../rows.ts'
import { readSeen } from '../seen.ts'
import { knownSessions } from '../../adapters/session-records.ts'
import { refused } from './locks.ts'

const messageText = (row: MessageLine): string =>
  [
    `${row.id}  ${row.from_session ?? '-'} → ${row.to_session ?? 'everyone'}  ${row.project_key ?? '-'}  ${ageOf(row.created_at)}`,
    `    ${row.subject ?? ''}`,
    ...(row.body ?? '').split('\n').map((line) => `    ${line}`),
  ].join('\n')

export async function messages(context: Context, isAll: boolean): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const found = await readMessages(live, context.machine, {
      to: context.givenSession,
      unreadOnly: !isAll,
      fallback: knownSessions(context.home, context.machine.name, context.session),
      isSeen: readSeen(context.home),
    })
    const rows = rowsOrStop(found).filter(
      (row) => isAll || context.givenSession !== null || isForMachine(row, context.machine),
    )
    await result(rows, () =>
      rows.length > 0 ? rows.map(messageText).join('\n') : isAll ? 'No messages.' : 'No unread messages.',
    )
    return EXIT.done
  } finally {
    live.close()
  }
}

export async function markRead(context: Context, ids: readonly string[]): Promise<ExitCode> {
  const live = openLive(context)
  const outcome = { read: [] as string[], queued: 0, refused: [] as { id: string; reason: string }[] }
  try {
    for (const id of new Set(ids)) {
      const path = `/api/coord/messages/${encodeURIComponent(id)}/read?session_id=${encodeURIComponent(context.session)}`
      const written = await live.write('PUT', path)
      if (written.kind === 'accepted') outcome.read.push(id)
      else if (written.kind === 'queued') outcome.queued++
      else outcome.refused.push({ id, reason: `the API refused it (${written.status}): ${written.detail}` })
    }
    await result(outcome, () =>
      [
        `Marked read: ${outcome.read.length}${outcome.queued > 0 ? `, queued ${outcome.queued}` : ''}.`,
        ...outcome.refused.map((r) => `Not marked: ${r.id}: ${r.reason}`),
      ].join('\n'),
    )
    return outcome.refused.length > 0 ? EXIT.failed : outcome.queued > 0 ? EXIT.waiting : EXIT.done
  } finally {
    live.close()
  }
}

export interface SendFlags {
  readonly to?: string
  readonly broadcast?: boolean
  readonly project: string
  readonly subject: string
  readonly body?: string
  readonly replyTo?: string
  /** Hours from now. */
  readonly expires?: string
}

export async function send(context: Context, flags: SendFlags): Promise<ExitCode> {
  if ((flags.to === undefined) === !flags.broadcast) throw usage('say to whom: either --to S or --broadcast')
  if (flags.to === '' || flags.subject === '' || flags.project === '')
    throw usage('--to, --project and --subject need a value')
  const hours = flags.expires === undefined ? null : Number(flags.expires)
  if (hours !== null && (!Number.isFinite(hours) || hours <= 0))
    throw usage(`--expires is a number of hours: ${flags.expires ?? ''}`)
  const live = openLive(context)
  try {
    await sayWhatIsNotKept(live, flags)
    const outcome = await live.write('POST', '/api/coord/messages', {
      from_session: context.session,
      ...(flags.to === undefined ? {} : { to_session: flags.to }),
      project_key: flags.project,
      subject: flags.subject,
      body: flags.body ?? '',
      ...(flags.replyTo === undefined ? {} : { reply_to: flags.replyTo }),
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
export async function receipts(context: Context, id: string): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const why = await live.ready()
    if (why !== undefined) throw failure(`coord: ${why}`)
    const answer = await live.connection.get(`/api/coord/messages/${encodeURIComponent(id)}/receipts`)
    if (
      answer.kind === 'answer' &&
      answer.status === 404 &&
      !live.connection.server().extensions.has('receipts')
    )
      throw failure('coord: this API keeps no receipts')
    if (answer.kind !== 'answer' || answer.status !== 200) throw failure(`coord: ${sayOutcome(answer)}`)
    const rows = readJson(answer.text)
    await result(rows, () => receiptsText(rows))
    return EXIT.done
  } finally {
    live.close()
  }
}

function receiptsText(json: unknown): string {
  const rows = (Array.isArray(json) ? json : []) as readonly Readonly<Record<string, unknown>>[]
  const text = (value: unknown): string => (typeof value === 'string' ? value : '-')
  if (rows.length === 0) return 'Nobody has read it.'
  return rows.map((row) => `${text(row['session_id'])}  ${text(row['read_at'] ?? row['at'])}`).join('\n')
}

/** The id of a row that the API gave; ids are opaque texts. */
function idOf(json: unknown): string | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}
