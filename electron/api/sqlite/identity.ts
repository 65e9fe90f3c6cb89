/**
 * Which file the database is. A path may lead to another file while it is open, or at the next start: the log of the old
 * one (`-wal`) must not be played into the new one, and nothing may be written that nobody would ever see again.
 */
import {
  chmodSync,
  closeSync,
  copyFileSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  type Stats,
} from 'node:fs'
import { pathToFileURL } from 'node:url'
import { diskWords, folderTrouble } from '../../../shared/data-folder.ts'
import type { StoreFault } from '../store.ts'
import { loadSqlite } from './sqlite.ts'
import { APPLICATION_ID } from './schema.ts'

const MAGIC = 'SQLite format 3\0'
const APPLICATION_ID_AT = 68
const HEADER_BYTES = 100
/** Its last bit tells the order of the bytes in its sums. */
const LOG_MAGIC = 0x377f0682
/** SQLite cuts its log to this size when it begins it anew, and never below. */
export const MOST_LOG_BYTES = 16_777_216
/** The file's own id is read again at most this often, and only where the file was written. */
const READ_ID_EVERY_MS = 1_000
/** Another process may be writing at the very moment: what cannot be read this many times in a row is damaged. */
const MOST_MISREADS = 3

export const walOf = (file: string): string => `${file}-wal`
const indexOf = (file: string): string => `${file}-shm`
/** Beside the database: which file its log belongs to. */
export const markOf = (file: string): string => `${file}-mark`

interface Mark {
  readonly database: string
  readonly wal: string
  readonly id: string
}

/** Device, inode and birth of a file as text; undefined where there is none. A number is used again, its birth is not. */
function identityOf(file: string): string | undefined {
  const found = statSync(file, { throwIfNoEntry: false })
  return found && toIdentity(found)
}

const toIdentity = ({ dev, ino, birthtimeMs }: Stats): string => `${dev}:${ino}:${Math.round(birthtimeMs)}`

const WAY_OUT = 'Stop the server, then put a backup in place: coord serve --restore FILE'
const replaced = (file: string): StoreFault => ({
  code: 'replaced',
  message: `${file} was replaced by another file while it was served; nothing is written to it. Start the server anew to serve that file`,
})
const removed = (file: string): StoreFault => ({
  code: 'removed',
  message: `${file} was moved or removed while it was served; nothing is written. Put it back, or start the server anew`,
})
/** The database cannot be trusted any more. */
export const damaged = (file: string, why: string): StoreFault => ({
  code: 'damaged',
  message: `${file} is damaged (${why}); nothing is written to it. ${WAY_OUT}`,
})

/** Two processes on one database, each with a log of its own, would write over each other. */
export const logTaken = (file: string): StoreFault => ({
  code: 'busy',
  message: `the log of ${file} was taken away while it was served, and another process has the database open, too; nothing is written to it until that one has let go of the log, and so saved what it held`,
})

/** What the system says of a disk or folder that cannot be used now, as a fault that may pass; undefined for a bug of ours. */
export function toDiskFault(problem: unknown): StoreFault | undefined {
  if (!(problem instanceof Error && 'syscall' in problem && 'code' in problem)) return undefined
  const isFull = folderTrouble(String(problem.code)) === 'no-space'
  return { code: isFull ? 'full' : 'unreadable', message: diskWords(problem) }
}

/** What is wrong with the first bytes of a database, or undefined. */
function headerProblem(descriptor: number): string | undefined {
  const bytes = Buffer.alloc(HEADER_BYTES)
  if (readSync(descriptor, bytes, 0, HEADER_BYTES, 0) < HEADER_BYTES) return 'it was cut short'
  if (bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return 'it is no SQLite database'
  return bytes.readUInt32BE(APPLICATION_ID_AT) === APPLICATION_ID ? undefined : "it is another program's"
}

/** Whether a file begins as SQLite's logs do. */
function isLog(wal: string): boolean {
  const bytes = Buffer.alloc(4)
  const descriptor = openSync(wal, 'r')
  try {
    readSync(descriptor, bytes, 0, 4, 0)
  } finally {
    closeSync(descriptor)
  }
  return (bytes.readUInt32BE(0) & ~1) === LOG_MAGIC
}

/** What a database says of itself. */
interface Carried {
  /** Undefined where it has none. */
  readonly id: string | undefined
  /** The number of the last entry of its log of changes: it never gets less. */
  readonly changes: number
}

/** Read from the file itself, without its log. Throws. */
function readCarried(file: string): Carried {
  const sqlite = loadSqlite()
  if (!sqlite.ok) return { id: undefined, changes: 0 }
  const url = pathToFileURL(file)
  url.search = '?immutable=1'
  const db = new sqlite.value.DatabaseSync(url, { readOnly: true })
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'identity'").get())
      return { id: undefined, changes: 0 }
    const row = db.prepare('SELECT file_id FROM identity').get()
    const last = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").get()
    return { id: row && String(row.file_id), changes: Number(last?.seq ?? 0) }
  } finally {
    db.close()
  }
}

