/** The store on MariaDB: every change a transaction, several servers on one database, and back by itself after a fault. */
import { assertNever, err, ok, type Result } from '../../../shared/result.ts'
import type { EpochMs } from '../../../shared/time.ts'
import {
  newest,
  OVERVIEW_LOCKS,
  OVERVIEW_ROWS,
  type AccessStore,
  type Answer,
  type CallKey,
  type Caller,
  type Change,
  type ChangeLog,
  type Missing,
  type ListKind,
  type ListQuery,
  type Outcome,
  type Overview,
  type Page,
  type Row,
  type Store,
  type StoreFault,
  type Tagged,
} from '../store.ts'
import { auditOf } from '../audit.ts'
import { Housekeeping } from '../housekeeping.ts'
import { addToken, audit, findToken, listTokens, newestAudit, revokeTokens } from './access.ts'
import type { DatabaseAddress } from './address.ts'
import { readChanges, tagOf } from './changes.ts'
import { isDeadlock, toFault } from './faults.ts'
import { touchLocks } from './held-locks.ts'
import { once } from './keys.ts'
import { listLocks } from './lock-lists.ts'
import { claimLock, giveBack, releaseAll, releaseLock, renewLock } from './locks.ts'
import type { Link } from './link.ts'
import { countUnread, listMessages, readMessage, receiptsOf, sendMessage } from './messages.ts'
import { openDatabase, type Opened, type OpenError } from './open.ts'
import { Pool } from './pool.ts'
import { sweepSteps } from './sweep.ts'
import { isWorthAnother, transact, type Transaction } from './transaction.ts'
import {
  activeWorkflows,
  changeStatus,
  createItem,
  createWorkflow,
  listComponents,
  listItems,
  listWorkflows,
  recentComponents,
  setComponent,
} from './work.ts'

const CLOSED: StoreFault = { code: 'closed', message: 'the store is closed' }
const OPEN_AGAIN_MS = 1_000
const NONE_MISSING: Missing = { now: [], all: [] }

/** Applies a change, and keeps who did it where that is kept. */
async function applyFor(tx: Transaction, change: Change, caller: Caller | null): Promise<Outcome> {
  const outcome = await apply(tx, change, caller)
  const entry = auditOf(change, outcome, caller)
  if (entry) await audit(tx, entry, caller?.machine ?? null)
  return outcome
}

async function apply(tx: Transaction, change: Change, caller: Caller | null): Promise<Outcome> {
  switch (change.kind) {
    case 'lock.claim':
      return touched(tx, change.actors, change.project, await claimLock(tx, change))
    case 'lock.renew':
      return renewLock(tx, change)
    case 'lock.release':
      return releaseLock(tx, change)
    case 'lock.release-all':
      return releaseAll(tx, change)
    case 'lock.give-back':
      return giveBack(tx, change)
    case 'component.set':
      return touched(tx, change.actors, change.project, await setComponent(tx, change))
    case 'workflow.create':
      return touched(tx, change.actors, change.project, await createWorkflow(tx, change))
    case 'item.create':
      return createItem(tx, change)
    case 'workflow.change':
    case 'item.change':
      return changeStatus(tx, change, caller)
    case 'message.send':
      return touched(tx, change.actors, change.project, {
        kind: 'created',
        row: await sendMessage(tx, change),
      })
    case 'message.read':
      return readMessage(tx, change, caller)
    default:
      return assertNever(change)
  }
}

async function touched(
  tx: Transaction,
  actors: readonly string[],
  project: string | null,
  outcome: Outcome,
): Promise<Outcome> {
  for (const actor of actors) await touchLocks(tx, actor, project)
  return outcome
}

function pageOf(link: Link, query: ListQuery): Promise<Page> {
  switch (query.kind) {
    case 'locks':
      return listLocks(link, query)
    case 'messages':
      return listMessages(link, query)
    case 'components':
      return listComponents(link, query)
    case 'workflows':
      return listWorkflows(link, query)
    case 'work-items':
      return listItems(link, query)
    default:
      return assertNever(query)
  }
}

