/** A consistent copy of the database while servers write to it. */
import { existsSync } from 'node:fs'
import { link, open, rm } from 'node:fs/promises'
import { err, ok, type Result } from '../../../shared/result.ts'
import { markCopy } from './copies.ts'
import { Connection } from './open.ts'
import { loadSqlite, sqliteCode, toFault } from './sqlite.ts'

export interface BackupError {
  readonly code: 'no-sqlite' | 'no-database' | 'target-exists' | 'failed'
  readonly message: string
}

/** Copies the database into a new file, whole or not at all (`VACUUM INTO`, then a link that never overwrites). */
export async function backupDatabase(
  databaseFile: string,
  target: string,
): Promise<Result<void, BackupError>> {
  const sqlite = loadSqlite()
  if (!sqlite.ok) return err({ code: 'no-sqlite', message: sqlite.error.message })
  if (!existsSync(databaseFile))
    return err({ code: 'no-database', message: `there is no database at ${databaseFile}` })
  if (existsSync(target))
    return err({ code: 'target-exists', message: `${target} exists; a backup never overwrites` })
  const partial = `${target}.${process.pid}.partial`
  try {
    const db = new sqlite.value.DatabaseSync(databaseFile, { timeout: 5_000, readOnly: true })
    try {
      db.prepare('VACUUM INTO ?').run(partial)
    } finally {
      db.close()
    }
    const copy = new Connection(new sqlite.value.DatabaseSync(partial))
    try {
      markCopy(copy, Date.now())
    } finally {
      copy.close()
    }
    const file = await open(partial, 'r+')
    await file.chmod(0o600)
    await file.sync()
    await file.close()
    await link(partial, target)
    return ok(undefined)
  } catch (problem) {
    if (!isExpected(problem)) throw problem
    const why = problem instanceof Error ? problem.message : String(problem)
    return err({ code: 'failed', message: `the backup could not be written: ${why}` })
  } finally {
    await rm(partial, { force: true })
  }
}

/** Trouble with files or the database, as opposed to a bug. */
const isExpected = (problem: unknown): boolean =>
  toFault(problem) !== undefined ||
  sqliteCode(problem) !== undefined ||
  (problem instanceof Error && 'syscall' in problem)
