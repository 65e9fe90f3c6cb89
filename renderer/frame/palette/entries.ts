/** What the palette finds: views, commands, and every thing that is shown anywhere. Pure. */
import { canSendNow } from '../../data/can-send.ts'
import { showInvisible } from '../../../shared/text.ts'
import type { AppSnapshot } from '../../../shared/snapshot.ts'
import { viewNames, type Route } from '../../data/routes.ts'
import { NO_ANSWER, shortPath } from '../../words.ts'
import { componentId, workflowId } from '../../board/board-rows.ts'
import { VIEWS } from '../views.ts'

export interface Entry {
  readonly key: string
  /** What is searched, and shown. */
  readonly text: string
  readonly kind:
    'View' | 'Command' | 'Call' | 'Message' | 'Lock' | 'Component' | 'Workflow' | 'Session' | 'Project'
  readonly to?: Partial<Route>
  readonly command?: PaletteCommand
  /** Why it cannot be run now. */
  readonly off?: string
}
/** Commands that need no thing to act on. */
export type PaletteCommand =
  'flush' | 'retry' | 'mute' | 'unmute' | 'releaseAll' | 'help' | 'log' | 'quit' | 'compose'

/** Commands that the window carries out alone. */
const LOCAL: readonly PaletteCommand[] = ['compose', 'help']

function commandsOf(
  { connection, totals, settings, workspaces }: AppSnapshot,
  nowMs: number,
  canAct: boolean,
): Entry[] {
  const entry = (command: PaletteCommand, text: string): Entry => ({
    key: `command ${command}`,
    kind: 'Command',
    text,
    command,
    ...(canAct || LOCAL.includes(command) ? {} : { off: NO_ANSWER }),
  })
  const isMuted = settings.mutedUntil !== null && Date.parse(settings.mutedUntil) > nowMs
  return [
    ...(canSendNow(workspaces) && connection.state === 'online'
      ? [entry('flush', 'Send waiting calls now')]
      : []),
    ...(connection.state === 'online' ? [] : [entry('retry', 'Ask the API again now')]),
    entry('compose', 'Write a message'),
    isMuted ? entry('unmute', 'Unmute notifications') : entry('mute', 'Mute notifications for an hour'),
    ...(totals.locksMine > 0 ? [entry('releaseAll', 'Release all locks of this machine…')] : []),
    entry('help', 'Show all keys'),
    entry('log', 'Open the log'),
    entry('quit', 'Quit Coord Tray…'),
  ]
}

/** All there is, commands before rows. `canAct`: the engine is there; else what it has to carry out says why it is off. */
export function entriesOf(snapshot: AppSnapshot, nowMs: number, canAct: boolean): readonly Entry[] {
  const { workspaces, messages, locks, components, workflows, sessions } = snapshot
  const views: Entry[] = viewNames.map((view) => ({
    key: `view ${view}`,
    kind: 'View',
    text: VIEWS[view].title,
    to: { view },
  }))
  const calls = workspaces.flatMap((workspace) =>
    workspace.setAside.map((call) => ({ call, name: workspace.name })),
  )
  const rows: Entry[] = [
    ...calls.map(({ call, name }): Entry => ({
      key: `call ${call.id}`,
      kind: 'Call',
      text: `${call.method ?? ''} ${shortPath(call.path ?? call.preview)} · ${call.reason} · ${name}`,
      to: { view: 'queue', id: call.id },
    })),
    ...messages.map((one): Entry => ({
      key: `message ${one.id}`,
      kind: 'Message',
      text: `${one.subject || 'No subject'} · ${one.from}`,
      to: { view: 'messages', id: one.id },
    })),
    ...locks.map((one): Entry => ({
      key: `lock ${one.id}`,
      kind: 'Lock',
      text: `${one.resource} · ${one.session}${one.project ? ` · ${one.project}` : ''}`,
      to: { view: 'locks', id: one.id },
    })),
    ...components.map((one): Entry => ({
      key: `component ${one.project ?? ''}/${one.component}`,
      kind: 'Component',
      text: `${one.component} · ${one.state}${one.project ? ` · ${one.project}` : ''}`,
      to: { view: 'board', id: componentId(one) },
    })),
    ...workflows.map((one): Entry => ({
      key: `workflow ${one.id}`,
      kind: 'Workflow',
      text: one.name,
      to: { view: 'board', id: workflowId(one) },
    })),
    ...sessions.map((one): Entry => ({
      key: `session ${one.session}`,
      kind: 'Session',
      text: one.session,
      to: { view: 'locks', id: `session ${one.session}` },
    })),
    ...snapshot.projects.map((name): Entry => ({
      key: `project ${name}`,
      kind: 'Project',
      text: name,
      to: { project: name },
    })),
  ]
  const safe = rows.map((row) => ({ ...row, text: showInvisible(row.text) }))
  return [...views, ...commandsOf(snapshot, nowMs, canAct), ...safe]
}
