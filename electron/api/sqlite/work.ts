/** Components, workflows and work items in SQLite. Every function runs inside the caller's transaction. */
import type { EpochMs } from '../../../shared/time.ts'
import type { SQLInputValue } from 'node:sqlite'
import { mayChangeItem } from '../access.ts'
import {
  newest,
  type Caller,
  type Change,
  type ListQuery,
  type Outcome,
  type Page,
  type Row,
} from '../store.ts'
import { record } from './changes.ts'
import { touchLocks } from './held-locks.ts'
import { newId, type Connection } from './open.ts'
import { readPage } from './pages.ts'
import { toRow, toStored, toText } from './rows.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

const COMPONENT = 'project_key, component, state, version, notes, updated_by, updated_at, effective_at'
const WORKFLOW = 'id, project_key, name, description, status, created_by, created_at, updated_at'
const ITEM = 'id, workflow_id, project_key, title, status, priority, assignee, created_at, updated_at'

function rowOf(db: Connection, columns: string, table: string, id: string): Row {
  const stored = db.get(`SELECT ${columns} FROM ${table} WHERE id = ?`, id)
  return stored ? toRow(stored) : {}
}

/**
 * Sets a component's whole state; what the call leaves out becomes null. A call that waited in a queue does not undo
 * what was said later than it was made; one that did not is the latest, also where the clock was set back.
 */
export function setComponent(db: Connection, change: Of<'component.set'>, at: EpochMs): Outcome {
  const [project, component] = [toStored(change.project), toStored(change.component)]
  const stored = db.get(
    `INSERT INTO components (${COMPONENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET state = excluded.state, version = excluded.version, notes = excluded.notes,
       updated_by = excluded.updated_by, updated_at = excluded.updated_at, effective_at = excluded.effective_at
       WHERE ? OR excluded.effective_at >= components.effective_at
     RETURNING ${COMPONENT}`,
    project,
    component,
    toStored(change.state),
    toStored(change.version),
    toStored(change.notes),
    toStored(change.updatedBy),
    at,
    Math.min(change.effectiveAt ?? at, at),
    Number(change.effectiveAt === null),
  )
  if (stored) {
    record(db, { kind: 'components', act: 'set', project, id: component, at })
    return { kind: 'done', row: toRow(stored) }
  }
  const newer = db.get(
    `SELECT ${COMPONENT} FROM components WHERE project_key = ? AND component = ?`,
    project,
    component,
  )
  return { kind: 'superseded', row: newer ? toRow(newer) : {} }
}

