/** Puts a backup in the place of the database, which is kept beside it; never under a server that has it open. */
import { chmodSync, existsSync, renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { err, ok, type Result } from '../../../shared/result.ts'
import { leap, numbersIn, type Numbers } from './copies.ts'
import { markOf, walOf } from './identity.ts'
import { forgetLastChange } from './last-change.ts'
import { Connection } from './open.ts'
import { APPLICATION_ID, SCHEMA_VERSION } from './schema.ts'
import { loadSqlite, sqliteCode, toFault, type Sqlite } from './sqlite.ts'

export interface RestoreError {
  readonly code: 'no-sqlite' | 'no-backup' | 'not-a-backup' | 'in-use' | 'failed'
  readonly message: string
}

/** Where the database that was there is kept; null where there was none. */
export interface Restored {
  readonly kept: string | null
}

/**
 * Restores `backup` as `databaseFile`. `isServed`: whether a server answers for it. `suffix` names the file that was
 * there. Its numbers go on beyond all that were ever given: no fence, no tag, no event's id comes twice.
 */
export async function restoreDatabase(
  databaseFile: string,
  backup: string,
  isServed: () => Promise<boolean>,
  at: number,
): Promise<Result<Restored, RestoreError>> {
  const sqlite = loadSqlite()
  if (!sqlite.ok) return err({ code: 'no-sqlite', message: sqlite.error.message })
  if (!existsSync(backup)) return err({ code: 'no-backup', message: `there is no file at ${backup}` })
  if (await isServed()) return err(inUse(databaseFile))
  const partial = `${databaseFile}.${process.pid}.restoring`
  try {
    const problem = copyBackup(sqlite.value, backup, partial)
    if (problem !== undefined) return err({ code: 'not-a-backup', message: `${backup} ${problem}` })
    if (existsSync(databaseFile) && !closeLog(sqlite.value, databaseFile)) return err(inUse(databaseFile))
    leapIn(sqlite.value, partial, numbersOf(sqlite.value, databaseFile), at)
    chmodSync(partial, 0o600)
    await sync(partial)
    const kept = keepOld(databaseFile, new Date(at).toISOString().replace(/\W/g, ''))
    renameSync(partial, databaseFile)
    await sync(dirname(databaseFile))
    return ok({ kept })
  } catch (problem) {
    if (!isExpected(problem)) throw problem
    const why = problem instanceof Error ? problem.message : String(problem)
    return err({ code: 'failed', message: `${backup} could not be put in place: ${why}` })
  } finally {
    rmSync(partial, { force: true })
  }
}

const inUse = (file: string): RestoreError => ({
  code: 'in-use',
  message: `${file} is served by a running program: stop it first (quit the tray, end coord serve), then restore`,
})

/** Copies a backup that is whole and ours; what is wrong with it otherwise. */
function copyBackup(sqlite: Sqlite, backup: string, partial: string): string | undefined {
  try {
    const db = new sqlite.DatabaseSync(backup, { readOnly: true, timeout: 5_000 })
    try {
      const number = (name: string): unknown => Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]
      if (number('application_id') !== APPLICATION_ID) return 'is no database of this program'
      if (Number(number('user_version')) > SCHEMA_VERSION) return 'was written by a newer Coord Tray'
      if (number('integrity_check(1)') !== 'ok') return 'is damaged'
      db.prepare('VACUUM INTO ?').run(partial)
      return undefined
    } finally {
      db.close()
    }
  } catch (problem) {
    const code = sqliteCode(problem)
    if (code === 26 || code === 11) return 'is damaged, or no database'
    throw problem
  }
}

/** The copy gets its place in the order of numbers, before it gets the database's place. */
function leapIn(sqlite: Sqlite, file: string, replaced: Numbers, at: number): void {
  const db = new Connection(new sqlite.DatabaseSync(file))
  try {
    leap(db, replaced, at)
  } finally {
    db.close()
  }
}

/** The last numbers that a database of ours gave; none where it cannot be read any more. */
function numbersOf(sqlite: Sqlite, file: string): Numbers {
  if (!existsSync(file)) return {}
  try {
    const db = new Connection(new sqlite.DatabaseSync(file, { readOnly: true, timeout: 500 }))
    try {
      return db.number('PRAGMA application_id') === APPLICATION_ID ? numbersIn(db) : {}
    } finally {
      db.close()
    }
  } catch (problem) {
    if (toFault(problem) || sqliteCode(problem) !== undefined) return {}
    throw problem
  }
}

/** Plays the old database's log into it; false where another process has it open. What is damaged is left as it is. */
function closeLog(sqlite: Sqlite, file: string): boolean {
  try {
    const db = new sqlite.DatabaseSync(file, { timeout: 500 })
    try {
      // Leaving the log's mode needs the file for oneself: a server that only rests holds it too.
      return Object.values(db.prepare('PRAGMA journal_mode = DELETE').get() ?? {})[0] === 'delete'
    } finally {
      db.close()
    }
  } catch (problem) {
    const fault = toFault(problem)
    if (fault?.code === 'busy') return false
    if (fault) return true
    throw problem
  }
}

function keepOld(file: string, suffix: string): string | null {
  rmSync(markOf(file), { force: true })
  forgetLastChange(file)
  rmSync(`${file}-shm`, { force: true })
  if (!existsSync(file)) {
    if (existsSync(walOf(file))) renameSync(walOf(file), `${file}.replaced-${suffix}-wal`)
    return null
  }
  const kept = `${file}.replaced-${suffix}`
  renameSync(file, kept)
  if (existsSync(walOf(file))) renameSync(walOf(file), walOf(kept))
  return kept
}

async function sync(path: string): Promise<void> {
  const handle = await open(path, 'r').catch(() => undefined)
  // Some systems sync no folders.
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}

const isExpected = (problem: unknown): boolean =>
  toFault(problem) !== undefined ||
  sqliteCode(problem) !== undefined ||
  (problem instanceof Error && 'syscall' in problem)