/** All times are the database's own, whatever a caller's clock says. */
class MariaStore implements Store {
  readonly #address: DatabaseAddress
  readonly #pool: Pool
  readonly #log: (line: string) => void
  readonly #listeners = new Set<() => void>()
  readonly #housekeeping: Housekeeping
  #id: string | undefined
  #opening: Promise<Result<string, StoreFault>> | undefined
  #openAgainAt = 0
  #away: StoreFault | undefined
  /** A write failed: only a write shows that the fault is over. */
  #isUnwritten = false
  #isClosed = false

  constructor(address: DatabaseAddress, id: string | undefined, log: (line: string) => void) {
    this.#address = address
    this.#pool = new Pool(address)
    this.#id = id
    this.#log = log
    this.#housekeeping = new Housekeeping(log)
  }

  readonly access: AccessStore = {
    add: (token) => this.#transact((tx) => addToken(tx, token)),
    revoke: (machine) => this.#transact((tx) => revokeTokens(tx, machine)),
    list: () => this.#read(listTokens),
    find: (hash) => this.#read((link) => findToken(link, hash)),
    audit: (limit) => this.#read((link) => newestAudit(link, limit)),
  }

  async write(
    change: Change,
    _at: EpochMs,
    key: CallKey | null,
    caller: Caller | null = null,
  ): Promise<Result<Answer, StoreFault>> {
    const done = await this.#transact((tx) =>
      once(tx, key, change.kind === 'lock.claim', () => applyFor(tx, change, caller)),
    )
    if (done.ok) this.#committed()
    return done
  }

  list(query: ListQuery, _at: EpochMs, known: readonly string[]): Promise<Result<Tagged<Page>, StoreFault>> {
    return this.#read((link) => this.#tagged(link, [query.kind], known, () => pageOf(link, query)))
  }

  overview(
    session: string | null,
    _at: EpochMs,
    known: readonly string[],
  ): Promise<Result<Tagged<Overview>, StoreFault>> {
    const locks: ListQuery = {
      ...newest(OVERVIEW_LOCKS),
      order: 'oldest',
      kind: 'locks',
      project: null,
      resource: null,
      machine: null,
    }
    return this.#read((link) =>
      this.#tagged(link, ['locks', 'components', 'workflows', 'messages'], known, async () => ({
        locks: await listLocks(link, locks),
        components: await recentComponents(link, OVERVIEW_ROWS),
        workflows: await activeWorkflows(link, OVERVIEW_ROWS),
        unreadCount: await countUnread(link, session),
      })),
    )
  }

  async #tagged<T>(
    link: Link,
    kinds: readonly ListKind[],
    known: readonly string[],
    read: () => Promise<T>,
  ): Promise<Tagged<T>> {
    const tag = `${this.#id?.slice(0, 8)}-${await tagOf(link, kinds)}`
    return known.includes(tag) ? { tag, isUnchanged: true } : { tag, isUnchanged: false, value: await read() }
  }

  receipts(id: string): Promise<Result<readonly Row[] | undefined, StoreFault>> {
    return this.#read((link) => receiptsOf(link, id))
  }

  changes(
    after: number | null,
    limit: number,
    missing: Missing = NONE_MISSING,
  ): Promise<Result<ChangeLog, StoreFault>> {
    return this.#read((link) => readChanges(link, after, limit, missing))
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #committed(): void {
    for (const listener of this.#listeners) listener()
  }

  async check(): Promise<Result<void, StoreFault>> {
    const done = this.#isUnwritten
      ? await this.#transact((tx) => tx.run('UPDATE probe SET at = UTC_TIMESTAMP(3)'))
      : await this.#read((link) => link.number('SELECT only_one FROM probe'))
    return done.ok ? ok(undefined) : done
  }

  isUsable(): boolean {
    return this.#away === undefined
  }

  async sweep(): Promise<Result<number, StoreFault>> {
    const steps = sweepSteps({
      transact: (work) => this.#transact(work),
      plainly: (work) => this.#read(work),
    })
    const swept = await this.#housekeeping.run(steps)
    this.#committed()
    return swept
  }

  connections(): { readonly used: number; readonly idle: number; readonly waiting: number } {
    return this.#pool.counts
  }

  close(): Promise<void> {
    this.#isClosed = true
    this.#pool.close()
    return Promise.resolve()
  }

  async #transact<T>(work: (tx: Transaction) => Promise<T>): Promise<Result<T, StoreFault>> {
    const opened = await this.#open()
    if (!opened.ok) return opened
    const done = await transact(this.#pool, work)
    if (done.ok) this.#isUnwritten = false
    else this.#isUnwritten = done.error.code !== 'busy'
    return this.#seen(done)
  }

  async #read<T>(work: (link: Link) => Promise<T>): Promise<Result<T, StoreFault>> {
    const opened = await this.#open()
    if (!opened.ok) return opened
    const since = performance.now()
    for (let attempt = 1; ; attempt++) {
      try {
        return this.#seen(ok(await this.#pool.use(work)))
      } catch (problem) {
        // Housekeeping may meet a writer.
        if (isWorthAnother(problem, attempt, since) || (isDeadlock(problem) && attempt < 5)) continue
        const fault = toFault(problem)
        if (!fault) throw problem
        return this.#seen(err(fault))
      }
    }
  }

  /** The tables, where the database was away when the server started. */
  async #open(): Promise<Result<string, StoreFault>> {
    if (this.#isClosed) return err(CLOSED)
    if (this.#id !== undefined) return ok(this.#id)
    if (performance.now() < this.#openAgainAt && this.#away) return err(this.#away)
    this.#opening ??= this.#openOnce().finally(() => (this.#opening = undefined))
    return this.#opening
  }

  async #openOnce(): Promise<Result<string, StoreFault>> {
    const opened = await openDatabase(this.#address)
    if (opened.ok) {
      sayRestored(this.#address, opened.value, this.#log)
      this.#id = opened.value.id
      return ok(opened.value.id)
    }
    this.#openAgainAt = performance.now() + OPEN_AGAIN_MS
    return this.#seen(err({ code: 'unreadable', message: opened.error.message }))
  }

  /** Says once that the database is away, and once that it is back. */
  #seen<T>(done: Result<T, StoreFault>): Result<T, StoreFault> {
    if (this.#isClosed && !done.ok) return err(CLOSED)
    if (!done.ok && !this.#away) this.#log(`database away (${done.error.code}): ${done.error.message}`)
    if (done.ok && this.#away) this.#log('database back')
    this.#away = done.ok ? undefined : done.error
    return done
  }
}

function sayRestored(address: DatabaseAddress, opened: Opened, log: (line: string) => void): void {
  if (opened.wasRestored)
    log(`${address.name} is a copy that was put back: its numbers go on beyond all that were given since`)
}

const isFault = (error: OpenError | StoreFault): error is StoreFault =>
  !['newer-database', 'foreign-database', 'database-unusable'].includes(error.code)

/**
 * Opens the store. A database that can never be used (newer, another program's, no right) is an error; one that is away at this
 * moment gives a store that answers faults until it is back.
 */
export async function openMariaStore(
  address: DatabaseAddress,
  log: (line: string) => void = () => undefined,
): Promise<Result<Store, OpenError>> {
  const opened = await openDatabase(address)
  if (opened.ok) {
    sayRestored(address, opened.value, log)
    return ok(new MariaStore(address, opened.value.id, log))
  }
  if (!isFault(opened.error)) return err(opened.error)
  log(`database away (${opened.error.code}): ${opened.error.message}`)
  return ok(new MariaStore(address, undefined, log))
}

export { parseAddress } from './address.ts'
export { backupToFile, importFile } from './copy.ts'
