/** Questions to the state that several views ask. */
import { isOfMachine } from '../../../../shared/session.ts'
import type { LockRow, MessageRow } from '../../../../shared/wire.ts'
import { messageKey, setOf } from '../notifications/notified-ledger.ts'
import type { AppState } from '../state.ts'

export const myLocks = (state: Pick<AppState, 'locks' | 'machine'>): readonly LockRow[] =>
  state.locks.filter((l) => isOfMachine(l.session_id, state.machine))

/** Unread by the person: neither read in the API nor seen here. */
export function unreadMessages(state: Pick<AppState, 'messages' | 'seen' | 'server'>): readonly MessageRow[] {
  const seen = setOf(state.seen)
  return state.messages.filter((m) => m.read_at === null && !seen.has(messageKey(state.server, m)))
}

const sum = (state: Pick<AppState, 'workspaces'>, of: 'waiting' | 'setAsideCount'): number =>
  state.workspaces.reduce((total, w) => total + w[of], 0)

export const callsWaiting = (state: Pick<AppState, 'workspaces'>): number => sum(state, 'waiting')
export const callsSetAside = (state: Pick<AppState, 'workspaces'>): number => sum(state, 'setAsideCount')
