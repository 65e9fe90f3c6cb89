/** Makes and migrates the tables, under one lock that all servers share; refuses what is not ours. */
import { randomUUID } from 'node:crypto'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { StoreFault } from '../store.ts'
import type { DatabaseAddress } from './address.ts'
import { toFault } from './faults.ts'
import { connect, type Link } from './link.ts'
import { leap } from './numbers.ts'
import { APPLICATION, migrations, SCHEMA_VERSION } from './schema.ts'

/** Why a database cannot be used at all; waiting does not help. */
export interface OpenError {
  readonly code: 'newer-database' | 'foreign-database' | 'database-unusable'
  readonly message: string
}

/** What the database carries: its own name, so that tags of one are never taken for another's. */
export interface Opened {
  readonly id: string
  /** It was put back by the database's own means, which was marked (`RESTORED`): its numbers were let go on now. */
  readonly wasRestored: boolean
}

const META = `CREATE TABLE IF NOT EXISTS meta (name VARCHAR(64) NOT NULL PRIMARY KEY, value VARCHAR(255) NOT NULL)
  ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin`
/** How long a server waits for another that migrates at this moment. */
const MIGRATION_WAIT_S = 120
/**
 * A row in `meta` that whoever puts a copy back by the database's own means writes: no such copy can say by itself that it is one.
 */
const RESTORED = 'restored'
/** No such table, no such column. */
const NO_TABLE = new Set([1054, 1146])
/** The server refuses us, or what we are about to do: a person has to act. */
const REFUSED = new Set([1044, 1045, 1049, 1142, 1227, 1698])

/** Looks at the database, and makes or migrates its tables. A fault is for a moment, an error for good. */
export async function openDatabase(
  address: DatabaseAddress,
): Promise<Result<Opened, OpenError | StoreFault>> {
  const links: Link[] = []
  const open = async (): Promise<Link> => {
    const link = await connect(address)
    links.push(link)
    return link
  }
  try {
    return await prepare(address, open)
  } catch (problem) {
    const { errno, sqlMessage } = problem as { errno?: number; sqlMessage?: string }
    if (errno !== undefined && REFUSED.has(errno))
      return err({
        code: 'database-unusable',
        message: `${address.name} refuses: ${sqlMessage ?? String(errno)}`,
      })
    const fault = toFault(problem)
    if (fault) return err(fault)
    throw problem
  } finally {
    for (const link of links) link.destroy()
  }
}

async function prepare(
  address: DatabaseAddress,
  open: () => Promise<Link>,
): Promise<Result<Opened, OpenError | StoreFault>> {
  const link = await open()
  const isOurs = (await metaOf(link, 'application')) === APPLICATION
  if (!isOurs && (await isOthers(link)))
    return err({
      code: 'foreign-database',
      message: `${address.name} holds another program's tables; it was left as it is`,
    })
  if (isOurs && Number(await metaOf(link, 'version')) === SCHEMA_VERSION) return ok(await settled(link, open))
  await link.plain(META)
  await link.run(
    'INSERT IGNORE INTO meta VALUES (?, ?), (?, ?), (?, ?)',
    'application',
    APPLICATION,
    'version',
    '0',
    'id',
    randomUUID(),
  )
  return migrate(address, link, open)
}

/** Whether there are tables of another program. Ours are made after they were said to be ours: looked at in this order. */
async function isOthers(link: Link): Promise<boolean> {
  const tables = await link.all(
    'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  )
  const isMade = tables.some((row) => row.name !== 'meta')
  return isMade && (await metaOf(link, 'application')) !== APPLICATION
}

/**
 * The lock is a row that one connection holds while another changes the tables: each change of a table commits by itself, and
 * would let go of a lock of its own.
 */
async function migrate(
  address: DatabaseAddress,
  link: Link,
  open: () => Promise<Link>,
): Promise<Result<Opened, OpenError | StoreFault>> {
  await beginPatiently(link)
  const found = await link.number("SELECT value FROM meta WHERE name = 'version' FOR UPDATE")
  if (found > SCHEMA_VERSION)
    return err({
      code: 'newer-database',
      message: `${address.name} was written by a newer Coord Tray (database version ${found}, this program knows ${SCHEMA_VERSION}); update this program`,
    })
  const other = await openPatiently(open)
  for (const step of migrations.slice(found)) for (const statement of step) await other.plain(statement)
  await link.run("UPDATE meta SET value = ? WHERE name = 'version'", String(SCHEMA_VERSION))
  await link.plain('COMMIT')
  return ok(await settled(link, open))
}

/** Undefined where there is no such table, or it is another program's. */
async function metaOf(link: Link, name: string): Promise<string | undefined> {
  try {
    const row = await link.get('SELECT value FROM meta WHERE name = ?', name)
    return row && String(row.value)
  } catch (problem) {
    if (NO_TABLE.has((problem as { errno?: number }).errno ?? 0)) return undefined
    throw problem
  }
}

/** Makes a copy that was put back the database: under the same lock, by the first server that sees the mark. */
async function settled(link: Link, open: () => Promise<Link>): Promise<Opened> {
  let wasRestored = false
  if ((await metaOf(link, RESTORED)) !== undefined) {
    await beginPatiently(link)
    // Another server may have been before us.
    if (await link.get('SELECT value FROM meta WHERE name = ? FOR UPDATE', RESTORED)) {
      await leap(await openPatiently(open), () => 0)
      // Whoever comes back with a position or a tag of before is told to read anew: what it heard of may not be here.
      await link.plain('DELETE FROM changes')
      await link.run("UPDATE meta SET value = ? WHERE name = 'id'", randomUUID())
      await link.run('DELETE FROM meta WHERE name = ?', RESTORED)
      wasRestored = true
    }
    await link.plain('COMMIT')
  }
  return { id: (await metaOf(link, 'id')) ?? '', wasRestored }
}

async function beginPatiently(link: Link): Promise<void> {
  await link.plain(
    `SET SESSION innodb_lock_wait_timeout = ${MIGRATION_WAIT_S}, max_statement_time = 0, idle_transaction_timeout = 0`,
  )
  link.isPatient = true
  await link.plain('START TRANSACTION')
}

async function openPatiently(open: () => Promise<Link>): Promise<Link> {
  const link = await open()
  await link.plain('SET SESSION max_statement_time = 0')
  link.isPatient = true
  return link
}
