/** Components, workflows and work items in MariaDB. */
import { randomUUID } from 'node:crypto'
import { mayChangeItem } from '../access.ts'
import { newest, type Caller, type Change, type ListQuery, type Outcome, type Page } from '../store.ts'
import { isDuplicate } from './faults.ts'
import { touchLocks } from './held-locks.ts'
import type { Link } from './link.ts'
import { readPage, type Range } from './pages.ts'
import { hashOf, keyHash, toMs, toRow, toStored, toText, toTime, type Stored, type Value } from './rows.ts'
import { Again, type Transaction } from './transaction.ts'

type Of<K extends Change['kind']> = Extract<Change, { kind: K }>

const COMPONENT = 'project_key, component, state, version, notes, updated_by, updated_at, effective_at'
const WORKFLOW = 'id, project_key, name, description, status, created_by, created_at, updated_at'
const ITEM = 'id, workflow_id, project_key, title, status, priority, assignee, created_at, updated_at'

/**
 * Sets a component's whole state; what the call leaves out becomes null. A call that waited in a queue does not undo
 * what was said later than it was made; one that did not is the latest, also where the clock was set back.
 */
export async function setComponent(tx: Transaction, change: Of<'component.set'>): Promise<Outcome> {
  const h = keyHash(change.project, change.component)
  const there = await tx.get(`SELECT ${COMPONENT} FROM components WHERE h = ? FOR UPDATE`, h)
  const at = await tx.now()
  const effectiveAt = Math.min(change.effectiveAt ?? at, at)
  const isQueued = change.effectiveAt !== null
  if (there && isQueued && toMs(there.effective_at) > effectiveAt)
    return { kind: 'superseded', row: toRow(there) }
  const [project, component] = [toStored(change.project), toStored(change.component)]
  const state: Value[] = [
    toStored(change.state),
    toStored(change.version),
    toStored(change.notes),
    toStored(change.updatedBy),
    toTime(at),
    toTime(effectiveAt),
  ]
  if (there)
    await tx.run(
      'UPDATE components SET state = ?, version = ?, notes = ?, updated_by = ?, updated_at = ?, effective_at = ? WHERE h = ?',
      ...state,
      h,
    )
  else
    await orAgain(
      tx.run(
        `INSERT INTO components (state, version, notes, updated_by, updated_at, effective_at, h, project_key, project_h, component)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        ...state,
        h,
        project,
        hashOf(change.project),
        component,
      ),
    )
  tx.record({ kind: 'components', act: 'set', project, id: component })
  return {
    kind: 'done',
    row: toRow((await tx.get(`SELECT ${COMPONENT} FROM components WHERE h = ?`, h)) ?? {}),
  }
}

async function orAgain(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (problem) {
    throw isDuplicate(problem) ? new Again('the same row was written by another call') : problem
  }
}

const isActive = (status: string): number => Number(status !== 'completed' && status !== 'cancelled')

/** Creates a workflow. */
export async function createWorkflow(tx: Transaction, change: Of<'workflow.create'>): Promise<Outcome> {
  const id = randomUUID()
  const at = toTime(await tx.now())
  await tx.run(
    `INSERT INTO workflows (${WORKFLOW}, project_h, status_h, is_active) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.project),
    toStored(change.name),
    toStored(change.description),
    toStored(change.status),
    toStored(change.createdBy),
    at,
    at,
    hashOf(change.project),
    hashOf(change.status),
    isActive(change.status),
  )
  tx.record({ kind: 'workflows', act: 'created', project: toStored(change.project), id })
  return { kind: 'created', row: toRow((await byId(tx, WORKFLOW, 'workflows', id)) ?? {}) }
}

const byId = (tx: Transaction, columns: string, table: string, id: string): Promise<Stored | undefined> =>
  tx.get(`SELECT ${columns} FROM ${table} WHERE id = ?`, toStored(id))

