/** `coord messages`, `messages read`, `send`. */
import type { Context } from '../context.ts'
import { EXIT, usage, type ExitCode } from '../exit.ts'
import { openLive } from '../live.ts'
import { result } from '../output.ts'
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
}

export async function send(context: Context, flags: SendFlags): Promise<ExitCode> {
  if ((flags.to === undefined) === !flags.broadcast) throw usage('say to whom: either --to S or --broadcast')
  if (flags.to === '' || flags.subject === '' || flags.project === '')
    throw usage('--to, --project and --subject need a value')
  const live = openLive(context)
  try {
    const outcome = await live.write('POST', '/api/coord/messages', {
      from_session: context.session,
      ...(flags.to === undefined ? {} : { to_session: flags.to }),
      project_key: flags.project,
      subject: flags.subject,
      body: flags.body ?? '',
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

/** The id of a row that the API gave; ids are opaque texts. */
function idOf(json: unknown): string | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}
