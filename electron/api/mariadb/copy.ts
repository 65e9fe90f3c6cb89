/** The embedded database's rows into MariaDB, and MariaDB's into a file of the embedded one: whole, or not at all. */
import { existsSync } from 'node:fs'
import { chmod, link as linkFile, mkdtemp, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { err, ok, type Result } from '../../../shared/result.ts'
import { backupDatabase } from '../sqlite/backup.ts'
import { markCopy, setNumber } from '../sqlite/copies.ts'
import { openDatabase as openFile, type Connection } from '../sqlite/open.ts'
import { toStored as toSqlite, toText as fromSqlite } from '../sqlite/rows.ts'
import type { ListKind } from '../store.ts'
import type { DatabaseAddress } from './address.ts'
import { toFault } from './faults.ts'
import { connect, type Link } from './link.ts'
import { leap, nextNumber, NUMBERED } from './numbers.ts'
import { openDatabase } from './open.ts'
import { maybeTime, toMs, toStored, toText, type Value } from './rows.ts'
import { TABLES, type Plain, type Table } from './tables.ts'

export interface CopyError {
  readonly code: 'source-unusable' | 'not-empty' | 'target-exists' | 'failed'
  /** One sentence for a person. */
  readonly message: string
}
/** How many rows of each table. */
export type Copied = Readonly<Record<string, number>>

const LISTS: readonly ListKind[] = ['locks', 'components', 'workflows', 'work-items', 'messages']
const PAGE_ROWS = 1_000
/** A statement's values at most; a server takes 16 MiB by default. */
const STATEMENT_BYTES = 2_097_152
const STATEMENT_ROWS = 500

/** Takes a file's rows into a database that has none yet, in one transaction. */
export async function importFile(address: DatabaseAddress, file: string): Promise<Result<Copied, CopyError>> {
  const folder = await mkdtemp(join(dirname(file), '.coord-import-'))
  try {
    // A copy: the file may be in use, or of an earlier version, which is migrated on the way.
    const copied = await backupDatabase(file, join(folder, 'copy.db'))
    if (!copied.ok) return err({ code: 'source-unusable', message: copied.error.message })
    const source = await openFile(join(folder, 'copy.db'))
    if (!source.ok) return err({ code: 'source-unusable', message: source.error.message })
    try {
      return await withLink(address, (link) => fill(link, source.value, address.name))
    } finally {
      source.value.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Writes a database's rows, as they are at one moment, into a new file that `coord serve --database` and `--import` take. */
export async function backupToFile(
  address: DatabaseAddress,
  target: string,
): Promise<Result<Copied, CopyError>> {
  if (existsSync(target))
    return err({ code: 'target-exists', message: `${target} exists; a backup never overwrites` })
  const folder = await mkdtemp(join(dirname(target), '.coord-backup-'))
  const draft = join(folder, 'copy.db')
  try {
    const copied = await withLink(address, (link) => drain(link, draft))
    if (!copied.ok) return copied
    await chmod(draft, 0o600)
    await linkFile(draft, target)
    return copied
  } catch (problem) {
    if (!(problem instanceof Error && 'syscall' in problem)) throw problem
    return err({ code: 'failed', message: `the backup could not be written: ${problem.message}` })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function withLink(
  address: DatabaseAddress,
  work: (link: Link) => Promise<Result<Copied, CopyError>>,
): Promise<Result<Copied, CopyError>> {
  const opened = await openDatabase(address)
  if (!opened.ok) return err({ code: 'failed', message: opened.error.message })
  let link: Link | undefined
  try {
    link = await connect(address)
    link.isPatient = true
    await link.plain(
      'SET SESSION max_statement_time = 0, idle_transaction_timeout = 0, innodb_lock_wait_timeout = 60',
    )
    return await work(link)
  } catch (problem) {
    const fault = toFault(problem)
    if (!fault) throw problem
    return err({ code: 'failed', message: `${address.name}: ${fault.message}` })
  } finally {
    link?.destroy()
  }
}

async function fill(link: Link, source: Connection, name: string): Promise<Result<Copied, CopyError>> {
  const before = await firstFilled(link)
  if (before !== undefined) return err(notEmpty(name, before))
  // Before the rows, since it commits: rows whose numbers do not go on yet would be served after a crash.
  await leap(link, (table) => lastNumber(source, table))
  await link.plain('START TRANSACTION')
  const meanwhile = await firstFilled(link)
  if (meanwhile !== undefined) return err(notEmpty(name, meanwhile))
  const copied: Record<string, number> = {}
  // Without the log of changes, whoever comes back with a position of before is told to read anew: what it heard of may not be here.
  for (const table of TABLES.filter(({ maria }) => maria !== 'changes'))
    copied[table.maria] = await fillTable(link, source, table)
  // Every list is another one now, also to who asked a server for it while it was empty.
  await link.plain(`INSERT INTO counters SELECT 'unread_direct', 0, COUNT(*) FROM messages WHERE to_h IS NOT NULL AND read_at IS NULL
    UNION ALL SELECT 'unread_broadcasts', 0, COUNT(*) FROM messages WHERE to_h IS NULL AND read_at IS NULL
    ${LISTS.map((kind) => `UNION ALL SELECT '${kind}', 0, 1`).join(' ')}
    ON DUPLICATE KEY UPDATE n = counters.n + VALUES(n)`)
  await link.plain('COMMIT')
  return ok(copied)
}

async function firstFilled(link: Link): Promise<string | undefined> {
  for (const { maria } of TABLES)
    if (
      maria !== 'audit' &&
      (await link.number(`SELECT COUNT(*) FROM (SELECT 1 FROM ${maria} LIMIT 1) t`)) > 0
    )
      return maria
  return undefined
}

const notEmpty = (name: string, table: string): CopyError => ({
  code: 'not-empty',
  message: `${name} has rows in ${table} already: an import takes an empty database`,
})

const lastNumber = (db: Connection, table: string): number =>
  db.number('SELECT seq FROM sqlite_sequence WHERE name = ?', table)

async function fillTable(link: Link, source: Connection, table: Table): Promise<number> {
  const names = Object.keys(table.columns)
  const rows = source.iterate(
    `SELECT ${names.map(quoted).join(', ')} FROM ${table.sqlite} ${table.where === undefined ? '' : `WHERE ${table.where}`}`,
  )
  let columns: string[] = []
  let values: Value[] = []
  let waiting = 0
  let bytes = 0
  let count = 0
  const flush = async (): Promise<void> => {
    if (waiting === 0) return
    const row = `(${columns.map(() => '?').join(', ')})`
    const into = `INSERT ${table.maria === 'audit' ? 'IGNORE ' : ''}INTO ${table.maria} (${columns.map(quoted).join(', ')})`
    await link.plain(`${into} VALUES ${Array.from({ length: waiting }, () => row).join(', ')}`, ...values)
    values = []
    waiting = 0
    bytes = 0
  }
  for (let next = rows.next(); !next.done; next = rows.next()) {
    const plain: Plain = Object.fromEntries(
      names.map((name) => [
        name,
        table.columns[name] === 'text' ? fromSqlite(next.value[name]) : numberOf(next.value[name]),
      ]),
    )
    const stored = { ...toMaria(plain, table), ...table.ofMaria?.(plain) }
    columns = Object.keys(stored)
    values.push(...Object.values(stored))
    bytes += Object.values(stored).reduce<number>(
      (sum, v) => sum + (typeof v === 'string' ? v.length : 16),
      0,
    )
    count++
    if (++waiting >= STATEMENT_ROWS || bytes > STATEMENT_BYTES) await flush()
  }
  await flush()
  return count
}

/** `key` is a word of SQL. */
const quoted = (name: string): string => `\`${name}\``
const numberOf = (value: unknown): number | null =>
  value === null || value === undefined ? null : Number(value)

const toMaria = (plain: Plain, { columns }: Table): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(plain).map(([name, value]) => {
      if (columns[name] === 'time') return [name, maybeTime(value === null ? null : Number(value))]
      return [name, columns[name] === 'text' ? toStored(value === null ? null : String(value)) : value]
    }),
  )

async function drain(link: Link, file: string): Promise<Result<Copied, CopyError>> {
  const target = await openFile(file)
  if (!target.ok) return err({ code: 'failed', message: target.error.message })
  const db = target.value
  try {
    await link.plain('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ')
    await link.plain('START TRANSACTION WITH CONSISTENT SNAPSHOT')
    const copied: Record<string, number> = {}
    for (const table of TABLES) copied[table.maria] = await drainTable(link, db, table)
    // Of what was swept no row tells any more which numbers were given.
    for (const [maria, sqlite] of NUMBERED)
      setNumber(db, sqlite, Math.max(lastNumber(db, sqlite), (await nextNumber(link, maria)) - 1))
    markCopy(db, Date.now())
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    db.exec('PRAGMA journal_mode = DELETE')
    return ok(copied)
  } finally {
    db.close()
  }
}

async function drainTable(link: Link, db: Connection, table: Table): Promise<number> {
  const names = Object.keys(table.columns)
  const select = `SELECT ${names.map(quoted).join(', ')}, ${quoted(table.key)} AS row_key FROM ${table.maria}`
  let count = 0
  let after: Value | undefined
  for (let limit = PAGE_ROWS; ;) {
    const where = [
      ...(table.whereMaria === undefined ? [] : [table.whereMaria]),
      ...(after === undefined ? [] : [`${quoted(table.key)} > ?`]),
    ]
    const rows = await link.plain(
      `${select} ${where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`} ORDER BY ${quoted(table.key)} LIMIT ${limit}`,
      ...(after === undefined ? [] : [after]),
    )
    const isFull = rows.length === limit
    const last = rows.at(-1)?.row_key ?? null
    // Several rows may have one key: the last of a full page may go on.
    const isShared = table.key === 'lock_id' || table.key === 'message_id'
    const whole = isFull && isShared ? rows.filter((row) => row.row_key !== last) : rows
    if (isFull && whole.length === 0) {
      limit *= 2
      continue
    }
    db.exec('BEGIN')
    for (const row of whole) writeRow(db, table, names, row)
    db.exec('COMMIT')
    count += whole.length
    if (!isFull) return count
    after = whole.at(-1)?.row_key ?? null
    limit = PAGE_ROWS
  }
}

function writeRow(
  db: Connection,
  table: Table,
  names: readonly string[],
  row: Readonly<Record<string, Value>>,
): void {
  const plain: Plain = Object.fromEntries(
    names.map((name): [string, string | number | null] => {
      const value = row[name] ?? null
      if (table.columns[name] === 'text') return [name, toText(value)]
      if (value === null) return [name, null]
      return [name, table.columns[name] === 'time' ? toMs(value) : Number(value)]
    }),
  )
  const stored = { ...plain, ...table.ofSqlite?.(plain) }
  const values = Object.values(stored).map((value) => (typeof value === 'string' ? toSqlite(value) : value))
  db.run(
    `INSERT INTO ${table.sqlite} (${Object.keys(stored).map(quoted).join(', ')}) VALUES (${values.map(() => '?').join(', ')})`,
    ...values,
  )
}
