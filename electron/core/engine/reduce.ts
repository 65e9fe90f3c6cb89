/** event → reduce(state, event) → state: total, synchronous, pure. An event that does not apply gives the same state. */
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime } from '../../../shared/time.ts'
import type { AppEvent } from './events.ts'
import { sessionOfLine, signsOfWaiting, withSigns, type Sign } from './session-activity.ts'
import { addDistinct, MAX_SEEN, messageKey } from './notifications/notified-ledger.ts'
import type { AppState } from './state.ts'

/** More than a machine's sessions of many months; the oldest are forgotten first. */
const MAX_SESSIONS = 500

function withSessions(state: AppState, names: readonly (string | null)[]): AppState {
  const mine = names.filter((n): n is string => isOfMachine(n, state.machine))
  const sessions = addDistinct(state.sessions, mine, MAX_SESSIONS)
  return sessions === state.sessions ? state : { ...state, sessions }
}

function withLife(state: AppState, signs: readonly Sign[]): AppState {
  const life = withSigns(state.life, signs, state.machine, state.now)
  return life === state.life ? state : { ...state, life }
}

function withoutFault(state: AppState, id: string): AppState {
  if (!Object.hasOwn(state.faults, id)) return state
  const { [id]: _gone, ...faults } = state.faults
  return { ...state, faults }
}

export function reduce(state: AppState, event: AppEvent): AppState {
  switch (event.kind) {
    case 'workspace.changed': {
      const { summary } = event
      const at = state.workspaces.findIndex((w) => w.path === summary.path)
      const workspaces = at < 0 ? [...state.workspaces, summary] : state.workspaces.with(at, summary)
      const next = withSessions({ ...state, workspaces }, summary.next.map(sessionOfLine))
      return withLife(next, signsOfWaiting(summary.next))
    }
    case 'workspace.removed':
      return {
        ...state,
        workspaces: state.workspaces.filter((w) => w.path !== event.path),
        found: state.found.filter((w) => w.path !== event.path),
      }
    case 'workspaces.discovered': {
      const fresh = event.found.filter((w) => !state.found.some((known) => known.path === w.path))
      return fresh.length === 0 ? state : { ...state, found: [...state.found, ...fresh] }
    }
    case 'workspaces.suggested':
      return event.paths.join('\n') === state.suggestions.join('\n')
        ? state
        : { ...state, suggestions: event.paths }
    case 'workspace.found':
      return state
    case 'call.delivered':
    case 'call.set-aside':
    case 'call.skipped': {
      // The time at which it was queued: a call of a session that is long gone may be delivered today.
      const at = parseTime(event.kind === 'call.delivered' ? event.queuedAt : event.call.ts)
      const next = withSessions(state, event.sessions)
      return withLife(
        next,
        event.sessions.map((session) => ({ session, kind: 'queue', at })),
      )
    }
    case 'connection.changed':
      return { ...state, connection: event.view, now: event.at }
    case 'api.served':
      return { ...state, isServedHere: event.isServedHere, apiUrl: event.apiUrl }
    case 'locks.read': {
      const next = withSessions(
        {
          ...state,
          now: event.at,
          skewMs: event.skewMs,
          locks: event.rows,
          locksUnreadable: event.unreadable,
          locksReadAt: event.at,
        },
        event.rows.map((l) => l.session_id),
      )
      return withLife(
        next,
        event.rows.map((l) => ({
          session: l.session_id,
          kind: 'claim',
          at: toLocal(l.acquired_at, event.skewMs),
        })),
      )
    }
    case 'messages.read': {
      const next = {
        ...state,
        now: event.at,
        skewMs: event.skewMs,
        messages: event.rows,
        messagesUnreadable: event.unreadable,
        messagesReadAt: event.at,
      }
      const sent = event.sent ?? []
      const named = withSessions(next, [
        ...event.rows.flatMap((m) => [m.to_session, m.from_session]),
        ...sent.map((m) => m.session),
      ])
      return withLife(
        named,
        sent.map((m) => ({ session: m.session, kind: 'message', at: m.at - event.skewMs })),
      )
    }
    case 'board.read':
      return {
        ...state,
        components: event.components,
        workflows: event.workflows,
        workItems: event.workItems,
        boardUnreadable: event.unreadable,
      }
    case 'settings.changed':
      return withSessions(
        { ...state, settings: event.settings, machine: event.machine },
        event.settings.sessions,
      )
    case 'sessions.found': {
      const at = event.at ?? {}
      return withLife(
        withSessions(state, event.sessions),
        Object.entries(at).map(([session, when]) => ({ session, kind: 'hook', at: when })),
      )
    }
    case 'message.seen': {
      const ids = new Set(event.ids)
      const keys = state.messages.filter((m) => ids.has(m.id)).map((m) => messageKey(state.server, m))
      const seen = addDistinct(state.seen, keys, MAX_SEEN)
      return seen === state.seen ? state : { ...state, seen }
    }
    case 'message.marked-read':
      return { ...state, messages: state.messages.filter((m) => m.id !== event.id) }
    case 'notification.clicked':
      return {
        ...state,
        openMessage: event.messageId ?? state.openMessage,
        shown: state.shown.filter((n) => n.id !== event.notificationId),
      }
    case 'notification.failed':
    case 'notification.shown':
      return state
    case 'message.opened':
      return state.openMessage === null ? state : { ...state, openMessage: null }
    case 'notifications.decided':
      return { ...state, notified: event.ledger, shown: event.shown }
    case 'fault.found':
      return { ...state, faults: { ...state.faults, [event.id]: event.fault } }
    case 'fault.cleared':
      return withoutFault(state, event.id)
    case 'quit.asked':
      return state.quit === 'none' ? { ...state, quit: 'asking' } : state
    case 'quit.cancelled':
      return state.quit === 'asking' ? { ...state, quit: 'none' } : state
    case 'quit.releasing':
      return state.quit === 'leaving' ? state : { ...state, quit: 'releasing' }
    case 'quit.decided':
      return { ...state, quit: 'leaving' }
    case 'window.changed':
      return { ...state, isWindowOpen: event.isOpen, isWindowFocused: event.isOpen && event.isFocused }
    case 'power.suspended':
      return { ...state, isSuspended: true }
    case 'power.resumed':
      return { ...state, isSuspended: false }
    case 'power.source-changed':
      return { ...state, isOnBattery: event.isOnBattery }
    case 'screen.locked':
      return { ...state, isScreenLocked: true }
    case 'screen.unlocked':
      return { ...state, isScreenLocked: false }
    case 'network.changed':
      return state
    case 'clock.tick': {
      const utcOffsetMinutes = event.utcOffsetMinutes ?? state.utcOffsetMinutes
      return event.at === state.now && utcOffsetMinutes === state.utcOffsetMinutes
        ? state
        : { ...state, now: event.at, utcOffsetMinutes }
    }
    default:
      return unchanged(state, event)
  }
}

const toLocal = (serverTime: string | null, skewMs: number): number | undefined => {
  const at = parseTime(serverTime)
  return at === undefined ? undefined : at - skewMs
}

/** A new kind of event fails to compile here; one that arrives all the same (an older part) changes nothing. */
const unchanged = (state: AppState, _event: never): AppState => state
