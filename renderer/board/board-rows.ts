/** The board: workflows, then the components of each project with what failed first. Pure. */
import { troubleOfState } from '../../shared/component-state.ts'
import type { ComponentView, WorkflowView } from '../../shared/snapshot.ts'
import { counted, toCount } from '../../shared/text.ts'
import type { Tone } from '../parts/Chip.tsx'
import { fits } from '../parts/Filter.tsx'

export interface ComponentRow {
  readonly kind: 'component'
  readonly key: string
  readonly component: ComponentView
}
export interface WorkflowRow {
  readonly kind: 'workflow'
  readonly key: string
  readonly workflow: WorkflowView
}
export interface BoardHead {
  readonly kind: 'head'
  readonly key: string
  readonly title: string
  /** A project of that name; null: a head of ours. */
  readonly project: string | null
}
export type BoardRow = ComponentRow | WorkflowRow | BoardHead

export interface Column {
  /** Null: its components name no project. */
  readonly project: string | null
  readonly rows: readonly ComponentRow[]
}

/** The part of the address that names a component, or a workflow. */
export const componentId = ({ project, component }: Pick<ComponentView, 'project' | 'component'>): string =>
  `component ${JSON.stringify([project, component])}`
export const workflowId = ({ id }: Pick<WorkflowView, 'id'>): string => `workflow ${id}`

/** What people call a state; one that the protocol does not know is shown as it is. */
export const toStateWords = (state: string): string => state.replaceAll('_', ' ') || 'unknown'

const UNDER_WAY: ReadonlySet<string> = new Set(['building', 'deploying', 'in_progress', 'active'])
const AT_REST: ReadonlySet<string> = new Set(['built', 'deployed', 'completed', 'cancelled'])

/** Red: it failed. Amber: it is in trouble. Nothing here is green: that is what was delivered. */
export function toneOf(state: string): Tone {
  const trouble = troubleOfState(state)
  return trouble === 'failed' ? 'red' : trouble === 'troubled' ? 'amber' : 'plain'
}

function rankOf(state: string): number {
  const low = state.toLowerCase()
  const trouble = troubleOfState(state)
  if (trouble !== null) return trouble === 'failed' ? 0 : 1
  if (UNDER_WAY.has(low)) return 2
  return AT_REST.has(low) ? 4 : 3
}

const timeOf = (iso: string | null): number => Date.parse(iso ?? '') || 0
const byName = (a: string | null, b: string | null): number =>
  a === null ? 1 : b === null ? -1 : a.localeCompare(b)

interface Looked {
  readonly filter: string
  readonly project: string | null
}
const isOf = (project: string | null, wanted: string | null): boolean => wanted === null || project === wanted

/** A column a project, those where something failed first; in each, what failed, then by what is newest. */
export function toColumns(
  components: readonly ComponentView[],
  { filter, project }: Looked,
): readonly Column[] {
  const columns = new Map<string | null, ComponentRow[]>()
  for (const component of components) {
    const { state, version, notes, updatedBy } = component
    if (!isOf(component.project, project)) continue
    if (
      !fits(
        filter,
        component.component,
        component.project,
        state,
        toStateWords(state),
        version,
        notes,
        updatedBy,
      )
    )
      continue
    const row: ComponentRow = { kind: 'component', key: componentId(component), component }
    const known = columns.get(component.project)
    if (known) known.push(row)
    else columns.set(component.project, [row])
  }
  for (const rows of columns.values())
    rows.sort(
      ({ component: a }, { component: b }) =>
        rankOf(a.state) - rankOf(b.state) ||
        timeOf(b.updatedAt) - timeOf(a.updatedAt) ||
        a.component.localeCompare(b.component),
    )
  const worst = (rows: readonly ComponentRow[]): number => Math.min(2, rankOf(rows[0]?.component.state ?? ''))
  return [...columns]
    .map(([name, rows]): Column => ({ project: name, rows }))
    .sort((a, b) => worst(a.rows) - worst(b.rows) || byName(a.project, b.project))
}

const FLOW_RANKS: readonly string[] = ['blocked', 'active', 'planning']
function flowRank(status: string): number {
  const at = FLOW_RANKS.indexOf(status.toLowerCase())
  return at >= 0 ? at : AT_REST.has(status.toLowerCase()) ? 4 : 3
}

