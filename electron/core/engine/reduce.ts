/** event → reduce(state, event) → state: total, synchronous, pure. An event that does not apply gives the same state. */
import { isOfMachine } from '../../../shared/session.ts'
import type { AppEvent } from './events.ts'
import { addDistinct, MAX_SEEN, messageKey } from './notified.ts'
import type { AppState } from './state.ts'

/** More than a machine's sessions of many months; the oldest are forgotten first. */
const MAX_SESSIONS = 500

function withSessions(state: AppState, names: readonly (string | null)[]): AppState {
  const mine = names.filter((n): n is string => isOfMachine(n, state.machine))
  const sessions = addDistinct(state.sessions, mine, MAX_SESSIONS)
  return sessions === state.sessions ? state : { ...state, sessions }
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
      return { ...state, workspaces }
    }
    case 'workspace.removed':
      return { ...state, workspaces: state.workspaces.filter((w) => w.path !== event.path) }
    case 'workspace.found':
      return state
    case 'call.delivered':
    case 'call.set-aside':
    case 'call.skipped':
      return withSessions(state, event.sessions)
    case 'connection.changed':
      return { ...state, connection: event.view, now: event.at }
    case 'api.served':
      return { ...state, isServedHere: event.isServedHere, apiUrl: event.apiUrl }
    case 'locks.read':
      return withSessions(
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
    case 'messages.read': {
      const next = {
        ...state,
        now: event.at,
        skewMs: event.skewMs,
        messages: event.rows,
        messagesUnreadable: event.unreadable,
        messagesReadAt: event.at,
      }
      return withSessions(
        next,
        event.rows.flatMap((m) => [m.to_session, m.from_session]),
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
      return { ...state, settings: event.settings, machine: event.machine }
    case 'sessions.found':
      return withSessions(state, event.sessions)
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
    case 'clock.tick':
      return event.at === state.now ? state : { ...state, now: event.at }
    default:
      return unchanged(state, event)
  }
}

/** A new kind of event fails to compile here; one that arrives all the same (an older part) changes nothing. */
const unchanged = (state: AppState, _event: never): AppState => state
