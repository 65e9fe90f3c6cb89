/** Components: what stood there before this drain's first call to each, and which rows a replay of ours wrote. */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { ComponentRow } from '../../../../shared/wire.ts'
import type { CallTarget } from './call-target.ts'
import type { DeliveredRecord } from '../segments/ledger-records.ts'

/** A row whose time lies no further than this from a write of ours may be that write. */
export const CLOCK_SLACK_MS = 2_000
/** The rows of a project are read again after this long. */
const ROWS_FRESH_MS = 5_000
/** Components of which it is remembered what a replay of ours wrote last. */
const MAX_OWN_WRITES = 10_000

export interface ComponentHistory {
  /** Takes in a delivery of this process, or one that a ledger tells of. */
  observe(record: DeliveredRecord): void
  /** The row of a component as it stood before this drain's first call to it; undefined: the project's rows must be read first. */
  rowBefore(project: string, component: string, monotonicNow: number): ComponentRow | null | undefined
  /** Keeps the rows of a project as the API listed them now; null: it has no such list. */
  keepRows(project: string, rows: readonly ComponentRow[] | null, monotonicNow: number): void
  /** A call to the component goes out without its row having been read: what is read later may be what it wrote. */
  noteSent(target: CallTarget): void
  /** What stands there is our own: it supersedes neither this call nor those behind it. */
  markOwn(resource: string): void
  /** Whether a replay of ours wrote this row. `skewMs`: server clock minus ours. */
  isOwnWrite(resource: string, row: ComponentRow, skewMs: number): boolean
  /** The backlog is empty: what comes next is another drain. */
  beginDrain(): void
}

const keyOf = (project: string, component: string): string => `component:${project}:${component}`

export function createComponentHistory(): ComponentHistory {
  /** By resource; null: nothing there, or our own. */
  const before = new Map<string, ComponentRow | null>()
  const listed = new Map<string, { readonly at: number; readonly rows: readonly ComponentRow[] | null }>()
  /** `updated_at` of what a replay of ours wrote last, by resource. */
  const writes = new BoundedMap<string, { readonly updated: string | null; readonly at: EpochMs }>(
    MAX_OWN_WRITES,
  )
  return {
    observe({ component, at }) {
      if (component) writes.set(component[0], { updated: component[1], at })
    },
    rowBefore(project, component, now) {
      const key = keyOf(project, component)
      const had = before.get(key)
      if (had !== undefined) return had
      const rows = listed.get(project)
      if (!rows || now - rows.at > ROWS_FRESH_MS) return undefined
      const row =
        rows.rows?.find(
          (r) => r.component === component && (r.project_key === project || r.project_key === null),
        ) ?? null
      before.set(key, row)
      return row
    },
    keepRows(project, rows, now) {
      listed.set(project, { at: now, rows })
    },
    noteSent({ effect, resource }) {
      if (effect.kind === 'component' && !before.has(resource)) before.set(resource, null)
    },
    markOwn(resource) {
      before.set(resource, null)
    },
    isOwnWrite(resource, row, skewMs) {
      if (row.effective_at !== null && row.effective_at !== row.updated_at) return true
      const write = writes.get(resource)
      const updated = parseTime(row.updated_at)
      if (!write || updated === undefined) return false
      return (
        write.updated === row.updated_at ||
        (write.updated === null && Math.abs(updated - (write.at + skewMs)) <= CLOCK_SLACK_MS)
      )
    },
    beginDrain() {
      before.clear()
      listed.clear()
    },
  }
}