/** Blocked ones first, those that are over last. */
export function toWorkflowRows(
  workflows: readonly WorkflowView[],
  { filter, project }: Looked,
): readonly WorkflowRow[] {
  return workflows
    .filter(
      (one) =>
        isOf(one.project, project) &&
        fits(filter, one.name, one.project, one.status, ...one.items.map((item) => item.title)),
    )
    .map((workflow): WorkflowRow => ({ kind: 'workflow', key: workflowId(workflow), workflow }))
    .sort(
      ({ workflow: a }, { workflow: b }) =>
        flowRank(a.status) - flowRank(b.status) || a.name.localeCompare(b.name),
    )
}

/** All of it below one another, where there is no room for columns. */
export function toFlatRows(flows: readonly WorkflowRow[], columns: readonly Column[]): readonly BoardRow[] {
  const rows: BoardRow[] = []
  if (flows.length > 0)
    rows.push({ kind: 'head', key: 'head workflows', title: 'Workflows', project: null }, ...flows)
  for (const { project, rows: own } of columns)
    rows.push(
      { kind: 'head', key: `head ${JSON.stringify(project)}`, title: columnTitle(project), project },
      ...own,
    )
  return rows
}

export const columnTitle = (project: string | null): string => project ?? 'No project'

/** `2 failed, 1 degraded`; empty where all is well. */
export function troubleOf(rows: readonly ComponentRow[]): string {
  const count = (tone: Tone): number => rows.filter((row) => toneOf(row.component.state) === tone).length
  const failed = count('red')
  const troubled = count('amber')
  return [
    ...(failed > 0 ? [`${toCount(failed)} failed`] : []),
    ...(troubled > 0 ? [`${toCount(troubled)} in trouble`] : []),
  ].join(', ')
}

export type PartKind = 'completed' | 'in_progress' | 'blocked' | 'pending' | 'cancelled' | 'other' | 'open'
const PART_WORDS: Readonly<Record<PartKind, string>> = {
  completed: 'completed',
  in_progress: 'in progress',
  blocked: 'blocked',
  pending: 'pending',
  cancelled: 'cancelled',
  other: 'in another state',
  open: 'not completed',
}
const PART_ORDER = ['completed', 'in_progress', 'blocked', 'pending', 'cancelled', 'other'] as const
export interface Part {
  readonly kind: PartKind
  readonly n: number
}
const isPart = (status: string): status is (typeof PART_ORDER)[number] =>
  status !== 'other' && (PART_ORDER as readonly string[]).includes(status)

/** The items of a workflow by their status. Where not all are listed, only those that are completed are told apart. */
export function partsOf({
  items,
  itemsTotal,
  itemsCompleted,
}: Pick<WorkflowView, 'items' | 'itemsTotal' | 'itemsCompleted'>): readonly Part[] {
  if (items.length < itemsTotal) {
    const parts: readonly Part[] = [
      { kind: 'completed', n: itemsCompleted },
      { kind: 'open', n: itemsTotal - itemsCompleted },
    ]
    return parts.filter((part) => part.n > 0)
  }
  const sums = new Map<PartKind, number>()
  for (const { status } of items) {
    const kind = isPart(status) ? status : 'other'
    sums.set(kind, (sums.get(kind) ?? 0) + 1)
  }
  return PART_ORDER.flatMap((kind) => {
    const n = sums.get(kind) ?? 0
    return n > 0 ? [{ kind, n }] : []
  })
}

/** The same as the bar, in words: `1 of 3 completed, 1 in progress, 1 pending`. */
export function describeParts(flow: Pick<WorkflowView, 'items' | 'itemsTotal' | 'itemsCompleted'>): string {
  const { itemsTotal, itemsCompleted } = flow
  if (itemsTotal === 0) return 'no work items'
  const rest = partsOf(flow).filter(({ kind }) => kind !== 'completed' && kind !== 'open')
  return [
    `${toCount(itemsCompleted)} of ${toCount(itemsTotal)} completed`,
    ...rest.map(({ kind, n }) => `${toCount(n)} ${PART_WORDS[kind]}`),
  ].join(', ')
}

/** What the whole board comes to, beside its heading. */
export function describeBoard(columns: readonly Column[], flows: readonly WorkflowRow[]): string {
  const rows = columns.flatMap((column) => column.rows)
  const trouble = troubleOf(rows)
  return [
    counted(rows.length, 'component'),
    ...(trouble === '' ? [] : [trouble]),
    ...(flows.length > 0 ? [counted(flows.length, 'workflow')] : []),
  ].join(' · ')
}
