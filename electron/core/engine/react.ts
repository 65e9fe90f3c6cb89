/** What an event sets going beside the state: what is kept on disk, read anew, shown and told. */
import type { Result } from '../../../shared/result.ts'
import type { EngineDeps } from './deps.ts'
import type { AppEvent } from './events.ts'
import type { Parts } from './parts.ts'
import type { AppState } from './state.ts'
import { isAway, type Change } from './store.ts'

/** Keeps on disk what an event changed of what is remembered. The decision on notifications keeps its own ledger. */
function keepMemory({ memory, log }: EngineDeps, before: AppState, after: AppState, event: AppEvent): void {
  const warn = (what: string, saved: Result<null, string>): void => {
    if (!saved.ok) log.warn('could not be kept', { what, why: saved.error })
  }
  if (after.seen !== before.seen) warn('seen', memory.saveSeen(after.seen))
  if (after.sessions !== before.sessions) warn('sessions', memory.saveSessions(after.sessions))
  if (after.notified !== before.notified && event.kind !== 'notifications.decided')
    warn('notified', memory.saveLedger(after.notified))
}

/** What a night's sleep or a journey changed: the time, the zone, the network. */
const WAKING: ReadonlySet<AppEvent['kind']> = new Set(['screen.unlocked', 'power.resumed', 'network.changed'])
/** Whether the server can be listened to is another matter after these. */
const LISTENING_DEPENDS_ON: ReadonlySet<AppEvent['kind']> = new Set([
  'connection.changed',
  'power.suspended',
  'power.resumed',
  'locks.read',
])
/** They change nothing that a decision on notifications looks at, and come of one. */
const UNDECIDING: ReadonlySet<AppEvent['kind']> = new Set([
  'notifications.decided',
  'fault.found',
  'fault.cleared',
])

/** Called after each event. */
export function react(
  deps: EngineDeps,
  parts: Parts,
  isRunning: boolean,
  { event, before, after }: Change,
): void {
  parts.historian.note({ event, before, after })
  const isBack = isAway(before.connection) && after.connection.state === 'online'
  const isOpened = after.isWindowOpen && !before.isWindowOpen
  if (WAKING.has(event.kind)) {
    parts.ticker.now()
    deps.connection.retryNow()
  }
  if (WAKING.has(event.kind) || isBack || isOpened) void parts.poller.poke()
  if (isRunning && after.connection !== before.connection) parts.ticker.plan()
  if (isRunning && LISTENING_DEPENDS_ON.has(event.kind)) parts.listener.check()
  if (after === before) return
  keepMemory(deps, before, after, event)
  parts.publisher.soon()
  if (deps.raisesNotifications && isRunning && !UNDECIDING.has(event.kind)) parts.announcer.soon()
}
