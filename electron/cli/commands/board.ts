/** `coord component`, `workflow`, `item`: the rest of the protocol. Lists give the API's rows. */
import type { z } from 'zod'
import { readJson } from '../../../shared/json.ts'
import {
  componentRow,
  decodeRows,
  workflowRow,
  workItemRow,
  type ListName,
  type WorkItemRow,
} from '../../../shared/wire.ts'
import type { CoordClient } from '../../core/coord/coord-client.ts'
import type { ListRead } from '../../core/coord/read-list.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { limited, limitOf } from '../filters.ts'
import { isShortened, resolveIds, type Named } from '../ids.ts'
import { componentsTable, itemsTable, workflowsTable } from '../lists.ts'
import { openLive, type Live } from '../live.ts'
import { remember, type Learned } from '../memory.ts'
import { hint, refusal, result } from '../output.ts'
import { serverNow } from '../rows.ts'
import type { Shown } from '../terminal/text.ts'
import { refused } from '../refused.ts'

/** The rows of a list; where the API has no such list, what its overview carries. */
async function list<T>(
  live: Live,
  name: ListName,
  schema: z.ZodType<T>,
  ask: (client: CoordClient) => Promise<ListRead<T>>,
): Promise<readonly T[]> {
  const rows = await live.rows(name, ask)
  if (!('why' in rows)) return rows
  if (rows.status !== 404 && rows.status !== 405) throw failure(rows.why)
  hint('coord: this API lists none; showing what its overview carries')
  const overview = await live.connection.get('/api/coord/status')
  const json = overview.kind === 'answer' && overview.status === 200 ? readJson(overview.text) : undefined
  const found = decodeRows(json, name, schema)
  if (!found && name !== 'work_items') throw failure(rows.why)
  return found?.rows ?? []
}

/** Makes one live write and gives the row that came back. */
async function change(
  context: Context,
  method: string,
  path: string,
  body: unknown,
  done: (id: string | null) => string,
): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const outcome = await live.write(method, path, body)
    if (outcome.kind === 'refused') return await refused(outcome)
    if (outcome.kind === 'queued') {
      await result({ queued: true, file: outcome.file }, 'Queued.')
      return EXIT.waiting
    }
    await result(outcome.json ?? {}, () => done(idOf(outcome.json)))
    return EXIT.done
  } finally {
    live.close()
  }
}

/** The id of a row that the API gave; ids are opaque texts. */
function idOf(json: unknown): string | null {
  const id = typeof json === 'object' && json !== null && 'id' in json ? json.id : null
  return typeof id === 'string' || typeof id === 'number' ? String(id) : null
}

interface ListFlags {
  readonly limit?: string
}
interface Shape<T> {
  readonly read: (live: Live) => Promise<readonly T[]>
  readonly table: (rows: readonly T[], now: number) => Shown
  readonly none: string
  /** For completion: what these rows name. */
  readonly learned: (rows: readonly T[]) => Learned
}

async function show<T>(context: Context, flags: ListFlags, shape: Shape<T>): Promise<ExitCode> {
  const limit = limitOf(flags.limit)
  const live = openLive(context)
  try {
    const read = await shape.read(live)
    remember(context, shape.learned(read))
    const rows = limited(read, limit)
    await result(rows, () => (rows.length > 0 ? shape.table(rows, serverNow(live)) : shape.none))
    return EXIT.done
  } finally {
    live.close()
  }
}

const named = (rows: readonly { readonly id: string; readonly name: string | null }[]): readonly Named[] =>
  rows.map(({ id, name }) => ({ id, text: name ?? '' }))
const nameOfItem = ({ id, title }: WorkItemRow) => ({ id, name: title })

/** The ID of a work item or workflow as it was given, whole. */
async function wholeId(context: Context, given: string, name: 'workflows' | 'work_items'): Promise<string> {
  const [id = given] = await resolveIds([given], async () => {
    const live = openLive(context)
    try {
      const why = await live.ready()
      if (why !== undefined) {
        if (!isShortened(given)) return []
        throw failure(`${why} A shortened ID (${given}) cannot be looked up now`)
      }
      return name === 'workflows'
        ? named(await list(live, name, workflowRow, (client) => client.workflows()))
        : named((await list(live, name, workItemRow, (client) => client.workItems())).map(nameOfItem))
    } finally {
      live.close()
    }
  })
  return id
}

