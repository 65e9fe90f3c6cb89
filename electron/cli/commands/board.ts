/** `coord component`, `workflow`, `item`: the rest of the protocol. Lists give the API's rows. */
import type { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import { componentRow, decodeRows, workflowRow, workItemRow, type ListName } from '../../../shared/wire.ts'
import type { CoordClient } from '../../core/coord/coord-client.ts'
import type { ListRead } from '../../core/coord/read-list.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { openLive, type Live } from '../live.ts'
import { hint, result } from '../output.ts'
import { refused } from './locks.ts'

/** The rows of a list; where the API has no such list, what its overview carries. */
async function list<T>(
  live: Live,
  name: ListName,
  schema: z.ZodType<T>,
  ask: (client: CoordClient) => Promise<ListRead<T>>,
): Promise<readonly T[]> {
  const rows = await live.rows(name, ask)
  if (!('why' in rows)) return rows
  if (rows.status !== 404 && rows.status !== 405) throw failure(`coord: ${rows.why}`)
  hint('coord: this API lists none; showing what its overview carries')
  const overview = await live.connection.get('/api/coord/status')
  const json = overview.kind === 'answer' && overview.status === 200 ? readJson(overview.text) : undefined
  const found = decodeRows(json, name, schema)
  if (!found && name !== 'work_items') throw failure(`coord: ${rows.why}`)
  return found?.rows ?? []
}

/** Makes one live write and gives the row that came back. */
async function change(
  context: Context,
  method: string,
  path: string,
  body: unknown,
  done: string,
): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const outcome = await live.write(method, path, body)
    if (outcome.kind === 'refused') return await refused(outcome)
    if (outcome.kind === 'queued') {
      await result({ queued: true, file: outcome.file }, 'Queued.')
      return EXIT.waiting
    }
    await result(outcome.json ?? {}, done)
    return EXIT.done
  } finally {
    live.close()
  }
}

async function show<T>(
  context: Context,
  read: (live: Live) => Promise<readonly T[]>,
  line: (row: T) => string,
  none: string,
): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const rows = await read(live)
    await result(rows, () => (rows.length > 0 ? rows.map(line).join('\n') : none))
    return EXIT.done
  } finally {
    live.close()
  }
}

export const setComponent = (
  context: Context,
  project: string,
  component: string,
  state: string,
  flags: { readonly version?: string; readonly notes?: string },
): Promise<ExitCode> => {
  if (project === '' || component === '' || state === '')
    throw usage('project, component and state have a name')
  return change(
    context,
    'PUT',
    '/api/coord/components',
    {
      project_key: project,
      component,
      state,
      ...(flags.version === undefined ? {} : { version: flags.version }),
      ...(flags.notes === undefined ? {} : { notes: flags.notes }),
      updated_by: context.session,
    },
    `${project}/${component} is ${state}.`,
  )
}

export const listComponents = (context: Context, project?: string): Promise<ExitCode> =>
  show(
    context,
    async (live) => {
      const rows = await list(live, 'components', componentRow, (client) => client.components(project))
      return rows.filter(
        (row) => project === undefined || row.project_key === null || row.project_key === project,
      )
    },
    (row) =>
      `${row.project_key ?? '-'}/${row.component}  ${row.state ?? '-'}  ${row.version ?? ''}  ${row.updated_by ?? ''}  ${row.notes ?? ''}`.trimEnd(),
    'No component states.',
  )

export const createWorkflow = (
  context: Context,
  project: string,
  name: string,
  flags: { readonly description?: string; readonly status: string },
): Promise<ExitCode> =>
  change(
    context,
    'POST',
    '/api/coord/workflows',
    {
      project_key: project,
      name,
      ...(flags.description === undefined ? {} : { description: flags.description }),
      status: flags.status,
      created_by: context.session,
    },
    `Created: ${name}.`,
  )

