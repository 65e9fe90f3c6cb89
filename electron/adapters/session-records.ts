/**
 * The records of this machine's sessions, one append-only file each under `COORD_HOME/sessions`; a line is one fact and
 * one write. Needs nothing but Node's file calls, so that a hook is quick.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { err, ok, type Result } from '../../shared/result.ts'
import { parseTime } from '../../shared/time.ts'
import type { GuardWord } from '../core/sessions/guard-word.ts'
import { foldRecord, type SessionFact, type SessionRecord } from '../core/sessions/session-record.ts'
import {
  finishedSince,
  isFinished,
  keepFinished,
  readFinished,
  type FinishedRecords,
} from './finished-records.ts'
import { makeFolder } from './make-folder.ts'

const KEPT_MS = 30 * 24 * 3_600_000

const folderOf = (home: string): string => join(home, 'sessions')
const stem = (toolSession: string): string =>
  createHash('sha256').update(toolSession).digest('hex').slice(0, 32)
const fileOf = (home: string, toolSession: string): string =>
  join(folderOf(home), `${stem(toolSession)}.jsonl`)

/** Each fact carries the tool's id, so that a file explains itself. */
type Line = SessionFact & { readonly toolSession: string }

const isLine = (value: unknown): value is Line =>
  typeof value === 'object' &&
  value !== null &&
  typeof (value as Partial<Line>).toolSession === 'string' &&
  typeof (value as Partial<Line>).fact === 'string' &&
  typeof (value as Partial<Line>).at === 'number'

/** A torn line (its writer was killed) is passed over. */
function toFacts(text: string): readonly Line[] {
  return text.split('\n').flatMap((line) => {
    if (line === '') return []
    try {
      const value: unknown = JSON.parse(line)
      return isLine(value) ? [value] : []
    } catch {
      return []
    }
  })
}

/** A record, and how many bytes it was read from. */
interface Read {
  readonly record: SessionRecord
  readonly size: number
}

function foldFile(file: string): Read | null {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch {
    return null
  }
  const facts = toFacts(bytes.toString('utf8'))
  const toolSession = facts[0]?.toolSession
  const record = toolSession === undefined ? null : foldRecord(toolSession, facts)
  return record && { record, size: bytes.length }
}

/** The registration of a build that kept one object a file: a session that it started is ended by this one. */
function readOlder(file: string): SessionRecord | null {
  try {
    const row = JSON.parse(readFileSync(file, 'utf8')) as Readonly<Record<string, unknown>> | null
    const { session, toolSession, workspace, startedAt, endedAt } = row ?? {}
    if (typeof session !== 'string' || typeof toolSession !== 'string' || typeof workspace !== 'string')
      return null
    const at = parseTime(startedAt) ?? 0
    const started: SessionFact = { at, fact: 'started', session, folder: workspace, process: null }
    return foldRecord(toolSession, typeof endedAt === 'string' ? [started, { at, fact: 'ended' }] : [started])
  } catch {
    return null
  }
}

/** The record of one session of the tool; null where it was never started. */
export const readRecord = (home: string, toolSession: string): SessionRecord | null =>
  foldFile(fileOf(home, toolSession))?.record ?? readOlder(fileOf(home, toolSession).replace(/l$/, ''))

function namesIn(home: string): readonly string[] {
  try {
    return readdirSync(folderOf(home))
  } catch {
    return []
  }
}

/** What all records of a machine are read with: the names of their files, and those that are over as far as they are known. */
interface Known {
  readonly folder: string
  readonly names: ReadonlySet<string>
  readonly finished: FinishedRecords
}

function knownIn(home: string): Known {
  const folder = folderOf(home)
  return { folder, names: new Set(namesIn(home)), finished: readFinished(folder) }
}

/** The record in one file; null where it is none, or an older one that a newer replaces. */
function recordIn({ folder, names, finished }: Known, name: string): Read | null {
  const file = join(folder, name)
  if (name.endsWith('.jsonl')) {
    const known = finished.get(name)
    const isSame = known !== undefined && statSync(file, { throwIfNoEntry: false })?.size === known.size
    return isSame ? known : foldFile(file)
  }
  const older = name.endsWith('.json') && !names.has(`${name}l`) ? readOlder(file) : null
  return older && { record: older, size: 0 }
}

/** All records of this machine; of those that are over, perhaps without their claims and what they were shown. */
export function readRecords(home: string): readonly SessionRecord[] {
  const known = knownIn(home)
  return [...known.names].flatMap((name) => recordIn(known, name)?.record ?? [])
}

