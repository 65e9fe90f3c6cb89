/** Where a hook stands: whose session it serves, in which folders, and where the API is. */
import { basename } from 'node:path'
import { pinnedName, nameSession } from '../../core/sessions/session-name.ts'
import { appendFact, readRecord, readRecords } from '../../adapters/session-records.ts'
import type { SessionRecord } from '../../core/sessions/session-record.ts'
import { systemKeys } from '../../adapters/system.ts'
import { nearestWorkspace, readContext, type Context } from '../context.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
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

/** A hook's session may be pinned without its machine. */
const PINNED = { takesBareSession: true }

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
  const context: Context = {
    ...readContext({ workspace: [workspace] }, env, PINNED),
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

/** The session's name: pinned, as it was recorded, or made of its folder and id. */
export function sessionNameOf(place: HookPlace, toolSession: string): string {
  const { context, pinned, record, workspace } = place
  if (pinned !== null) return pinned
  if (record) return record.session
  const others = readRecords(context.home)
  return nameSession(context.machine.name, basename(workspace), toolSession, systemKeys, (name) =>
    others.some((other) => other.session === name && other.toolSession !== toolSession),
  )
}

/** Remembers every workspace that the session is seen in: its calls may wait in the queue of each. */
export function rememberFolders(place: HookPlace, toolSession: string): readonly string[] {
  const seen = new Set([place.workspace, nearestWorkspace(place.cwd) ?? place.workspace])
  for (const folder of seen) {
    if (place.record?.folders.includes(folder)) continue
    appendFact(place.context.home, toolSession, { at: Date.now(), fact: 'seen', folder })
    rememberWorkspace(place.context, folder)
  }
  return [...new Set([...(place.record?.folders ?? []), ...seen])]
}
