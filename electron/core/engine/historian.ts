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

/** Ends of calls and sent messages that are not in the history yet: a run of thousands is counted, not folded one by one. */
class Unsettled {
  private readonly ends = new Map<string, Ends>()
  private endsAt = 0
  private sent: MessageRow[] = []

  /** False where the event is no end of a call. `settle` is called first where another five minutes begin. */
  take({ event, after }: Change, settle: () => void): boolean {
    const end = endOfCall(event)
    if (end === undefined || !('workspace' in event)) return false
    const at = bucketOf(after.now)
    if (at !== this.endsAt) settle()
    this.endsAt = at
    const was = this.ends.get(event.workspace) ?? NO_ENDS
    this.ends.set(event.workspace, { ...was, [end]: was[end] + 1 })
    if (event.kind === 'call.delivered' && event.message) {
      const { call, message } = event
      this.sent.push(rowOf(message, call.id, call.at + after.skewMs))
      if (this.sent.length > 2 * MAX_SENT) this.sent = this.sent.slice(-MAX_SENT)
    }
    return true
  }

  /** The history with all of it; nothing is left here. */
  into(history: History, state: AppState): History {
    let next = history
    for (const [path, counted] of this.ends) next = withEnds(next, path, this.endsAt, counted)
    this.ends.clear()
    if (this.sent.length > 0) next = withSent(next, this.sent, state)
    this.sent = []
    return next
  }
}

export function createHistorian(deps: HistorianDeps): Historian {
  const { clock, state } = deps
  // whoever wrote it may have been killed: since when it was away is not known better
  let history = withoutOpenConnection(deps.first, newestTime(deps.first))
  let cancel: (() => void) | null = null
  const unsettled = new Unsettled()
  const settle = (): void => void (history = unsettled.into(history, state()))

  function keep(): void {
    cancel = null
    settle()
    const kept = deps.memory.saveHistory(history)
    if (!kept.ok) deps.log.warn('the history could not be kept', { why: kept.error })
  }
  const keepSoon = (): void => void (cancel ??= clock.schedule(KEEP_EVERY_MS, keep))

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
      if (unsettled.take(change, settle)) return keepSoon()
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
