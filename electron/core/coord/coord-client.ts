/** Questions that the drain asks the API before or after a call: locks, messages, components. GET only. */
import type { z } from 'zod'
import {
  componentRow,
  decodeRows,
  lockRow,
  messageRow,
  workflowRow,
  workItemRow,
  type ComponentRow,
  type ListName,
  type LockRow,
} from '../../../shared/wire.ts'
import { readJson } from '../../../shared/json.ts'
import { assertNever } from '../../../shared/result.ts'
import { parseTime, type EpochMs } from '../../../shared/time.ts'
import { classify } from './classify-answer.ts'
import type { GatedConnection } from './connection.ts'
import type { SendableCall } from '../outbox/lines/parse-line.ts'
import type { Touches } from '../outbox/replay/call-target.ts'

/** `none`: the API has no such list. `paused`: no answer now; the connection knows. */
export type Asked<T> =
  | { readonly kind: 'rows'; readonly rows: readonly T[] }
  | { readonly kind: 'none'; readonly status: number }
  | { readonly kind: 'paused' }

const q = encodeURIComponent

export async function askRows<S extends z.ZodType>(
  connection: GatedConnection,
  path: string,
  name: ListName,
  schema: S,
): Promise<Asked<z.output<S>>> {
  const outcome = await connection.call({
    method: 'GET',
    path,
    headers: {},
    maxAnswerBytes: 32 * 1024 * 1024,
  })
  const verdict = classify(outcome)
  switch (verdict.kind) {
    case 'offline':
    case 'in-doubt':
      connection.pause('offline', `The coordination API cannot be reached (${verdict.detail}). Calls wait.`)
      return { kind: 'paused' }
    case 'wait':
      connection.pause('degraded', `The coordination API asks to wait (${verdict.detail}).`, {
        askedMs: verdict.waitMs,
      })
      return { kind: 'paused' }
    case 'trouble':
      connection.pause('degraded', `The coordination API has trouble (${verdict.detail}). Calls wait.`)
      return { kind: 'paused' }
    case 'delivered':
    case 'wrong-answer':
    case 'ask':
    case 'conflict':
    case 'aside':
      break
    default:
      assertNever(verdict)
  }
  if (outcome.kind !== 'answer') return { kind: 'paused' }
  const decoded =
    outcome.status >= 200 && outcome.status < 300
      ? decodeRows(readJson(outcome.text), name, schema)
      : undefined
  return decoded ? { kind: 'rows', rows: decoded.rows } : { kind: 'none', status: outcome.status }
}

export const askLocks = (c: GatedConnection, project?: string, resource?: string): Promise<Asked<LockRow>> =>
  askRows(
    c,
    `/api/coord/locks${project === undefined ? '' : `?project_key=${q(project)}&resource=${q(resource ?? '')}`}`,
    'locks',
    lockRow,
  )

export const askComponents = (c: GatedConnection, project: string): Promise<Asked<ComponentRow>> =>
  askRows(c, `/api/coord/components?project_key=${q(project)}`, 'components', componentRow)

export const askMessages = (c: GatedConnection): Promise<Asked<z.output<typeof messageRow>>> =>
  askRows(c, '/api/coord/messages', 'messages', messageRow)

type Row = Readonly<Record<string, unknown>>

/** Where the effect of a call would show, if it was applied; undefined where no GET can tell. */
export async function askTargets(c: GatedConnection, touches: Touches): Promise<Asked<Row> | undefined> {
  const what = touches.what
  switch (what.kind) {
    case 'claim':
      return askLocks(c, what.project, what.resource)
    case 'message':
      return askMessages(c)
    case 'component':
      return askComponents(c, what.project)
    case 'workflow':
      return askRows(c, '/api/coord/workflows', 'workflows', workflowRow)
    case 'work-item':
      return askRows(c, `/api/coord/work-items?workflow_id=${q(what.workflow)}`, 'work_items', workItemRow)
    case 'release':
    case 'release-all':
    case 'mark-read':
    case 'item-change':
    case 'other':
      return undefined
  }
}

const isPlain = (v: unknown): v is string | number | boolean =>
  typeof v === 'string' || typeof v === 'number' || typeof v === 'boolean'

const same = (a: unknown, b: unknown): boolean => {
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
export function appliedRow(
  rows: readonly Row[],
  call: SendableCall,
  touches: Touches,
  notBefore: EpochMs,
  isExact = false,
): Row | undefined {
  const fields: Record<string, unknown> = { ...call.data }
  if (touches.what.kind === 'component') {
    fields['project_key'] = touches.what.project
    fields['component'] = touches.what.component
  }
  if (Object.keys(fields).length === 0) return undefined
  const matching = rows.filter(
    (row) =>
      Object.entries(fields).every(([k, v]) => same(row[k], v)) &&
      (timeOf(row, isExact) ?? -Infinity) >= notBefore,
  )
  return matching.length === 1 ? matching[0] : undefined
}
