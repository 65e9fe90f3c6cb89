/** Calls as lists show them: those that wait, and those that ended without being delivered. */
import type { EpochMs } from '../../../shared/time.ts'
import { holderOf } from '../../../shared/cause.ts'
import type { CallFacts } from '../../../shared/call.ts'
import { factsOfEntry, missingField } from './call-facts.ts'
import type { EndedRow, WaitingCall } from './contract.ts'
import type { Entry } from './lines/parse-line.ts'
import { cutCopy } from './lines/text.ts'
import type { SetAside, Skipped } from './segments/call-states.ts'
import type { Segment } from './segments/segment.ts'

/** Waiting calls that are shown. */
export const WAITING_SHOWN = 50
/** Of a line, as much as a row may need. */
const RAW_SHOWN = 2_000
const PREVIEW_LENGTH = 200

export interface WaitingRow {
  readonly call: WaitingCall
  /** When the call was made, as far as that is known. */
  readonly at: EpochMs | null
}

/** A file keeps its identity (device and inode) when it is claimed, so a call has one name for as long as it waits. */
export const waitingId = (identity: string, offset: number, sub: number): string =>
  `${identity}.${offset}.${sub}`

/** The place in an id of a waiting call. */
export function placeOfWaiting(
  id: string,
): { readonly identity: string; readonly offset: number; readonly sub: number } | undefined {
  const parts = /^(.+)\.(\d+)\.(\d+)$/.exec(id)
  return parts?.[1] === undefined
    ? undefined
    : { identity: parts[1], offset: Number(parts[2]), sub: Number(parts[3]) }
}

export const toWaitingRow = (id: string, entry: Entry, at: EpochMs | undefined): WaitingRow => ({
  at: at ?? null,
  call: {
    id,
    ts: entry.ts,
    method: entry.method,
    path: entry.path,
    raw: typeof entry.raw === 'string' ? cutCopy(entry.raw, RAW_SHOWN) : '',
    ...factsOfEntry(entry),
  },
})

type End = Pick<EndedRow, 'cause' | 'reason' | 'status' | 'field' | 'holder'>

export const endOfAside = ({ cause, reason, status, field, holder }: Omit<SetAside, 'at'>): End => ({
  cause,
  reason,
  status,
  field: field ?? null,
  // builds before this one kept it in the words alone
  holder: holder ?? (cause === 'held' ? (holderOf(reason) ?? null) : null),
})
export const endOfSkipped = ({ reason }: Pick<Skipped, 'reason'>): End => ({
  cause: reason,
  reason,
  status: null,
  field: null,
  holder: null,
})

/** Why a call was not delivered. */
export function endOf(segment: Segment, key: string): End | undefined {
  const aside = segment.setAside.get(key)
  const skipped = segment.skipped.get(key)
  return aside ? endOfAside(aside) : skipped && endOfSkipped(skipped)
}

/** The statuses with which an API rejects a body. */
const REJECTS_BODY = new Set([400, 422])

export function toEndedRow(
  id: string,
  entry: Pick<Entry, 'ts' | 'method' | 'path' | 'raw' | 'verdict'>,
  facts: CallFacts,
  end: End,
): EndedRow {
  const { ts, method, path, raw } = entry
  const isCall = method !== null && path !== null
  const text = typeof raw === 'string' ? cutCopy(raw, PREVIEW_LENGTH) : '(bytes that are no text)'
  const isBody = end.status !== null && REJECTS_BODY.has(end.status)
  const field = end.field ?? (isBody ? missingField(entry) : null)
  return { id, ts, method, path, ...facts, ...end, field, preview: isCall ? '' : text }
}
