/** Components, workflows and work items in SQLite. Every function runs inside the caller's transaction. */
import type { EpochMs } from '../../../shared/time.ts'
import { touchLocks } from './locks.ts'
import { toRow, toStored, toText, toWhere } from './rows.ts'
import { newId, type Connection } from './open.ts'
import type { Change, ListQuery, Outcome, Page, Row, Slice } from '../store.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

const COMPONENT = 'project_key, component, state, version, notes, updated_by, updated_at, effective_at'
const WORKFLOW = 'id, project_key, name, description, status, created_by, created_at, updated_at'
const ITEM = 'id, workflow_id, project_key, title, status, priority, created_at, updated_at'

function rowOf(db: Connection, columns: string, table: string, id: string): Row {
  const stored = db.get(`SELECT ${columns} FROM ${table} WHERE id = ?`, id)
  return stored ? toRow(stored) : {}
}

/** Sets a component's whole state; what the call leaves out becomes null. */
export function setComponent(db: Connection, change: Of<'component.set'>, at: EpochMs): Outcome {
  const stored = db.get(
    `INSERT INTO components (${COMPONENT}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET state = excluded.state, version = excluded.version, notes = excluded.notes,
       updated_by = excluded.updated_by, updated_at = excluded.updated_at, effective_at = excluded.effective_at
     RETURNING ${COMPONENT}`,
    toStored(change.project),
    toStored(change.component),
    toStored(change.state),
    toStored(change.version),
    toStored(change.notes),
    toStored(change.updatedBy),
    at,
    change.effectiveAt,
  )
  return { kind: 'done', row: stored ? toRow(stored) : {} }
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
  return { kind: 'created', row: rowOf(db, WORKFLOW, 'workflows', id) }
}

/** Adds a work item to a workflow that exists. */
export function createItem(db: Connection, change: Of<'item.create'>, at: EpochMs): Outcome {
  const workflow = db.get('SELECT project_key FROM workflows WHERE id = ?', toStored(change.workflowId))
  if (!workflow) return { kind: 'no-parent', field: 'workflow_id', what: 'workflow' }
  const id = newId()
  const project = change.project ?? toText(workflow.project_key) ?? ''
  db.run(
    `INSERT INTO work_items (${ITEM}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.workflowId),
    toStored(project),
    toStored(change.title),
    toStored(change.status),
    change.priority,
    at,
    at,
  )
  for (const actor of change.actors) touchLocks(db, actor, project, at)
  return { kind: 'created', row: rowOf(db, ITEM, 'work_items', id) }
}

/** Changes the status of a workflow or a work item. */
export function changeStatus(
  db: Connection,
  change: Of<'workflow.change' | 'item.change'>,
  at: EpochMs,
): Outcome {
  const isItem = change.kind === 'item.change'
  const [table, columns] = isItem ? ['work_items', ITEM] : ['workflows', WORKFLOW]
  const stored = db.get(
    `UPDATE ${table} SET status = ?, updated_at = ? WHERE id = ? RETURNING ${columns}`,
    toStored(change.status),
    at,
    toStored(change.id),
  )
  if (!stored) return { kind: 'missing', what: isItem ? 'work item' : 'workflow' }
  for (const actor of change.actors) touchLocks(db, actor, toText(stored.project_key), at)
  return { kind: 'done', row: toRow(stored) }
}

/** Components by project and name. */
export function listComponents(db: Connection, query: Extract<ListQuery, { kind: 'components' }>): Page {
  return page(db, COMPONENT, 'components', [['project_key', query.project]], 'project_key, component', query)
}

/** Workflows in the order of their making. */
export function listWorkflows(db: Connection, query: Extract<ListQuery, { kind: 'workflows' }>): Page {
  const filters = [
    ['project_key', query.project],
    ['status', query.status],
  ] as const
  return page(db, WORKFLOW, 'workflows', filters, 'seq', query)
}

/** Work items in the order of their making. */
export function listItems(db: Connection, query: Extract<ListQuery, { kind: 'work-items' }>): Page {
  const filters = [
    ['workflow_id', query.workflowId],
    ['project_key', query.project],
    ['status', query.status],
  ] as const
  return page(db, ITEM, 'work_items', filters, 'seq', query)
}

function page(
  db: Connection,
  columns: string,
  table: string,
  filters: readonly (readonly [string, string | null])[],
  order: string,
  slice: Slice,
): Page {
  const where = toWhere([], filters)
  const rows = db.all(
    `SELECT ${columns} FROM ${table} ${where.sql} ORDER BY ${order} LIMIT ? OFFSET ?`,
    ...where.values,
    slice.limit,
    slice.offset,
  )
  return {
    rows: rows.map(toRow),
    total: db.number(`SELECT count(*) FROM ${table} ${where.sql}`, ...where.values),
  }
}

/** The components that changed last, newest first. */
export function recentComponents(db: Connection, limit: number): Page {
  const rows = db.all(`SELECT ${COMPONENT} FROM components ORDER BY updated_at DESC LIMIT ?`, limit)
  return { rows: rows.map(toRow), total: db.number('SELECT count(*) FROM components') }
}

/** Workflows that are neither completed nor cancelled, newest first. */
export function activeWorkflows(db: Connection, limit: number): Page {
  const active = "FROM workflows WHERE status NOT IN ('completed', 'cancelled')"
  const rows = db.all(`SELECT ${WORKFLOW} ${active} ORDER BY seq DESC LIMIT ?`, limit)
  return { rows: rows.map(toRow), total: db.number(`SELECT count(*) ${active}`) }
}
