/** Resource locks in SQLite: claim, refuse, renew, release, expire. Every function runs inside the caller's transaction. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { toSessionKey } from '../../../shared/session.ts'
import { toIso, type EpochMs } from '../../../shared/time.ts'
import {
  expiryOf,
  NO_LOCK,
  NOBODY,
  REFUSALS_KEPT,
  releaseNotice,
  STALE_MS,
  type Change,
  type ListQuery,
  type Outcome,
  type Page,
  type Row,
} from '../store.ts'
import { bump, record } from './changes.ts'
import { HELD, LOCK_COLUMNS, touchLocks } from './held-locks.ts'
import { forgetKey } from './keys.ts'
import { sendMessage } from './messages.ts'
import { newId, type Connection } from './open.ts'
import { findBlockers } from './overlaps.ts'
import { readPage } from './pages.ts'
import { isPattern, toResourceKey } from '../resource-key.ts'
import { toRow, toStored, toStoredKey, toStoredMachine, toText } from './rows.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>
type Stored = Record<string, SQLOutputValue>

function withRefusals(db: Connection, { was_refused, ...stored }: Stored): Row {
  const refused =
    was_refused === 0
      ? []
      : db.all(
          'SELECT session_id, at FROM lock_refusals WHERE lock_id = ? ORDER BY at, session_id',
          stored.id ?? null,
        )
  return { ...toRow(stored), refused: refused.map(toRow) }
}

/** Marks locks as released whose time is over; how many there were. */
export function expireLocks(
  db: Connection,
  where: string,
  values: readonly SQLInputValue[],
  at: EpochMs,
): number {
  const expired = db.all(
    `UPDATE locks SET released_at = expires_at WHERE ${where} AND released_at IS NULL AND expires_at <= ? RETURNING id, project_key, machine`,
    ...values,
    at,
  )
  for (const { id, project_key, machine } of expired)
    record(db, {
      kind: 'locks',
      act: 'expired',
      project: project_key ?? null,
      id: id ?? null,
      machine: machine ?? null,
      at,
    })
  return expired.length
}

/** Claims a resource, renews the claim of its holder, or records who was refused. */
export function claimLock(db: Connection, change: Of<'lock.claim'>, at: EpochMs): Outcome {
  const place = [toStored(change.project), toStored(change.resource)]
  const found = db.get(
    `SELECT ${LOCK_COLUMNS} FROM locks WHERE project_key = ? AND resource = ? AND released_at IS NULL`,
    ...place,
  )
  const isOver = found !== undefined && found.expires_at !== null && Number(found.expires_at) <= at
  if (isOver) expireLocks(db, 'project_key = ? AND resource = ?', place, at)
  const held = isOver ? undefined : found
  if (held && toSessionKey(toText(held.session_id) ?? '') === toSessionKey(change.session)) {
    renew(db, held, change.ttlHours, change.description, at)
    return { kind: 'done', row: lockOf(db, held.id ?? null) }
  }
  const blockers = findBlockers(db, change, at)
  const [first] = blockers
  if (first !== undefined) {
    for (const blocker of blockers) refuse(db, blocker, change, at)
    const lock = lockOf(db, first.id ?? null)
    return { kind: 'held', lock, holder: String(lock.session_id), asked: change.resource }
  }
  const id = newId()
  const claimed = db.get(
    `INSERT INTO locks (id, project_key, session_id, session_key, machine, resource, resource_key, is_pattern, description, ttl_hours, acquired_at,
       last_activity_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${LOCK_COLUMNS}`,
    id,
    toStored(change.project),
    toStored(change.session),
    toStoredKey(change.session),
    toStoredMachine(change.session),
    toStored(change.resource),
    toStored(toResourceKey(change.resource)),
    Number(isPattern(change.resource)),
    toStored(change.description),
    change.ttlHours,
    at,
    at,
    expiryOf(change.ttlHours, at),
  )
  recordLock(db, 'claimed', id, place[0] ?? null, toStoredMachine(change.session), at)
  if (!claimed) throw new Error('a lock was not written')
  return { kind: 'created', row: withRefusals(db, claimed) }
}

