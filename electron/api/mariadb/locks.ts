/** Resource locks in MariaDB: claim, refuse, renew, release, expire. Every function runs inside the caller's transaction. */
import { randomUUID } from 'node:crypto'
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
  type Outcome,
  type Row,
} from '../store.ts'
import { isPattern, toResourceKey } from '../resource-key.ts'
import { HELD, lockKey, LOCK_COLUMNS, openGate, openGates, touchLocks } from './held-locks.ts'
import { forgetKey } from './keys.ts'
import { sendMessage } from './messages.ts'
import { findBlockers } from './overlaps.ts'
import {
  hashOf,
  machineHash,
  maybeTime,
  sessionHash,
  toMs,
  toRow,
  toStored,
  toStoredMachine,
  toText,
  toTime,
  type Stored,
  type Value,
} from './rows.ts'
import { Again, MANY_ROWS, type Transaction } from './transaction.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

/** The row of a lock as it is answered. */
export function withRefusals({ was_refused: _, ...stored }: Stored, refusals: readonly Stored[]): Row {
  return { ...toRow(stored), refused: refusals.map(toRow) }
}

const refusalsOf = (tx: Transaction, id: Value): Promise<Stored[]> =>
  tx.all('SELECT session_id, at FROM lock_refusals WHERE lock_id = ? ORDER BY at, session_id', id)

const answered = async (tx: Transaction, stored: Stored): Promise<Row> =>
  withRefusals(stored, Number(stored.was_refused) === 0 ? [] : await refusalsOf(tx, stored.id ?? null))

const isOf = (stored: Stored, session: string): boolean =>
  toSessionKey(toText(stored.session_id) ?? '') === toSessionKey(session)

/** Claims a resource, renews the claim of its holder, or records who was refused. */
export async function claimLock(tx: Transaction, change: Of<'lock.claim'>): Promise<Outcome> {
  await openGate(tx, change.project)
  const at = await tx.now()
  const h = lockKey(change.project, change.resource)
  const there = await tx.get(`SELECT ${LOCK_COLUMNS} FROM held_locks WHERE h = ?`, h)
  const isOver = there !== undefined && there.expires_at !== null && toMs(there.expires_at) <= at
  if (there && isOver) await drop(tx, there, 'expired', toMs(there.expires_at), null)
  if (there && !isOver && isOf(there, change.session)) {
    await renew(tx, there, change.ttlHours, change.description)
    return { kind: 'done', row: await lockOf(tx, there.id ?? null) }
  }
  const blockers = await findBlockers(tx, change)
  const [first] = blockers
  if (first === undefined) return { kind: 'created', row: await insertLock(tx, change, h, at) }
  for (const blocker of blockers) await refuse(tx, blocker, change.session)
  const lock = await lockOf(tx, first.id ?? null)
  return { kind: 'held', lock, holder: String(lock.session_id), asked: change.resource }
}

