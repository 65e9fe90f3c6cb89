/** The API's rows as a person reads them: one table a kind. */
import { toRelativeTime, toSpan } from '../../shared/text.ts'
import { parseTime, type EpochMs } from '../../shared/time.ts'
import type { ComponentRow, LockRow, WorkflowRow, WorkItemRow } from '../../shared/wire.ts'
import { staleAt } from '../core/coord/staleness.ts'
import { shortIds } from './ids.ts'
import type { LockLine, MessageLine } from './rows.ts'
import { table } from './terminal/table.ts'
import type { Shown, Style } from './terminal/text.ts'

/** How long ago, or '-' where that is not known. */
export const ago = (time: string | null | undefined, now: EpochMs = Date.now()): string | null => {
  const at = parseTime(time ?? null)
  return at === undefined ? null : toRelativeTime(at, now)
}

export const nameLock = (row: LockRow): string =>
  `${row.project_key ?? '-'}: ${row.resource ?? '-'} (${row.session_id})`

/** When a lock ends by itself: its time to live, or the stale rule; the earlier one. */
function endOf(row: LockLine, now: EpochMs): string | null {
  if (row.stale) return 'stale'
  const ends = [parseTime(row.expires_at), staleAt(row)].filter((at) => at !== undefined)
  return ends.length === 0 ? null : toSpan(Math.min(...ends) - now)
}

export const ageWords = (row: LockLine): string => {
  const since = ago(row.acquired_at)
  return `${since === null ? 'since when is not known' : `claimed ${since}`}${row.stale ? ', stale' : ''}`
}

/** `now`: by the server's clock. */
export function locksTable(rows: readonly LockLine[], now: EpochMs, indent = 0): Shown {
  const short = shortIds(rows.map((row) => row.id))
  const holder = (row: LockLine): Style | undefined => (row.mine ? 'green' : undefined)
  return table<LockLine>(
    [
      { heading: 'ID', cell: (row) => short(row.id), style: () => 'dim' },
      { heading: 'PROJECT', cell: (row) => row.project_key, cut: 'end' },
      { heading: 'RESOURCE', cell: (row) => row.resource, cut: 'middle' },
      { heading: 'HELD BY', cell: (row) => row.session_id, style: holder, cut: 'middle' },
      { heading: 'SINCE', cell: (row) => ago(row.acquired_at, now) },
      {
        heading: 'LEFT',
        cell: (row) => endOf(row, now),
        style: (row) => (row.stale ? 'yellow' : undefined),
      },
      { heading: 'FOR', cell: (row) => row.description, cut: 'end', isLesser: true },
    ],
    rows,
    { indent },
  )
}

export function messagesTable(rows: readonly MessageLine[], now: EpochMs, indent = 0): Shown {
  const short = shortIds(rows.map((row) => row.id))
  return table<MessageLine>(
    [
      { heading: 'ID', cell: (row) => short(row.id), style: () => 'dim' },
      { heading: 'FROM', cell: (row) => row.from_session, cut: 'middle' },
      {
        heading: 'TO',
        cell: (row) => row.to_session ?? 'everyone',
        style: (row) => (row.mine && row.to_session !== null ? 'green' : undefined),
        cut: 'middle',
      },
      { heading: 'PROJECT', cell: (row) => row.project_key, cut: 'end' },
      { heading: 'SENT', cell: (row) => ago(row.created_at, now) },
      {
        heading: 'SUBJECT',
        cell: (row) => row.subject,
        style: (row) => (row.read_at === null ? 'bold' : undefined),
        cut: 'end',
      },
    ],
    rows,
    { indent },
  )
}

const STATE_STYLES: Readonly<Record<string, Style>> = {
  failed: 'red',
  degraded: 'yellow',
  blocked: 'yellow',
  deployed: 'green',
  completed: 'green',
}
const stateStyle = (state: string | null): Style | undefined =>
  state !== null && Object.hasOwn(STATE_STYLES, state) ? STATE_STYLES[state] : undefined

export const componentsTable = (rows: readonly ComponentRow[], now: EpochMs): Shown =>
  table<ComponentRow>(
    [
      { heading: 'PROJECT', cell: (row) => row.project_key, cut: 'end' },
      { heading: 'COMPONENT', cell: (row) => row.component, cut: 'end' },
      { heading: 'STATE', cell: (row) => row.state, style: (row) => stateStyle(row.state), cut: 'end' },
      { heading: 'VERSION', cell: (row) => row.version, cut: 'end' },
      { heading: 'CHANGED', cell: (row) => ago(row.updated_at, now) },
      { heading: 'BY', cell: (row) => row.updated_by, cut: 'middle' },
      { heading: 'NOTES', cell: (row) => row.notes, cut: 'end', isLesser: true },
    ],
    rows,
  )

export function workflowsTable(rows: readonly WorkflowRow[]): Shown {
  const short = shortIds(rows.map((row) => row.id))
  return table<WorkflowRow>(
    [
      { heading: 'ID', cell: (row) => short(row.id), style: () => 'dim' },
      { heading: 'PROJECT', cell: (row) => row.project_key, cut: 'end' },
      { heading: 'STATUS', cell: (row) => row.status, style: (row) => stateStyle(row.status), cut: 'end' },
      { heading: 'NAME', cell: (row) => row.name, cut: 'end' },
    ],
    rows,
  )
}

export function itemsTable(rows: readonly WorkItemRow[]): Shown {
  const short = shortIds(rows.map((row) => row.id))
  const flow = shortIds(rows.flatMap((row) => row.workflow_id ?? []))
  return table<WorkItemRow>(
    [
      { heading: 'ID', cell: (row) => short(row.id), style: () => 'dim' },
      { heading: 'WORKFLOW', cell: (row) => (row.workflow_id === null ? null : flow(row.workflow_id)) },
      { heading: 'STATUS', cell: (row) => row.status, style: (row) => stateStyle(row.status), cut: 'end' },
      { heading: 'PRIORITY', cell: (row) => row.priority, align: 'right' },
      { heading: 'TITLE', cell: (row) => row.title, cut: 'end' },
    ],
    rows,
  )
}
