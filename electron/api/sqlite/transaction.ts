/** One transaction: all of it, or nothing. */
import type { Connection } from './open.ts'

/** What `work` gives, committed; undone where it throws. `begin`: `BEGIN`, or `BEGIN IMMEDIATE` for one that writes. */
export function inTransaction<T>(db: Connection, begin: string, work: (db: Connection) => T): T {
  db.exec(begin)
  try {
    const value = work(db)
    db.exec('COMMIT')
    return value
  } finally {
    if (db.isInTransaction) db.exec('ROLLBACK')
  }
}
