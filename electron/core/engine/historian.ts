/**
 * Keeps the history: in memory at each event, on disk at most once a minute while something is new, and at the stop. A run of
 * thousands of calls is counted as it goes and taken in when somebody looks.
 */
import type { Clock, Log } from '../ports.ts'
import { messageRow, type MessageRow } from '../../../shared/wire.ts'
import type { SentMessage } from '../outbox/contract.ts'
import type { MemoryStore } from './deps.ts'
import {
  bucketOf,
  endOfCall,
  endsToday,
  foldHistory,
  newestTime,
  NO_ENDS,
  withEnds,
  withoutOpenConnection,
  type Ends,
} from './history.ts'
import type { History } from './history-schema.ts'
import { MAX_SENT, withSent } from './message-history.ts'
import type { AppState } from './state.ts'
import type { Change } from './store.ts'

export const KEEP_EVERY_MS = 60_000

export interface Historian {
  readonly history: () => History
  /** Calls that ended since midnight where the person is. */
  readonly today: () => Ends
  readonly note: (change: Change) => void
  /** What is new is on disk when this returns. */
  readonly stop: () => void
}

interface HistorianDeps {
  readonly clock: Clock
  readonly log: Log
  readonly memory: Pick<MemoryStore, 'saveHistory'>
  readonly first: History
  readonly state: () => AppState
}

/** A message of the queue as a row of the API's list. Where its answer named no id, the call's own stands for it. */
const rowOf = (sent: SentMessage, callId: string, createdAt: number): MessageRow =>
  messageRow.parse({
    id: sent.id ?? callId,
    from_session: sent.from,
    to_session: sent.to,
    project_key: sent.project,
    subject: sent.subject,
    body: sent.body,
    created_at: new Date(createdAt).toISOString(),
  })

export function createHistorian(deps: HistorianDeps): Historian {
  const { clock, state } = deps
  // whoever wrote it may have been killed: since when it was away is not known better
  let history = withoutOpenConnection(deps.first, newestTime(deps.first))
  let cancel: (() => void) | null = null
  /** Ends of calls and sent messages that are not in the history yet. */
  let ends = new Map<string, Ends>()
  let endsAt = 0
  let sent: MessageRow[] = []

  function settle(): void {
    for (const [path, counted] of ends) history = withEnds(history, path, endsAt, counted)
    if (ends.size > 0) ends = new Map()
    if (sent.length > 0) history = withSent(history, sent, state())
    sent = []
  }
  function keep(): void {
    cancel = null
    settle()
    const kept = deps.memory.saveHistory(history)
    if (!kept.ok) deps.log.warn('the history could not be kept', { why: kept.error })
  }
  const keepSoon = (): void => void (cancel ??= clock.schedule(KEEP_EVERY_MS, keep))

  /** True where the event is the end of a call: counted, not folded. */
  function count({ event, after }: Change): boolean {
    const end = endOfCall(event)
    if (end === undefined || !('workspace' in event)) return false
    const at = bucketOf(after.now)
    if (at !== endsAt) settle()
    endsAt = at
    const was = ends.get(event.workspace) ?? NO_ENDS
    ends.set(event.workspace, { ...was, [end]: was[end] + 1 })
    const message = event.kind === 'call.delivered' ? event.message : undefined
    if (message && event.kind === 'call.delivered') {
      const { call } = event
      sent.push(rowOf(message, call.id, call.at + after.skewMs))
      if (sent.length > 2 * MAX_SENT) sent = sent.slice(-MAX_SENT)
    }
    return true
  }

  return {
    history() {
      settle()
      return history
    },
    today() {
      settle()
      return endsToday(history, state())
    },
    note(change) {
      if (count(change)) return keepSoon()
      // the ledgers have what is not settled yet
      if (change.event.kind === 'workspace.recovered') settle()
      const next = foldHistory(history, change)
      if (next === history) return
      history = next
      keepSoon()
    },
    stop() {
      const before = history
      history = withoutOpenConnection(history, clock.now())
      if (!cancel && history === before) return
      cancel?.()
      keep()
    },
  }
}