/** Creates a workflow. */
export function createWorkflow(db: Connection, change: Of<'workflow.create'>, at: EpochMs): Outcome {
  const id = newId()
  db.run(
    `INSERT INTO workflows (${WORKFLOW}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.project),
    toStored(change.name),
    toStored(change.description),
    toStored(change.status),
    toStored(change.createdBy),
    at,
    at,
  )
  record(db, { kind: 'workflows', act: 'created', project: toStored(change.project), id, at })
  return { kind: 'created', row: rowOf(db, WORKFLOW, 'workflows', id) }
}

/** Adds a work item to a workflow that exists. */
export function createItem(db: Connection, change: Of<'item.create'>, at: EpochMs): Outcome {
  const workflow = db.get('SELECT project_key FROM workflows WHERE id = ?', toStored(change.workflowId))
  if (!workflow) return { kind: 'no-parent', field: 'workflow_id', what: 'workflow' }
  const id = newId()
  const project = change.project ?? toText(workflow.project_key) ?? ''
  db.run(
    `INSERT INTO work_items (${ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.workflowId),
    toStored(project),
    toStored(change.title),
    toStored(change.status),
    change.priority,
    toStored(change.assignee),
    at,
    at,
  )
  record(db, { kind: 'work-items', act: 'created', project: toStored(project), id, at })
  for (const actor of change.actors) touchLocks(db, actor, project, at)
  return { kind: 'created', row: rowOf(db, ITEM, 'work_items', id) }
}

/** Changes the status of a workflow or a work item, and who works on an item; only from the status that is expected. */
export function changeStatus(
  db: Connection,
  change: Of<'workflow.change' | 'item.change'>,
  at: EpochMs,
  caller: Caller | null,
): Outcome {
  const foreign = change.kind === 'item.change' ? foreignItem(db, change.id, caller) : undefined
  if (foreign) return foreign
  const isItem = change.kind === 'item.change'
  const [kind, table, columns, what] = isItem
    ? (['work-items', 'work_items', ITEM, 'work item'] as const)
    : (['workflows', 'workflows', WORKFLOW, 'workflow'] as const)
  const id = toStored(change.id)
  const set: string[] = []
  const values: SQLInputValue[] = []
  if (change.status !== undefined) {
    set.push('status = ?')
    values.push(toStored(change.status))
  }
  if (isItem && change.assignee !== undefined) {
    set.push('assignee = ?')
    values.push(toStored(change.assignee))
  }
  const isExpected = change.expectedStatus === undefined ? [] : [toStored(change.expectedStatus)]
  const stored = db.get(
    `UPDATE ${table} SET ${set.join(', ')}, updated_at = ? WHERE id = ? ${isExpected.length > 0 ? 'AND status = ?' : ''} RETURNING ${columns}`,
    ...values,
    at,
    id,
    ...isExpected,
  )
  if (!stored) {
    const row = rowOf(db, columns, table, change.id)
    if (row.id === undefined) return { kind: 'missing', what }
    return {
      kind: 'differs',
      what: table === 'work_items' ? 'work_item' : 'workflow',
      row,
      status: String(row.status),
    }
  }
  record(db, { kind, act: 'changed', project: stored.project_key ?? null, id, at })
  for (const actor of change.actors) touchLocks(db, actor, toText(stored.project_key), at)
  return { kind: 'done', row: toRow(stored) }
}

/** What is said of an item that another machine's session works on. */
function foreignItem(db: Connection, id: string, caller: Caller | null): Outcome | undefined {
  if (caller === null) return undefined
  const row = rowOf(db, ITEM, 'work_items', id)
  const assignee = typeof row.assignee === 'string' ? row.assignee : null
  return mayChangeItem(caller, assignee) ? undefined : { kind: 'foreign-item', assignee: assignee ?? '', row }
}

/** Components in the order of their first state. */
export function listComponents(db: Connection, query: Extract<ListQuery, { kind: 'components' }>): Page {
  return list(db, COMPONENT, 'components', [['project_key', 'components_of_project', query.project]], query)
}

/** Workflows in the order of their making. */
export function listWorkflows(db: Connection, query: Extract<ListQuery, { kind: 'workflows' }>): Page {
  const filters = [
    ['project_key', 'workflows_of_project', query.project],
    ['status', 'workflows_of_status', query.status],
  ] as const
  return list(db, WORKFLOW, 'workflows', filters, query)
}

/** Work items in the order of their making. */
export function listItems(db: Connection, query: Extract<ListQuery, { kind: 'work-items' }>): Page {
  const filters = [
    ['workflow_id', 'work_items_of_workflow', query.workflowId],
    ['project_key', 'work_items_of_project', query.project],
    ['status', 'work_items_of_status', query.status],
  ] as const
  return list(db, ITEM, 'work_items', filters, query)
}

/** A list with filters, each with the index that serves it; the first that is given decides. */
function list(
  db: Connection,
  columns: string,
  table: string,
  filters: readonly (readonly [column: string, index: string, value: string | null])[],
  query: ListQuery,
): Page {
  const given = filters.filter(([, , value]) => value !== null)
  const range = {
    index: given[0]?.[1] ?? null,
    where: given.map(([column]) => `${column} = ?`),
    values: given.map(([, , value]) => toStored(value)),
  }
  return readPage(db, { columns: `seq, ${columns}`, table, ranges: [range], toRow }, query)
}

/** The components that changed last, newest first. */
export function recentComponents(db: Connection, limit: number): Page {
  const rows = db
    .all(`SELECT ${COMPONENT} FROM components ORDER BY updated_at DESC LIMIT ?`, limit)
    .map(toRow)
  return { rows: JSON.stringify(rows), count: rows.length, next: null, total: null }
}

/** Workflows that are neither completed nor cancelled, newest first. */
export function activeWorkflows(db: Connection, limit: number): Page {
  const range = {
    index: 'workflows_active',
    where: ["status NOT IN ('completed', 'cancelled')"],
    values: [],
  }
  return readPage(
    db,
    { columns: `seq, ${WORKFLOW}`, table: 'workflows', ranges: [range], toRow },
    newest(limit),
  )
}
