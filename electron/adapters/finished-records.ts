/**
 * What is known of sessions that are over, all in one file: whoever looks for the few that are at work does not read the
 * records of thousands. A record is only added to, so one of the same size says what it said; the file is a copy, and may
 * be missing, old or torn.
 */
import { readFileSync, renameSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SessionRecord } from '../core/sessions/session-record.ts'

/** A record that is over, without its claims and what it was shown: nobody asks another session's record for them. */
export interface FinishedRecord {
  /** The name of its file. */
  readonly name: string
  /** How many bytes of it were read. */
  readonly size: number
  readonly record: SessionRecord
}
export type FinishedRecords = ReadonlyMap<string, FinishedRecord>

type Line = Pick<FinishedRecord, 'name' | 'size'> &
  Pick<
    SessionRecord,
    'toolSession' | 'session' | 'names' | 'folders' | 'process' | 'startedAt' | 'seenAt' | 'state'
  >

const fileIn = (folder: string): string => join(folder, 'finished.cache')

/** Whether a record says no more unless its session comes back. */
export const isFinished = ({ state }: SessionRecord): boolean => state === 'ended' || state === 'taken-up'

const isLine = (value: unknown): value is Line => {
  const line = (value ?? {}) as Partial<Line>
  return (
    typeof line.name === 'string' &&
    typeof line.size === 'number' &&
    typeof line.toolSession === 'string' &&
    typeof line.session === 'string' &&
    Array.isArray(line.names) &&
    Array.isArray(line.folders) &&
    typeof line.startedAt === 'number' &&
    typeof line.seenAt === 'number' &&
    (line.state === 'ended' || line.state === 'taken-up')
  )
}

function toFinished({ name, size, ...kept }: Line): FinishedRecord {
  return {
    name,
    size,
    record: { ...kept, processes: [], claims: [], shown: new Set(), mentioned: new Set() },
  }
}

/** When they were put together; undefined where they never were. */
export const finishedSince = (folder: string): number | undefined =>
  statSync(fileIn(folder), { throwIfNoEntry: false })?.mtimeMs

/** The last file that was read: one hook asks for all records several times. */
let last: { readonly stamp: string; readonly found: FinishedRecords } | undefined

/** By the names of their files; empty where the file is missing or no such file. */
export function readFinished(folder: string): FinishedRecords {
  const info = statSync(fileIn(folder), { throwIfNoEntry: false })
  if (info === undefined) return new Map()
  const stamp = `${folder} ${info.ino} ${info.mtimeMs} ${info.size}`
  if (last?.stamp !== stamp) last = { stamp, found: parseFinished(folder) }
  return last.found
}

function parseFinished(folder: string): FinishedRecords {
  try {
    const lines: unknown = JSON.parse(readFileSync(fileIn(folder), 'utf8'))
    const found = Array.isArray(lines) ? lines.filter(isLine).map(toFinished) : []
    return new Map(found.map((one) => [one.name, one]))
  } catch {
    return new Map()
  }
}

/** Replaces the file as a whole; where that cannot be, the records are read one by one. */
export function keepFinished(folder: string, finished: readonly FinishedRecord[]): void {
  const lines = finished.map(({ name, size, record }): Line => {
    const { toolSession, session, names, folders, process, startedAt, seenAt, state } = record
    return { name, size, toolSession, session, names, folders, process, startedAt, seenAt, state }
  })
  const aside = `${fileIn(folder)}.${process.pid}`
  try {
    writeFileSync(aside, JSON.stringify(lines), { mode: 0o600 })
    renameSync(aside, fileIn(folder))
  } catch {
    try {
      unlinkSync(aside)
    } catch {
      // It was not made.
    }
  }
}
