/** The store on the runtime's SQLite: one writer at a time, many changes to a commit, and back by itself after a fault. */
import { randomUUID } from 'node:crypto'
import { err, ok, assertNever, type Result } from '../../../shared/result.ts'
import type { EpochMs } from '../../../shared/time.ts'
import { auditOf } from '../audit.ts'
import { Housekeeping, type SweepStep } from '../housekeeping.ts'
import { addToken, audit, findToken, listTokens, newestAudit, revokeTokens } from './access.ts'
import { lastChangeIn, readChanges, tagOf } from './changes.ts'
import { touchLocks } from './held-locks.ts'
import { once } from './keys.ts'
import { claimLock, giveBack, listLocks, releaseAll, releaseLock, renewLock } from './locks.ts'
import { countUnread, listMessages, readMessage, receiptsOf, sendMessage } from './messages.ts'
import { settleCopy, settleOlder } from './copies.ts'
import { damaged, Identity, logTaken, setForeignLogAside, toDiskFault } from './identity.ts'
import { LastChangeFile, readLastChange } from './last-change.ts'
import { hasRoom, openDatabase, type Connection, type OpenError, type OpenFailure } from './open.ts'
import { toFault } from './sqlite.ts'
import { inTransaction } from './transaction.ts'
import { shrink, sweepSteps } from './sweep.ts'
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
  newest,
  OVERVIEW_LOCKS,
  OVERVIEW_ROWS,
  type AccessStore,
  type Answer,
  type CallKey,
  type Caller,
  type Change,
  type ChangeLog,
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

/** How many changes go into one commit: one sync of the disk then serves them all. */
const BATCH = 128
/** How long a change waits for another server's transaction before the database counts as away. */
const BUSY_LIMIT_MS = 5_000
const BUSY_PAUSE_MS = 15
const CLOSED: StoreFault = { code: 'closed', message: 'the store is closed' }

interface Waiting {
  readonly change: Change
  readonly at: EpochMs
  readonly key: CallKey | null
  readonly caller: Caller | null
  readonly since: number
  readonly settle: (result: Result<Answer, StoreFault>) => void
  readonly fail: (bug: unknown) => void
}

/** Applies a change, and keeps who did it where that is kept. */
function applyFor(db: Connection, change: Change, at: EpochMs, caller: Caller | null): Outcome {
  const outcome = apply(db, change, at, caller)
  const entry = auditOf(change, outcome, caller)
  if (entry) audit(db, entry, caller?.machine ?? null, at)
  return outcome
}

