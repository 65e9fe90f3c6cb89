/** One write as a transaction: repeated whole where two met, and told of after its commit only. */
import { randomInt } from 'node:crypto'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { ListKind, StoreFault } from '../store.ts'
import { isConflict, isLost, toFault, TooLate } from './faults.ts'
import type { Link } from './link.ts'
import type { Pool } from './pool.ts'
import { toMs, toTime, type Stored, type Value } from './rows.ts'
import { SHARDS } from './schema.ts'

/** In which a write may begin anew. */
const LIMIT_MS = 5_000
const PAUSE_MS = 8
/** So many rows are written by a statement that is prepared; more are seldom, and each number of them would be another statement. */
const FEW_ROWS = 4
/** So many rows go into one statement. */
export const MANY_ROWS = 500
/** How many connections may turn out to be gone before the database counts as away, and for how long another one is looked for. */
const MOST_LOST = 4
const LOST_LIMIT_MS = 3_000

/** Another transaction was first at a row that this one did not see yet: it is to be tried again. */
export class Again extends Error {}
/** The connection went while the database committed: nobody knows. */
class InDoubt extends Error {}

export type Counter = ListKind | 'unread_direct' | 'unread_broadcasts'

export interface Recorded {
  readonly kind: ListKind
  readonly act: string
  readonly project: Value
  readonly id: Value
  /** The machine that it is for, as compared; null = every. */
  readonly machine?: Value
}

/** What a rule works with: statements, the database's time, and what is told of at the end. */
export class Transaction {
  readonly #link: Link
  readonly #deadline: number
  readonly #counts = new Map<Counter, number>()
  readonly #recorded: Recorded[] = []
  #at: EpochMs | undefined

  constructor(link: Link, deadline: number) {
    this.#link = link
    this.#deadline = deadline
  }

  /** The database's time, the same for the whole transaction from the first time that it is asked. */
  async now(): Promise<EpochMs> {
    this.#at ??= toMs((await this.get('SELECT UTC_TIMESTAMP(3) AS at'))?.at)
    return this.#at
  }
  /** What a list gives has changed: its tag is another one. */
  bump(kind: ListKind): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + 1)
  }
  count(name: 'unread_direct' | 'unread_broadcasts', by: number): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + by)
  }
  /** A change that listeners are told of. */
  record(entry: Recorded): void {
    this.#recorded.push(entry)
    this.bump(entry.kind)
  }

  all(sql: string, ...values: readonly Value[]): Promise<Stored[]> {
    return this.#inTime(() => this.#link.all(sql, ...values))
  }
  get(sql: string, ...values: readonly Value[]): Promise<Stored | undefined> {
    return this.#inTime(() => this.#link.get(sql, ...values))
  }
  run(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#inTime(() => this.#link.run(sql, ...values))
  }
  insert(sql: string, ...values: readonly Value[]): Promise<number> {
    return this.#inTime(() => this.#link.insert(sql, ...values))
  }
  /** A statement whose text is another each time: it is not prepared. */
  plain(sql: string, ...values: readonly Value[]): Promise<Stored[]> {
    return this.#inTime(() => this.#link.plain(sql, ...values))
  }

  /** Writes what was recorded and counted, last of all and in one order, so that nobody waits for these rows long. */
  async finish(): Promise<void> {
    for (let i = 0; i < this.#recorded.length; i += MANY_ROWS)
      await this.#writeChanges(this.#recorded.slice(i, i + MANY_ROWS))
    const counts = [...this.#counts].filter(([, n]) => n !== 0).sort(([a], [b]) => (a < b ? -1 : 1))
    if (counts.length === 0) return
    const shard = randomInt(SHARDS)
    await this.run(
      `INSERT INTO counters VALUES ${counts.map(() => '(?, ?, ?)').join(', ')} ON DUPLICATE KEY UPDATE n = n + VALUES(n)`,
      ...counts.flatMap(([name, n]) => [name, shard, n]),
    )
  }

  async #writeChanges(recorded: readonly Recorded[]): Promise<void> {
    const at = toTime(await this.now())
    const sql = `INSERT INTO changes (kind, act, project_key, id, machine, at) VALUES ${recorded.map(() => '(?, ?, ?, ?, ?, ?)').join(', ')}`
    const values = recorded.flatMap((r) => [r.kind, r.act, r.project, r.id, r.machine ?? null, at])
    await (recorded.length <= FEW_ROWS ? this.run(sql, ...values) : this.plain(sql, ...values))
  }

  #inTime<T>(statement: () => Promise<T>): Promise<T> {
    if (performance.now() > this.#deadline)
      return Promise.reject(new TooLate(`a transaction took longer than ${LIMIT_MS / 1000} s`))
    return statement()
  }
}

/**
 * Whether another connection is worth a try: one that ended while it was at rest says nothing of the database. Not for long: where
 * it stands still each costs seconds, and whoever asks has gone before the last of them.
 */
export const isWorthAnother = (problem: unknown, attempt: number, since: number): boolean =>
  isLost(problem) && attempt <= MOST_LOST && performance.now() - since < LOST_LIMIT_MS

/** Does `work` in one transaction; what it gives back is committed. Rejects for bugs only. */
export async function transact<T>(
  pool: Pool,
  work: (tx: Transaction) => Promise<T>,
): Promise<Result<T, StoreFault>> {
  const since = performance.now()
  const deadline = since + LIMIT_MS
  for (let attempt = 1; ; attempt++) {
    try {
      return ok(await pool.use((link) => once(link, work, deadline)))
    } catch (problem) {
      const fault = faultOf(problem)
      if (!fault) throw problem
      const isWorthIt =
        problem instanceof Again || isConflict(problem) || isWorthAnother(problem, attempt, since)
      if (!isWorthIt || performance.now() > deadline) return err(fault)
      await new Promise((go) => setTimeout(go, Math.random() * PAUSE_MS * Math.min(attempt, 10)))
    }
  }
}

function faultOf(problem: unknown): StoreFault | undefined {
  if (problem instanceof Again) return { code: 'busy', message: 'other writers were always first' }
  if (problem instanceof InDoubt)
    return { code: 'unreadable', message: `the connection went while it committed: ${problem.message}` }
  return toFault(problem)
}

async function once<T>(link: Link, work: (tx: Transaction) => Promise<T>, deadline: number): Promise<T> {
  const tx = new Transaction(link, deadline)
  try {
    await link.plain('START TRANSACTION')
    const value = await work(tx)
    await tx.finish()
    await commit(link)
    return value
  } catch (problem) {
    // A connection that cannot even do this is given up, and the database undoes it by itself.
    if (!link.isBroken) await link.plain('ROLLBACK').catch(() => link.destroy())
    throw problem
  }
}

async function commit(link: Link): Promise<void> {
  try {
    await link.plain('COMMIT')
  } catch (problem) {
    if (link.isBroken) throw new InDoubt(problem instanceof Error ? problem.message : '')
    throw problem
  }
}
