/**
 * The records of this machine's sessions, one append-only file each under `COORD_HOME/sessions`; a line is one fact and
 * one write. Needs nothing but Node's file calls, so that a hook is quick.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { parseTime } from '../../shared/time.ts'
import { foldRecord, type SessionFact, type SessionRecord } from '../core/sessions/session-record.ts'

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
function readFacts(file: string): readonly Line[] {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return []
  }
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

function foldFile(file: string): SessionRecord | null {
  const facts = readFacts(file)
  const toolSession = facts[0]?.toolSession
  return toolSession === undefined ? null : foldRecord(toolSession, facts)
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
  foldFile(fileOf(home, toolSession)) ?? readOlder(fileOf(home, toolSession).replace(/l$/, ''))

function namesIn(home: string): readonly string[] {
  try {
    return readdirSync(folderOf(home))
  } catch {
    return []
  }
}

/** The record in one file; null where it is none, or an older one that a newer replaces. */
function recordIn(home: string, name: string, names: readonly string[]): SessionRecord | null {
  if (name.endsWith('.jsonl')) return foldFile(join(folderOf(home), name))
  return name.endsWith('.json') && !names.includes(`${name}l`) ? readOlder(join(folderOf(home), name)) : null
}

/** All records of this machine. */
export function readRecords(home: string): readonly SessionRecord[] {
  const names = namesIn(home)
  return names.map((name) => recordIn(home, name, names)).filter((record) => record !== null)
}

/** Appends with one write. Throws the platform's error where it cannot. */
export function appendFact(home: string, toolSession: string, fact: SessionFact): void {
  mkdirSync(folderOf(home), { recursive: true, mode: 0o700 })
  const fd = openSync(fileOf(home, toolSession), 'a', 0o600)
  try {
    // the newline before ends a line that its writer could not
    writeSync(fd, `\n${JSON.stringify({ toolSession, ...fact })}\n`)
  } finally {
    closeSync(fd)
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

/** Removes what nobody has touched for 30 days. */
export function forgetOldRecords(home: string, now = Date.now()): void {
  let names: string[]
  try {
    names = readdirSync(folderOf(home))
  } catch {
    return
  }
  for (const name of names) {
    const file = join(folderOf(home), name)
    try {
      if (now - statSync(file).mtimeMs > KEPT_MS) unlinkSync(file)
    } catch {
      // Somebody else was quicker.
    }
  }
}

/** Names to ask for where the API wants one session: those that hooks recorded, the acting one, and the protocol's usual one. */
export const knownSessions = (home: string, machine: string, acting: string): readonly string[] => [
  ...new Set([acting, `${machine}/claude-main`, ...readRecords(home).map((r) => r.session)]),
]

export interface RecordedSessions {
  readonly sessions: string[]
  /** When each was last seen. */
  readonly at: Record<string, number>
}

/** A look at the recorded sessions for a process that lives on: what did not change since is not read again. */
export function createSessionsLook(home: string): () => RecordedSessions {
  const known = new Map<string, { readonly stamp: string; readonly record: SessionRecord | null }>()
  return () => {
    const at: Record<string, number> = {}
    const names = namesIn(home)
    for (const name of known.keys()) if (!names.includes(name)) known.delete(name)
    for (const name of names) {
      const info = statSync(join(folderOf(home), name), { throwIfNoEntry: false })
      const stamp = `${info?.mtimeMs} ${info?.size}`
      if (known.get(name)?.stamp !== stamp) known.set(name, { stamp, record: recordIn(home, name, names) })
      const record = known.get(name)?.record
      if (record) at[record.session] = Math.max(at[record.session] ?? record.seenAt, record.seenAt)
    }
    return { sessions: Object.keys(at), at }
  }
}
