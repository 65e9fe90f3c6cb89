/** `coord component`, `workflow`, `item`: the rest of the protocol. Lists give the API's rows. */
import type { z } from 'zod'
import { componentRow, decodeRows, workflowRow, workItemRow, type ListName } from '../../../shared/wire.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { openLive, type Live } from '../live.ts'
import { hint, result } from '../output.ts'
import { refused } from './locks.ts'

const query = (name: string, value: string | undefined): string =>
  value === undefined ? '' : `?${name}=${encodeURIComponent(value)}`

/** The rows at `path`; where the API has no such list, what its overview carries. */
async function list<S extends z.ZodType>(
  live: Live,
  context: Context,
  path: string,
  name: ListName,
  schema: S,
): Promise<readonly z.output<S>[]> {
  let answer = await live.get(path)
  if (answer.kind === 'refused' && (answer.status === 404 || answer.status === 405)) {
    hint('coord: this API lists none; showing what its overview carries')
    answer = await live.get('/api/coord/status')
  }
  if (answer.kind !== 'ok') throw failure(`coord: ${context.baseUrl}: ${answer.detail}`)
  const found = decodeRows(answer.json, name, schema)
  if (!found) {
    if (name === 'work_items') return []
    throw failure(
      `coord: ${context.baseUrl}: what answers there is not the coordination API (no list of ${name})`,
    )
  }
  if (found.unreadable > 0) hint(`coord: ${found.unreadable} rows could not be read`)
  return found.rows
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
      const rows = await list(
        live,
        context,
        `/api/coord/components${query('project_key', project)}`,
        'components',
        componentRow,
      )
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
      const rows = await list(
        live,
        context,
        `/api/coord/workflows${query('project_key', project)}`,
        'workflows',
        workflowRow,
      )
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
    const rows = await list(live, context, '/api/coord/workflows', 'workflows', workflowRow)
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

export const listItems = (context: Context, workflow?: string): Promise<ExitCode> =>
  show(
    context,
    async (live) => {
      const rows = await list(
        live,
        context,
        `/api/coord/work-items${query('workflow_id', workflow)}`,
        'work_items',
        workItemRow,
      )
      return rows.filter(
        (row) => workflow === undefined || row.workflow_id === null || row.workflow_id === workflow,
      )
    },
    (row) => `${row.id}  ${row.workflow_id ?? '-'}  ${row.status ?? '-'}  ${row.title ?? ''}`,
    'No work items.',
  )