/** Appends with one write, so that what kills the writer leaves all of it or none; why it cannot, in the platform's word. */
export function appendFacts(
  home: string,
  toolSession: string,
  facts: readonly SessionFact[],
): Result<null, string> {
  if (facts.length === 0) return ok(null)
  const bytes = Buffer.from(facts.map((fact) => `\n${JSON.stringify({ toolSession, ...fact })}\n`).join(''))
  try {
    makeFolder(folderOf(home), 0o700)
    const fd = openSync(fileOf(home, toolSession), 'a', 0o600)
    try {
      // the newline before each ends a line that its writer could not
      return writeSync(fd, bytes) === bytes.length ? ok(null) : err('ENOSPC')
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return err((error as NodeJS.ErrnoException).code ?? String(error))
  }
}

export const appendFact = (home: string, toolSession: string, fact: SessionFact): Result<null, string> =>
  appendFacts(home, toolSession, [fact])

/** A hook of the session was called just now: the record's own time says so. Where that cannot be written, work goes on. */
export function touchRecord(home: string, toolSession: string, now = Date.now()): void {
  try {
    utimesSync(fileOf(home, toolSession), now / 1000, now / 1000)
  } catch {
    // Not started yet, or gone.
  }
}

const guardFile = (home: string, toolSession: string): string =>
  join(folderOf(home), `${stem(toolSession)}.guard`)

/** Keeps what the session's guard did; the one before is forgotten. */
export function noteGuard(home: string, toolSession: string, word: GuardWord): void {
  try {
    writeFileSync(guardFile(home, toolSession), JSON.stringify(word), { mode: 0o600 })
  } catch {
    // It is only to be shown.
  }
}

/** A word that its writer could not finish is none. */
function readGuard(file: string): GuardWord | null {
  try {
    const word = JSON.parse(readFileSync(file, 'utf8')) as Partial<GuardWord> | null
    const isWhole =
      typeof word?.session === 'string' && typeof word.at === 'number' && typeof word.did === 'string'
    return isWhole ? (word as GuardWord) : null
  } catch {
    return null
  }
}

/** True for the one caller, ever, that gets to go on with a session that is over. */
export function takeOver(home: string, record: SessionRecord): boolean {
  try {
    writeFileSync(join(folderOf(home), `${stem(record.toolSession)}.${record.seenAt}.taken`), '', {
      flag: 'wx',
      mode: 0o600,
    })
    return true
  } catch {
    return false
  }
}

/** A hook that tells lives shorter than this: what is older was left by one that was killed. */
const TELLING_MS = 5000

/**
 * Hooks of parallel tool calls would each tell the same messages. Gives the end of the telling to the one that may tell; null to
 * those that come while it does. Where nothing can be written everybody may: a message told twice is better than none.
 */
export function beginTelling(home: string, toolSession: string, now = Date.now()): (() => void) | null {
  const file = join(folderOf(home), `${stem(toolSession)}.telling`)
  const end = (): void => {
    rmSync(file, { force: true })
  }
  try {
    const begun = statSync(file, { throwIfNoEntry: false })?.mtimeMs
    if (begun !== undefined && now - begun > TELLING_MS) end()
    makeFolder(folderOf(home), 0o700)
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EEXIST' ? null : () => undefined
  }
  return end
}

/** As many records as these are read one by one before those that are over are put together. */
const MOST_APART = 16
/** How often it is looked for what is old. */
const TIDIED_MS = 24 * 3_600_000

/** Removes what nobody has touched for 30 days, and puts the records together that are over; once a day, or where many are apart. */
export function tidyRecords(home: string, now = Date.now()): void {
  const before = knownIn(home)
  const apart = [...before.names].filter((name) => name.endsWith('.jsonl') && !before.finished.has(name))
  const age = now - (finishedSince(before.folder) ?? -Infinity)
  if (before.names.size === 0 || (apart.length < MOST_APART && age >= 0 && age < TIDIED_MS)) return
  for (const name of before.names) {
    const file = join(before.folder, name)
    try {
      if (now - statSync(file).mtimeMs > KEPT_MS) unlinkSync(file)
    } catch {
      // Somebody else was quicker.
    }
  }
  const known = knownIn(home)
  const over = [...known.names]
    .filter((name) => name.endsWith('.jsonl'))
    .flatMap((name) => {
      const read = recordIn(known, name)
      return read && isFinished(read.record) ? [{ name, ...read }] : []
    })
  keepFinished(known.folder, over)
}

/** Names to ask for where the API wants one session: those that hooks recorded, the acting one, and the protocol's usual one. */
export const knownSessions = (home: string, machine: string, acting: string): readonly string[] => [
  ...new Set([acting, `${machine}/claude-main`, ...readRecords(home).map((r) => r.session)]),
]

export interface RecordedSessions {
  readonly sessions: string[]
  /** When each was last seen. */
  readonly at: Record<string, number>
  /** When one of its hooks was last called. */
  readonly hooksAt: Record<string, number>
  readonly guards: Record<string, GuardWord>
}

/** A look at the recorded sessions for a process that lives on: what did not change since is not read again. */
export function createSessionsLook(home: string): () => RecordedSessions {
  const known = new Map<string, { readonly stamp: string; readonly read: SessionRecord | GuardWord | null }>()
  const read = (all: Known, name: string): SessionRecord | GuardWord | null =>
    name.endsWith('.guard') ? readGuard(join(all.folder, name)) : (recordIn(all, name)?.record ?? null)
  return () => {
    const found: RecordedSessions = { sessions: [], at: {}, hooksAt: {}, guards: {} }
    const names = new Set(namesIn(home))
    for (const name of known.keys()) if (!names.has(name)) known.delete(name)
    // once, where something is new
    let all: Known | undefined
    for (const name of names) {
      const info = statSync(join(folderOf(home), name), { throwIfNoEntry: false })
      // a record is only added to; its time is another one at each call of a hook
      const stamp = name.endsWith('.jsonl') ? String(info?.size) : `${info?.mtimeMs} ${info?.size}`
      if (known.get(name)?.stamp !== stamp)
        known.set(name, { stamp, read: read((all ??= knownIn(home)), name) })
      take(found, known.get(name)?.read, name.endsWith('.jsonl') ? info?.mtimeMs : undefined)
    }
    return { ...found, sessions: Object.keys(found.at) }
  }
}

function take(
  found: RecordedSessions,
  read: SessionRecord | GuardWord | null | undefined,
  hookAt?: number,
): void {
  if (!read) return
  const { session } = read
  const newest = (known: number | undefined, at: number): number => Math.max(known ?? at, at)
  if ('did' in read) {
    if ((found.guards[session]?.at ?? 0) < read.at) found.guards[session] = read
    return
  }
  found.at[session] = newest(found.at[session], read.seenAt)
  if (hookAt !== undefined) found.hooksAt[session] = newest(found.hooksAt[session], hookAt)
}
