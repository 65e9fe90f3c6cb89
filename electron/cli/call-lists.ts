/** Queued calls as a person reads them. */
import type { Call } from '../../shared/call.ts'
import { ago } from './lists.ts'
import { shortIds } from './ids.ts'
import { table, type Column } from './terminal/table.ts'
import { bold, dim, line, lines, quoted, yellow, type Shown } from './terminal/text.ts'

export type CallEnd = 'set-aside' | 'skipped' | 'waiting'
export interface ListedCall {
  readonly workspace: string
  readonly end: CallEnd
  readonly call: Call
}

const ENDS: Readonly<Record<CallEnd, string>> = {
  'set-aside': 'set aside',
  skipped: 'skipped',
  waiting: 'waits',
}
const PREVIEW = 200

const rawText = ({ raw }: Call): string => (typeof raw === 'string' ? raw : `base64: ${raw.base64}`)

/** `PUT components/demo/server`; the beginning of a line that is no call. */
export const nameCall = (call: Call): string =>
  call.method === null || call.path === null
    ? rawText(call).slice(0, PREVIEW)
    : `${call.method} ${call.path.replace(/^\/api\/coord\//, '')}`

const why = ({ call, end }: ListedCall): string | null => (end === 'waiting' ? null : call.reason)

const STATE: Column<ListedCall> = {
  heading: 'STATE',
  cell: ({ end }) => ENDS[end],
  style: ({ end }) => (end === 'set-aside' ? 'yellow' : undefined),
}

/** `isOfOneEnd`: what stands above says already what became of them. */
export function callsTable(rows: readonly ListedCall[], indent = 0, isOfOneEnd = false): Shown {
  const short = shortIds(rows.map(({ call }) => call.id))
  const isOfSeveral = new Set(rows.map(({ workspace }) => workspace)).size > 1
  return table<ListedCall>(
    [
      { heading: 'ID', cell: ({ call }) => short(call.id), style: () => 'dim' },
      ...(isOfSeveral
        ? [{ heading: 'WORKSPACE', cell: (row: ListedCall) => row.workspace, cut: 'end' as const }]
        : []),
      ...(isOfOneEnd ? [] : [STATE]),
      { heading: 'MADE', cell: ({ call }) => ago(call.ts) },
      { heading: 'CALL', cell: ({ call }) => nameCall(call), cut: 'middle' },
      ...(rows.some(({ end }) => end !== 'waiting')
        ? [{ heading: 'WHY', cell: why, cut: 'end' as const }]
        : []),
    ],
    rows,
    { indent },
  )
}

/** Each with its bytes. */
export const wholeCalls = (rows: readonly ListedCall[]): Shown =>
  lines(
    rows.flatMap((row) => [
      line`${dim(row.call.id)}  ${row.workspace}  ${row.call.ts ?? '-'}`,
      line`  ${bold(nameCall(row.call).slice(0, PREVIEW))}`,
      line`  ${yellow(ENDS[row.end])}: ${why(row) ?? '-'}`,
      quoted(rawText(row.call)),
    ]),
  )
