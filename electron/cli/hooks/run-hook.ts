/**
 * What the installed hooks run. Ends within two seconds and with exit 0 whatever happens, the guard's refusal (exit 2) alone
 * excepted: a hook that fails would stop somebody's work.
 */
import { existsSync } from 'node:fs'
import { parse } from 'node:path'
import { noteHookCall } from '../../adapters/hook-calls.ts'
import { beginTelling, readRecord, readRecords, touchRecord } from '../../adapters/session-records.ts'
import { foldersOf } from '../../core/sessions/ending.ts'
import type { HookEvent } from '../../core/sessions/hook-events.ts'
import { nameAtWork } from '../../core/sessions/whose-name.ts'
import { hint, write } from '../output.ts'
import { mayHoldCalls } from '../outboxes.ts'
import { isApiResting, restApi } from './api-rest.ts'
import { finishOthers, recordEnd } from './end-hook.ts'
import { flushBehind } from './flush-child.ts'
import { guardHook } from './guard-hook.ts'
import { goOn, keepTurn, SILENT, type HookAnswer } from './hook-answer.ts'
import { HookApi } from './hook-api.ts'
import { PROBE, PROBE_ANSWER } from './hook-probe.ts'
import { readHookInput, type HookInput } from './hook-input.ts'
import {
  applyFlags,
  placeOf,
  namesFor,
  rememberFolders,
  type HookFlags,
  type HookPlace,
} from './hook-place.ts'
import { readInbox } from './inbox-hook.ts'
import { greeting, recordStart, tellEnvironment, type StartedSession } from './start-hook.ts'

/** Whole lives of a hook, from the start of its process. */
const DEADLINE_MS: Readonly<Record<HookEvent, number>> = {
  start: 1850,
  'before-tool': 380,
  'after-tool': 600,
  prompt: 900,
  stop: 900,
  end: 1850,
}
/** The API is asked until this long before the hook's end: what it was given must still be printed. */
const LAST_WORDS_MS = 60
/** A hook that is still at work this long after its end is ended. */
const SLACK_MS = 150
/** The guard waits for the API at least this long, however slowly the program was loaded: one that lapses guards nothing. */
const LEAST_GUARD_MS = 150
/** However late the program came to be loaded, its input is waited for this long, and then used. */
const LEAST_INPUT_MS = 250
/** An input that comes late is waited for: without it there is nothing to do. Its own work has its time from then on. */
const INPUT_MS = 1250
const FLUSH_MS = 900
const MAX_GUARD_MS = 10_000
const INBOX_LIMIT = 2000
/** A tool puts longer texts into a file and shows their beginning: what stood behind it would count as read. */
const SHOWN_LIMIT = 9800

/** Runs one hook and says with which code the process is to end. */
export async function runHook(event: HookEvent, flags: HookFlags): Promise<number> {
  if (process.env[PROBE]) {
    await write(`${PROBE_ANSWER}\n`)
    return 0
  }
  standSomewhere()
  let deadline: NodeJS.Timeout | undefined
  try {
    applyFlags(flags, process.env)
    const input = await readHookInput(Math.max(LEAST_INPUT_MS, INPUT_MS - performance.now()))
    // counted from the start of the process: loading the program is part of the time
    const end = endOf(event, process.env)
    deadline = setTimeout(() => process.exit(0), end - performance.now() + SLACK_MS)
    const place = placeOf(input, flags, process.env)
    noteHookCall(place.context.home, event)
    if (place.toolSession !== null) touchRecord(place.context.home, place.toolSession)
    const answer = await answerOf(event, place, input, end)
    if (answer.error !== '') process.stderr.write(answer.error)
    return answer.exitCode
  } catch (error) {
    hint(`coord: ${error instanceof Error ? error.message : String(error)}`)
    return 0
  } finally {
    clearTimeout(deadline)
  }
}

/** The end of a hook, as a time of `performance.now()`. `COORD_GUARD_WAIT` (ms) is for an API behind a slow link. */
function endOf(event: HookEvent, env: NodeJS.ProcessEnv): number {
  if (event !== 'before-tool') return Math.max(performance.now() + 2 * LEAST_INPUT_MS, DEADLINE_MS[event])
  const asked = Number(env['COORD_GUARD_WAIT'])
  const wait = Number.isFinite(asked) && asked > 0 ? Math.min(asked, MAX_GUARD_MS) : DEADLINE_MS[event]
  return Math.max(performance.now() + LEAST_GUARD_MS + LAST_WORDS_MS, wait)
}

