/**
 * What the installed hooks run, at a session's start and end. Ends within two seconds and with exit 0 whatever happens:
 * a hook that fails would stop somebody's work. What cannot be done in that time is queued or left as it was.
 */
import { spawn } from 'node:child_process'
import { appendFileSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { nearestWorkspace, readContext, type Context } from '../context.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { openLive, type Live } from '../live.ts'
import { stripInvisible } from '../../../shared/text.ts'
import { hint, write } from '../output.ts'
import { mayHoldCalls } from '../outboxes.ts'
import { appendCall, queueFileOf } from '../../adapters/queue-append.ts'
import {
  callingTool,
  forgetOld,
  isLive,
  readRegistrations,
  register,
} from '../../adapters/session-registrations.ts'

const DEADLINE_MS = 1850
const STDIN_MS = 250
const FLUSH_MS = 900
const CALL_MS = 600
/** The tool shows about this much of what a hook prints; a message that was not shown is not marked read. */
const PRINT_LIMIT = 9000
const RULE = '='.repeat(60)

export interface HookFlags {
  readonly session?: string
  readonly home?: string
}

interface ToolInput {
  readonly session_id?: string
  readonly cwd?: string
  readonly source?: string
  readonly reason?: string
}

/** The tool's JSON on stdin; nothing where there is none, or no JSON. */
function readStdin(): Promise<ToolInput> {
  return new Promise((resolve) => {
    if (process.stdin.isTTY) return resolve({})
    let text = ''
    const end = (): void => {
      clearTimeout(timer)
      process.stdin.pause()
      try {
        const parsed: unknown = JSON.parse(text)
        resolve(typeof parsed === 'object' && parsed !== null ? parsed : {})
      } catch {
        resolve({})
      }
    }
    const timer = setTimeout(end, STDIN_MS)
    process.stdin.setEncoding('utf8')
    process.stdin.on('data', (chunk: string) => {
      text += chunk
      // The tool may keep its end open: whole JSON is enough.
      if (text.trimEnd().endsWith('}') && isWhole(text)) end()
    })
    process.stdin.on('end', end).on('error', end)
  })
}
const isWhole = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export async function runHook(which: string, flags: HookFlags): Promise<ExitCode> {
  // counted from the start of the process: loading the program is part of the two seconds
  const deadline = setTimeout(() => process.exit(0), Math.max(0, DEADLINE_MS - performance.now()))
  try {
    if (flags.home) process.env['COORD_HOME'] = flags.home
    const input = await readStdin()
    const folder = process.env['CLAUDE_PROJECT_DIR'] || input.cwd || process.cwd()
    const workspace = nearestWorkspace(folder) ?? folder
    const context: Context = { ...readContext({ workspace: [workspace] }), configuredWorkspaces: [] }
    if (which === 'start') await atStart(context, workspace, input, flags)
    else if (which === 'end') await atEnd(context, workspace, input, flags)
    else hint(`coord: hook run start or end, not ${which}`)
  } catch (error) {
    hint(`coord: ${error instanceof Error ? error.message : String(error)}`)
  } finally {
    clearTimeout(deadline)
  }
  return EXIT.done
}

/** `MACHINE/<folder>-<first 8 of the tool's session id>`, or the name that the installation gave. */
function nameOf(context: Context, workspace: string, input: ToolInput, flags: HookFlags): string {
  if (flags.session)
    return flags.session.includes('/') ? flags.session : `${context.machine.name}/${flags.session}`
  const id = (input.session_id ?? 'unknown').slice(0, 8)
  return `${context.machine.name}/${basename(workspace) || 'root'}-${id}`
}

async function atStart(
  context: Context,
  workspace: string,
  input: ToolInput,
  flags: HookFlags,
): Promise<void> {
  const toolSession = input.session_id ?? `process ${process.ppid}`
  const tool = callingTool()
  const known = readRegistrations(context.home)
  // A cleared conversation is the same work in the same process: it keeps its name, and so its resource locks.
  const cleared =
    input.source === 'clear' && tool
      ? known
          .filter(
            (r) =>
              r.workspace === workspace &&
              !r.endedAt &&
              r.process?.pid === tool.pid &&
              r.process.start === tool.start,
          )
          .sort((a, b) => b.startedAt.localeCompare(a.startedAt))[0]
      : undefined
  const before = known.find((r) => r.toolSession === toolSession) ?? cleared
  const session = flags.session
    ? nameOf(context, workspace, input, flags)
    : (before?.session ?? nameOf(context, workspace, input, flags))
  register(context.home, {
    session,
    toolSession,
    workspace,
    startedAt: new Date().toISOString(),
    process: tool,
    endedAt: null,
  })
  if (cleared && cleared.toolSession !== toolSession)
    register(context.home, { ...cleared, endedAt: new Date().toISOString() })
  forgetOld(context.home)
  rememberWorkspace(context, workspace)
  tellEnvironment(session)

  await flushFor(workspace, context)
  const live = openLive({ ...context, session }, { timeoutMs: CALL_MS, longestWaitS: 0 })
  try {
    await showMessages(live, context, workspace, session)
  } finally {
    live.close()
  }
}

/** Commands that the tool runs later in this session act as it. */
function tellEnvironment(session: string): void {
  const file = process.env['CLAUDE_ENV_FILE']
  if (!file) return
  try {
    appendFileSync(file, `export COORD_SESSION='${session.replaceAll("'", `'\\''`)}'\n`)
  } catch {
    // The name is printed as well.
  }
}

/** In a process of its own: a long backlog goes on being sent when this hook has ended. */
async function flushFor(workspace: string, context: Context): Promise<void> {
  if (!mayHoldCalls(workspace) && !mayHoldCalls(context.home)) return
  const child = spawn(
    process.execPath,
    [...process.execArgv, process.argv[1] ?? '', 'flush', '--wait', '0', '--json', '--workspace', workspace],
    { stdio: 'ignore', detached: true, windowsHide: true, cwd: workspace, env: process.env },
  )
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, FLUSH_MS)
    const end = (): void => {
      clearTimeout(timer)
      resolve()
    }
    child.once('exit', end)
    child.once('error', end)
  })
  child.unref()
}

interface Shown {
  readonly id: string
  readonly isBroadcast: boolean
}

async function showMessages(live: Live, context: Context, workspace: string, session: string): Promise<void> {
  const { readMessages } = await import('../rows.ts')
  const [health, found] = await Promise.all([
    live.client.request('GET', '/health', undefined, CALL_MS),
    readMessages(live, context.machine, {
      to: session,
      unreadOnly: true,
      fallback: [session],
      isSeen: () => false,
    }),
  ])
  let text = `You are ${session} in the coordination API (${context.baseUrl}).\n`
  const shown: Shown[] = []
  let left = 0
  for (const row of 'why' in found ? [] : found) {
    const isBroadcast = !row.to_session
    if (isBroadcast ? row.from_session === session : row.to_session !== session) continue
    const banner = [
      RULE,
      `MESSAGE FROM ${row.from_session ?? 'unknown'}`,
      RULE,
      row.subject ?? '',
      row.body ?? '',
      RULE,
      '',
    ]
      .map((line) => stripInvisible(line))
      .join('\n')
    if (text.length + banner.length > PRINT_LIMIT) left++
    else {
      text += banner
      shown.push({ id: row.id, isBroadcast })
    }
  }
  if ('why' in found) hint(`coord: ${context.baseUrl}: ${found.why}; messages are shown next time`)
  if (left > 0) text += `${left} more messages did not fit here: coord messages --session ${session}\n`
  if (!(await write(text))) return
  // Only a server that keeps read marks per session can take a broadcast away from this one alone.
  const hasOwnMarks =
    health.kind === 'answer' &&
    typeof health.json === 'object' &&
    health.json !== null &&
    'service' in health.json &&
    health.json.service === 'coord'
  await Promise.all(
    shown
      .filter((m) => hasOwnMarks || !m.isBroadcast)
      .map((m) =>
        markRead(
          live,
          workspace,
          `/api/coord/messages/${encodeURIComponent(m.id)}/read?session_id=${encodeURIComponent(session)}`,
        ),
      ),
  )
}

async function markRead(live: Live, workspace: string, path: string): Promise<void> {
  const answer = await live.client.request('PUT', path, undefined, CALL_MS)
  const isAway = answer.kind === 'away' || answer.status >= 500 || answer.status === 429
  if (isAway) appendCall(workspace, { method: 'PUT', path })
}

function holdsLines(workspace: string): boolean {
  try {
    return statSync(queueFileOf(workspace)).size > 0
  } catch {
    return false
  }
}

async function atEnd(context: Context, workspace: string, input: ToolInput, flags: HookFlags): Promise<void> {
  // The session goes on under the same name, or may come back to it.
  if (input.reason === 'clear' || input.reason === 'resume') return
  const toolSession = input.session_id ?? `process ${process.ppid}`
  const known = readRegistrations(context.home)
  const own = known.find((r) => r.toolSession === toolSession)
  const session = own?.session ?? nameOf(context, workspace, input, flags)
  if (own) register(context.home, { ...own, endedAt: new Date().toISOString() })
  const isShared = known.some((r) => r.toolSession !== toolSession && r.session === session && isLive(r))
  if (isShared) return

  const path = `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`
  if (holdsLines(workspace)) {
    // What this session queued must not come after its release: a claim that is sent later would hold for hours.
    appendCall(workspace, { method: 'DELETE', path })
    await flushFor(workspace, context)
    return
  }
  const live = openLive({ ...context, session }, { timeoutMs: CALL_MS, longestWaitS: 0 })
  // Written before the time is over even where the API hangs.
  const timer = setTimeout(() => {
    appendCall(workspace, { method: 'DELETE', path })
    process.exit(0)
  }, DEADLINE_MS - 250)
  try {
    const outcome = await live.write('DELETE', path)
    if (outcome.kind === 'refused')
      hint(`coord: the API refused the release (${outcome.status}): ${outcome.detail}`)
  } finally {
    clearTimeout(timer)
    live.close()
  }
}
