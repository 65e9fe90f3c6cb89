/** Opens the outboxes of the workspaces that a command looks at; the heavy part of the program, loaded only here. */
import { accessSync, constants, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Connection, Outbox } from '../core/outbox/contract.ts'
import type { Log } from '../core/ports.ts'
import type { Context, NamedWorkspace } from './context.ts'
import { errorLine, hint, isVerbose } from './output.ts'
import { isFolder } from '../adapters/look-at-path.ts'
import { real } from '../adapters/places.ts'
import { queueFileOf } from '../adapters/queue-append.ts'

export interface OpenOutboxes {
  readonly connection: Connection
  readonly outboxes: readonly Outbox[]
  close(): Promise<void>
}

/** Warnings reach the person on stderr when asked for; a command has no log of its own. */
export const terminalLog: Log = {
  info: () => undefined,
  warn: (message) => {
    if (isVerbose()) hint(`coord: ${message}`)
  },
  error: errorLine,
}

/** As long as any other command waits for an answer before it says that there is none. */
const PROBE_MS = 5_000

export async function openThem(
  context: Context,
  workspaces: readonly NamedWorkspace[],
  lanes = 1,
): Promise<OpenOutboxes> {
  const { openOutboxes } = await import('../adapters/open-outbox.ts')
  return openOutboxes({
    workspaces,
    home: context.home,
    baseUrl: context.baseUrl,
    token: context.token ?? undefined,
    isEmbedded: context.isEmbedded,
    log: terminalLog,
    probeTimeoutMs: PROBE_MS,
    // a few beside the lanes, for what is looked up meanwhile
    http: { connections: Math.max(16, lanes + 4) },
  })
}

/** Named and not there: misspelt, or on a drive that is away. The app's own folder is made when it is needed. */
const isMade = (path: string, context: Context): boolean =>
  path === context.home || path === real(context.home) || isFolder(path)

/** A queue of nothing is not the whole truth about a folder that is not there. */
export function sayMissing(context: Context, workspaces: readonly NamedWorkspace[]): void {
  for (const { path } of workspaces)
    if (!isMade(path, context)) hint(`coord: ${path} is no folder: there is no queue in it`)
}

/** Whether the outbox could keep its records there; a folder that is not there yet is no hindrance. */
export function mayBeWritten(workspace: string): boolean {
  for (const folder of [join(workspace, '.claude'), join(workspace, '.claude', '.coord-outbox')])
    try {
      accessSync(folder, constants.W_OK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return false
    }
  return true
}

/** Whether a workspace can hold anything at all: a queue with bytes in it, or segments. Two file calls, no contact. */
export function mayHoldCalls(workspace: string): boolean {
  try {
    if (statSync(queueFileOf(workspace)).size > 0) return true
  } catch {
    // No queue file.
  }
  try {
    return readdirSync(join(workspace, '.claude', '.coord-outbox')).some((name) => name !== '.gitignore')
  } catch {
    return false
  }
}
