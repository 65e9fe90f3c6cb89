/** One connection to MariaDB, as every transaction wants it: UTC, strict, and nothing that lasts without an end. */
import {
  createConnection,
  type Connection as Driver,
  type QueryResult,
  type ResultSetHeader,
} from 'mysql2/promise'
import type { DatabaseAddress } from './address.ts'
import { isLost, TooLate } from './faults.ts'
import type { Stored, Value } from './rows.ts'

const CONNECT_LIMIT_MS = 2_000
/** The database ends a statement by itself after three seconds: without a word for longer, it is away. */
const STATEMENT_LIMIT_S = 3
const ANSWER_LIMIT_MS = 4_000
const LOCK_WAIT_S = 2
/** A server that stands still in the middle of a transaction does not hold up the others for longer. */
const IDLE_TRANSACTION_S = 10
/** As many as the rules have; all servers of a database share its 16 382. */
const MOST_STATEMENTS = 128
/** The database keeps no more prepared statements. */
const NO_MORE_STATEMENTS = 1461

export class Link {
  readonly #driver: Driver
  /** Whoever waits for an answer. The driver tells nobody of a connection that it was told to give up. */
  readonly #waiting = new Set<(problem: Error) => void>()
  #isBroken = false
  /** Its statements may take as long as they need: a migration, a backup. */
  isPatient = false
  /** Set by its pool: called once when the connection is gone. */
  onGone: () => void = () => undefined

  constructor(driver: Driver) {
    this.#driver = driver
    // Without a listener the driver throws what happens between statements.
    driver.on('error', () => this.destroy())
    driver.on('end', () => this.destroy())
  }

  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Gives it up, whatever it is doing. */
  destroy(): void {
    if (this.#isBroken) return
    this.#isBroken = true
    this.#driver.destroy()
    for (const fail of this.#waiting) fail(gone())
    this.onGone()
  }

  async all(sql: string, ...values: readonly Value[]): Promise<Stored[]> {
    return (await this.#execute(sql, values)) as unknown as Stored[]
  }
  async get(sql: string, ...values: readonly Value[]): Promise<Stored | undefined> {
    return (await this.all(sql, ...values))[0]
  }
  async number(sql: string, ...values: readonly Value[]): Promise<number> {
    return Number(Object.values((await this.get(sql, ...values)) ?? {})[0] ?? 0)
  }
  /** How many rows changed. */
  async run(sql: string, ...values: readonly Value[]): Promise<number> {
    return ((await this.#execute(sql, values)) as ResultSetHeader).affectedRows
  }
  /** The number that a new row got. */
  async insert(sql: string, ...values: readonly Value[]): Promise<number> {
    return ((await this.#execute(sql, values)) as ResultSetHeader).insertId
  }
  /** A statement that is not prepared: its text is another each time, or the server prepares none of its kind. */
  async plain(sql: string, ...values: readonly Value[]): Promise<Stored[]> {
    return (await this.#within(this.#driver.query(sql, [...values]))) as unknown as Stored[]
  }

  /** Prepared; as text where others took all the room for prepared statements. */
  async #execute(sql: string, values: readonly Value[]): Promise<QueryResult> {
    try {
      return await this.#within(this.#driver.execute(sql, [...values]))
    } catch (problem) {
      if ((problem as { errno?: number }).errno !== NO_MORE_STATEMENTS) throw problem
      return this.#within(this.#driver.query(sql, [...values]))
    }
  }

  async #within<T>(answer: Promise<[T, unknown]>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const { promise: none, reject: fail } = Promise.withResolvers<never>()
    this.#waiting.add(fail)
    if (this.#isBroken) fail(gone())
    if (!this.isPatient)
      timer = setTimeout(() => {
        fail(new TooLate(`no answer within ${ANSWER_LIMIT_MS / 1000} s`))
        this.destroy()
      }, ANSWER_LIMIT_MS)
    try {
      return (await Promise.race([answer, none]))[0]
    } catch (problem) {
      if (isLost(problem)) this.destroy()
      throw problem
    } finally {
      clearTimeout(timer)
      this.#waiting.delete(fail)
    }
  }
}

/** As the driver says it of a connection that it has not given up. */
const gone = (): Error =>
  Object.assign(new Error('the connection was lost'), { code: 'PROTOCOL_CONNECTION_LOST', fatal: true })

/** Connects to the first of the hosts that answers; throws what the last one said. */
export async function connect(address: DatabaseAddress): Promise<Link> {
  const { socketPath } = address
  const places = socketPath === undefined ? address.hosts : [{ socketPath }]
  for (const [i, place] of places.entries()) {
    try {
      return await prepare(await createConnection({ ...place, ...optionsOf(address) }))
    } catch (problem) {
      if (i === places.length - 1) throw problem
    }
  }
  throw new Error('an address without a place')
}

const optionsOf = ({ user, password, database, tls, socketPath }: DatabaseAddress) => ({
  user,
  database,
  ...(password === undefined ? {} : { password }),
  // By itself the driver takes a certificate of any name. A local socket has none.
  ...(tls === null
    ? {}
    : { ssl: { verifyIdentity: socketPath === undefined, ...(tls.ca === undefined ? {} : { ca: tls.ca }) } }),
  charset: 'utf8mb4',
  timezone: 'Z',
  dateStrings: true,
  supportBigNumbers: true,
  connectTimeout: CONNECT_LIMIT_MS,
  maxPreparedStatements: MOST_STATEMENTS,
  disableEval: true,
  // Changed rows are counted, not found ones; no file of this machine is ever read for the server.
  flags: ['-FOUND_ROWS', '-LOCAL_FILES'],
})

async function prepare(driver: Driver): Promise<Link> {
  const link = new Link(driver)
  try {
    // Whatever the server gives to others: its own charset, row limit and ways of committing would change what rows say.
    await link.plain(`SET SESSION time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION',
      character_set_client = 'utf8mb4', character_set_results = 'utf8mb4', collation_connection = 'utf8mb4_nopad_bin',
      autocommit = 1, completion_type = 'NO_CHAIN', sql_safe_updates = 0, sql_select_limit = 18446744073709551615, tx_isolation = 'READ-COMMITTED', innodb_lock_wait_timeout = ${LOCK_WAIT_S},
      lock_wait_timeout = 5, max_statement_time = ${STATEMENT_LIMIT_S}, idle_transaction_timeout = ${IDLE_TRANSACTION_S}`)
    // On a cluster: what another node acknowledged is seen here.
    if ((await link.number('SELECT @@wsrep_on')) === 1) await link.plain('SET SESSION wsrep_sync_wait = 7')
    return link
  } catch (problem) {
    link.destroy()
    throw problem
  }
}
