/** The rows of the view Locks: sessions with what they hold, wanted first. Pure. */
import type { LockView, SessionView } from '../../shared/snapshot.ts'
import { fits } from '../parts/Filter.tsx'

export interface SessionRow {
  readonly kind: 'session'
  readonly key: string
  readonly session: string
  /** All that it holds, also what the list is narrowed from: what is done to a session is done to all of them. */
  readonly locks: readonly LockView[]
  readonly isMine: boolean
  /** What is known of it; null: a session of another machine, of which only its locks tell. */
  readonly facts: SessionView | null
}
export type LocksRow =
  | { readonly kind: 'part'; readonly key: string; readonly title: string }
  | SessionRow
  | { readonly kind: 'lock'; readonly key: string; readonly lock: LockView }

/** Who waits for a lock, each once, the last one first. */
export const waitersOf = ({ refused, session }: Pick<LockView, 'refused' | 'session'>): readonly string[] => [
  ...new Set(
    [...refused].reverse().flatMap((one) => (one.isWaiting && one.session !== session ? [one.session] : [])),
  ),
]

export const keyOfSession = (session: string): string => `session ${session}`

/** Wanted, by how many; stale; the rest. */
const rankOf = (lock: LockView): number => {
  const waiting = waitersOf(lock).length
  return waiting > 0 ? -waiting : lock.isStale ? 1 : 2
}
/** Comparing by one that is made once is many times as fast as `localeCompare`. */
const { compare } = new Intl.Collator()

export interface SessionLocks {
  readonly session: string
  readonly locks: readonly LockView[]
}

/** By session, its locks ranked; the session with the most urgent one first. */
export function groupBySession(locks: readonly LockView[]): readonly SessionLocks[] {
  const groups = new Map<string, LockView[]>()
  for (const lock of locks) {
    const group = groups.get(lock.session)
    if (group) group.push(lock)
    else groups.set(lock.session, [lock])
  }
  for (const group of groups.values())
    group.sort((a, b) => rankOf(a) - rankOf(b) || compare(a.resource, b.resource))
  const firstRank = ({ locks: [first] }: SessionLocks): number => (first ? rankOf(first) : 3)
  return [...groups]
    .map(([session, list]) => ({ session, locks: list }))
    .sort((a, b) => firstRank(a) - firstRank(b) || compare(a.session, b.session))
}

const MOST_IDLE = 50

export interface LocksWish {
  /** Null: of all projects. */
  readonly project: string | null
  readonly filter: string
}
interface Shown {
  readonly locks: readonly LockView[]
  readonly sessions: readonly SessionView[]
  /** Keys of rows that an act which is put off will take away: not shown, though still there. */
  readonly going: ReadonlySet<string>
}

const sessionRow = (
  { session, locks }: SessionLocks,
  isMine: boolean,
  facts: SessionView | null,
): SessionRow => ({ kind: 'session', key: keyOfSession(session), session, locks, isMine, facts })
const lockRow = (lock: LockView): LocksRow => ({ kind: 'lock', key: lock.id, lock })

/** This machine's sessions with their locks, then those without one, then the other machines'. */
export function toRows(
  { locks, sessions, going }: Shown,
  { project, filter }: LocksWish,
): readonly LocksRow[] {
  const factsOf = new Map(sessions.map((one) => [one.session, one]))
  const held = locks.filter((lock) => !going.has(lock.id))
  const isNarrow = project !== null || filter.trim() !== ''
  const wanted = isNarrow
    ? held.filter(
        (lock) =>
          (project === null || lock.project === project) &&
          fits(filter, lock.resource, lock.project, lock.session, lock.description, ...waitersOf(lock)),
      )
    : held
  const allOf = isNarrow
    ? new Map(groupBySession(held).map((group) => [group.session, group]))
    : new Map<string, SessionLocks>()
  const rowsOf = (group: SessionLocks, isMine: boolean): readonly LocksRow[] => [
    sessionRow(
      allOf.get(group.session) ?? group,
      isMine,
      isMine ? (factsOf.get(group.session) ?? null) : null,
    ),
    ...group.locks.map(lockRow),
  ]
  const holders = new Set(locks.map((lock) => lock.session))
  const idle =
    project === null
      ? sessions.filter((one) => !holders.has(one.session) && fits(filter, one.session)).slice(0, MOST_IDLE)
      : []
  const others = groupBySession(wanted.filter((lock) => !lock.isMine)).flatMap((group) =>
    rowsOf(group, false),
  )
  return [
    ...groupBySession(wanted.filter((lock) => lock.isMine)).flatMap((group) => rowsOf(group, true)),
    ...idle.map((facts) => sessionRow({ session: facts.session, locks: [] }, true, facts)),
    ...(others.length > 0 ? [{ kind: 'part', key: 'part others', title: 'Held elsewhere' } as const] : []),
    ...others,
  ]
}

/** What an address names, whatever the list is narrowed to or has room for; undefined: it is not there, or about to go. */
export function findRow({ locks, sessions, going }: Shown, key: string): LocksRow | undefined {
  const lock = locks.find((one) => one.id === key)
  if (lock) return going.has(key) ? undefined : lockRow(lock)
  const ofIt = locks.filter((one) => keyOfSession(one.session) === key)
  const [held] = groupBySession(ofIt.filter((one) => !going.has(one.id)))
  const facts = sessions.find((one) => keyOfSession(one.session) === key) ?? null
  if (held) {
    const isMine = held.locks.some((one) => one.isMine)
    return sessionRow(held, isMine, isMine ? facts : null)
  }
  if (facts === null || ofIt.length > 0) return undefined
  return sessionRow({ session: facts.session, locks: [] }, true, facts)
}

/** How far the locks were read, and whether more can be asked for. */
interface LocksRead {
  readonly hasRead: boolean
  readonly isWhole: boolean
  readonly canAsk: boolean
}

/** What to say of an address that names nothing in the list. */
export function describeMissing(
  { locks, sessions }: Shown,
  key: string,
  { hasRead, isWhole, canAsk }: LocksRead,
): string {
  if (findRow({ locks, sessions, going: new Set() }, key) !== undefined) return 'It is about to be released.'
  if (!hasRead) return 'The locks were not read yet.'
  if (!isWhole) return canAsk ? 'Reading…' : 'Whether it is held cannot be read now.'
  return key.startsWith(keyOfSession(''))
    ? 'This session holds no lock, and no other sign of it is known.'
    : 'This lock is not held any more.'
}

const LIVE_MS = 10 * 60_000

const isLately = (iso: string | null, nowMs: number): boolean => {
  const at = Date.parse(iso ?? '')
  return !Number.isNaN(at) && nowMs - at < LIVE_MS
}

/** Whether a session showed life so lately that releasing its locks may hurt its work. */
export const isLive = (
  locks: readonly LockView[],
  life: SessionView['life'] | undefined,
  nowMs: number,
): boolean =>
  locks.some((lock) => isLately(lock.lastActivityAt ?? lock.acquiredAt, nowMs)) ||
  (life ?? []).some((sign) => isLately(sign.at, nowMs))

/** The newest time at which the API saw a session at work on one of its locks. */
export const lastActivity = (locks: readonly LockView[]): string | null =>
  locks.reduce<string | null>((last, lock) => {
    const at = lock.lastActivityAt ?? lock.acquiredAt
    return at !== null && (last === null || at > last) ? at : last
  }, null)