/** Adds a work item to a workflow that exists. */
export async function createItem(tx: Transaction, change: Of<'item.create'>): Promise<Outcome> {
  const workflow = await byId(tx, 'project_key', 'workflows', change.workflowId)
  if (!workflow) return { kind: 'no-parent', field: 'workflow_id', what: 'workflow' }
  const id = randomUUID()
  const project = change.project ?? toText(workflow.project_key) ?? ''
  const at = toTime(await tx.now())
  await tx.run(
    `INSERT INTO work_items (${ITEM}, project_h, status_h) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    id,
    toStored(change.workflowId),
    toStored(project),
    toStored(change.title),
    toStored(change.status),
    change.priority,
    toStored(change.assignee),
    at,
    at,
    hashOf(project),
    hashOf(change.status),
  )
  tx.record({ kind: 'work-items', act: 'created', project: toStored(project), id })
  for (const actor of change.actors) await touchLocks(tx, actor, project)
  return { kind: 'created', row: toRow((await byId(tx, ITEM, 'work_items', id)) ?? {}) }
}

/** Changes the status of a workflow or a work item, and who works on an item; only from the status that is expected. */
export async function changeStatus(
  tx: Transaction,
  change: Of<'workflow.change' | 'item.change'>,
  caller: Caller | null,
): Promise<Outcome> {
  const isItem = change.kind === 'item.change'
  const [kind, table, columns, what] = isItem
    ? (['work-items', 'work_items', ITEM, 'work item'] as const)
    : (['workflows', 'workflows', WORKFLOW, 'workflow'] as const)
  const there = await tx.get(`SELECT ${columns} FROM ${table} WHERE id = ? FOR UPDATE`, toStored(change.id))
  if (!there) return { kind: 'missing', what }
  const assignee = isItem ? toText(there.assignee) : null
  if (!mayChangeItem(caller, assignee))
    return { kind: 'foreign-item', assignee: assignee ?? '', row: toRow(there) }
  const status = toText(there.status) ?? ''
  if (change.expectedStatus !== undefined && status !== change.expectedStatus)
    return { kind: 'differs', what: isItem ? 'work_item' : 'workflow', row: toRow(there), status }
  const set: [string, Value][] = [['updated_at = ?', toTime(await tx.now())]]
  if (change.status !== undefined) {
    set.push(['status = ?', toStored(change.status)], ['status_h = ?', hashOf(change.status)])
    if (!isItem) set.push(['is_active = ?', isActive(change.status)])
  }
  if (isItem && change.assignee !== undefined) set.push(['assignee = ?', toStored(change.assignee)])
  await tx.run(
    `UPDATE ${table} SET ${set.map(([sql]) => sql).join(', ')} WHERE id = ?`,
    ...set.map(([, value]) => value),
    toStored(change.id),
  )
  tx.record({ kind, act: 'changed', project: there.project_key ?? null, id: there.id ?? null })
  for (const actor of change.actors) await touchLocks(tx, actor, toText(there.project_key))
  return { kind: 'done', row: toRow((await byId(tx, columns, table, change.id)) ?? {}) }
}

type Filter = readonly [sql: string, index: string, value: Value]

const maybe = (sql: string, index: string, value: string | null): Filter[] =>
  value === null ? [] : [[`${sql} = ?`, index, sql.endsWith('_h') ? hashOf(value) : toStored(value)]]

/** A list with filters, each with the index that serves it; the first that is given decides. */
function list(
  link: Link,
  columns: string,
  table: string,
  filters: readonly Filter[],
  query: ListQuery,
): Promise<Page> {
  const range: Range = {
    index: filters[0]?.[1] ?? 'PRIMARY',
    where: filters.map(([sql]) => sql),
    values: filters.map(([, , value]) => value),
  }
  return readPage(link, { columns, table, ranges: [range], toRows }, query)
}
const toRows = (stored: readonly Stored[]) => Promise.resolve(stored.map(toRow))

/** Components in the order of their first state. */
export const listComponents = (
  link: Link,
  query: Extract<ListQuery, { kind: 'components' }>,
): Promise<Page> =>
  list(link, COMPONENT, 'components', maybe('project_h', 'components_of_project', query.project), query)

/** Workflows in the order of their making. */
export const listWorkflows = (link: Link, query: Extract<ListQuery, { kind: 'workflows' }>): Promise<Page> =>
  list(
    link,
    WORKFLOW,
    'workflows',
    [
      ...maybe('project_h', 'workflows_of_project', query.project),
      ...maybe('status_h', 'workflows_of_status', query.status),
    ],
    query,
  )

/** Work items in the order of their making. */
export const listItems = (link: Link, query: Extract<ListQuery, { kind: 'work-items' }>): Promise<Page> =>
  list(
    link,
    ITEM,
    'work_items',
    [
      ...maybe('workflow_id', 'items_of_workflow', query.workflowId),
      ...maybe('project_h', 'items_of_project', query.project),
      ...maybe('status_h', 'items_of_status', query.status),
    ],
    query,
  )

/** The components that changed last, newest first. */
export async function recentComponents(link: Link, limit: number): Promise<Page> {
  const found = await link.all(`SELECT ${COMPONENT} FROM components ORDER BY updated_at DESC LIMIT ${limit}`)
  return { rows: JSON.stringify(found.map(toRow)), count: found.length, next: null, total: null }
}

/** Workflows that are neither completed nor cancelled, newest first. */
export function activeWorkflows(link: Link, limit: number): Promise<Page> {
  const range: Range = { index: 'workflows_active', where: ['is_active = 1'], values: [] }
  return readPage(link, { columns: WORKFLOW, table: 'workflows', ranges: [range], toRows }, newest(limit))
}
