/** Typed reads of the coordination API: each list to its end. */
import type { z } from 'zod'
import { BoundedMap } from '../../../shared/bounded-map.ts'
import type { Machine } from '../../../shared/session.ts'
import {
  componentRow,
  lockRow,
  messageRow,
  workflowRow,
  workItemRow,
  type ComponentRow,
  type ListName,
  type LockRow,
  type MessageRow,
  type WorkflowRow,
  type WorkItemRow,
} from '../../../shared/wire.ts'
import type { Connection } from './connection-port.ts'
import {
  MAX_CACHED_PAGES,
  readList,
  type ListRead,
  type NarrowedInVain,
  type PageCache,
} from './read-list.ts'
import type { Query } from './page-on.ts'

export type Asked<T> = ListRead<T>
export type Reader = Pick<Connection, 'get' | 'server'>

/** What is known from elsewhere, to ask narrower with where a server ends its lists early. */
export interface Hints {
  readonly projects: readonly string[]
  readonly sessions: readonly string[]
}
const NO_HINTS: Hints = { projects: [], sessions: [] }

export interface LockQuery {
  readonly project?: string
  readonly resource?: string
  /** Only this machine's are wanted: asked for so where the server knows how; the caller filters all the same. */
  readonly machine?: Machine
}
export interface MessageQuery {
  /** Only messages to this session (and broadcasts, where the server includes them). */
  readonly to?: string
  readonly machine?: Machine
  readonly isUnreadOnly?: boolean
}

export interface CoordClient {
  locks(query?: LockQuery): Promise<ListRead<LockRow>>
  messages(query?: MessageQuery): Promise<ListRead<MessageRow>>
  components(project?: string): Promise<ListRead<ComponentRow>>
  workflows(project?: string): Promise<ListRead<WorkflowRow>>
  workItems(workflow?: string): Promise<ListRead<WorkItemRow>>
}

const byId = (row: { readonly id: string }): string => row.id
const byComponent = (row: ComponentRow): string => JSON.stringify([row.project_key, row.component])

interface InProject {
  readonly project_key: string | null
}
const projectsOf = (rows: readonly InProject[]): readonly string[] =>
  rows.flatMap((row) => row.project_key ?? [])
/** The kinds of lists, with room. */
const MAX_LISTS = 16

const rowsOf = <T>(read: ListRead<T>): readonly T[] => (read.kind === 'rows' ? read.rows : [])

export interface ClientOptions {
  readonly hints?: () => Hints
  /** For somebody who reads the same lists again and again: what has not changed is not sent again. */
  readonly isRepeated?: boolean
}

export function createCoordClient(connection: Reader, options: ClientOptions = {}): CoordClient {
  return new Lists(connection, options)
}

class Lists implements CoordClient {
  readonly #connection: Reader
  readonly #hints: () => Hints
  readonly #pages: { readonly cache: PageCache; readonly inVain: NarrowedInVain } | undefined
  #hintsInVain = ''

  constructor(connection: Reader, options: ClientOptions) {
    this.#connection = connection
    this.#hints = options.hints ?? (() => NO_HINTS)
    if (options.isRepeated === true)
      this.#pages = { cache: new BoundedMap(MAX_CACHED_PAGES), inVain: new BoundedMap(MAX_LISTS) }
  }

  /** What was asked in vain is asked again with a project or a session that was not known then. */
  get #cache(): { readonly cache?: PageCache; readonly inVain?: NarrowedInVain } {
    const hints = JSON.stringify(this.#hints())
    if (hints !== this.#hintsInVain) this.#pages?.inVain.clear()
    this.#hintsInVain = hints
    return this.#pages ?? {}
  }

  locks({ project, resource, machine }: LockQuery = {}): Promise<ListRead<LockRow>> {
    return this.#forMachine(machine, (query) =>
      readList(this.#connection, {
        name: 'locks',
        schema: lockRow,
        path: '/api/coord/locks',
        query: { project_key: project, resource, ...query },
        keyOf: byId,
        ...this.#cache,
        ...(project === undefined
          ? { narrower: (rows: readonly InProject[]) => this.#byAnyProject(rows) }
          : {}),
      }),
    )
  }

