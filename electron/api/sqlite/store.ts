/** The store on the runtime's SQLite: one writer at a time, many changes to a commit, and back by itself after a fault. */
import { statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { err, ok, assertNever, type Result } from '../../../shared/result.ts'
import type { EpochMs } from '../../../shared/time.ts'
import { refuse, toAnswer } from '../answers.ts'
import { claimLock, listLocks, releaseAll, releaseLock, touchLocks } from './locks.ts'
import { countUnread, listMessages, readMessage, sendMessage } from './messages.ts'
import { openDatabase, toFault, type Connection, type OpenError } from './open.ts'
import { sweepStep } from './sweep.ts'
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
import {
  KEY_KEPT_MS,
  type Answer,
  type CallKey,
  type Change,
  type ListQuery,
  type Outcome,
  type Overview,
  type Page,
  type Store,
  type StoreFault,
} from '../store.ts'

/** How many changes go into one commit: one sync of the disk then serves them all. */
const BATCH = 128
/** How long a change waits for another server's transaction before the database counts as away. */
const BUSY_LIMIT_MS = 5_000
const BUSY_PAUSE_MS = 15
/** After a full disk: as much as the largest call needs, since a small write may still fit where others do not. */
const ROOM_BYTES = 1_048_576
const OVERVIEW_ROWS = 200
const CLOSED: StoreFault = { code: 'closed', message: 'the store is closed' }

interface Waiting {
  readonly change: Change
  readonly at: EpochMs
  readonly key: CallKey | null
  readonly since: number
  readonly settle: (result: Result<Answer, StoreFault>) => void
  readonly fail: (bug: unknown) => void
}

function apply(db: Connection, change: Change, at: EpochMs): Outcome {
  switch (change.kind) {
    case 'lock.claim':
      return touched(db, change.actors, change.project, at, claimLock(db, change, at))
    case 'lock.release':
      return releaseLock(db, change, at)
    case 'lock.release-all':
      return releaseAll(db, change, at)
    case 'component.set':
      return touched(db, change.actors, change.project, at, setComponent(db, change, at))
    case 'workflow.create':
      return touched(db, change.actors, change.project, at, createWorkflow(db, change, at))
    case 'item.create':
      return createItem(db, change, at)
    case 'workflow.change':
    case 'item.change':
      return changeStatus(db, change, at)
    case 'message.send':
      return touched(db, change.actors, change.project, at, sendMessage(db, change, at))
    case 'message.read':
      return readMessage(db, change, at)
    default:
      return assertNever(change)
  }
}

function touched(
  db: Connection,
  actors: readonly string[],
  project: string | null,
  at: EpochMs,
  outcome: Outcome,
): Outcome {
  for (const actor of actors) touchLocks(db, actor, project, at)
  return outcome
}

/** The effect and its key, in the transaction that is open. */
function applyOnce(db: Connection, { change, at, key }: Waiting): Answer {
  if (!key) return toAnswer(apply(db, change, at))
  const known = db.get(
    'SELECT fingerprint, status, body FROM call_keys WHERE key = ? AND at > ?',
    key.key,
    at - KEY_KEPT_MS,
  )
  if (known) {
    if (known.fingerprint === key.fingerprint)
      return { status: Number(known.status), body: String(known.body) }
    return refuse(422, 'Idempotency-Key: was used for another call', { field: 'Idempotency-Key' })
  }
  const answer = toAnswer(apply(db, change, at))
  if (answer.status < 300)
    db.run(
      'INSERT OR REPLACE INTO call_keys VALUES (?, ?, ?, ?, ?)',
      key.key,
      key.fingerprint,
      answer.status,
      answer.body,
      at,
    )
  return answer
}

/** Whether the disk has room again; a disk that cannot be asked is taken to have it. */
function hasRoom(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file))
    return bavail * bsize >= ROOM_BYTES
  } catch {
    return true
  }
}

const inode = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.ino

class SqliteStore implements Store {
  readonly #file: string
  readonly #log: (line: string) => void
  #db: Connection | undefined
  #inode: number | undefined
  #opening: Promise<Result<Connection, StoreFault>> | undefined
  #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #isFaulty = false
  #isFull = false
  #isClosed = false

