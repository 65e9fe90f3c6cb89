/**
 * A copy of a database knows that it is one, until it is served: its numbers then go on beyond all that were given since it was made.
 * A fence that came twice would let an earlier holder's late act through.
 */
import { lastChangeIn } from './changes.ts'
import type { Connection } from './open.ts'
import { inTransaction } from './transaction.ts'

/** Tables whose numbers were told to others: fences, positions in the log. */
const NUMBERED = ['locks', 'changes'] as const
/** The last number of each, by its table. */
export type Numbers = Readonly<Record<string, number>>

/** Says in a copy that it is one, made at `at`: it is another file than the one it was made of. */
export function markCopy(db: Connection, at: number): void {
  giveNewId(db)
  db.exec('DROP TABLE IF EXISTS copy')
  db.exec('CREATE TABLE copy (made_at INTEGER NOT NULL)')
  db.run('INSERT INTO copy VALUES (?)', at)
}

/** Makes a marked copy the database, in one transaction, and returns when it was made; undefined where it is none. Throws SQLite's. */
export function settleCopy(db: Connection, at: number): number | undefined {
  if (!hasTable(db, 'copy')) return undefined
  return inTransaction(db, 'BEGIN IMMEDIATE', () => {
    // Another server may have been before us.
    if (!hasTable(db, 'copy')) return undefined
    const madeAt = db.number('SELECT made_at FROM copy')
    leap(db, {}, at)
    return madeAt
  })
}

/**
 * Makes a database that lacks changes which were answered for the one that goes on, in one transaction; whether it was one. Of whatever
 * lies there the numbers tell it: an older copy may have another id, and one that was begun anew has. Throws SQLite's.
 */
export function settleOlder(db: Connection, last: number | undefined, at: number): boolean {
  if (last === undefined || lastChangeIn(db) >= last) return false
  return inTransaction(db, 'BEGIN IMMEDIATE', () => {
    // Another server may have been before us.
    if (lastChangeIn(db) >= last) return false
    leap(db, { changes: last }, at)
    return true
  })
}

/**
 * A copy becomes the database: with an id of its own, and numbers beyond those that it has, that the one it replaces gave, and that
 * others may have given meanwhile. Of the latter only the time is known, which is ahead of any number: nobody gives a thousand
 * a second for long.
 */
export function leap(db: Connection, replaced: Numbers, at: number): void {
  const own = numbersIn(db)
  giveNewId(db)
  db.exec('DROP TABLE IF EXISTS copy')
  for (const table of NUMBERED) {
    if (!hasTable(db, table)) continue
    // One more: a position of before is never where the log ends now.
    setNumber(db, table, Math.max(at, own[table] ?? 0, replaced[table] ?? 0) + 1)
    // Whoever comes back with a position of before is told to read anew: what it heard of may not be here.
    if (table === 'changes') db.exec('DELETE FROM changes')
  }
}

/** The last numbers that a database of ours gave. */
export const numbersIn = (db: Connection): Numbers =>
  Object.fromEntries(
    db.all('SELECT name, seq FROM sqlite_sequence').map(({ name, seq }) => [String(name), Number(seq)]),
  )

/** `table` gave `last` as its last number. */
export function setNumber(db: Connection, table: string, last: number): void {
  db.run('DELETE FROM sqlite_sequence WHERE name = ?', table)
  db.run('INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)', table, last)
}

function giveNewId(db: Connection): void {
  if (hasTable(db, 'identity')) db.exec('UPDATE identity SET file_id = lower(hex(randomblob(16)))')
}

const hasTable = (db: Connection, name: string): boolean =>
  db.get('SELECT 1 FROM sqlite_schema WHERE name = ?', name) !== undefined
