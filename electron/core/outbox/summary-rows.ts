/** A call that waits, as it is shown. */
import type { EpochMs } from '../../../shared/time.ts'
import type { WaitingCall } from './contract.ts'
import type { Entry } from './lines/parse-line.ts'

/** Waiting calls that are shown. */
export const WAITING_SHOWN = 50
/** Of a line, as much as a row may need. */
const RAW_SHOWN = 2_000

export interface WaitingRow {
  readonly id: string
  readonly call: WaitingCall
  /** When the call was made, as far as that is known. */
  readonly at: EpochMs | null
}

export const toWaitingCall = (id: string, entry: Entry, at: EpochMs | undefined): WaitingRow => ({
  id,
  at: at ?? null,
  call: {
    ts: entry.ts,
    method: entry.method,
    path: entry.path,
    raw: typeof entry.raw === 'string' ? entry.raw.slice(0, RAW_SHOWN) : '',
  },
})
