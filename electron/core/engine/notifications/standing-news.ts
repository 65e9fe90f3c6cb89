/** News that stands until it is mended: locks that end soon or are wanted, new folders, calls that wait for too long. */
import { isOfMachine } from '../../../../shared/session.ts'
import type { LockRow } from '../../../../shared/wire.ts'
import { waitingFor } from '../../coord/waiting.ts'
import { endsSoon, type LockEnd } from '../lock-ends.ts'
import { serverNow, type AppState } from '../state.ts'
import { counted, plainLine } from '../../../../shared/text.ts'
import { waitingSessions } from '../views/attention.ts'
import { endKey, refusedKey, waitsKey, workspaceKey } from './notified-ledger.ts'
import { isContentHidden } from './silence.ts'
import {
  BODY_LENGTH,
  TITLE_LENGTH,
  type Candidate,
  type IsMuted,
  type NotificationAction,
  type NotificationView,
} from './views.ts'

export const WAITING_TOO_LONG_MS = 15 * 60_000
const SEE_WHICH = 'Open Coord Tray to see which.'

interface Ending {
  readonly lock: LockRow
  readonly ends: readonly LockEnd[]
  readonly first: LockEnd
}

/** Locks of this machine whose end, of either kind, was not told: one notification for each kind. */
export function endingCandidates(
  state: AppState,
  told: ReadonlySet<string>,
  isMuted: IsMuted,
): readonly Candidate[] {
  const at = serverNow(state)
  const soon: Ending[] = state.locks.flatMap((lock) => {
    if (!isOfMachine(lock.session_id, state.machine) || isMuted(lock.project_key)) return []
    const ends = endsSoon(lock, at)
    const first = ends.find((end) => !told.has(endKey(state.server, lock, end.how)))
    return first ? [{ lock, ends, first }] : []
  })
  return (['ttl', 'stale'] as const).flatMap((how) => {
    const of = soon.filter((one) => one.first.how === how)
    return of.length === 0 ? [] : [endingCandidate(state, how, of, at)]
  })
}

function endingCandidate(
  state: AppState,
  how: LockEnd['how'],
  endings: readonly Ending[],
  at: number,
): Candidate {
  const [one] = endings
  const nameOf = ({ lock }: Ending): string => lock.resource ?? lock.id
  const minutes = Math.max(1, Math.round(((one?.first.at ?? at) - at) / 60_000))
  const body =
    one && endings.length === 1
      ? `${nameOf(one)}, held by ${one.lock.session_id}, in ${counted(minutes, 'minute')}`
      : endings.map(nameOf).join(', ')
  return {
    // Both ends, where both are near: one toast is enough.
    keys: endings.flatMap(({ lock, ends }) => ends.map((end) => endKey(state.server, lock, end.how))),
    view: {
      kind: 'ending',
      title: `${counted(endings.length, 'lock')} of this machine about to ${how === 'ttl' ? 'end' : 'turn stale'}`,
      body: isContentHidden(state) ? SEE_WHICH : plainLine(body, BODY_LENGTH),
      isUrgent: false,
      messageId: null,
    },
  }
}

/** Another session was refused a lock that this machine holds; our API alone tells it. */
export function refusedCandidates(
  state: AppState,
  told: ReadonlySet<string>,
  isMuted: IsMuted,
): readonly Candidate[] {
  const out: Candidate[] = []
  const at = serverNow(state)
  for (const l of state.locks) {
    if (l.refused.length === 0 || !isOfMachine(l.session_id, state.machine) || isMuted(l.project_key))
      continue
    const others = waitingFor(l, at).filter((by) => !told.has(refusedKey(state.server, l, by)))
    const last = others.at(-1)
    if (!last) continue
    const text = `${last.session_id} asked for ${l.resource ?? l.id}, held by ${l.session_id}`
    out.push({
      keys: others.map((by) => refusedKey(state.server, l, by)),
      view: {
        kind: 'refused',
        title: 'Another session waits for a lock of this machine',
        body: isContentHidden(state) ? SEE_WHICH : plainLine(text, BODY_LENGTH),
        isUrgent: true,
        messageId: null,
        action: askAction(l.id, last.session_id),
      },
    })
  }
  return out
}

const askAction = (id: string, by: string): NotificationAction => ({
  label: 'Ask the holder',
  name: 'lock.ask',
  input: { id, by },
})

/** A session of this machine was refused a lock that another machine's holds. */
export function waitsCandidates(
  state: AppState,
  told: ReadonlySet<string>,
  isMuted: IsMuted,
): readonly Candidate[] {
  return waitingSessions(state)
    .filter(({ lock, by }) => !isMuted(lock.project_key) && !told.has(waitsKey(state.server, lock, by)))
    .map(({ lock, by }) => ({
      keys: [waitsKey(state.server, lock, by)],
      view: {
        kind: 'waits',
        title: 'A session of this machine was refused a lock',
        body: isContentHidden(state)
          ? SEE_WHICH
          : plainLine(`${by} wants ${lock.resource ?? lock.id}, held by ${lock.session_id}`, BODY_LENGTH),
        isUrgent: false,
        messageId: null,
        action: askAction(lock.id, by),
      },
    }))
}

/** Project folders that are watched although nobody named them. */
export function workspaceCandidates(state: AppState, told: ReadonlySet<string>): readonly Candidate[] {
  const fresh = state.found.filter((w) => !told.has(workspaceKey(w.path)))
  const [first] = fresh
  if (!first) return []
  const isHidden = isContentHidden(state)
  const title = isHidden
    ? 'A new project folder is watched'
    : fresh.length === 1
      ? plainLine(`Now watching ${first.name}`, TITLE_LENGTH)
      : `Now watching ${counted(fresh.length, 'more project folder')}`
  const paths = `Its queued calls are sent from now on: ${fresh.map((w) => w.path).join(', ')}`
  return [
    {
      keys: fresh.map((w) => workspaceKey(w.path)),
      view: {
        kind: 'workspace',
        title,
        body: isHidden ? SEE_WHICH : plainLine(paths, BODY_LENGTH),
        isUrgent: false,
        messageId: null,
      },
    },
  ]
}

/** What to say of calls that have waited for more than 15 minutes; null where none has. */
export function callsWaitingTooLong(state: AppState): Omit<NotificationView, 'id'> | null {
  const late = state.workspaces.filter(
    (w) => w.waiting > 0 && w.oldestWaiting !== null && state.now - w.oldestWaiting > WAITING_TOO_LONG_MS,
  )
  if (late.length === 0) return null
  const calls = late.reduce((sum, w) => sum + w.waiting, 0)
  return {
    kind: 'waiting',
    title: `${counted(calls, 'call')} waiting for more than 15 minutes`,
    body: isContentHidden(state)
      ? 'Nothing is lost.'
      : plainLine(`Nothing is lost. ${state.connection.detail}`, BODY_LENGTH),
    isUrgent: false,
    messageId: null,
  }
}
