/** `coord status`: what is where. Claims nothing, sends nothing; only reads. */
import type { Outbox, WorkspaceSummary } from '../../core/outbox/contract.ts'
import { workspacesOf, type Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { openLive } from '../live.ts'
import { hint, result } from '../output.ts'
import { mayBeWritten, openThem } from '../outboxes.ts'
import { isForMachine, readLocks, readMessages, type LockLine } from '../rows.ts'
import { knownSessions } from '../../adapters/session-records.ts'

/** The newest calls of each end. */
const LISTED = 200

export async function status(context: Context): Promise<ExitCode> {
  const opened = await openThem(context, workspacesOf(context))
  const { connection, outboxes } = opened
  const live = openLive(context, { timeoutMs: 5000 })
  try {
    const [isReady, summaries] = await Promise.all([
      connection.ensure(),
      Promise.all(outboxes.map((o) => o.summary())),
    ])
    const [held, unread] = isReady ? [await locksOf(), await unreadCount()] : [null, null]
    const asOf = held === null && unread === null ? null : new Date().toISOString()
    const { state, since, detail } = connection.view()
    const shown = {
      connection: { state, since, detail },
      machine: context.machine.name,
      workspaces: await Promise.all(outboxes.map((outbox, i) => lineOf(outbox, summaries[i]))),
      locks: held,
      unread,
      asOf,
    }
    await result(shown, () =>
      [
        `${context.machine.name}: ${state}${detail ? ` (${detail})` : ''}, ${context.baseUrl}`,
        ...summaries.map(
          (s) =>
            `  ${s.name}: ${s.waiting} waiting, ${s.delivered} delivered, ${s.setAsideCount} set aside, ${s.skippedCount} skipped${s.problem ? `; ${s.problem}` : ''}  ${s.path}`,
        ),
        `  resource locks of this machine: ${held === null ? 'not known now' : held.length}`,
        ...(held ?? []).map(
          (row) =>
            `    ${row.id}  ${row.project_key ?? '-'}: ${row.resource ?? '-'}  ${row.session_id}${row.stale ? '  stale' : ''}`,
        ),
        `  unread messages: ${unread ?? 'not known now'}`,
      ].join('\n'),
    )
    for (const s of summaries)
      if (s.waiting > 0 && s.problem === null && !mayBeWritten(s.path))
        hint(
          `coord: ${s.path}: nothing is sent from here: its .claude folder may not be written; nothing is lost`,
        )
    return EXIT.done
  } finally {
    live.close()
    await opened.close()
  }

  /** The calls with their bytes, which a summary leaves out. */
  async function lineOf(outbox: Outbox, summary: WorkspaceSummary | undefined): Promise<object> {
    const { waiting = 0, delivered = 0 } = summary ?? {}
    const [setAside, skipped] = await Promise.all([
      outbox.list('set-aside', LISTED),
      outbox.list('skipped', LISTED),
    ])
    return { path: outbox.path, waiting, delivered, setAside, skipped }
  }

  async function locksOf(): Promise<readonly LockLine[] | null> {
    const rows = await readLocks(live, context.machine, { machine: context.machine })
    return 'why' in rows ? null : rows
  }
  async function unreadCount(): Promise<number | null> {
    const rows = await readMessages(live, context.machine, {
      to: context.givenSession,
      unreadOnly: true,
      fallback: knownSessions(context.home, context.machine.name, context.session),
      isSeen: () => false,
    })
    if ('why' in rows) return null
    return context.givenSession === null
      ? rows.filter((row) => isForMachine(row, context.machine)).length
      : rows.length
  }
}
