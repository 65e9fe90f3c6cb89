/** Whether a call in doubt was applied: the row that it would have made, among those that the API lists. Pure. */
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { SendableCall } from '../lines/parse-line.ts'
import type { CallTarget } from './call-target.ts'

export type Row = Readonly<Record<string, unknown>>

const isPlain = (v: unknown): v is string | number | boolean =>
  typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'

/** Equal as the API may give it back: a number as text, absent as null. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b || ((a === null || a === undefined) && (b === null || b === undefined))) return true
  if (isPlain(a) && isPlain(b)) return String(a) === String(b)
  try {
    return JSON.stringify(a) === JSON.stringify(b)
  } catch {
    // nested deeper than can be compared: not shown to be equal
    return false
  }
}

/** The latest instant that a row's time may stand for: a database that keeps whole seconds cuts the rest off. */
function timeOf(row: Row, isExact: boolean): EpochMs | undefined {
  const text = [row['created_at'], row['acquired_at'], row['updated_at']].find(
    (t) => parseTime(t) !== undefined,
  )
  const at = parseTime(text)
  return at === undefined || isExact || at % 1000 !== 0 ? at : at + 999
}

/**
 * The row that the call made: exactly one matches the call in every field and is not older than its intent, by the server's clock.
 * `notBefore`: the intent's time on the server's clock, taken so that a doubt counts as "not applied" where an equal call
 * may have been made shortly before; then `isExact`, and whole seconds get no benefit of the doubt.
 */
export function findApplied(
  rows: readonly Row[],
  request: SendableCall,
  target: CallTarget,
  notBefore: EpochMs,
  isExact = false,
): Row | undefined {
  const fields: Record<string, unknown> = { ...request.data }
  if (target.effect.kind === 'component') {
    fields['project_key'] = target.effect.project
    fields['component'] = target.effect.component
  }
  const wanted = Object.entries(fields)
  if (wanted.length === 0) return undefined
  const matching = rows.filter(
    (row) =>
      wanted.every(([key, value]) => isSame(row[key], value)) &&
      (timeOf(row, isExact) ?? -Infinity) >= notBefore,
  )
  return matching.length === 1 ? matching[0] : undefined
}