async function answerOf(
  event: HookEvent,
  place: HookPlace,
  input: HookInput,
  end: number,
): Promise<HookAnswer> {
  let api: HookApi | undefined
  const openApi = (): HookApi => (api = new HookApi(place.context, end - LAST_WORDS_MS))
  try {
    return await answerWith(event, place, input, openApi)
  } finally {
    // whichever hook met it, the next does not wait for it again
    if (api?.isSilent) restApi(place.context)
  }
}

async function answerWith(
  event: HookEvent,
  place: HookPlace,
  input: HookInput,
  openApi: () => HookApi,
): Promise<HookAnswer> {
  if (event === 'before-tool') return printed(await guardHook(place, input, openApi))
  const { toolSession } = place
  if (toolSession === null) {
    hint('coord: the tool gave no session id in time, so nothing is done in a name (--session names one)')
    return SILENT
  }
  if (event === 'start') return atStart(place, input, toolSession, openApi)
  if (event === 'end') {
    await flushBehind([...recordEnd(place, input, toolSession), ...finishOthers(place.context)], FLUSH_MS)
    return SILENT
  }
  return inTheMiddle(event, place, input, toolSession, openApi)
}

/** The folder that a tool stands in may be removed under it; a process that has none cannot resolve a path. */
function standSomewhere(): void {
  try {
    process.cwd()
  } catch {
    process.chdir(parse(process.execPath).root)
  }
}

async function printed(answer: HookAnswer): Promise<HookAnswer> {
  if (answer.out !== '') await write(answer.out)
  return answer
}

async function atStart(
  place: HookPlace,
  input: HookInput,
  toolSession: string,
  openApi: () => HookApi,
): Promise<HookAnswer> {
  const who = recordStart(place, input, toolSession)
  tellEnvironment(who.session, process.env['CLAUDE_ENV_FILE'])
  const finished = finishOthers(place.context)
  await flushBehind([...new Set([...waitingFolders(place, who), ...finished])], FLUSH_MS)
  const greetings = (isReached: boolean): string => greeting(who.session, place.context.baseUrl, isReached)
  const isTold = await telling(place, toolSession, async (now) => {
    const inbox = await readInbox(now, who, openApi(), SHOWN_LIMIT - greetings(false).length)
    if (inbox.isAway) hint(`coord: ${place.context.baseUrl} cannot be asked; messages are shown next time`)
    if (await write(greetings(!inbox.isAway) + inbox.told.text)) await inbox.printed()
  })
  if (!isTold) await write(greetings(true))
  return SILENT
}

/**
 * Tells messages, one hook of a session at a time: each sees in the record what the one before it has shown. False where
 * another is at it.
 */
async function telling(
  place: HookPlace,
  toolSession: string,
  tell: (place: HookPlace) => Promise<void>,
): Promise<boolean> {
  const { home } = place.context
  const end = beginTelling(home, toolSession)
  if (end === null) return false
  // also where its time is over
  process.once('exit', end)
  await tell({ ...place, record: readRecord(home, toolSession) })
  end()
  return true
}

/** Folders in which calls of the session's name may wait: a release that was queued in one must not meet its new claims. */
function waitingFolders(place: HookPlace, who: StartedSession): readonly string[] {
  const { home } = place.context
  const folders = foldersOf(readRecords(home), { session: who.session, folders: [place.workspace] })
  return [...folders, home].filter((folder) => existsSync(folder) && mayHoldCalls(folder))
}

async function inTheMiddle(
  event: 'after-tool' | 'prompt' | 'stop',
  place: HookPlace,
  input: HookInput,
  toolSession: string,
  openApi: () => HookApi,
): Promise<HookAnswer> {
  rememberFolders(place, toolSession)
  if (isApiResting(place.context) || (event === 'stop' && input.isStopActive)) return SILENT
  // a subagent would read what is for its session, and its session would not
  if (input.isSubagent) return SILENT
  await telling(place, toolSession, async (now) => {
    const who = { toolSession, session: nameAtWork(now, namesFor(now, toolSession)) }
    const inbox = await readInbox(now, who, openApi(), INBOX_LIMIT, event === 'stop')
    const { text } = inbox.told
    if (text !== '' && (await write(asAnswer(event, text).out))) await inbox.printed()
  })
  return SILENT
}

/** Messages as the event has them. */
function asAnswer(event: 'after-tool' | 'prompt' | 'stop', text: string): HookAnswer {
  if (event === 'after-tool') return goOn('PostToolUse', text)
  return event === 'stop' ? keepTurn(text) : { exitCode: 0, out: text, error: '' }
}
