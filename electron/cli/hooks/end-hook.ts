/** At a session's end its locks are released: the steps of the plan, done on the disk, one after the other. */
import { existsSync } from 'node:fs'
import { callingTool, isRunning } from '../../adapters/calling-tool.ts'
import { readRecords } from '../../adapters/session-records.ts'
import {
  endSteps,
  isLeft,
  leaving,
  leftOver,
  type EndFacts,
  type EndStep,
} from '../../core/sessions/ending.ts'
import type { ToolProcess } from '../../core/sessions/session-record.ts'
import { nameAtEnd } from '../../core/sessions/whose-name.ts'
import type { Context } from '../context.ts'
import { mayHoldCalls } from '../outboxes.ts'
import type { HookInput } from './hook-input.ts'
import { keepFacts, namesFor, queueCall, rememberFolders, type HookPlace } from './hook-place.ts'

const factsOf = (context: Context): EndFacts => ({
  records: readRecords(context.home),
  now: Date.now(),
  isRunning,
  mayHoldCalls: (folder) => mayHoldCalls(folder ?? context.home),
  isThere: existsSync,
})

/** Does the steps, and says in which folders something was queued. */
function doSteps(context: Context, steps: readonly EndStep[]): readonly string[] {
  return steps.flatMap((one) => {
    if (one.step === 'note') {
      keepFacts(context, one.toolSession, { at: Date.now(), fact: one.fact })
      return []
    }
    const path = `/api/coord/locks?session_id=${encodeURIComponent(one.session)}&release_all=true`
    const folder = queueCall(context, one.folder, { method: 'DELETE', path })
    return folder === null ? [] : [folder]
  })
}

/** Says that the process that ends is done with the session, and which one that is; null where that does not matter. */
function leave({ context, record }: HookPlace, reason: string, toolSession: string): ToolProcess | null {
  const process = record && isLeft(record, reason) ? callingTool() : null
  const fact = record && process && leaving(record, process, reason, { isRunning, now: Date.now() })
  if (fact) keepFacts(context, toolSession, fact)
  return process
}

/** The folders whose queues are to be flushed now. */
export function recordEnd(place: HookPlace, input: HookInput, toolSession: string): readonly string[] {
  const session = nameAtEnd(place, namesFor(place, toolSession))
  const folders = rememberFolders(place, toolSession)
  const process = leave(place, input.reason, toolSession)
  return doSteps(
    place.context,
    endSteps(factsOf(place.context), { toolSession, session, folders, process }, input.reason),
  )
}

/** Ends what was cut off: sessions whose end hook was killed, and cleared ones that nobody took up. */
export const finishOthers = (context: Context): readonly string[] =>
  leftOver(factsOf(context)).flatMap(({ steps }) => doSteps(context, steps))