function apply(db: Connection, change: Change, at: EpochMs, caller: Caller | null): Outcome {
  switch (change.kind) {
    case 'lock.claim':
      return touched(db, change.actors, change.project, at, claimLock(db, change, at))
    case 'lock.renew':
      return renewLock(db, change, at)
    case 'lock.release':
      return releaseLock(db, change, at)
    case 'lock.release-all':
      return releaseAll(db, change, at)
    case 'lock.give-back':
      return giveBack(db, change, at)
    case 'component.set':
      return touched(db, change.actors, change.project, at, setComponent(db, change, at))
    case 'workflow.create':
      return touched(db, change.actors, change.project, at, createWorkflow(db, change, at))
    case 'item.create':
      return createItem(db, change, at)
    case 'workflow.change':
    case 'item.change':
      return changeStatus(db, change, at, caller)
    case 'message.send':
      return touched(db, change.actors, change.project, at, {
        kind: 'created',
        row: sendMessage(db, change, at).row,
      })
    case 'message.read':
      return readMessage(db, change, at, caller)
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

function pageOf(db: Connection, query: ListQuery, at: EpochMs): Page {
  switch (query.kind) {
    case 'locks':
      return listLocks(db, query, at)
    case 'messages':
      return listMessages(db, query, at)
    case 'components':
      return listComponents(db, query)
    case 'workflows':
      return listWorkflows(db, query)
    case 'work-items':
      return listItems(db, query)
    default:
      return assertNever(query)
  }
}

const toSuffix = (): string => new Date().toISOString().replace(/\W/g, '')

/** Opens the database; a log of another file, left at its path, is put aside before. */
async function openSafely(
  file: string,
  log: (line: string) => void,
): Promise<Result<Connection, OpenFailure>> {
  const aside = setForeignLogAside(file, toSuffix())
  if (aside !== undefined)
    log(`the log beside ${file} belongs to another file that lay there before; it was put aside as ${aside}`)
  const opened = await openDatabase(file)
  return opened.ok ? settled(opened.value, file, log) : opened
}

/** A backup that is served where it lies, or an older copy of the database itself: nobody let its numbers go on yet. */
function settled(db: Connection, file: string, log: (line: string) => void): Result<Connection, StoreFault> {
  try {
    const madeAt = settleCopy(db, Date.now())
    if (madeAt !== undefined)
      log(
        `${file} is a backup of ${new Date(madeAt).toISOString()}, served for the first time: it is the database from now on, and its numbers go on beyond all that were given since, as --restore does it`,
      )
    if (settleOlder(db, readLastChange(file), Date.now()))
      log(
        `${file} lacks changes that were answered for: an older copy was put in its place, it was begun anew, or its log was taken away while nobody served it. It is the database from now on, and its numbers go on beyond all that were given; a backup that has more is put in place by --restore`,
      )
    return ok(db)
  } catch (problem) {
    db.close()
    const fault = toFault(problem)
    if (!fault) throw problem
    return err(fault.code === 'damaged' ? damaged(file, fault.message) : fault)
  }
}

/** An open database, and what watches over its file. */
interface Opened {
  readonly db: Connection
  readonly identity: Identity
}

async function openWatched(file: string, log: (line: string) => void): Promise<Result<Opened, OpenFailure>> {
  const opened = await openSafely(file, log)
  if (!opened.ok) return opened
  const db = opened.value
  try {
    saveLog(db)
    return ok({ db, identity: new Identity(file, db.fileId()) })
  } catch (problem) {
    db.close()
    const fault = toFault(problem) ?? toDiskFault(problem)
    if (!fault) throw problem
    return err(fault.code === 'damaged' ? damaged(file, fault.message) : fault)
  }
}

/** The file itself must carry its id before anything relies on it: a new one has all in its log. */
function saveLog(db: Connection): void {
  try {
    db.exec('PRAGMA wal_checkpoint(FULL)')
  } catch (problem) {
    if (!toFault(problem)) throw problem
  }
}

/** Why a database that was open before cannot be opened again. */
function toStoreFault({ code, message }: OpenFailure): StoreFault {
  switch (code) {
    case 'full':
    case 'busy':
    case 'closed':
    case 'replaced':
    case 'removed':
    case 'damaged':
      return { code, message }
    case 'foreign-database':
      return { code: 'damaged', message }
    case 'unreadable':
    case 'no-sqlite':
    case 'newer-database':
    case 'database-unusable':
      return { code: 'unreadable', message }
    default:
      return assertNever(code)
  }
}

class SqliteStore implements Store {
  readonly #file: string
  readonly #log: (line: string) => void
  #db: Connection | undefined
  #identity: Identity | undefined
  #lastChange: LastChangeFile | undefined
  /** A person has to act: nothing is opened or written until the server starts anew. */
  #lost: StoreFault | undefined
  #opening: Promise<Result<Connection, StoreFault>> | undefined
  #waiting: Waiting[] = []
  #draining: Promise<void> | undefined
  #isFaulty = false
  #isFull = false
  #isClosed = false
  readonly #run = randomUUID().slice(0, 8)
  readonly #listeners = new Set<() => void>()
  readonly #housekeeping: Housekeeping

  constructor(file: string, opened: Opened | undefined, log: (line: string) => void) {
    this.#file = file
    this.#log = log
    this.#isFaulty = !opened
    this.#housekeeping = new Housekeeping(log)
    if (opened) this.#use(opened)
  }

  readonly access: AccessStore = {
    add: (token, at) => this.#patiently((db) => addToken(db, token, at)),
    revoke: (machine, at) => this.#patiently((db) => revokeTokens(db, machine, at)),
    list: () => this.#read(listTokens),
    find: (hash) => this.#read((db) => findToken(db, hash)),
    audit: (limit) => this.#read((db) => newestAudit(db, limit)),
  }

  write(
    change: Change,
    at: EpochMs,
    key: CallKey | null,
    caller: Caller | null = null,
  ): Promise<Result<Answer, StoreFault>> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ change, at, key, caller, since: performance.now(), settle, fail })
      this.#draining ??= this.#drain()
    })
  }

  list(query: ListQuery, at: EpochMs, known: readonly string[]): Promise<Result<Tagged<Page>, StoreFault>> {
    return this.#read((db) => this.#tagged(db, [query.kind], at, known, () => pageOf(db, query, at)))
  }

  overview(
    session: string | null,
    at: EpochMs,
    known: readonly string[],
  ): Promise<Result<Tagged<Overview>, StoreFault>> {
    const kinds: readonly ListKind[] = ['locks', 'components', 'workflows', 'messages']
    return this.#read((db) =>
      this.#tagged(db, kinds, at, known, () => ({
        locks: listLocks(
          db,
          {
            ...newest(OVERVIEW_LOCKS),
            order: 'oldest',
            kind: 'locks',
            project: null,
            resource: null,
            machine: null,
          },
          at,
        ),
        components: recentComponents(db, OVERVIEW_ROWS),
        workflows: activeWorkflows(db, OVERVIEW_ROWS),
        unreadCount: countUnread(db, session, at),
      })),
    )
  }

  /** The tag names this process too: a file put in place while nothing served it may have the same versions. */
  #tagged<T>(
    db: Connection,
    kinds: readonly ListKind[],
    at: EpochMs,
    known: readonly string[],
    read: () => T,
  ): Tagged<T> {
    const tag = [this.#run, ...kinds.map((kind) => tagOf(db, kind, at))].join('-')
    return known.includes(tag) ? { tag, isUnchanged: true } : { tag, isUnchanged: false, value: read() }
  }

  receipts(id: string, at: EpochMs): Promise<Result<readonly Row[] | undefined, StoreFault>> {
    return this.#read((db) => receiptsOf(db, id, at))
  }

  changes(after: number | null, limit: number): Promise<Result<ChangeLog, StoreFault>> {
    return this.#read((db) => readChanges(db, after, limit))
  }

  onCommit(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #committed(): void {
    for (const listener of this.#listeners) listener()
  }

  async check(at: EpochMs): Promise<Result<void, StoreFault>> {
    const done = this.#isFaulty
      ? // Reading may work on a full disk: only a write shows that the fault is over.
        await this.#alone((db) => db.run('UPDATE probe SET at = ?', at))
      : await this.#read((db) => db.number('SELECT at FROM probe'))
    if (!done.ok) return done
    return this.#isFaulty ? err({ code: 'full', message: 'the disk is full' }) : ok(undefined)
  }

  isUsable(): boolean {
    return !this.#isFaulty && !this.#lost
  }

  sweep(at: EpochMs): Promise<Result<number, StoreFault>> {
    const steps: SweepStep[] = sweepSteps.map(({ what, step }) => ({
      what,
      run: () => this.#alone((db) => step(db, at)),
    }))
    const shrinking: SweepStep = { what: 'free pages', run: () => this.#shrink() }
    return this.#housekeeping.run([...steps, shrinking]).finally(() => this.#committed())
  }

  /** Outside of a transaction; 1 where more is to be given back. */
  async #shrink(): Promise<Result<number, StoreFault>> {
    const db = await this.#connection()
    if (!db.ok) return db
    try {
      return ok(Number(shrink(db.value)))
    } catch (problem) {
      const fault = toFault(problem)
      if (!fault) throw problem
      return err(fault)
    }
  }

  async close(): Promise<void> {
    await this.#draining
    this.#isClosed = true
    try {
      const fault = this.#db && this.#identity?.lookLast()
      if (fault?.code === 'replaced' || fault?.code === 'damaged') {
        this.#lose(fault)
        this.#faulted(fault)
      }
      // Plays the log into the file: not where nobody can tell which one it is, which the next start will.
      this.#db?.close()
    } catch (problem) {
      this.#log(`closing the database failed: ${String(problem)}`)
    }
    this.#db = undefined
    this.#identity?.close()
    this.#lastChange?.close()
  }

  /**
   * A folder that cannot be looked into, a disk that fails: whoever waits is answered, and it may pass. An open connection stays: it
   * knows its file, and another one that lies at the path by then is not taken for it.
   */
  async #connection(): Promise<Result<Connection, StoreFault>> {
    try {
      return await this.#usable()
    } catch (problem) {
      const fault = toDiskFault(problem)
      if (!fault) throw problem
      return err(fault)
    }
  }

  async #usable(): Promise<Result<Connection, StoreFault>> {
    if (this.#isClosed) return err(CLOSED)
    if (this.#lost) return err(this.#lost)
    if (this.#db && this.#identity) {
      const fault = this.#identity.look() ?? this.#saveLog(this.#db, this.#identity)
      if (fault?.code === 'replaced' || fault?.code === 'damaged') this.#lose(fault)
      if (fault) return err(fault)
      // Saved, and given up with the log that is gone.
      if (this.#db) return ok(this.#db)
    }
    this.#opening ??= this.#open().finally(() => {
      this.#opening = undefined
    })
    return this.#opening
  }

  /**
   * Where the log was taken away: all that it held goes into the file, and a connection with a new one begins. `busy`: another process
   * has it open, too. Nobody begins a new one before all have let go of it.
   */
  #saveLog(db: Connection, identity: Identity): StoreFault | undefined {
    if (!identity.isLogGone()) return undefined
    try {
      identity.setOtherLogAside(toSuffix())
      // Only without any other process on the database: it may still write to the log that lies nowhere any more.
      db.exec('PRAGMA journal_mode = DELETE')
    } catch (problem) {
      if (toFault(problem)?.code === 'busy') return this.#letGoOfLog(db)
      return damaged(this.#file, `its log was removed: ${String(problem)}`)
    }
    this.#log(`the log of ${this.#file} was taken away while it was served; what it held was saved`)
    this.#drop()
    return undefined
  }

  /**
   * Before a commit is answered for. What was committed into a log that had just been taken away would be lost with this process: it is
   * saved. `last`: the number of the log's last entry.
   */
  #keepCommitted(last: number): void {
    this.#lastChange?.keep(last)
    const fault = this.#db && this.#identity && this.#maybeSaveLog(this.#db, this.#identity)
    if (fault && fault.code !== 'busy') this.#faulted(fault)
  }

  /** What was committed is answered for, whatever keeps us from looking at its log. */
  #maybeSaveLog(db: Connection, identity: Identity): StoreFault | undefined {
    try {
      return this.#saveLog(db, identity)
    } catch (problem) {
      const fault = toDiskFault(problem)
      if (!fault) throw problem
      return fault
    }
  }

  /** Each process saves what it wrote before it lets go: nobody is left to do it where all let go at once. */
  #letGoOfLog(db: Connection): StoreFault {
    try {
      if (db.get('PRAGMA wal_checkpoint(FULL)')?.busy === 0) this.#drop()
    } catch (problem) {
      if (!toFault(problem)) throw problem
    }
    return logTaken(this.#file)
  }

  async #open(): Promise<Result<Connection, StoreFault>> {
    this.#drop()
    const opened = await openWatched(this.#file, this.#log).catch((problem: unknown) => {
      // Whoever waits for the database must be answered, whatever keeps it from opening.
      return err<StoreFault>({ code: 'unreadable', message: String(problem) })
    })
    if (!opened.ok) {
      const fault = toStoreFault(opened.error)
      if (fault.code === 'damaged') this.#lost = fault
      return err(fault)
    }
    if (this.#isClosed) {
      opened.value.db.close()
      opened.value.identity.close()
      return err(CLOSED)
    }
    this.#use(opened.value)
    return ok(opened.value.db)
  }

  #use({ db, identity }: Opened): void {
    this.#db = db
    this.#identity = identity
    this.#lastChange = new LastChangeFile(this.#file)
    this.#lastChange.keep(lastChangeIn(db))
  }

  /** Gives the database up for good; its log is not played into whatever lies at its path now. */
  #lose(fault: StoreFault): void {
    this.#lost = fault
    const db = this.#db
    try {
      if (db && this.#identity?.mustGiveUpLog)
        this.#identity.giveUpLog(() => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'), toSuffix())
    } catch (problem) {
      this.#log(`the log of the old database could not be put aside: ${String(problem)}`)
    }
    this.#drop()
  }

  #drop(): void {
    try {
      this.#db?.close()
    } catch {
      // A connection whose disk is gone may fail to close; it is given up either way.
    }
    this.#db = undefined
    this.#identity?.close()
    this.#lastChange?.close()
  }

  /** Says it once; gives it back with the file's name and the way out, which SQLite's own words lack. */
  #faulted(given: StoreFault): StoreFault {
    const isFound = given.code === 'damaged' && !this.#lost
    const fault = isFound ? damaged(this.#file, given.message) : given
    if (!this.#isFaulty && fault.code !== 'closed')
      this.#log(`database away (${fault.code}): ${fault.message}`)
    this.#isFaulty = true
    this.#isFull = fault.code === 'full'
    if (isFound) this.#lose(fault)
    return fault
  }

  /** SQLite said it: a connection that cannot read or write any more is given up, and another one made. */
  #broke(fault: StoreFault): StoreFault {
    if (fault.code === 'unreadable') this.#drop()
    return this.#faulted(fault)
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
        if (fault.code !== 'busy' || left === 0) return err(this.#broke(fault))
        await pause()
      }
    }
  }

  /** One write that belongs to no call, and waits its turn beside another server's. */
  async #patiently<T>(work: (db: Connection) => T): Promise<Result<T, StoreFault>> {
    for (let left = 20; ; left--) {
      const done = await this.#alone(work)
      if (done.ok || done.error.code !== 'busy' || left === 0) return done
      await pause()
    }
  }

  /** One write that belongs to no call. */
  async #alone<T>(work: (db: Connection) => T): Promise<Result<T, StoreFault>> {
    const db = await this.#connection()
    if (!db.ok) {
      this.#faulted(db.error)
      return db
    }
    try {
      const value = inTransaction(db.value, 'BEGIN IMMEDIATE', work)
      this.#recovered()
      return ok(value)
    } catch (problem) {
      const fault = toFault(problem)
      if (!fault) throw problem
      return err(this.#broke(fault))
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
      const fault = commitBatch(db.value, batch, (last) => this.#keepCommitted(last))
      if (!fault) {
        this.#recovered()
        this.#committed()
      }
      if (fault?.code === 'busy') await this.#postpone(batch, fault)
      else if (fault) {
        const told = this.#broke(fault)
        for (const one of batch) one.settle(err(told))
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

/**
 * Applies a batch in one transaction, and answers only after the commit: whoever got a 2xx finds the effect and its key after any crash.
 * A change that throws by a bug undoes nobody else's: the others are applied again without it, which costs less than a savepoint
 * for each of those that throw nothing. `onCommitted` comes before the answers. Returns the fault that undid the whole batch.
 */
function commitBatch(
  db: Connection,
  batch: readonly Waiting[],
  onCommitted: (last: number) => void,
): StoreFault | undefined {
  const failed = new Map<Waiting, unknown>()
  for (;;) {
    const good = batch.filter((one) => !failed.has(one))
    const applied = applyAll(db, good)
    if (applied.kind === 'fault') return applied.fault
    if (applied.kind === 'bug') {
      for (const one of applied.of === undefined ? good : [applied.of]) failed.set(one, applied.problem)
      if (applied.of !== undefined) continue
    } else onCommitted(applied.last)
    for (const [one, problem] of failed) one.fail(problem)
    if (applied.kind === 'done') good.forEach((one, i) => one.settle(ok(applied.answers[i] as Answer)))
    return undefined
  }
}

type Applied =
  | { readonly kind: 'done'; readonly answers: readonly Answer[]; readonly last: number }
  | { readonly kind: 'fault'; readonly fault: StoreFault }
  /** `of`: whose; undefined where it was none of theirs. */
  | { readonly kind: 'bug'; readonly of: Waiting | undefined; readonly problem: unknown }

/** All of it, committed, or nothing. */
function applyAll(db: Connection, batch: readonly Waiting[]): Applied {
  let current: Waiting | undefined
  try {
    return inTransaction(db, 'BEGIN IMMEDIATE', (): Applied => {
      const answers = batch.map((one) => {
        current = one
        const isClaim = one.change.kind === 'lock.claim'
        return once(db, one.key, one.at, isClaim, () => applyFor(db, one.change, one.at, one.caller))
      })
      current = undefined
      return { kind: 'done', answers, last: lastChangeIn(db) }
    })
  } catch (problem) {
    const fault = toFault(problem)
    return fault ? { kind: 'fault', fault } : { kind: 'bug', of: current, problem }
  }
}

/**
 * Opens the store. A database that can never be used (newer, another program's) is an error; one that is away at this
 * moment gives a store that answers faults until it is back.
 */
export async function openSqliteStore(
  file: string,
  log: (line: string) => void = () => undefined,
): Promise<Result<Store, OpenError>> {
  const opened = await openWatched(file, log)
  if (opened.ok) return ok(new SqliteStore(file, opened.value, log))
  const { code, message } = opened.error
  switch (code) {
    case 'full':
    case 'busy':
    case 'closed':
      log(`database away (${code}): ${message}`)
      return ok(new SqliteStore(file, undefined, log))
    case 'unreadable':
    case 'replaced':
    case 'removed':
    case 'damaged':
      return err({
        code: 'database-unusable',
        message:
          code === 'unreadable'
            ? `${file} cannot be opened (${message}). Make it usable, or name another file with --database`
            : message,
      })
    case 'no-sqlite':
    case 'newer-database':
    case 'foreign-database':
    case 'database-unusable':
      return err({ code, message })
    default:
      return assertNever(code)
  }
}
