/**
 * Components: what stood there before this drain's first call to each, which rows a replay of ours wrote, and as when the API
 * keeps them.
 */
import { BoundedMap } from '../../../../shared/bounded-map.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { ComponentRow } from '../../../../shared/wire.ts'
import type { CallTarget } from './call-target.ts'
import type { QueuedCall } from './queued-call.ts'
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
  /** A call of this workspace wrote what the API keeps as of then; nothing where it does not say so. */
  noteKept(resource: string, effectiveAt: unknown): void
  /** As when the API keeps what calls of this workspace wrote there last, as far as is known. */
  keptAs(resource: string): EpochMs | undefined
  /** Whether a replay of ours wrote this row. `skewMs`: server clock minus ours. */
  isOwnWrite(resource: string, row: ComponentRow, skewMs: number): boolean
  /** The backlog is empty: what comes next is another drain. */
  beginDrain(): void
}

/**
 * The call time that the API is told; undefined: none is known, or a person sends the call again, which says it now. For a
 * component it is not before what a call that stands earlier in the file was kept as: a line without a time, a writer's other
 * clock, a file system's coarse one would else turn the order of the file round.
 */
export function saidAtOf(
  history: ComponentHistory,
  { segment, target: { effect, resource }, time }: QueuedCall,
): EpochMs | undefined {
  if (time === undefined || segment.origin === 'again') return undefined
  return effect.kind === 'component' ? Math.max(time, history.keptAs(resource) ?? time) : time
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
  /** As when the API keeps the latest of these writes, where it says so. */
  const kept = new BoundedMap<string, EpochMs>(MAX_OWN_WRITES)
  const noteKept = (resource: string, effectiveAt: unknown): void => {
    const at = parseTime(effectiveAt)
    if (at !== undefined) kept.set(resource, Math.max(at, kept.get(resource) ?? at))
  }
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
      // the very row that the ledger tells of; of one that merely looks replayed it is not known by whom
      if (row && row.updated_at !== null && writes.get(key)?.updated === row.updated_at)
        noteKept(key, row.effective_at)
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
    noteKept,
    keptAs: (resource) => kept.get(resource),
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
