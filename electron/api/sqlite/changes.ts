/** The log of changes, and the version of each list; both are written in the transaction of the change itself. */
import type { SQLInputValue } from 'node:sqlite'
import { CHANGES_KEPT, type ChangeEntry, type ChangeLog, type ListKind } from '../store.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { Connection } from './open.ts'
import { toText } from './rows.ts'

/** What a list gives has changed: its tag is another one. */
export function bump(db: Connection, kind: ListKind): void {
  db.run('UPDATE versions SET n = n + 1 WHERE kind = ?', kind)
}

/** A change that listeners are told of. `machine`: the one that it is for, null = every. */
export function record(
  db: Connection,
  entry: {
    readonly kind: ListKind
    readonly act: string
    readonly project: SQLInputValue
    readonly id: SQLInputValue
    readonly machine?: SQLInputValue
    readonly at: EpochMs
  },
): void {
  db.run(
    'INSERT INTO changes (kind, act, project_key, id, machine, at) VALUES (?, ?, ?, ?, ?, ?)',
    entry.kind,
    entry.act,
    entry.project,
    entry.id,
    entry.machine ?? null,
    entry.at,
  )
  bump(db, entry.kind)
}

/** The number of the last entry that the log was given. */
export const lastChangeIn = (db: Connection): number =>
  db.number("SELECT seq FROM sqlite_sequence WHERE name = 'changes'")

/** The log after a position; null: only where it ends. One writes at a time: no number is ever missing. */
export function readChanges(db: Connection, after: number | null, limit: number): ChangeLog {
  const last = lastChangeIn(db)
  if (after === null) return { entries: [], last, isCut: false, missing: [] }
  // A position beyond the end is another database's: this one was put in its place.
  const first = db.number('SELECT min(seq) FROM changes')
  const isCut = after > last || (after < last && (first === 0 || after < first - 1))
  if (isCut || after === last) return { entries: [], last, isCut, missing: [] }
  const rows = db.all('SELECT * FROM changes WHERE seq > ? ORDER BY seq LIMIT ?', after, limit)
  return { entries: rows.map(toEntry), last, isCut, missing: [] }
}

const toEntry = (stored: ReturnType<Connection['all']>[number]): ChangeEntry => ({
  seq: Number(stored.seq),
  kind: String(stored.kind) as ListKind,
  act: String(stored.act),
  project: toText(stored.project_key),
  id: toText(stored.id) ?? '',
  machine: toText(stored.machine),
  at: Number(stored.at),
})

/** Removes what is older than the newest entries; how many went. */
export function cutChanges(db: Connection, most: number): number {
  const last = lastChangeIn(db)
  return db.run(
    'DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE seq <= ? ORDER BY seq LIMIT ?)',
    last - CHANGES_KEPT,
    most,
  )
}

/**
 * The state of a list at a time, as short text: its version, and what went by time alone since (a lock that expired, a
 * message that is no longer kept), which no transaction wrote.
 */
export function tagOf(db: Connection, kind: ListKind, at: EpochMs): string {
  const version = db.number('SELECT n FROM versions WHERE kind = ?', kind)
  if (kind === 'locks')
    return `${version}.${db.number('SELECT max(expires_at) FROM locks INDEXED BY locks_expiring WHERE released_at IS NULL AND expires_at IS NOT NULL AND expires_at <= ?', at)}`
  if (kind === 'messages')
    return `${version}.${db.number('SELECT max(expires_at) FROM messages INDEXED BY messages_expiring WHERE expires_at IS NOT NULL AND expires_at <= ?', at)}`
  return String(version)
}
