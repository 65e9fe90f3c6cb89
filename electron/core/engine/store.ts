/** The one value and its one writer: events come in, the state goes on, and whoever listens is told of both. */
import { createListeners } from '../../../shared/listeners.ts'
import type { AppEvent } from './events.ts'
import { reduce } from './reduce.ts'
import type { AppState } from './state.ts'

/** Where an answer is only overdue, its coming is no return: what is slow would be asked again and again. */
export const isAway = ({ state, isOverdue }: AppState['connection']): boolean =>
  state !== 'online' && isOverdue !== true

export interface Change {
  readonly event: AppEvent
  readonly before: AppState
  /** The same object where the event changed nothing. */
  readonly after: AppState
}

export interface Store {
  readonly state: () => AppState
  /** Grows with each change. */
  readonly revision: () => number
  readonly dispatch: (event: AppEvent) => void
  readonly onEvent: (listener: (event: AppEvent) => void) => () => void
  /** After each event, also one that changed nothing. */
  readonly onChange: (listener: (change: Change) => void) => () => void
}

export function createStore(first: AppState, onFault: (cause: unknown) => void): Store {
  let state = first
  let revision = 0
  const events = createListeners<AppEvent>(onFault)
  const changes = createListeners<Change>(onFault)
  return {
    state: () => state,
    revision: () => revision,
    dispatch(event) {
      const before = state
      const after = reduce(before, event)
      state = after
      if (after !== before) revision++
      // What a listener dispatches meanwhile is a change of its own.
      events.tell(event)
      changes.tell({ event, before, after })
    },
    onEvent: events.add,
    onChange: changes.add,
  }
}
