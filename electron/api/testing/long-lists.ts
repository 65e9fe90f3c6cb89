/** Servers whose lists of every kind are long, with one newest row of each for a machine `DESK`: for tests of clients. */
import { join } from 'node:path'
import { openStore } from '../open-store.ts'
import type { Change } from '../store.ts'
import { startPlainServer, type PlainServer } from './plain-server.ts'
import { readAll, startServer, tempFolder } from './server.ts'

type Kind = Parameters<PlainServer['rows']>[0]

export const ME = 'DESK/claude-main'
/** What the newest row of each list is called, and its project. */
export const NEWEST = 'the newest'
export const MINE = 'mine'
export interface LongServer {
  readonly url: string
  /** The workflow that all work items belong to. */
  readonly workflow: string
  /** How many locks a session holds there. */
  held(session: string): Promise<number>
  /** How many calls to release came, where that is known. */
  releases?(): number
  stop(): Promise<void>
}

export interface Lengths {
  /** Rows of others in each list, older than the newest one. */
  readonly others: number
  /** Locks of `ME`, the newest among them; 1 where it is left out. */
  readonly mine?: number
}

/** Where the lists end, and how one gets on: what `start` fills. */
export interface Make {
  readonly name: string
  /** It ends its lists early, and gives no way on. */
  readonly isCapped: boolean
  readonly start: (lengths: Lengths) => Promise<LongServer>
}

const START = Date.UTC(2026, 0, 1)
const timeOf = (i: number): string => new Date(START + i * 1_000).toISOString()
const lockName = (i: number, last: number): string => (i === last ? NEWEST : `mine${i}`)

async function startPlain(
  options: Parameters<typeof startPlainServer>[0],
  { others, mine = 1 }: Lengths,
): Promise<LongServer> {
  const api = await startPlainServer(options)
  const put = (kind: Kind, i: number, row: Record<string, unknown>): void =>
    void api.rows(kind).push({ id: `${kind}-${i}`, created_at: timeOf(i), ...row })
  const workflow = `workflows-${others}`
  for (let i = 0; i <= others; i++) {
    const isLast = i === others
    const name = isLast ? NEWEST : `n${i}`
    const project_key = isLast ? MINE : `p${i % 7}`
    const from_session = 'OTHER/a'
    if (!isLast)
      put('locks', i, { project_key, session_id: `OTHER/s${i}`, resource: name, acquired_at: timeOf(i) })
    put('messages', i, {
      from_session,
      to_session: isLast ? ME : `OTHER/${i}`,
      project_key,
      subject: name,
      read_at: null,
    })
    put('components', i, { project_key, component: name, state: 'built', updated_at: timeOf(i) })
    put('workflows', i, { project_key, name, status: 'active' })
    put('work-items', i, { workflow_id: workflow, project_key, title: name, status: 'pending' })
  }
  for (let i = 0; i < mine; i++)
    put('locks', others + i, {
      project_key: MINE,
      session_id: ME,
      resource: lockName(i, mine - 1),
      acquired_at: timeOf(i),
    })
  return {
    url: api.url,
    workflow,
    held: (session) => Promise.resolve(heldIn(api, session)),
    releases: () => api.requests.filter((request) => request.startsWith('DELETE')).length,
    stop: () => api.stop(),
  }
}

const heldIn = (api: PlainServer, session: string): number =>
  api.rows('locks').filter((lock) => lock['session_id'] === session).length

const nobody = { actors: [] }

function changesOf(i: number, others: number, workflowId: string): readonly Change[] {
  const isLast = i === others
  const name = isLast ? NEWEST : `n${i}`
  const project = isLast ? MINE : `p${i % 7}`
  const none = { version: null, notes: null, updatedBy: null, effectiveAt: null }
  const mail = { body: '', replyTo: null, expiresAt: null }
  const lock = { session: `OTHER/s${i}`, resource: name, description: null, ttlHours: 0 }
  return [
    ...(isLast ? [] : [{ ...nobody, kind: 'lock.claim', project, ...lock } as const]),
    {
      ...nobody,
      kind: 'message.send',
      from: 'OTHER/a',
      to: isLast ? ME : `OTHER/${i}`,
      project,
      subject: name,
      ...mail,
    },
    { ...nobody, kind: 'component.set', project, component: name, state: 'built', ...none },
    {
      ...nobody,
      kind: 'item.create',
      workflowId,
      project,
      title: name,
      status: 'pending',
      priority: null,
      assignee: null,
    },
  ]
}

const workflowOf = (project: string, name: string): Change => ({
  ...nobody,
  kind: 'workflow.create',
  project,
  name,
  description: null,
  status: 'active',
  createdBy: null,
})

/** Filled straight, many changes a commit: through HTTP it would take a minute. */
async function startOurs({ others, mine = 1 }: Lengths): Promise<LongServer> {
  const folder = await tempFolder()
  const database = join(folder.path, 'coord.db')
  const opened = await openStore({ database }, () => undefined)
  if (!opened.ok) throw new Error(opened.error.message)
  const store = opened.value
  const write = async (change: Change): Promise<string> => {
    const done = await store.write(change, Date.now(), null)
    if (!done.ok || done.value.status >= 300) throw new Error(JSON.stringify(done))
    return done.value.body
  }
  await Promise.all(Array.from({ length: others }, (_, i) => write(workflowOf(`p${i % 7}`, `n${i}`))))
  const { id: workflow } = JSON.parse(await write(workflowOf(MINE, NEWEST))) as { id: string }
  await Promise.all(
    Array.from({ length: others + 1 }, (_, i) => changesOf(i, others, workflow))
      .flat()
      .map(write),
  )
  const own = { project: MINE, session: ME, description: null, ttlHours: 0 }
  for (let i = 0; i < mine; i += 1_000)
    await Promise.all(
      Array.from({ length: Math.min(1_000, mine - i) }, (_, j) =>
        write({ ...nobody, kind: 'lock.claim', ...own, resource: lockName(i + j, mine - 1) }),
      ),
    )
  await store.close()
  const server = await startServer(database)
  return {
    url: server.url,
    workflow,
    held: async (session) => {
      const rows = await readAll(server.url, '/api/coord/locks')
      return rows.filter((row) => row.session_id === session).length
    },
    stop: async () => {
      await server.stop()
      await folder.remove()
    },
  }
}

/** Our server, and three as the protocol's source may have them. */
export const MAKES: readonly Make[] = [
  { name: 'of ours', isCapped: false, start: startOurs },
  {
    name: 'that knows no extension and ends its lists at 100 rows',
    isCapped: true,
    start: (lengths) => startPlain({ cap: 100 }, lengths),
  },
  {
    name: 'with offsets',
    isCapped: false,
    start: (lengths) => startPlain({ cap: 100, hasOffsets: true }, lengths),
  },
  {
    name: 'without a cap',
    isCapped: false,
    start: (lengths) => startPlain({ cap: Number.POSITIVE_INFINITY }, lengths),
  },
]
