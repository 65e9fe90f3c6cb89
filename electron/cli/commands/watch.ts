/** `coord watch`: the engine without a face; each change of its state is one line. */
import type { AppSnapshot, LockView, MessageView, WorkspaceView } from '../../../shared/snapshot.ts'
import type { Context } from '../context.ts'
import { openEngine } from '../engine.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { stripInvisible } from '../../../shared/text.ts'
import { isJson, write } from '../output.ts'
import { untilAskedToEnd } from './serve.ts'

export type WatchEvent = { readonly event: string; readonly at: string } & Readonly<Record<string, unknown>>

/** What changed between two snapshots, in a stable order; the first one tells where things stand. */
export function eventsBetween(before: AppSnapshot | null, after: AppSnapshot): readonly WatchEvent[] {
  const events: WatchEvent[] = []
  const add = (event: string, data: Readonly<Record<string, unknown>>): void => {
    events.push({ event, at: after.at, ...data })
  }
  const { connection } = after
  if (before?.connection.state !== connection.state || before.connection.since !== connection.since) {
    add('connection.changed', { state: connection.state, since: connection.since, detail: connection.detail })
  }
  for (const workspace of after.workspaces) {
    const was = before?.workspaces.find((w) => w.path === workspace.path)
    if (!was) add('workspace.watched', countsOf(workspace))
    else workspaceEvents(was, workspace, add)
  }
  const isNew = <T extends { readonly id: string }>(row: T, rows: readonly T[] | undefined): boolean =>
    !(rows ?? []).some((r) => r.id === row.id)
  for (const m of after.messages)
    if (!m.isRead && isNew<MessageView>(m, before?.messages))
      add('message.arrived', { id: m.id, from: m.from, to: m.to, project: m.project, subject: m.subject })
  for (const l of after.locks) if (isNew<LockView>(l, before?.locks)) add('lock.acquired', lockOf(l))
  for (const l of before?.locks ?? []) if (isNew<LockView>(l, after.locks)) add('lock.released', lockOf(l))
  return events
}

const lockOf = (l: LockView): Readonly<Record<string, unknown>> => ({
  id: l.id,
  resource: l.resource,
  project: l.project,
  session: l.session,
  mine: l.isMine,
})
const countsOf = (w: WorkspaceView): Readonly<Record<string, unknown>> => ({
  path: w.path,
  waiting: w.waiting,
  delivered: w.delivered,
  setAside: w.setAsideCount,
  skipped: w.skippedCount,
})

function workspaceEvents(
  was: WorkspaceView,
  now: WorkspaceView,
  add: (event: string, data: Readonly<Record<string, unknown>>) => void,
): void {
  for (const call of now.setAside)
    if (!was.setAside.some((c) => c.id === call.id)) add('call.set-aside', { workspace: now.path, ...call })
  for (const call of now.skipped)
    if (!was.skipped.some((c) => c.id === call.id)) add('call.skipped', { workspace: now.path, ...call })
  for (const call of now.lately)
    if (!was.lately.some((c) => c.id === call.id))
      add('call.delivered', { workspace: now.path, id: call.id, method: call.method, path: call.path })
  if (JSON.stringify(countsOf(was)) !== JSON.stringify(countsOf(now))) add('workspace.changed', countsOf(now))
  if (now.problem !== null && now.problem !== was.problem)
    add('workspace.problem', { path: now.path, problem: now.problem })
}

const textOf = ({ event, at, ...data }: WatchEvent): string =>
  `${at}  ${event}  ${Object.entries(data)
    .filter(([key, value]) => value !== null && key !== 'raw')
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('  ')}`

export async function watch(context: Context): Promise<ExitCode> {
  const engine = await openEngine(context)
  const ending = untilAskedToEnd(false)
  let last: AppSnapshot | null = null
  const unsubscribe = engine.subscribe((snapshot) => {
    const events = eventsBetween(last, snapshot)
    last = snapshot
    for (const event of events)
      void write(
        (isJson() ? JSON.stringify(event) : stripInvisible(textOf(event)).replaceAll('\n', ' ')) + '\n',
      )
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
