/** Opens the embedded database: the runtime's own SQLite, WAL, full durability, migrated to this program's version. */
import { randomUUID } from 'node:crypto'
import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from 'node:sqlite'
import { diskWords } from '../../../shared/data-folder.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import { machineOf, toMachineKey, toSessionKey } from '../../../shared/session.ts'
import { damaged, isWithoutLog, logTaken, makePrivate, MOST_LOG_BYTES } from './identity.ts'
import { isPattern, toResourceKey } from '../resource-key.ts'
import { toStored, toText } from './rows.ts'
import { loadSqlite, sqliteCode, toFault, type Sqlite } from './sqlite.ts'
import { APPLICATION_ID, migrations, SCHEMA_VERSION } from './schema.ts'
import type { StoreFault } from '../store.ts'

/** Why a database cannot be used at all; waiting does not help. */
export interface OpenError {
  readonly code: 'no-sqlite' | 'newer-database' | 'foreign-database' | 'database-unusable'
  readonly message: string
}

/** Short, so that another server's transaction does not hold up this process; the store retries. */
const BUSY_TIMEOUT_MS = 100
const OPEN_ATTEMPTS = 50
const INCREMENTAL = 2
/** 64 MiB in SQLite's usual pages: rewritten in well under a second. */
const MOST_REWRITTEN_PAGES = 16_384

/** As much as the largest call needs, since a small write may still fit where others do not. */
const ROOM_BYTES = 1_048_576

/** Whether the disk has room; one that cannot be asked is taken to have it. */
export function hasRoom(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize >= ROOM_BYTES
  } catch {
    return true
  }
}

/** One connection with its prepared statements. */
export class Connection {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()

  constructor(db: DatabaseSync) {
    this.#db = db
    const pure = (name: string, of: (value: string) => string | number): void =>
      db.function(name, { deterministic: true }, (value) => {
        const text = toText(value)
        if (text === null) return null
        const made = of(text)
        return typeof made === 'string' ? toStored(made) : made
      })
    pure('session_key', toSessionKey)
    pure('machine_key', (session) => toMachineKey(machineOf(session)))
    pure('resource_key', toResourceKey)
    pure('is_pattern', (resource) => Number(isPattern(resource)))
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql)
    if (known) return known
    const made = this.#db.prepare(sql)
    this.#statements.set(sql, made)
    return made
  }

  exec(sql: string): void {
    this.#db.exec(sql)
  }
  /** How many rows changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes)
  }
  get(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue> | undefined {
    return this.#prepared(sql).get(...values)
  }
  all(sql: string, ...values: SQLInputValue[]): Record<string, SQLOutputValue>[] {
    return this.#prepared(sql).all(...values)
  }
  /** Rows one by one; whoever stops early must call `return`, and nobody reads the same text twice at once. */
  iterate(sql: string, ...values: SQLInputValue[]): Iterator<Record<string, SQLOutputValue>> {
    return this.#prepared(sql).iterate(...values)
  }
  number(sql: string, ...values: SQLInputValue[]): number {
    return Number(Object.values(this.get(sql, ...values) ?? {})[0] ?? 0)
  }
  /** The id that the database carries: a copy has another one. */
  fileId(): string {
    return String(this.get('SELECT file_id FROM identity')?.file_id)
  }
  get isInTransaction(): boolean {
    return this.#db.isTransaction
  }
  close(): void {
    this.#statements.clear()
    if (this.#db.isOpen) this.#db.close()
  }
}

/** Ids are opaque, and unique across servers. */
export const newId = (): string => randomUUID()

