/**
 * At a session's end: its locks are released. The release is in the queue before anything slow begins, behind the session's
 * own calls in every folder that it was seen in; sending it is the queue's work.
 */
import { appendCall } from '../../adapters/queue-append.ts'
import { isRunning } from '../../adapters/calling-tool.ts'
import { appendFact, readRecords, takeOver } from '../../adapters/session-records.ts'
import { isAlive, unfinished, type SessionRecord } from '../../core/sessions/session-record.ts'
import type { Context } from '../context.ts'
import { mayHoldCalls } from '../outboxes.ts'
import type { HookInput } from './hook-input.ts'
import { sessionNameOf, type HookPlace } from './hook-place.ts'

const releasePath = (session: string): string =>
  `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`

/** Queues the release in each folder whose queue may hold calls, at least in the first; says in which. */
function queueRelease(session: string, folders: readonly string[]): readonly string[] {
  const holding = folders.filter(mayHoldCalls)
  const chosen = holding.length > 0 ? holding : folders.slice(0, 1)
  for (const folder of chosen) appendCall(folder, { method: 'DELETE', path: releasePath(session) })
  return chosen
}

const isNameInUse = (context: Context, session: string, toolSession: string): boolean =>
  readRecords(context.home).some(
    (other) =>
      other.session === session && other.toolSession !== toolSession && isAlive(other, Date.now(), isRunning),
  )

/** The folders whose queues are to be flushed now. */
export function recordEnd(place: HookPlace, input: HookInput, toolSession: string): readonly string[] {
  const { context, record, workspace } = place
  const home = context.home
  if (input.reason === 'clear') {
    appendFact(home, toolSession, { at: Date.now(), fact: 'cleared' })
    return []
  }
  // the session may come back to it under the same name
  if (input.reason === 'resume') return []
  const session = sessionNameOf(place, toolSession)
  appendFact(home, toolSession, { at: Date.now(), fact: 'ending' })
  const folders = [...new Set([...(record?.folders ?? []), workspace])]
  const queued = isNameInUse(context, session, toolSession) ? [] : queueRelease(session, folders)
  appendFact(home, toolSession, { at: Date.now(), fact: 'ended' })
  return queued
}

/** Ends what was cut off: sessions whose end hook was killed, and cleared ones that nobody took up. */
export function finishOthers(context: Context): readonly string[] {
  return unfinished(readRecords(context.home), Date.now()).flatMap((record) => finish(context, record))
}

function finish(context: Context, record: SessionRecord): readonly string[] {
  if (!takeOver(context.home, record)) return []
  const { session, toolSession, folders } = record
  const queued = isNameInUse(context, session, toolSession) ? [] : queueRelease(session, folders)
  appendFact(context.home, toolSession, { at: Date.now(), fact: 'ended' })
  return queued
}
