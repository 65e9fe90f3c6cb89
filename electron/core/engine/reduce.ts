/** event → reduce(state, event) → state: total, synchronous, pure. An event that does not apply gives the same state. */
import { isOfMachine } from '../../../shared/session.ts'
import { parseTime } from '../../../shared/time.ts'
import type { AppEvent } from './events.ts'
import type { Notifier } from './notifier.ts'
import { sessionOfLine, signsOfWaiting, withSigns, type Sign } from './session-activity.ts'
import { addDistinct, MAX_SEEN, messageKey, withoutTold, withTold } from './notifications/notified-ledger.ts'
import { askKey, type AppState } from './state.ts'

/** Questions to holders that are remembered. */
const MAX_ASKED = 200
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

function withNotifier(state: AppState, to: Notifier['state'], detail = ''): AppState {
  if (state.notifier.state === to && to === 'there') return state
  return { ...state, notifier: { state: to, since: state.now, detail } }
}

const toLocal = (serverTime: string | null, skewMs: number): number | undefined => {
  const at = parseTime(serverTime)
  return at === undefined ? undefined : at - skewMs
}

type Of<K extends AppEvent['kind']> = Extract<AppEvent, { readonly kind: K }>
type Reducers = { readonly [K in AppEvent['kind']]: (state: AppState, event: Of<K>) => AppState }

/** The time at which it was queued counts: a call of a session that is long gone may be delivered today. */
function withCall(state: AppState, sessions: readonly string[], queuedAt: string | null): AppState {
  const at = parseTime(queuedAt)
  return withLife(
    withSessions(state, sessions),
    sessions.map((session) => ({ session, kind: 'queue', at })),
  )
}

function withWorkspace(state: AppState, { summary }: Of<'workspace.changed'>): AppState {
  const at = state.workspaces.findIndex((w) => w.path === summary.path)
  const workspaces = at < 0 ? [...state.workspaces, summary] : state.workspaces.with(at, summary)
  const next = withSessions({ ...state, workspaces }, summary.next.map(sessionOfLine))
  return withLife(next, signsOfWaiting(summary.next))
}

function withLocks(state: AppState, event: Of<'locks.read'>): AppState {
  const { rows, unreadable, at, skewMs } = event
  const next = { ...state, now: at, skewMs, locks: rows, locksUnreadable: unreadable, locksReadAt: at }
  return withLife(
    withSessions(
      next,
      rows.map((l) => l.session_id),
    ),
    rows.map((l) => ({ session: l.session_id, kind: 'claim', at: toLocal(l.acquired_at, skewMs) })),
  )
}

function withMessages(state: AppState, event: Of<'messages.read'>): AppState {
  const { rows, unreadable, at, skewMs, sent = [] } = event
  const next = {
    ...state,
    now: at,
    skewMs,
    messages: rows,
    messagesUnreadable: unreadable,
    messagesReadAt: at,
  }
  const named = withSessions(next, [
    ...rows.flatMap((m) => [m.to_session, m.from_session]),
    ...sent.map((m) => m.from_session),
  ])
  return withLife(
    named,
    sent.map((m) => ({ session: m.from_session, kind: 'message', at: toLocal(m.created_at, skewMs) })),
  )
}

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function withFound(state: AppState, event: Of<'sessions.found'>): AppState {
  const { sessions, at = {}, hooksAt = state.hooksAt, guards = state.guards } = event
  const next = withLife(
    withSessions(state, sessions),
    Object.entries(at).map(([session, when]) => ({ session, kind: 'hook', at: when })),
  )
  // looked at each few seconds, and hardly ever another
  if (isSame(hooksAt, state.hooksAt) && isSame(guards, state.guards)) return next
  return { ...next, hooksAt, guards }
}

/** What was not shown is not told: it is decided on again once one can be shown. */
function withFailure(state: AppState, event: Of<'notification.failed'>): AppState {
  const failed = state.shown.find((n) => n.id === event.notificationId)
  const isKnown = state.notifier.state === 'none' || state.notifier.state === 'died'
  const next = isKnown ? state : withNotifier(state, 'failing', event.why)
  if (!failed) return next
  return {
    ...next,
    notified: withoutTold(next.notified, failed.keys),
    shown: next.shown.filter((n) => n !== failed),
  }
}