  constructor(file: string, db: Connection | undefined, log: (line: string) => void) {
    this.#file = file
    this.#log = log
    this.#db = db
    this.#inode = db && inode(file)
    this.#isFaulty = !db
  }

  write(change: Change, at: EpochMs, key: CallKey | null): Promise<Result<Answer, StoreFault>> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ change, at, key, since: performance.now(), settle, fail })
      this.#draining ??= this.#drain()
    })
  }

  list(query: ListQuery, at: EpochMs): Promise<Result<Page, StoreFault>> {
    return this.#read((db) => {
      switch (query.kind) {
        case 'locks':
          return listLocks(db, query, at)
        case 'messages':
          return listMessages(db, query)
        case 'components':
          return listComponents(db, query)
        case 'workflows':
          return listWorkflows(db, query)
        case 'work-items':
          return listItems(db, query)
        default:
          return assertNever(query)
      }
    })
  }

  overview(session: string | null, at: EpochMs): Promise<Result<Overview, StoreFault>> {
    return this.#read((db) => ({
      locks: listLocks(db, { kind: 'locks', project: null, resource: null, limit: 1000, offset: 0 }, at),
      components: recentComponents(db, OVERVIEW_ROWS),
      workflows: activeWorkflows(db, OVERVIEW_ROWS),
      unreadCount: countUnread(db, session),
    }))
  }

  async check(at: EpochMs): Promise<boolean> {
    if (!this.#isFaulty) return (await this.#read((db) => db.number('SELECT at FROM probe'))).ok
    // Reading may work on a full disk: only a write shows that the fault is over.
    await this.#alone((db) => db.run('UPDATE probe SET at = ?', at))
    return !this.#isFaulty
  }

  sweep(at: EpochMs): Promise<Result<number, StoreFault>> {
    return this.#alone((db) => sweepStep(db, at))
  }

  async close(): Promise<void> {
    await this.#draining
    this.#isClosed = true
    try {
      this.#db?.close()
    } catch (problem) {
      this.#log(`closing the database failed: ${String(problem)}`)
    }
    this.#db = undefined
  }

  async #connection(): Promise<Result<Connection, StoreFault>> {
    if (this.#isClosed) return err(CLOSED)
    // A file that was moved or deleted under us still takes writes, which nobody would ever see again.
    if (this.#db && inode(this.#file) === this.#inode) return ok(this.#db)
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  async #open(): Promise<Result<Connection, StoreFault>> {
    this.#drop()
    const opened = await openDatabase(this.#file).catch((problem: unknown) => {
      // Whoever waits for the database must be answered, whatever keeps it from opening.
      return err<StoreFault>({ code: 'unreadable', message: String(problem) })
    })
    if (!opened.ok) {
      const { code, message } = opened.error
      return err(code === 'full' || code === 'busy' ? { code, message } : { code: 'unreadable', message })
    }
    if (this.#isClosed) {
      opened.value.close()
      return err(CLOSED)
    }
    this.#db = opened.value
    this.#inode = inode(this.#file)
    return opened
  }

  #drop(): void {
    try {
      this.#db?.close()
    } catch {
      // A connection whose disk is gone may fail to close; it is given up either way.
    }
    this.#db = undefined
  }

  #faulted(fault: StoreFault): void {
    if (!this.#isFaulty && fault.code !== 'closed')
      this.#log(`database away (${fault.code}): ${fault.message}`)
    this.#isFaulty = true
    this.#isFull = fault.code === 'full'
    if (fault.code === 'unreadable') this.#drop()
  }

  #recovered(): void {
    if (!this.#isFaulty || (this.#isFull && !hasRoom(this.#file))) return
    this.#log('database back')
    this.#isFaulty = false
    this.#isFull = false
  }

  async #read<T>(work: (db: Connection) => T): Promise<Result<T, StoreFault>> {
    for (let left = 3; ; left--) {
      const db = await this.#connection()
      if (!db.ok) {
        this.#faulted(db.error)
        return db
      }
      try {
        return ok(inTransaction(db.value, 'BEGIN', work))
      } catch (problem) {
        const fault = toFault(problem)
        if (!fault) throw problem
        if (fault.code !== 'busy' || left === 0) {
          this.#faulted(fault)
          return err(fault)
        }
        await pause()
      }
    }
  }

  /** One write that belongs to no call. */
  async #alone<T>(work: (db: Connection) => T): Promise<Result<T, StoreFault>> {
    const db = await this.#connection()
    if (!db.ok) return db
    try {
      const value = inTransaction(db.value, 'BEGIN IMMEDIATE', work)
      this.#recovered()
      return ok(value)
    } catch (problem) {
      const fault = toFault(problem)
      if (!fault) throw problem
      this.#faulted(fault)
      return err(fault)
    }
  }

  async #drain(): Promise<void> {
    // One turn of the loop later, so that calls which arrived together share a commit.
    await new Promise((go) => setImmediate(go))
    while (this.#waiting.length > 0) {
      const db = await this.#connection()
      if (!db.ok) {
        this.#faulted(db.error)
        for (const one of this.#waiting.splice(0)) one.settle(db)
        break
      }
      const batch = this.#waiting.splice(0, BATCH)
      const fault = commitBatch(db.value, batch)
      if (!fault) this.#recovered()
      else if (fault.code === 'busy') await this.#postpone(batch, fault)
      else {
        this.#faulted(fault)
        for (const one of batch) one.settle(err(fault))
      }
      await new Promise((go) => setImmediate(go))
    }
    this.#draining = undefined
  }

  /** Puts a batch back to the front while another server writes; those that waited too long are told. */
  async #postpone(batch: readonly Waiting[], fault: StoreFault): Promise<void> {
    const limit = performance.now() - BUSY_LIMIT_MS
    for (const one of batch.filter((w) => w.since < limit)) {
      this.#faulted(fault)
      one.settle(err(fault))
    }
    this.#waiting.unshift(...batch.filter((w) => w.since >= limit))
    await pause()
  }
}

