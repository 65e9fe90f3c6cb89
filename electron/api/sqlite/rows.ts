/** Between SQLite's columns and the API's rows. */
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import { NUMBERS, TIMES } from '../columns.ts'
import { toMachineKey, toSessionKey, machineOf } from '../../../shared/session.ts'
import { toIso } from '../../../shared/time.ts'
import type { Row } from '../store.ts'

/** Text as it is stored. UTF-8 has no lone surrogates: such a string is kept as a blob of its JSON text. */
export function toStored(text: string): SQLInputValue
export function toStored(text: string | null): SQLInputValue
export function toStored(text: string | null): SQLInputValue {
  if (text === null || text.isWellFormed()) return text
  return new TextEncoder().encode(JSON.stringify(text))
}

/** The text of a stored column. */
export function toText(value: SQLOutputValue | undefined): string | null {
  if (value === null || value === undefined) return null
  if (value instanceof Uint8Array) return JSON.parse(new TextDecoder().decode(value)) as string
  return String(value)
}

/** A stored row as it is answered: times as ISO text, text decoded, in the order of the columns asked for. */
export function toRow(stored: Record<string, SQLOutputValue>): Row {
  const row: Record<string, unknown> = {}
  // A page has a thousand of these: no entries, no pairs.
  for (const name in stored) {
    const value = stored[name] ?? null
    if (value === null || (typeof value === 'string' && !TIMES.has(name))) row[name] = value
    else if (TIMES.has(name)) row[name] = toIso(Number(value))
    else row[name] = NUMBERS.has(name) ? Number(value) : toText(value)
  }
  return row
}

/** A session's name as it is stored for comparing. */
export const toStoredKey = (session: string | null): SQLInputValue =>
  toStored(session === null ? null : toSessionKey(session))

/** The name of a session's machine as it is stored for comparing. */
export const toStoredMachine = (session: string | null): SQLInputValue =>
  toStored(session === null ? null : toMachineKey(machineOf(session)))