const reducers: Reducers = {
  'workspace.changed': withWorkspace,
  // It is the history's.
  'workspace.recovered': (state) => state,
  'workspace.removed': (state, { path }) => ({
    ...state,
    workspaces: state.workspaces.filter((w) => w.path !== path),
    found: state.found.filter((w) => w.path !== path),
  }),
  'workspaces.discovered'(state, event) {
    const fresh = event.found.filter((w) => !state.found.some((known) => known.path === w.path))
    return fresh.length === 0 ? state : { ...state, found: [...state.found, ...fresh] }
  },
  'workspaces.suggested': (state, { paths }) =>
    paths.join('\n') === state.suggestions.join('\n') ? state : { ...state, suggestions: paths },
  'call.delivered': (state, { sessions, queuedAt }) => withCall(state, sessions, queuedAt),
  'call.set-aside': (state, { sessions, call }) => withCall(state, sessions, call.ts),
  'call.skipped': (state, { sessions, call }) => withCall(state, sessions, call.ts),
  'connection.changed': (state, { view, at }) => ({ ...state, connection: view, now: at }),
  'api.served': (state, { isServedHere, apiUrl }) => ({ ...state, isServedHere, apiUrl }),
  'update.found': (state, { version }) => ({ ...state, newerVersion: version }),
  'locks.read': withLocks,
  'messages.read': withMessages,
  'board.read': (state, { components, workflows, workItems, unreadable }) => ({
    ...state,
    components,
    workflows,
    workItems,
    boardUnreadable: unreadable,
  }),
  'settings.changed': (state, { settings, machine }) =>
    withSessions({ ...state, settings, machine }, settings.sessions),
  'sessions.found': withFound,
  'message.seen'(state, event) {
    const ids = new Set(event.ids)
    const keys = state.messages.filter((m) => ids.has(m.id)).map((m) => messageKey(state.server, m))
    const seen = addDistinct(state.seen, keys, MAX_SEEN)
    return seen === state.seen ? state : { ...state, seen }
  },
  'message.marked-read': (state, { id }) => ({
    ...state,
    messages: state.messages.filter((m) => m.id !== id),
  }),
  // They are the history's.
  'message.sent': (state) => state,
  'messages.recalled': (state) => state,
  'lock.asked'(state, { id, by, at }) {
    const asked = { ...state.asked, [askKey(id, by)]: at }
    return { ...state, asked: Object.fromEntries(Object.entries(asked).slice(-MAX_ASKED)) }
  },
  'message.opened': (state) => (state.openMessage === null ? state : { ...state, openMessage: null }),
  'notification.clicked': (state, { messageId, notificationId }) => ({
    ...state,
    openMessage: messageId ?? state.openMessage,
    shown: state.shown.filter((n) => n.id !== notificationId),
  }),
  'notification.failed': withFailure,
  'notification.shown': (state) => withNotifier(state, 'there'),
  'notifier.changed': (state, event) =>
    event.state === state.notifier.state ? state : withNotifier(state, event.state),
  'notifications.decided': (state, { ledger, shown }) => ({ ...state, notified: ledger, shown }),
  'facts.told'(state, { keys }) {
    const notified = withTold(state.notified, keys)
    return notified === state.notified ? state : { ...state, notified }
  },
  'fault.found': (state, { id, fault }) => ({ ...state, faults: { ...state.faults, [id]: fault } }),
  'fault.cleared': (state, { id }) => withoutFault(state, id),
  'quit.asked': (state) => (state.quit === 'none' ? { ...state, quit: 'asking' } : state),
  'quit.cancelled': (state) => (state.quit === 'asking' ? { ...state, quit: 'none' } : state),
  'quit.releasing': (state) => (state.quit === 'leaving' ? state : { ...state, quit: 'releasing' }),
  'quit.decided': (state) => ({ ...state, quit: 'leaving' }),
  'window.changed': (state, { isOpen, isFocused }) => ({
    ...state,
    isWindowOpen: isOpen,
    isWindowFocused: isOpen && isFocused,
  }),
  'power.suspended': (state) => ({ ...state, isSuspended: true }),
  'power.resumed': (state) => ({ ...state, isSuspended: false }),
  'power.source-changed': (state, { isOnBattery }) => ({ ...state, isOnBattery }),
  'screen.locked': (state) => ({ ...state, isScreenLocked: true }),
  'screen.unlocked': (state) => ({ ...state, isScreenLocked: false }),
  'network.changed': (state) => state,
  'clock.tick'(state, { at, utcOffsetMinutes = state.utcOffsetMinutes }) {
    return at === state.now && utcOffsetMinutes === state.utcOffsetMinutes
      ? state
      : { ...state, now: at, utcOffsetMinutes }
  },
}

/** One event applied. An event of a kind that nobody knows (of an older part) changes nothing. */
export function reduce(state: AppState, event: AppEvent): AppState {
  if (!Object.hasOwn(reducers, event.kind)) return state
  const apply = reducers[event.kind] as (state: AppState, event: AppEvent) => AppState
  return apply(state, event)
}