export const listWorkflows = (context: Context, project?: string): Promise<ExitCode> =>
  show(
    context,
    async (live) => {
      const rows = await list(live, 'workflows', workflowRow, (client) => client.workflows(project))
      return rows.filter(
        (row) => project === undefined || row.project_key === null || row.project_key === project,
      )
    },
    (row) => `${row.id}  ${row.project_key ?? '-'}  ${row.status ?? '-'}  ${row.name ?? ''}`,
    'No workflows.',
  )

export async function addItem(
  context: Context,
  workflow: string,
  title: string,
  flags: { readonly project?: string; readonly status: string; readonly priority?: string },
): Promise<ExitCode> {
  const priority = flags.priority === undefined ? undefined : Number(flags.priority)
  if (priority !== undefined && (!Number.isFinite(priority) || flags.priority?.trim() === '')) {
    throw usage(`--priority is a number: ${flags.priority ?? ''}`)
  }
  const project = flags.project ?? (await projectOf(context, workflow))
  return change(
    context,
    'POST',
    '/api/coord/work-items',
    {
      workflow_id: workflow,
      project_key: project,
      title,
      status: flags.status,
      ...(priority === undefined ? {} : { priority }),
    },
    `Added: ${title}.`,
  )
}

/** A work item belongs to its workflow's project. */
async function projectOf(context: Context, workflow: string): Promise<string> {
  const live = openLive(context)
  try {
    const rows = await list(live, 'workflows', workflowRow, (client) => client.workflows())
    const project = rows.find((row) => row.id === workflow)?.project_key
    if (!project) throw failure(`coord: no workflow ${workflow} is known; name its project with --project`)
    return project
  } finally {
    live.close()
  }
}

export const setItem = (context: Context, id: string, status: string): Promise<ExitCode> =>
  change(
    context,
    'PATCH',
    `/api/coord/work-items/${encodeURIComponent(id)}`,
    { status },
    `${id} is ${status}.`,
  )

/**
 * Takes a work item for the acting session, in one step where the server compares: of two who claim it, one has it.
 * Elsewhere its status is read first, which leaves a moment between.
 */
export async function claimItem(context: Context, id: string, from: string): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const why = await live.ready()
    if (why !== undefined)
      throw failure(`coord: ${why} A claim is not queued: by then another may work on it.`)
    const { extensions } = live.connection.server()
    const isAtomic = extensions.has('expected_status')
    if (!isAtomic) {
      hint('coord: this API compares nothing; another session may claim it at the same moment')
      const rows = await list(live, 'work_items', workItemRow, (client) => client.workItems())
      const row = rows.find((one) => one.id === id)
      if (row && row.status !== from) return await taken(id, row)
    }
    const outcome = await live.write('PATCH', `/api/coord/work-items/${encodeURIComponent(id)}`, {
      status: 'in_progress',
      ...(isAtomic ? { expected_status: from } : {}),
      ...(extensions.has('assignee') ? { assignee: context.session } : {}),
    })
    if (outcome.kind === 'queued') {
      await result({ queued: true, file: outcome.file }, 'Queued.')
      return EXIT.waiting
    }
    if (outcome.kind === 'refused')
      return outcome.status === 409 ? await taken(id, outcome.json) : await refused(outcome)
    await result(outcome.json ?? {}, `${id} is yours.`)
    return EXIT.done
  } finally {
    live.close()
  }
}

async function taken(id: string, row: unknown): Promise<ExitCode> {
  await result({ conflict: true, item: row }, `${id} is taken already.`)
  return EXIT.failed
}

export const listItems = (context: Context, workflow?: string): Promise<ExitCode> =>
  show(
    context,
    async (live) => {
      const rows = await list(live, 'work_items', workItemRow, (client) => client.workItems(workflow))
      return rows.filter(
        (row) => workflow === undefined || row.workflow_id === null || row.workflow_id === workflow,
      )
    },
    (row) => `${row.id}  ${row.workflow_id ?? '-'}  ${row.status ?? '-'}  ${row.title ?? ''}`,
    'No work items.',
  )