/** Only this user may read the database; SQLite gives its log the same mode. */
export function makePrivate(file: string): void {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) closeSync(openSync(file, 'a', 0o600))
  else if ((found.mode & 0o077) !== 0 && isOurs(file, found)) chmodSync(file, 0o600)
}

/** A folder, or another program's file, is refused later: until then nothing of it is changed. */
function isOurs(file: string, found: Stats): boolean {
  if (!found.isFile()) return false
  if (found.size === 0) return true
  const descriptor = openSync(file, 'r')
  try {
    return headerProblem(descriptor) === undefined
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Before a database is opened: a log that belongs to another file, which lay at this path before, is put aside under
 * another name. Returns that name, or undefined where there was nothing to do.
 */
export function setForeignLogAside(file: string, suffix: string): string | undefined {
  const wal = walOf(file)
  const found = statSync(wal, { throwIfNoEntry: false })
  if (!found || found.size === 0) return undefined
  const mark = readMark(file)
  // Both moved together, or nobody knows: SQLite's own check of the log has to do.
  if (!mark || mark.wal !== identityOf(wal)) return undefined
  return mark.database === identityOf(file) && !hasOtherId(file, mark.id) ? undefined : moveAside(wal, suffix)
}

function moveAside(wal: string, suffix: string): string {
  const aside = `${wal}.of-another-file-${suffix}`
  renameSync(wal, aside)
  return aside
}

function maybeCarried(file: string): Carried {
  try {
    return readCarried(file)
  } catch {
    return { id: undefined, changes: 0 }
  }
}

/** What cannot be read is not known to be another: only its own log may make it whole. */
function hasOtherId(file: string, id: string): boolean {
  if (id === '') return false
  try {
    return readCarried(file).id !== id
  } catch {
    return false
  }
}

function readMark(file: string): Mark | undefined {
  try {
    const mark = JSON.parse(readFileSync(markOf(file), 'utf8')) as Partial<Mark>
    const { database, wal, id } = mark
    return typeof database === 'string' && typeof wal === 'string' && typeof id === 'string'
      ? { database, wal, id }
      : undefined
  } catch {
    return undefined
  }
}

/** Whole or not at all; not anew where it says so already, which a full disk may not let us. */
function writeMark(file: string, mark: Mark): void {
  const known = readMark(file)
  if (known?.database === mark.database && known.wal === mark.wal && known.id === mark.id) return
  const partial = `${markOf(file)}.new`
  try {
    writeFileSync(partial, JSON.stringify(mark), { mode: 0o600 })
    renameSync(partial, markOf(file))
  } catch (problem) {
    rmSync(partial, { force: true, recursive: false })
    throw problem
  }
}

/** Whether a database that was written to lies there without its log or the log's index: nobody uses it, or they were taken away. */
export function isWithoutLog(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
  return size > 0 && !(existsSync(walOf(file)) && existsSync(indexOf(file)))
}

/** Watches over the file of an open database. */
export class Identity {
  readonly #file: string
  readonly #database: string | undefined
  readonly #wal: string | undefined
  readonly #index: string | undefined
  /** The log never gets smaller than it was seen. */
  #logBytes = 0
  #isLogBad = false
  /** What lies at the path is not what was opened. */
  #isOtherFile = false
  /** Empty where the file itself does not carry it yet: then only its place tells it. */
  readonly #id: string
  #writtenAt: number
  /** Stays open as long as the connection: a process that closes any descriptor of a file loses all its locks on it. */
  #descriptor: number | undefined
  /** What the file itself carried when it was read last. */
  #changes = 0
  #readAt = 0
  #misreads = 0

  /** To be made when the database was opened; `id` is what it says of itself, its log included. Throws where its mark cannot be written. */
  constructor(file: string, id: string) {
    this.#file = file
    const carried = maybeCarried(file)
    this.#id = carried.id === id ? id : ''
    this.#changes = carried.changes
    this.#database = identityOf(file)
    this.#wal = identityOf(walOf(file))
    this.#index = identityOf(indexOf(file))
    this.#writtenAt = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
    writeMark(file, { database: this.#database ?? '', wal: this.#wal ?? '', id: this.#id })
  }

  /** The log must not be played into what lies there: it was damaged, or belongs to another file. */
  get mustGiveUpLog(): boolean {
    return this.#isLogBad || this.#isOtherFile
  }

  /**
   * Whether the log, or its index, no longer lies beside the file: what is written goes where no other process, and no later start,
   * would find it. The open connection still has all of it.
   */
  isLogGone(): boolean {
    if (this.#wal === undefined) return false
    return identityOf(walOf(this.#file)) !== this.#wal || identityOf(indexOf(this.#file)) !== this.#index
  }

  /** To be called when the connection is closed, not before. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor)
    this.#descriptor = undefined
  }

  /** Puts what lies at the log's path out of the way of the old one's connection, which removes what lies there when it ends. */
  setOtherLogAside(suffix: string): void {
    const there = identityOf(walOf(this.#file))
    if (there !== undefined && there !== this.#wal) moveAside(walOf(this.#file), suffix)
  }

  /** What happened to the file, or undefined. Two `stat`, and now and then a look into the file. */
  look(): StoreFault | undefined {
    return this.#lookAtFile() ?? this.#lookAtLog()
  }

  /** The same before the log is played for the last time: whatever was written to the file since is looked at, however little time passed. */
  lookLast(): StoreFault | undefined {
    this.#readAt = Number.NEGATIVE_INFINITY
    const found = this.look()
    if (found || this.#misreads === 0) return found
    this.#readAt = Number.NEGATIVE_INFINITY
    return this.look()
  }

  #lookAtLog(): StoreFault | undefined {
    const log = statSync(walOf(this.#file), { throwIfNoEntry: false })
    if (!log || toIdentity(log) !== this.#wal) return undefined
    const isShort = log.size < Math.min(this.#logBytes, MOST_LOG_BYTES)
    this.#logBytes = log.size
    // Each time: what is overwritten would be copied into the database with the next checkpoint, unread.
    this.#isLogBad = isShort || (log.size > 0 && !isLog(walOf(this.#file)))
    return this.#isLogBad
      ? damaged(this.#file, 'its log was overwritten or cut short: what was written last may be missing')
      : undefined
  }

  #lookAtFile(): StoreFault | undefined {
    const found = statSync(this.#file, { throwIfNoEntry: false })
    if (!found) return removed(this.#file)
    if (toIdentity(found) !== this.#database) return this.#other(replaced(this.#file))
    if (found.size < HEADER_BYTES) return this.#other(damaged(this.#file, 'it was cut short'))
    if (found.mtimeMs === this.#writtenAt && this.#misreads === 0) return undefined
    const now = performance.now()
    if (now - this.#readAt < READ_ID_EVERY_MS) return undefined
    this.#readAt = now
    this.#writtenAt = found.mtimeMs
    return this.#lookInside()
  }

  #lookInside(): StoreFault | undefined {
    try {
      this.#descriptor ??= openSync(this.#file, 'r')
      const problem = headerProblem(this.#descriptor)
      if (problem !== undefined) return this.#other(damaged(this.#file, problem))
      const { id, changes } = readCarried(this.#file)
      if (this.#id !== '' && id !== this.#id) return this.#other(replaced(this.#file))
      // An older copy of the same file. Twice, since another process may be writing at the very moment.
      if (changes < this.#changes) return ++this.#misreads < 2 ? undefined : this.#other(replaced(this.#file))
      this.#misreads = 0
      this.#changes = changes
      return undefined
    } catch (problem) {
      this.#misreads++
      return this.#misreads < MOST_MISREADS ? undefined : damaged(this.#file, String(problem))
    }
  }

  #other(fault: StoreFault): StoreFault {
    this.#isOtherFile = true
    return fault
  }

  /**
   * After another file was put or written over this one, or its log damaged: that log must not be played into what lies there now. `complete` plays it into
   * the old file, which is still open, where that is another one than what lies at the path.
   */
  giveUpLog(complete: () => void, suffix: string): void {
    const wal = walOf(this.#file)
    if (identityOf(this.#file) !== this.#database) {
      try {
        complete()
      } catch {
        // Its disk may be gone, or another process still reads: the log is put aside as it is.
      }
    }
    const found = statSync(wal, { throwIfNoEntry: false })
    if (!found || found.size === 0 || identityOf(wal) !== this.#wal) return
    // The open connection would play it when it is closed: an empty log plays nothing.
    copyFileSync(wal, `${wal}.${this.#isLogBad ? 'damaged' : 'of-another-file'}-${suffix}`)
    truncateSync(wal)
  }
}