export const setComponent = (
  context: Context,
  project: string,
  component: string,
  state: string,
  flags: { readonly version?: string; readonly notes?: string },
): Promise<ExitCode> => {
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
    () => `${project}/${component} is ${state}.`,
  )
}

/** Rows of a project, also where the server does not narrow its list; one that names none may be of any. */
const ofProject = <R extends { readonly project_key: string | null }>(
  rows: readonly R[],
  project: string | undefined,
): R[] =>
  rows.filter((row) => project === undefined || row.project_key === null || row.project_key === project)

export const listComponents = (
  context: Context,
  project: string | undefined,
  flags: ListFlags,
): Promise<ExitCode> =>
  show(context, flags, {
    read: async (live) => {
      const rows = await list(live, 'components', componentRow, (client) => client.components(project))
      return ofProject(rows, project)
    },
    table: componentsTable,
    none: 'No component states.',
    learned: (rows) => ({ projects: rows.map((row) => row.project_key) }),
  })

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
    (id) => `Created ${name}${id === null ? '' : `: ${id}`}`,
  )

export const listWorkflows = (
  context: Context,
  project: string | undefined,
  flags: ListFlags,
): Promise<ExitCode> =>
  show(context, flags, {
    read: async (live) => {
      const rows = await list(live, 'workflows', workflowRow, (client) => client.workflows(project))
      return ofProject(rows, project)
    },
    table: workflowsTable,
    none: 'No workflows.',
    learned: (rows) => ({
      ids: { workflows: named(rows) },
      projects: rows.map((row) => row.project_key),
    }),
  })

export async function addItem(
  context: Context,
  given: string,
  title: string,
  flags: { readonly project?: string; readonly status: string; readonly priority?: string },
): Promise<ExitCode> {
  const priority = flags.priority === undefined ? undefined : Number(flags.priority)
  if (priority !== undefined && (!Number.isFinite(priority) || flags.priority?.trim() === '')) {
    throw usage(`--priority is a number: ${flags.priority ?? ''}`)
  }
  const workflow = await wholeId(context, given, 'workflows')
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
    (id) => `Added ${title}${id === null ? '' : `: ${id}`}`,
  )
}

/** A work item belongs to its workflow's project. */
async function projectOf(context: Context, workflow: string): Promise<string> {
  const live = openLive(context)
  try {
    const rows = await list(live, 'workflows', workflowRow, (client) => client.workflows())
    const project = rows.find((row) => row.id === workflow)?.project_key
    if (!project) throw failure(`no workflow ${workflow} is known; name its project with --project`)
    return project
  } finally {
    live.close()
  }
}

export async function setItem(context: Context, given: string, status: string): Promise<ExitCode> {
  const id = await wholeId(context, given, 'work_items')
  const path = `/api/coord/work-items/${encodeURIComponent(id)}`
  return change(context, 'PATCH', path, { status }, () => `${id} is ${status}.`)
}

/**
 * Takes a work item for the acting session, in one step where the server compares: of two who claim it, one has it.
 * Elsewhere its status is read first, which leaves a moment between.
 */
export async function claimItem(context: Context, given: string, from: string): Promise<ExitCode> {
  const id = await wholeId(context, given, 'work_items')
  const live = openLive(context)
  try {
    const why = await live.ready()
    if (why !== undefined) throw failure(`${why} A claim is not queued: by then another may work on it.`)
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
  await refusal({ conflict: true, item: row }, `${id} is taken already`)
  return EXIT.failed
}

export async function listItems(
  context: Context,
  given: string | undefined,
  flags: ListFlags,
): Promise<ExitCode> {
  const workflow = given === undefined ? undefined : await wholeId(context, given, 'workflows')
  return show(context, flags, {
    read: async (live) => {
      const rows = await list(live, 'work_items', workItemRow, (client) => client.workItems(workflow))
      return rows.filter(
        (row) => workflow === undefined || row.workflow_id === null || row.workflow_id === workflow,
      )
    },
    table: itemsTable,
    none: 'No work items.',
    learned: (rows) => ({
      ids: { items: named(rows.map(nameOfItem)) },
      projects: rows.map((row) => row.project_key),
    }),
  })
}
