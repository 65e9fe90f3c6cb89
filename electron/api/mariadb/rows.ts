/** Between MariaDB's columns and the API's rows. */
import { createHash } from 'node:crypto'
import { NUMBERS, TIMES } from '../columns.ts'
import { machineOf, toMachineKey, toSessionKey } from '../../../shared/session.ts'
import { toIso, type EpochMs } from '../../../shared/time.ts'
import type { Row } from '../store.ts'

export type Value = string | number | null | Buffer
export type Stored = Record<string, Value>

/** What text begins with that is kept as JSON: UTF-8 has no lone surrogates. */
const AS_JSON = '\u0000\u0001json:'

/** Text as it is stored. */
export function toStored(text: string): string
export function toStored(text: string | null): string | null
export function toStored(text: string | null): string | null {
  if (text === null || (text.isWellFormed() && !text.startsWith(AS_JSON))) return text
  return AS_JSON + JSON.stringify(text)
}

/** The text of a stored column. */
export function toText(value: Value | undefined): string | null {
  if (value === null || value === undefined) return null
  const text = String(value)
  return text.startsWith(AS_JSON) ? (JSON.parse(text.slice(AS_JSON.length)) as string) : text
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Names are found by 128 bits of their hash: they are longer than a key may be. */
export const hashOf = (text: string): Buffer => digest(toStored(text)).subarray(0, 16)
export const maybeHash = (text: string | null): Buffer | null => (text === null ? null : hashOf(text))
export const sessionHash = (session: string): Buffer => hashOf(toSessionKey(session))
export const machineHash = (session: string): Buffer => hashOf(toMachineKey(machineOf(session)))
/** The key of two names, or of any text. */
export const keyHash = (...texts: readonly string[]): Buffer => digest(JSON.stringify(texts))

const EARLIEST = Date.UTC(1000, 0, 1)
const LATEST = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

/** A time as `DATETIME(3)` in UTC; beyond its years the first or the last that it knows. */
export const toTime = (at: EpochMs): string =>
  toIso(Math.min(Math.max(at, EARLIEST), LATEST))
    .slice(0, 23)
    .replace('T', ' ')
export const maybeTime = (at: EpochMs | null): string | null => (at === null ? null : toTime(at))
/** A stored time as it is answered. The driver leaves out what is zero at its end. */
function isoOf(stored: Value | undefined): string {
  const [date, time = '00:00:00'] = String(stored).split(' ')
  return `${date}T${time.padEnd(12, '.000').slice(0, 12)}Z`
}
/** Milliseconds of a stored time. */
export const toMs = (stored: Value | undefined): EpochMs => Date.parse(isoOf(stored))

/** A stored row as it is answered: times as ISO text, text decoded, in the order of the columns asked for. */
export function toRow(stored: Stored): Row {
  const row: Record<string, unknown> = {}
  for (const name in stored) {
    const value = stored[name] ?? null
    if (value === null) row[name] = null
    else if (TIMES.has(name)) row[name] = isoOf(value)
    else row[name] = NUMBERS.has(name) ? Number(value) : toText(value)
  }
  return row
}

/** The name of a session's machine as it is stored for comparing. */
export const toStoredMachine = (session: string | null): string | null =>
  toStored(session === null ? null : toMachineKey(machineOf(session)))