const recordLock = (
  db: Connection,
  act: string,
  id: SQLInputValue,
  project: SQLInputValue,
  machine: SQLInputValue,
  at: EpochMs,
): void => record(db, { kind: 'locks', act, project, id, machine, at })

/** A clock that was set back must not end a lock at once: it lasts from the latest time that it knows. */
function renew(
  db: Connection,
  held: Stored,
  ttlHours: number,
  description: string | null,
  at: EpochMs,
): void {
  const from = Math.max(at, Number(held.acquired_at), Number(held.last_activity_at))
  db.run(
    'UPDATE locks SET ttl_hours = ?, expires_at = ?, last_activity_at = ?, description = coalesce(?, description) WHERE id = ?',
    ttlHours,
    expiryOf(ttlHours, from),
    from,
    toStored(description),
    held.id ?? null,
  )
  recordLock(db, 'renewed', held.id ?? null, held.project_key ?? null, machineOfLock(held), at)
}

const machineOfLock = (held: Stored): SQLInputValue => toStoredMachine(toText(held.session_id))

function refuse(db: Connection, blocker: Stored, change: Of<'lock.claim'>, at: EpochMs): void {
  const id = blocker.id ?? null
  const session = toStored(change.session)
  const isKnown = db.get('SELECT 1 FROM lock_refusals WHERE lock_id = ? AND session_id = ?', id, session)
  db.run(
    'INSERT INTO lock_refusals VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at',
    id,
    session,
    at,
  )
  if (isKnown) return bump(db, 'locks')
  db.run('UPDATE locks SET was_refused = 1 WHERE id = ?', id)
  db.run(
    `DELETE FROM lock_refusals WHERE lock_id = ?1 AND session_id NOT IN
       (SELECT session_id FROM lock_refusals WHERE lock_id = ?1 ORDER BY at DESC, session_id LIMIT ${REFUSALS_KEPT})`,
    id,
  )
  recordLock(db, 'refused', id, blocker.project_key ?? null, machineOfLock(blocker), at)
}

function lockOf(db: Connection, id: SQLInputValue): Row {
  const stored = db.get(`SELECT ${LOCK_COLUMNS} FROM locks WHERE id = ?`, id)
  if (!stored) throw new Error('a lock vanished within its transaction')
  return withRefusals(db, stored)
}

/** Gives a lock its time again, for the session that holds it; says who holds it now where it was lost. */
export function renewLock(db: Connection, change: Of<'lock.renew'>, at: EpochMs): Outcome {
  const stored = db.get(`SELECT ${LOCK_COLUMNS}, released_at FROM locks WHERE id = ?`, toStored(change.id))
  if (!stored) return { kind: 'missing', what: NO_LOCK }
  const { released_at, ...held } = stored
  const isHeld = released_at === null && (held.expires_at === null || Number(held.expires_at) > at)
  const session = toText(held.session_id) ?? ''
  const isMine = toSessionKey(session) === toSessionKey(change.session)
  if (isHeld && !isMine) return { kind: 'lost', lock: withRefusals(db, held), holder: session }
  if (isHeld) {
    renew(db, held, Number(held.ttl_hours), null, at)
    touchLocks(db, change.session, toText(held.project_key), at)
    return { kind: 'done', row: lockOf(db, held.id ?? null) }
  }
  const [now] = findBlockers(
    db,
    {
      project: toText(held.project_key) ?? '',
      resource: toText(held.resource) ?? '',
      session: change.session,
    },
    at,
  )
  if (now === undefined) return { kind: 'missing', what: NO_LOCK }
  return { kind: 'lost', lock: withRefusals(db, now), holder: toText(now.session_id) ?? '' }
}

