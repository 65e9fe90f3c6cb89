/** A MariaDB of the tests' own: in a folder of its own, on a socket of its own, as an unprivileged user, and gone afterwards. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection } from 'mysql2/promise'
import { isDeadlock } from '../mariadb/faults.ts'

export const MARIADBD = ['/usr/sbin/mariadbd', '/usr/bin/mariadbd', '/usr/libexec/mariadbd'].find(existsSync)
const INSTALL = '/usr/bin/mariadb-install-db'
const PARTS = [INSTALL, '/usr/bin/my_print_defaults']
export const NOBODY = 65_534
const START_LIMIT_MS = 120_000
const WAITING_EVERY_MS = 150
const WAITING = `SELECT 1 FROM information_schema.processlist WHERE user = 'coord' AND state LIKE 'Waiting for table%'
  UNION ALL SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'`

/** Said by a test that cannot run without it. */
export const NO_MARIADB =
  MARIADBD === undefined || !PARTS.every((part) => existsSync(part))
    ? 'NOT TESTED on MariaDB: there is none here (sudo apt-get install -y mariadb-server-core mariadb-client-core)'
    : undefined

export interface TestDatabaseServer {
  readonly folder: string
  readonly socket: string
  /** The address of a new, empty database. */
  newDatabase(options?: string): Promise<string>
  /** As the database's administrator. */
  sql(text: string): Promise<Record<string, unknown>[]>
  /** Resolves when a statement of ours waits for a table or a row that another program locks. */
  untilWaiting(): Promise<void>
  /** A connection of the administrator's; whoever opens it ends it. */
  open(): Promise<Connection>
  start(): Promise<void>
  stop(signal?: NodeJS.Signals): Promise<void>
  signal(signal: NodeJS.Signals): void
  remove(): Promise<void>
}

/** Whoever is root gives that up for it: a database server refuses to run so, and rightly. */
const asNobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
/**
 * How a program of the database's is run in its folder. Its temporary tables lie there too: one that starts removes all that it
 * finds of others in the folder that they share.
 */
export const inFolder = (folder: string) => ({
  ...asNobody,
  cwd: folder,
  env: { ...process.env, TMPDIR: folder },
})

/** Makes an empty database in `data` of a folder. */
export function installMariaDb(folder: string): void {
  const made = spawnSync(
    INSTALL,
    [
      '--no-defaults',
      `--datadir=${join(folder, 'data')}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { ...inFolder(folder), encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`mariadb-install-db: ${made.stdout}${made.stderr}`)
}

/** Starts one in a folder beneath `parent`; `more` are options of mariadbd. */
export async function startMariaDb(
  more: readonly string[] = [],
  parent: string = tmpdir(),
): Promise<TestDatabaseServer> {
  // Short: the path of a socket has at most a hundred letters.
  const folder = mkdtempSync(join(parent, 'cm-'))
  if (asNobody.uid !== undefined) chownSync(folder, NOBODY, NOBODY)
  installMariaDb(folder)
  const socket = join(folder, 's')
  let child: ChildProcess | undefined
  let databases = 0

  const open = (): Promise<Connection> => createConnection({ socketPath: socket, user: 'root' })
  const connected = async <T>(work: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await open()
    try {
      return await work(connection)
    } finally {
      connection.destroy()
    }
  }
  const query = (text: string): Promise<Record<string, unknown>[]> =>
    connected(async (connection) => (await connection.query(text))[0] as Record<string, unknown>[])
  /** A statement that meets a server's own sweep is undone by the database, and tried again. */
  const sql = async (text: string, left = 5): Promise<Record<string, unknown>[]> =>
    query(text).catch((problem: unknown) => {
      if (left === 0 || !isDeadlock(problem)) throw problem
      return sql(text, left - 1)
    })

  const start = async (): Promise<void> => {
    const log = join(folder, 'log.err')
    child = spawn(
      MARIADBD ?? '',
      [
        '--no-defaults',
        `--datadir=${join(folder, 'data')}`,
        `--socket=${socket}`,
        `--pid-file=${join(folder, 'pid')}`,
        `--log-error=${log}`,
        '--skip-networking',
        '--skip-log-bin',
        '--innodb-buffer-pool-size=64M',
        '--innodb-log-file-size=48M',
        '--character-set-server=latin1',
        ...more,
      ],
      { ...inFolder(folder), stdio: 'ignore' },
    )
    const until = Date.now() + START_LIMIT_MS
    for (;;) {
      if (child.exitCode !== null || Date.now() > until)
        throw new Error(`mariadbd did not start: ${readFileSync(log, 'utf8').slice(-2_000)}`)
      const isUp = await sql('SELECT 1').then(
        () => true,
        () => false,
      )
      if (isUp) return
      await sleep(50)
    }
  }
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }
  await start()
  await sql("CREATE USER coord@localhost IDENTIFIED BY 'a pass:word@/'")
  return {
    folder,
    socket,
    sql,
    async untilWaiting() {
      // InnoDB renews its list of transactions only where nobody has read it for 100 ms: who asks more often is told the same for ever.
      while ((await sql(WAITING)).length === 0) await sleep(WAITING_EVERY_MS)
    },
    open,
    start,
    stop,
    signal: (signal) => void child?.kill(signal),
    async newDatabase(options = '') {
      const name = `coord${++databases}`
      await sql(`CREATE DATABASE ${name}`)
      await sql(`GRANT ALL ON ${name}.* TO coord@localhost`)
      return `mariadb://coord:${encodeURIComponent('a pass:word@/')}@/${name}?socket=${encodeURIComponent(socket)}${options}`
    },
    async remove() {
      await stop('SIGKILL')
      rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    },
  }
}

/** The database that an address of `newDatabase` names. */
export const databaseNameOf = (address: string): string => /@\/(\w+)/.exec(address)?.[1] ?? ''
