/** At a session's start: its name, what waits is sent, what it may use, and its unread messages. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { shellQuoted } from '../../../shared/shell-quote.ts'
import { callingTool } from '../../adapters/calling-tool.ts'
import { readRecords, takeOver, tidyRecords } from '../../adapters/session-records.ts'
import { clearedBefore, type SessionRecord, type ToolProcess } from '../../core/sessions/session-record.ts'
import { startSteps } from '../../core/sessions/starting.ts'
import { nameAtStart } from '../../core/sessions/whose-name.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import type { HookInput } from './hook-input.ts'
import { keepFacts, namesFor, type HookPlace } from './hook-place.ts'

export interface StartedSession {
  readonly toolSession: string
  readonly session: string
}

/** Records the start and says under which name; a cleared conversation goes on under the name that it had. */
export function recordStart(place: HookPlace, input: HookInput, toolSession: string): StartedSession {
  const { context, workspace } = place
  const tool = callingTool()
  const before = input.source === 'clear' && place.record === null ? takeCleared(place, tool) : null
  const session = before?.session ?? nameAtStart(place, namesFor(place, toolSession))
  const starting = { toolSession, session, folder: workspace, process: tool }
  for (const step of startSteps(starting, before, Date.now()))
    keepFacts(context, step.toolSession, ...step.facts)
  tidyRecords(context.home)
  rememberWorkspace(context, workspace)
  return { toolSession, session }
}

/** Exactly one start takes up a cleared conversation. */
function takeCleared(place: HookPlace, process: ToolProcess | null): SessionRecord | null {
  const { context, workspace: folder, pinned } = place
  const cleared = clearedBefore(readRecords(context.home), { folder, process, pinned })
  return cleared.find((record) => takeOver(context.home, record)) ?? null
}

/** What another hook wrote last has no line end: ours would be glued to it. */
const isOpenEnded = (file: string): boolean => existsSync(file) && /[^\n]$/.test(readFileSync(file, 'utf8'))

/** Commands that the tool runs later in this session act as it. */
export function tellEnvironment(session: string, file: string | undefined): void {
  if (!file) return
  try {
    appendFileSync(file, `${isOpenEnded(file) ? '\n' : ''}export COORD_SESSION=${shellQuoted(session)}\n`)
  } catch {
    // The name is printed as well.
  }
}

/** Who the session is, what it may use and the rules; under 1 200 characters. */
export const greeting = (session: string, baseUrl: string, isReached: boolean): string =>
  [
    `You are ${session} in the coordination API (${baseUrl})${isReached ? '' : ', which cannot be reached now: calls wait in a queue and are sent by themselves'}.`,
    'Other AI sessions may work on the same projects. Files that you edit and git branches that you move are claimed for you by a guard where its hooks are installed; a refusal names the holder and how to ask.',
    'Use: coord locks --all | coord claim RESOURCE --project P | coord release ID | coord send --to SESSION --project P --subject T | coord messages | coord component set PROJECT NAME STATE (or the tools of the MCP server "coord").',
    'Claim before you change what others share (a server over SSH, a schema, a pipeline); release when done. Your locks are released at the end of the session.',
    '',
  ].join('\n')