  messages({ to, machine, isUnreadOnly }: MessageQuery = {}): Promise<ListRead<MessageRow>> {
    const unread = isUnreadOnly === true ? 'true' : undefined
    return this.#forMachine(machine, (query) =>
      readList(this.#connection, {
        name: 'messages',
        schema: messageRow,
        path: '/api/coord/messages',
        query: { to_session: to, unread_only: unread, ...query },
        keyOf: byId,
        ...this.#cache,
        ...(to === undefined ? { narrower: () => Promise.resolve(this.#bySession()) } : {}),
      }),
    )
  }

  components(project?: string): Promise<ListRead<ComponentRow>> {
    return readList(this.#connection, {
      name: 'components',
      schema: componentRow,
      path: '/api/coord/components',
      query: { project_key: project },
      keyOf: byComponent,
      ...this.#cache,
      ...(project === undefined
        ? { narrower: (rows: readonly InProject[]) => Promise.resolve(this.#byProject(rows)) }
        : {}),
    })
  }

  workflows(project?: string): Promise<ListRead<WorkflowRow>> {
    return readList(this.#connection, {
      name: 'workflows',
      schema: workflowRow,
      path: '/api/coord/workflows',
      query: { project_key: project },
      keyOf: byId,
      ...this.#cache,
      ...(project === undefined
        ? { narrower: (rows: readonly InProject[]) => Promise.resolve(this.#byProject(rows)) }
        : {}),
    })
  }

  workItems(workflow?: string): Promise<ListRead<WorkItemRow>> {
    return readList(this.#connection, {
      name: 'work_items',
      schema: workItemRow,
      path: '/api/coord/work-items',
      query: { workflow_id: workflow },
      keyOf: byId,
      ...this.#cache,
    })
  }

  /** The same question for each name of the machine, where the server can narrow a list to one. */
  async #forMachine<T extends { readonly id: string }>(
    machine: Machine | undefined,
    ask: (query: Query) => Promise<ListRead<T>>,
  ): Promise<ListRead<T>> {
    if (!machine || !this.#connection.server().extensions.has('for_machine')) return ask({})
    const names = [...new Set([machine.name, ...machine.aliases].map((name) => name.toLowerCase()))]
    const reads: ListRead<T>[] = []
    for (const name of names) reads.push(await ask({ for_machine: name }))
    return merge(reads)
  }

  #bySession(): readonly Query[] {
    return this.#hints().sessions.map((session) => ({ to_session: session }))
  }

  /** The projects of the rows, and those known from elsewhere. */
  #byProject(...lists: readonly (readonly InProject[])[]): readonly Query[] {
    const keys = new Set([...lists.flatMap(projectsOf), ...this.#hints().projects])
    return [...keys].map((project_key) => ({ project_key }))
  }

  /** The projects that any list tells of. */
  async #byAnyProject(rows: readonly InProject[]): Promise<readonly Query[]> {
    const components = rowsOf(await this.components())
    const workflows = rowsOf(await this.workflows())
    return this.#byProject(rows, components, workflows)
  }
}

/** One answer of several reads; the first that brought none stands for all. */
function merge<T extends { readonly id: string }>(reads: readonly ListRead<T>[]): ListRead<T> {
  const rows = new Map<string, T>()
  let unreadable = 0
  let cap: number | null = null
  for (const read of reads) {
    if (read.kind !== 'rows') return read
    for (const row of read.rows) rows.set(row.id, row)
    unreadable += read.unreadable
    cap = cap === null ? read.cap : Math.max(cap, read.cap ?? 0)
  }
  return { kind: 'rows', rows: [...rows.values()], unreadable, cap }
}

// ---- what a replay asks, without a client of its own ----

/** One list by its path, to its end. */
export function askRows<S extends z.ZodType>(
  connection: Reader,
  path: string,
  name: ListName,
  schema: S,
): Promise<ListRead<z.output<S>>> {
  const [bare = '', text = ''] = path.split('?', 2)
  const fields = text.split('&').filter((field) => field !== '')
  const query = Object.fromEntries(
    fields.map((field) => {
      const [key = '', value = ''] = field.split('=', 2)
      return [key, decodeURIComponent(value)]
    }),
  )
  return readList(connection, { name, schema, path: bare, query, keyOf: (row) => JSON.stringify(row) })
}

export const askLocks = (c: Reader, project?: string, resource?: string): Promise<Asked<LockRow>> =>
  createCoordClient(c).locks({
    ...(project === undefined ? {} : { project }),
    ...(resource === undefined ? {} : { resource }),
  })

export const askComponents = (c: Reader, project: string): Promise<Asked<ComponentRow>> =>
  createCoordClient(c).components(project)

export const askMessages = (c: Reader): Promise<Asked<MessageRow>> => createCoordClient(c).messages()