function migrate(db: Connection, file: string): OpenError | undefined {
  if (
    db.number('PRAGMA user_version') === SCHEMA_VERSION &&
    db.number('PRAGMA application_id') === APPLICATION_ID
  )
    return undefined
  db.exec('BEGIN IMMEDIATE')
  try {
    const found = db.number('PRAGMA user_version')
    const tables = db.number('SELECT count(*) FROM sqlite_schema')
    if (tables > 0 && db.number('PRAGMA application_id') !== APPLICATION_ID)
      return {
        code: 'foreign-database',
        message: `${file} is another program's database; it was left as it is`,
      }
    if (found > SCHEMA_VERSION)
      return {
        code: 'newer-database',
        message: `${file} was written by a newer Coord Tray (database version ${found}, this program knows ${SCHEMA_VERSION}); update this program`,
      }
    for (const step of migrations.slice(found)) db.exec(step)
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`)
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
    db.exec('COMMIT')
    return undefined
  } finally {
    if (db.isInTransaction) db.exec('ROLLBACK')
  }
}

/** A small database of an earlier version is written anew, so that it can give pages back; a large one stays as it is. */
function shrinkable(db: Connection): void {
  const pages = db.number('PRAGMA page_count')
  if (db.number('PRAGMA auto_vacuum') === INCREMENTAL || pages > MOST_REWRITTEN_PAGES) return
  try {
    db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    db.exec('VACUUM')
  } catch (problem) {
    // Another server is on it, or the disk is full: it serves as it is.
    if (!toFault(problem)) throw problem
  }
}

/** A log that does not lie beside the database may still be open in another process: its rows would not be seen. Throws then. */
function expectNobodyElse(sqlite: Sqlite, file: string): void {
  const db = new sqlite.DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK')
  } finally {
    db.close()
  }
}

/** Opens and migrates once; throws SQLite's exceptions. */
function openOnce(sqlite: Sqlite, file: string): Result<Connection, OpenError> {
  if (isWithoutLog(file)) expectNobodyElse(sqlite, file)
  const db = new Connection(new sqlite.DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS }))
  let refused: OpenError | undefined
  try {
    // Look before touching: the journal mode of a database that is not ours must not change.
    if (db.number('SELECT count(*) FROM sqlite_schema') > 0) refused = migrate(db, file)
    if (!refused) {
      // Before the first table: rows that go give their pages back to the disk.
      if (db.number('SELECT count(*) FROM sqlite_schema') === 0) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
      db.exec('PRAGMA journal_mode = WAL')
      db.exec('PRAGMA synchronous = FULL')
      db.exec(`PRAGMA journal_size_limit = ${MOST_LOG_BYTES}`)
      refused = migrate(db, file)
      if (!refused) shrinkable(db)
    }
  } catch (problem) {
    db.close()
    throw problem
  }
  if (!refused) return ok(db)
  db.close()
  return err(refused)
}

export type OpenFailure = OpenError | StoreFault

/** Opens the database; waits a little where another server is creating it at this moment. */
export async function openDatabase(file: string): Promise<Result<Connection, OpenFailure>> {
  const sqlite = loadSqlite()
  if (!sqlite.ok) return sqlite
  try {
    makePrivate(file)
  } catch (problem) {
    return err({ code: 'unreadable', message: diskWords(problem) })
  }
  for (let attempt = 1; ; attempt++) {
    try {
      return openOnce(sqlite.value, file)
    } catch (problem) {
      const fault = toFault(problem)
      if (!fault) throw problem
      if (fault.code === 'busy' && attempt < OPEN_ATTEMPTS) {
        await new Promise((go) => setTimeout(go, 20 + Math.random() * 40))
        continue
      }
      if (sqliteCode(problem) === 26)
        return err({
          code: 'foreign-database',
          message: `${file} is not an SQLite database; it was left as it is. If it was this program's: coord serve --restore FILE puts a backup in its place`,
        })
      if (fault.code === 'busy' && isWithoutLog(file)) return err(logTaken(file))
      // Where there is no room for what lies beside the file, SQLite only says that it cannot be read.
      if (fault.code === 'unreadable' && !hasRoom(file))
        return err({ code: 'full', message: 'the disk is full' })
      return err(fault.code === 'damaged' ? damaged(file, fault.message) : fault)
    }
  }
}
