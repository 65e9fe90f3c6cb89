/** Where a hook stands: whose session it serves, in which folders, and where the API is. */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { pinnedName, nameSession } from '../../core/sessions/session-name.ts'
import { isFolder } from '../../adapters/look-at-path.ts'
import { appendCall, appendToAppQueue, toLine, type QueuedLine } from '../../adapters/queue-append.ts'
import { appendFacts, readRecord, readRecords } from '../../adapters/session-records.ts'
import type { SessionFact, SessionRecord } from '../../core/sessions/session-record.ts'
import type { Names } from '../../core/sessions/whose-name.ts'
import { systemKeys } from '../../adapters/system.ts'
import { nearestWorkspace, readContext, type Context } from '../context.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { hint } from '../output.ts'
import type { HookInput } from './hook-input.ts'

export interface HookFlags {
  /** The session's name, pinned by the installation. */
  readonly session?: string
  readonly home?: string
  readonly url?: string
  readonly port?: string
  readonly machine?: string
}

export interface HookPlace {
  readonly context: Context
  /** The project that the tool was started in. */
  readonly workspace: string
  /** Where the session stands now. */
  readonly cwd: string
  /** The tool's id, or one made of the pinned name; null where there is neither. */
  readonly toolSession: string | null
  readonly pinned: string | null
  /** What is known of the session; null before its start was seen. */
  readonly record: SessionRecord | null
}

/** A hook's session may be pinned without its machine, and its work goes on where nothing can be remembered. */
const LENIENT = { takesBareSession: true, takesAnyHome: true }

/** What the installation wrote into the hook's command goes before what the tool's environment says. */
export function applyFlags(flags: HookFlags, env: NodeJS.ProcessEnv): void {
  if (flags.home) env['COORD_HOME'] = flags.home
  if (flags.url) env['COORD_API_URL'] = flags.url
  if (flags.port) env['COORD_PORT'] = flags.port
  if (flags.machine) env['COORD_MACHINE'] = flags.machine
}

/** Reads settings and the session's record: a few small files. */
export function placeOf(input: HookInput, flags: HookFlags, env: NodeJS.ProcessEnv): HookPlace {
  const folder = env['CLAUDE_PROJECT_DIR'] || input.cwd || process.cwd()
  const workspace = nearestWorkspace(folder) ?? folder
  // a work tree may be removed before its session ends
  const named = isFolder(workspace) ? { workspace: [workspace] } : {}
  const context: Context = {
    ...readContext(named, env, LENIENT),
    configuredWorkspaces: [],
  }
  const given = flags.session ?? (input.toolSession === null ? env['COORD_SESSION'] : undefined)
  const pinned = given ? pinnedName(context.machine.name, given) : null
  const toolSession = input.toolSession ?? (pinned === null ? null : `name ${pinned}`)
  return {
    context,
    workspace,
    cwd: input.cwd ?? folder,
    toolSession,
    pinned,
    record: toolSession === null ? null : readRecord(context.home, toolSession),
  }
}

/**
 * Keeps what is known of a session. Where it cannot be written (a full disk, a folder that is read-only) that is said, and the
 * hook's own work goes on: a guard that lapsed for it would be worse.
 */
export function keepFacts(context: Context, toolSession: string, ...facts: readonly SessionFact[]): void {
  const kept = appendFacts(context.home, toolSession, facts)
  if (kept.ok || isSaid) return
  isSaid = true
  hint(`coord: ${context.home} cannot be written (${kept.error}): this session is not remembered`)
}
/** A hook is one process, and says once that nothing can be kept. */
let isSaid = false

/**
 * Queues a call in a folder, or in this app's own queue where the folder is gone (null) or cannot be written. Gives the folder
 * that is to be flushed; null where neither takes it, which is said.
 */
export function queueCall(context: Context, folder: string | null, call: QueuedLine): string | null {
  if (folder !== null && existsSync(folder))
    try {
      appendCall(folder, call)
      return folder
    } catch {
      // its disk is full, or it is not ours to write
    }
  const kept = appendToAppQueue(context.home, [toLine(call, new Date())])
  if (kept.ok) return context.home
  hint(`coord: a call could not be queued (${kept.error})`)
  return null
}

/** The names that sessions of this machine have, and the one that this session would get. */
export function namesFor({ context, workspace }: HookPlace, toolSession: string): Names {
  const records = (): readonly SessionRecord[] => readRecords(context.home)
  const fresh = (): string => {
    const others = records()
    return nameSession(context.machine.name, basename(workspace), toolSession, systemKeys, (name) =>
      others.some((other) => other.session === name && other.toolSession !== toolSession),
    )
  }
  return { records, fresh }
}

/** Remembers every workspace that the session is seen in: its calls may wait in the queue of each. */
export function rememberFolders(place: HookPlace, toolSession: string): readonly string[] {
  const seen = new Set([place.workspace, nearestWorkspace(place.cwd) ?? place.workspace])
  for (const folder of seen) {
    if (place.record?.folders.includes(folder)) continue
    keepFacts(place.context, toolSession, { at: Date.now(), fact: 'seen', folder })
    rememberWorkspace(place.context, folder)
  }
  return [...new Set([...(place.record?.folders ?? []), ...seen])]
}