async function insertLock(tx: Transaction, change: Of<'lock.claim'>, h: Buffer, at: EpochMs): Promise<Row> {
  const id = randomUUID()
  const expiresAt = expiryOf(change.ttlHours, at)
  const fence = await tx.insert(
    `INSERT INTO held_locks (h, id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at, expires_at,
       project_h, session_h, machine_h, resource_key, is_pattern) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    h,
    id,
    toStored(change.project),
    toStored(change.session),
    toStored(change.resource),
    toStored(change.description),
    change.ttlHours,
    toTime(at),
    toTime(at),
    maybeTime(expiresAt),
    hashOf(change.project),
    sessionHash(change.session),
    machineHash(change.session),
    toStored(toResourceKey(change.resource)),
    Number(isPattern(change.resource)),
  )
  const machine = toStoredMachine(change.session)
  tx.record({ kind: 'locks', act: 'claimed', project: toStored(change.project), id, machine })
  return {
    id,
    project_key: change.project,
    session_id: change.session,
    resource: change.resource,
    description: change.description,
    ttl_hours: change.ttlHours,
    acquired_at: toIso(at),
    last_activity_at: toIso(at),
    expires_at: expiresAt === null ? null : toIso(expiresAt),
    fence,
    refused: [],
  }
}

const recordLock = (tx: Transaction, act: string, held: Stored): void =>
  tx.record({
    kind: 'locks',
    act,
    project: held.project_key ?? null,
    id: held.id ?? null,
    machine: toStoredMachine(toText(held.session_id)),
  })

/** A clock that was set back must not end a lock at once: it lasts from the latest time that it knows. */
async function renew(
  tx: Transaction,
  held: Stored,
  ttlHours: number,
  description: string | null,
): Promise<void> {
  const from = Math.max(await tx.now(), toMs(held.acquired_at), toMs(held.last_activity_at))
  await tx.run(
    'UPDATE held_locks SET ttl_hours = ?, expires_at = ?, last_activity_at = ?, description = COALESCE(?, description) WHERE id = ?',
    ttlHours,
    maybeTime(expiryOf(ttlHours, from)),
    toTime(from),
    toStored(description),
    held.id ?? null,
  )
  recordLock(tx, 'renewed', held)
}

async function refuse(tx: Transaction, blocker: Stored, session: string): Promise<void> {
  const id = blocker.id ?? null
  const who = hashOf(session)
  const at = toTime(await tx.now())
  const isKnown = await tx.get('SELECT 1 FROM lock_refusals WHERE lock_id = ? AND session_h = ?', id, who)
  await tx.run(
    'INSERT INTO lock_refusals VALUES (?, ?, ?, ?) ON DUPLICATE KEY UPDATE at = VALUES(at)',
    id,
    who,
    toStored(session),
    at,
  )
  if (isKnown) return tx.bump('locks')
  await tx.run('UPDATE held_locks SET was_refused = 1 WHERE id = ?', id)
  const [beyond] = await tx.all(
    `SELECT at FROM lock_refusals WHERE lock_id = ? ORDER BY at DESC LIMIT 1 OFFSET ${REFUSALS_KEPT}`,
    id,
  )
  if (beyond)
    await tx.run(
      'DELETE FROM lock_refusals WHERE lock_id = ? AND at <= ? AND session_h <> ?',
      id,
      beyond.at ?? null,
      who,
    )
  recordLock(tx, 'refused', blocker)
}

async function lockOf(tx: Transaction, id: Value): Promise<Row> {
  const stored = await tx.get(`SELECT ${LOCK_COLUMNS} FROM held_locks WHERE id = ?`, id)
  if (!stored) throw new Again('a lock went while its project was locked')
  return answered(tx, stored)
}

/** Takes a lock out of those that are held. Behind the project's gate. */
async function drop(
  tx: Transaction,
  held: Stored,
  act: string,
  at: EpochMs,
  by: string | null,
): Promise<void> {
  const id = held.id ?? null
  await tx.run(
    `INSERT INTO released_locks SELECT seq, id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at,
       expires_at, ?, ? FROM held_locks WHERE id = ?`,
    toTime(at),
    toStored(by),
    id,
  )
  await tx.run('DELETE FROM held_locks WHERE id = ?', id)
  recordLock(tx, act, held)
}

/** Takes many locks out at once: one by one, ten thousand of them would take longer than a transaction may. Behind their gates. */
async function dropAll(
  tx: Transaction,
  held: readonly Stored[],
  act: string,
  at: EpochMs,
  by: string | null,
): Promise<void> {
  for (let i = 0; i < held.length; i += MANY_ROWS) {
    const ids = held.slice(i, i + MANY_ROWS).map((lock) => lock.id ?? null)
    const among = `id IN (${ids.map(() => '?').join(', ')})`
    await tx.plain(
      `INSERT INTO released_locks SELECT seq, id, project_key, session_id, resource, description, ttl_hours, acquired_at, last_activity_at,
         expires_at, ?, ? FROM held_locks WHERE ${among}`,
      toTime(at),
      toStored(by),
      ...ids,
    )
    await tx.plain(`DELETE FROM held_locks WHERE ${among}`, ...ids)
  }
  for (const lock of held) recordLock(tx, act, lock)
}

/** A held lock by its id, behind its project's gate; undefined where nobody holds it. */
async function heldById(tx: Transaction, id: string): Promise<Stored | undefined> {
  const place = await tx.get('SELECT project_key FROM held_locks WHERE id = ?', toStored(id))
  if (!place) return undefined
  await openGate(tx, toText(place.project_key) ?? '')
  return tx.get(
    `SELECT ${LOCK_COLUMNS} FROM held_locks WHERE id = ? AND ${HELD}`,
    toStored(id),
    toTime(await tx.now()),
  )
}

/** Gives a lock its time again, for the session that holds it; says who holds it now where it was lost. */
export async function renewLock(tx: Transaction, change: Of<'lock.renew'>): Promise<Outcome> {
  const held = await heldById(tx, change.id)
  if (!held) return renewLost(tx, change)
  if (!isOf(held, change.session))
    return { kind: 'lost', lock: await answered(tx, held), holder: toText(held.session_id) ?? '' }
  await renew(tx, held, Number(held.ttl_hours), null)
  await touchLocks(tx, change.session, toText(held.project_key))
  return { kind: 'done', row: await lockOf(tx, held.id ?? null) }
}

async function renewLost(tx: Transaction, change: Of<'lock.renew'>): Promise<Outcome> {
  const id = toStored(change.id)
  const place =
    (await tx.get('SELECT project_key, resource FROM released_locks WHERE id = ?', id)) ??
    (await tx.get('SELECT project_key, resource FROM held_locks WHERE id = ?', id))
  const [now] = place
    ? await findBlockers(tx, {
        project: toText(place.project_key) ?? '',
        resource: toText(place.resource) ?? '',
        session: change.session,
      })
    : []
  return now
    ? { kind: 'lost', lock: await answered(tx, now), holder: toText(now.session_id) ?? '' }
    : { kind: 'missing', what: NO_LOCK }
}

/** Releases one lock for the session that holds it, or in its name where it is stale. */
export async function releaseLock(tx: Transaction, change: Of<'lock.release'>): Promise<Outcome> {
  const held = await heldById(tx, change.id)
  if (!held) return { kind: 'missing', what: NO_LOCK }
  const at = await tx.now()
  const holder = toText(held.session_id) ?? ''
  const project = toText(held.project_key)
  if (!isOf(held, change.session)) return { kind: 'not-yours', lock: await answered(tx, held), holder }
  const isStale = toMs(held.last_activity_at) <= at - STALE_MS
  if (change.isIfStale && !isStale) return { kind: 'alive', lock: await answered(tx, held), holder }
  const by = change.releasedBy
  const isByOther = by === null ? change.isIfStale : toSessionKey(by) !== toSessionKey(holder)
  await drop(tx, held, 'released', at, by ?? (isByOther ? NOBODY : holder))
  if (isByOther) await tellHolder(tx, held, by)
  // A stale lock is released by somebody else in its holder's name: no sign of life of the holder.
  if (!isStale && !isByOther) await touchLocks(tx, holder, project)
  if (isByOther && by !== null) await touchLocks(tx, by, project)
  return change.isIfStale || by !== null
    ? { kind: 'released', count: 1, by: by ?? NOBODY }
    : { kind: 'released', count: 1 }
}

/** Whoever comes back to work on a resource must learn that it is no longer theirs. */
async function tellHolder(tx: Transaction, held: Stored, by: string | null): Promise<void> {
  const notice = releaseNotice({
    id: toText(held.id) ?? '',
    resource: toText(held.resource) ?? '',
    by,
    lastActivity: toIso(toMs(held.last_activity_at)),
  })
  await sendMessage(tx, {
    ...notice,
    from: by ?? NOBODY,
    to: toText(held.session_id),
    project: toText(held.project_key),
    replyTo: null,
    expiresAt: null,
  })
}

/** Undoes a claim that nobody is there to hold any more, with its key; what somebody was told of meanwhile stays. */
export async function giveBack(tx: Transaction, change: Of<'lock.give-back'>): Promise<Outcome> {
  const { id, session, key, claimedAt } = change
  // The key's row first, as a call with the key takes them.
  if (key !== null && !(await forgetKey(tx, key, claimedAt))) return { kind: 'released', count: 0 }
  return releaseLock(tx, { kind: 'lock.release', id, session, isIfStale: false, releasedBy: null })
}

/** Releases all that a session holds, in every project. */
export async function releaseAll(tx: Transaction, change: Of<'lock.release-all'>): Promise<Outcome> {
  const who = sessionHash(change.session)
  const projects = await tx.all('SELECT DISTINCT project_key FROM held_locks WHERE session_h = ?', who)
  const gates = new Set(projects.map((p) => toText(p.project_key) ?? ''))
  await openGates(tx, [...gates])
  const at = await tx.now()
  const held = await tx.all(
    `SELECT ${LOCK_COLUMNS} FROM held_locks WHERE session_h = ? AND ${HELD}`,
    who,
    toTime(at),
  )
  // Claimed in another project meanwhile: its gate is not ours.
  const mine = held.filter((lock) => gates.has(toText(lock.project_key) ?? ''))
  await dropAll(tx, mine, 'released', at, change.session)
  return { kind: 'released', count: mine.length }
}

/** Marks a few locks of one project as released whose time is over; how many there were. */
export async function expireLocks(tx: Transaction, most: number): Promise<number> {
  const now = toTime(await tx.now())
  const [first] = await tx.all(
    'SELECT project_key FROM held_locks WHERE expires_at <= ? ORDER BY expires_at LIMIT 1',
    now,
  )
  if (!first) return 0
  const project = toText(first.project_key) ?? ''
  await openGate(tx, project)
  const over = await tx.all(
    `SELECT ${LOCK_COLUMNS} FROM held_locks WHERE expires_at <= ? AND project_h = ? LIMIT ${most}`,
    now,
    hashOf(project),
  )
  for (const lock of over) await drop(tx, lock, 'expired', toMs(lock.expires_at), null)
  return over.length
}