const pause = (): Promise<void> => new Promise((go) => setTimeout(go, BUSY_PAUSE_MS * (0.5 + Math.random())))

function inTransaction<T>(db: Connection, begin: string, work: (db: Connection) => T): T {
  db.exec(begin)
  try {
    const value = work(db)
    db.exec('COMMIT')
    return value
  } finally {
    if (db.isInTransaction) db.exec('ROLLBACK')
  }
}

/**
 * Applies a batch in one transaction, each change in a savepoint of its own, and answers only after the commit:
 * whoever got a 2xx finds the effect and its key after any crash. Returns the fault that undid the whole batch.
 */
function commitBatch(db: Connection, batch: readonly Waiting[]): StoreFault | undefined {
  const done: (() => void)[] = []
  try {
    inTransaction(db, 'BEGIN IMMEDIATE', () => {
      for (const one of batch) {
        db.exec('SAVEPOINT one')
        try {
          const answer = applyOnce(db, one)
          done.push(() => one.settle(ok(answer)))
        } catch (problem) {
          if (toFault(problem) || !db.isInTransaction) throw problem
          db.exec('ROLLBACK TO one')
          done.push(() => one.fail(problem))
        }
        db.exec('RELEASE one')
      }
    })
  } catch (problem) {
    const fault = toFault(problem)
    if (fault) return fault
    for (const one of batch) one.fail(problem)
    return undefined
  }
  for (const settle of done) settle()
  return undefined
}

/**
 * Opens the store. A database that can never be used (newer, another program's) is an error; one that is away at this
 * moment gives a store that answers faults until it is back.
 */
export async function openSqliteStore(
  file: string,
  log: (line: string) => void = () => undefined,
): Promise<Result<Store, OpenError>> {
  const opened = await openDatabase(file)
  if (opened.ok) return ok(new SqliteStore(file, opened.value, log))
  const { code, message } = opened.error
  switch (code) {
    case 'full':
    case 'busy':
    case 'closed':
      log(`database away (${code}): ${message}`)
      return ok(new SqliteStore(file, undefined, log))
    case 'unreadable':
      return err({ code: 'database-unusable', message: `${file} cannot be opened: ${message}` })
    case 'no-sqlite':
    case 'newer-database':
    case 'foreign-database':
    case 'database-unusable':
      return err({ code, message })
    default:
      return assertNever(code)
  }
}
