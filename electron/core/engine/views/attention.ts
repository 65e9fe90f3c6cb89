/** State → what needs a person, most urgent first: the one list that Now, the tray and the terminal show. */
import { MOST_OF_A_KIND, type Attention } from '../../../../shared/attention.ts'
import { troubleOfState } from '../../../../shared/component-state.ts'
import { isOfMachine } from '../../../../shared/session.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { LockRow } from '../../../../shared/wire.ts'
import { isoOrNull, isStale, staleAt } from '../../coord/staleness.ts'
import { WAITS_MS, waitingFor } from '../../coord/waiting.ts'
import { endsSoon } from '../lock-ends.ts'
import { askKey, serverNow, type AppState } from '../state.ts'
import { myLocks, unreadMessages } from './counts.ts'

/** As much of the state as the list is made of: a front that has no engine can fill that in. */
export type AttentionState = Pick<
  AppState,
  | 'now'
  | 'skewMs'
  | 'machine'
  | 'server'
  | 'seen'
  | 'connection'
  | 'workspaces'
  | 'locks'
  | 'locksUnreadable'
  | 'messages'
  | 'messagesUnreadable'
  | 'components'
  | 'notifier'
  | 'front'
  | 'faults'
  | 'guards'
  | 'asked'
>

const factsOf = (l: LockRow) => ({
  id: l.id,
  resource: l.resource ?? l.id,
  project: l.project_key,
  session: l.session_id,
})

function wantedLocks(state: AttentionState): Attention[] {
  const at = serverNow(state)
  return myLocks(state).flatMap((l) => {
    const last = waitingFor(l, at).at(-1)
    return last
      ? [
          {
            kind: 'lock-wanted' as const,
            ...factsOf(l),
            by: last.session_id,
            at: isoOrNull(parseTime(last.at)),
            askedAt: askedAt(state, l.id, last.session_id),
          },
        ]
      : []
  })
}

export interface Wait {
  readonly lock: LockRow
  /** A session of this machine. */
  readonly by: string
  /** By this machine's clock; null: not known. */
  readonly at: EpochMs | null
}

/** Sessions of this machine that were refused a lock of another machine's: as the API tells it, and as their guards noted it. */
export function waitingSessions(
  state: Pick<AttentionState, 'locks' | 'machine' | 'guards' | 'skewMs' | 'now'>,
): readonly Wait[] {
  const { locks, machine, guards, skewMs, now } = state
  const isOurs = (session: string): boolean => isOfMachine(session, machine)
  const found = new Map<string, Wait>()
  const add = (lock: LockRow, by: string, at: EpochMs | null): void => {
    if (isOurs(lock.session_id) || !isOurs(by) || (at !== null && now - at > WAITS_MS)) return
    const known = found.get(askKey(lock.id, by))
    if (!known || (known.at ?? 0) < (at ?? 0)) found.set(askKey(lock.id, by), { lock, by, at })
  }
  for (const lock of locks)
    for (const refusal of lock.refused) {
      const at = parseTime(refusal.at)
      add(lock, refusal.session_id, at === undefined ? null : at - skewMs)
    }
  for (const { session, at, held } of Object.values(guards)) {
    const lock = held && locks.find((l) => l.id === held.lock && l.session_id === held.by)
    if (lock) add(lock, session, at)
  }
  return [...found.values()].sort((a, b) => (b.at ?? 0) - (a.at ?? 0))
}

const askedAt = ({ asked }: Pick<AttentionState, 'asked'>, id: string, by: string): string | null => {
  const key = askKey(id, by)
  return isoOrNull(Object.hasOwn(asked, key) ? asked[key] : undefined)
}

const waits = (state: AttentionState): Attention[] =>
  waitingSessions(state).map(({ lock, by, at }) => ({
    kind: 'session-waits',
    ...factsOf(lock),
    by,
    at: isoOrNull(at),
    askedAt: askedAt(state, lock.id, by),
  }))

function workspaceProblems(state: AttentionState): Attention[] {
  return state.workspaces.flatMap(({ path, name, problem }) =>
    problem === null ? [] : [{ kind: 'workspace-problem' as const, path, name, problem }],
  )
}

const setAside = (state: AttentionState): Attention[] =>
  state.workspaces.flatMap(({ path, name, setAsideCount }) =>
    setAsideCount === 0 ? [] : [{ kind: 'set-aside' as const, path, name, count: setAsideCount }],
  )

const failedComponents = (state: AttentionState): Attention[] =>
  state.components
    .filter((c) => troubleOfState(c.state ?? '') === 'failed')
    .map((c) => ({
      kind: 'component-failed' as const,
      project: c.project_key,
      component: c.component,
      at: isoOrNull(parseTime(c.updated_at)),
    }))

function directMessages(state: AttentionState): Attention[] {
  const direct = unreadMessages(state).filter((m) => isOfMachine(m.to_session, state.machine))
  const newest = direct.toSorted((a, b) => (b.created_at ?? '').localeCompare(a.created_at ?? ''))[0]
  if (!newest) return []
  const { id, from_session, subject } = newest
  return [
    {
      kind: 'direct-messages',
      count: direct.length,
      id,
      from: from_session ?? '',
      subject: (subject ?? '').slice(0, 200),
    },
  ]
}

function endingLocks(state: AttentionState): { stale: Attention[]; ending: Attention[] } {
  const at = serverNow(state)
  const stale: Attention[] = []
  const ending: Attention[] = []
  for (const l of myLocks(state)) {
    const [end] = endsSoon(l, at)
    if (isStale(l, at)) stale.push({ kind: 'lock-stale', ...factsOf(l), at: isoOrNull(staleAt(l)) })
    else if (end)
      ending.push({ kind: 'lock-ending', ...factsOf(l), how: end.how, at: isoOrNull(end.at) ?? '' })
  }
  return { stale, ending }
}

function notifierTrouble({ notifier, front }: AttentionState): Attention[] {
  if (!front.notifies || notifier.state === 'there') return []
  return [{ kind: 'notifications', state: notifier.state, detail: notifier.detail.slice(0, 120) }]
}

/** What needs a person, most urgent first. */
export function toAttention(state: AttentionState): readonly Attention[] {
  const unreadable = state.messagesUnreadable + state.locksUnreadable
  const { stale, ending } = endingLocks(state)
  const groups: readonly (readonly Attention[])[] = [
    wantedLocks(state),
    Object.values(state.faults),
    state.connection.state === 'wrong-answer'
      ? [
          {
            kind: 'wrong-answer',
            detail: state.connection.detail,
            ...(state.connection.isRefused === true ? { isRefused: true } : {}),
          },
        ]
      : [],
    workspaceProblems(state),
    notifierTrouble(state),
    setAside(state),
    waits(state),
    failedComponents(state),
    directMessages(state),
    stale,
    ending,
    unreadable > 0 ? [{ kind: 'unreadable', count: unreadable }] : [],
  ]
  return groups.flatMap((group) => group.slice(0, MOST_OF_A_KIND))
}