/** Releases one lock for the session that holds it, or in its name where it is stale. */
export function releaseLock(db: Connection, change: Of<'lock.release'>, at: EpochMs): Outcome {
  const held = db.get(`SELECT ${LOCK_COLUMNS} FROM locks WHERE id = ? AND ${HELD}`, toStored(change.id), at)
  if (!held) return { kind: 'missing', what: NO_LOCK }
  const holder = toText(held.session_id) ?? ''
  if (toSessionKey(holder) !== toSessionKey(change.session))
    return { kind: 'not-yours', lock: withRefusals(db, held), holder }
  const isStale = Number(held.last_activity_at) <= at - STALE_MS
  if (change.isIfStale && !isStale) return { kind: 'alive', lock: withRefusals(db, held), holder }
  const by = change.releasedBy
  const isByOther = by === null ? change.isIfStale : toSessionKey(by) !== toSessionKey(holder)
  db.run(
    'UPDATE locks SET released_at = ?, released_by = ? WHERE id = ?',
    at,
    toStored(by ?? (isByOther ? NOBODY : holder)),
    toStored(change.id),
  )
  recordLock(db, 'released', held.id ?? null, held.project_key ?? null, machineOfLock(held), at)
  if (isByOther) tellHolder(db, held, by, at)
  // A stale lock is released by somebody else in its holder's name: no sign of life of the holder.
  if (!isStale && !isByOther) touchLocks(db, holder, toText(held.project_key), at)
  if (isByOther && by !== null) touchLocks(db, by, toText(held.project_key), at)
  return change.isIfStale || by !== null
    ? { kind: 'released', count: 1, by: by ?? NOBODY }
    : { kind: 'released', count: 1 }
}

/** Whoever comes back to work on a resource must learn that it is no longer theirs. */
function tellHolder(db: Connection, held: Stored, by: string | null, at: EpochMs): void {
  const notice = releaseNotice({
    id: toText(held.id) ?? '',
    resource: toText(held.resource) ?? '',
    by,
    lastActivity: toIso(Number(held.last_activity_at)),
  })
  sendMessage(
    db,
    {
      ...notice,
      from: by ?? NOBODY,
      to: toText(held.session_id),
      project: toText(held.project_key),
      replyTo: null,
      expiresAt: null,
    },
    at,
  )
}

/** Undoes a claim that nobody is there to hold any more, with its key; what somebody was told of meanwhile stays. */
export function giveBack(db: Connection, change: Of<'lock.give-back'>, at: EpochMs): Outcome {
  const { id, session, key, claimedAt } = change
  if (key !== null && !forgetKey(db, key, claimedAt)) return { kind: 'released', count: 0 }
  return releaseLock(db, { kind: 'lock.release', id, session, isIfStale: false, releasedBy: null }, at)
}

/** Releases all that a session holds, in every project. */
export function releaseAll(db: Connection, change: Of<'lock.release-all'>, at: EpochMs): Outcome {
  const released = db.all(
    `UPDATE locks SET released_at = ?, released_by = ? WHERE session_key = ? AND ${HELD} RETURNING id, project_key, machine`,
    at,
    toStored(change.session),
    toStoredKey(change.session),
    at,
  )
  for (const { id, project_key, machine } of released)
    recordLock(db, 'released', id ?? null, project_key ?? null, machine ?? null, at)
  return { kind: 'released', count: released.length }
}

/** Held locks in the order of their claims, stale ones included. */
export function listLocks(db: Connection, query: Extract<ListQuery, { kind: 'locks' }>, at: EpochMs): Page {
  const filters: readonly (readonly [string, SQLInputValue])[] = [
    ['project_key', toStored(query.project)],
    ['resource', toStored(query.resource)],
    ['machine', toStoredMachine(query.machine)],
  ]
  const given = filters.filter(([, value]) => value !== null)
  const range = {
    index: lockIndex(query),
    where: [...given.map(([column]) => `${column} = ?`), HELD],
    values: [...given.map(([, value]) => value), at],
  }
  const source = {
    columns: `seq, ${LOCK_COLUMNS}`,
    table: 'locks',
    ranges: [range],
    toRow: (stored: Stored) => withRefusals(db, stored),
  }
  return readPage(db, source, query)
}

function lockIndex(query: Extract<ListQuery, { kind: 'locks' }>): string {
  if (query.resource !== null) return query.project === null ? 'locks_of_resource' : 'locks_held'
  if (query.machine !== null) return 'locks_of_machine'
  return query.project === null ? 'locks_held_order' : 'locks_of_project'
}
