/** The coordination API over HTTP: every call, from request to answer. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Hono, type Context } from 'hono'
import { err, ok, type Result } from '../../shared/result.ts'
import type { EpochMs } from '../../shared/time.ts'
import { parseTime } from '../../shared/time.ts'
import { refuse, RETRY_AFTER_S, unavailable } from './answers.ts'
import { readBody } from './body.ts'
import { guard, type GuardRules } from './guard.ts'
import { bodies, parse, queries } from './requests.ts'
import type { Answer, CallKey, Change, ListQuery, Page, Store } from './store.ts'

export interface AppDeps {
  readonly store: Store
  readonly rules: GuardRules
  /** Said by `/health`: by it, programs of the same person know their own workstation's API. */
  readonly instance: string
  readonly now: () => EpochMs
  readonly log: (line: string) => void
}

type Env = { Bindings: { incoming?: IncomingMessage } }
type Http = Context<Env>

/** A request, taken apart. */
interface Call {
  readonly at: EpochMs
  readonly id: string
  readonly query: Readonly<Record<string, string>>
  readonly queuedAt: EpochMs | undefined
  readonly fromPath: Readonly<Record<string, string>>
  /** Parsed JSON; undefined where the call's body is ignored. */
  readonly body: unknown
}

interface Write {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Ignored where the call says everything in its path and query (curl users send `-d null` there). */
  readonly body: 'json' | 'ignored'
  readonly toChange: (call: Call) => Result<Change, Answer>
}

interface Read {
  readonly path: string
  readonly toQuery: (call: Call) => Result<ListQuery, Answer>
}

/** In characters; a UUID has 36. */
const MAX_KEY = 255
const map = <T, U, E>(result: Result<T, E>, to: (value: T) => U): Result<U, E> =>
  result.ok ? ok(to(result.value)) : result

/** The sessions that a call names: in its own field, in `session_id`, in the query. */
const actorsOf = (call: Call, ...named: (string | null | undefined)[]): string[] => [
  ...new Set([...named, call.query.session_id].filter((s) => typeof s === 'string')),
]

function toComponent(call: Call): Result<Change, Answer> {
  const isObject = typeof call.body === 'object' && call.body !== null && !Array.isArray(call.body)
  return map(parse(bodies.component, isObject ? { ...call.body, ...call.fromPath } : call.body), (b) => ({
    kind: 'component.set',
    project: b.project_key,
    component: b.component,
    state: b.state,
    version: b.version,
    notes: b.notes,
    updatedBy: b.updated_by,
    // A call that waited in a queue took effect when it was made, never later than now.
    effectiveAt: Math.min(call.queuedAt ?? call.at, call.at),
    actors: actorsOf(call, b.updated_by, b.session_id),
  }))
}

const toStatus =
  (kind: 'workflow.change' | 'item.change') =>
  (call: Call): Result<Change, Answer> =>
    map(parse(bodies.status, call.body), (b) => ({
      kind,
      id: call.id,
      status: b.status,
      actors: actorsOf(call, b.session_id),
    }))

const writes: readonly Write[] = [
  {
    method: 'POST',
    path: '/locks',
    body: 'json',
    toChange: (call) =>
      map(parse(bodies.lock, call.body), (b) => ({
        kind: 'lock.claim',
        project: b.project_key,
        session: b.session_id,
        resource: b.resource,
        description: b.description,
        ttlHours: b.ttl_hours,
        actors: actorsOf(call, b.session_id),
      })),
  },
  {
    method: 'DELETE',
    path: '/locks/:id',
    body: 'ignored',
    toChange: (call) =>
      map(parse(queries.release, call.query), (q) => ({
        kind: 'lock.release',
        id: call.id,
        session: q.session_id,
      })),
  },
  {
    method: 'DELETE',
    path: '/locks',
    body: 'ignored',
    toChange: (call) => {
      const query = parse(queries.releaseAll, call.query)
      if (!query.ok) return query
      // Without the flag it may be a release whose id got lost: never release more than was meant.
      if (!query.value.release_all)
        return err(refuse(422, 'release_all: must be true', { field: 'release_all' }))
      return ok({ kind: 'lock.release-all', session: query.value.session_id })
    },
  },
  { method: 'PUT', path: '/components', body: 'json', toChange: toComponent },
  { method: 'PUT', path: '/components/:project_key/:component', body: 'json', toChange: toComponent },
  {
    method: 'POST',
    path: '/workflows',
    body: 'json',
    toChange: (call) =>
      map(parse(bodies.workflow, call.body), (b) => ({
        kind: 'workflow.create',
        project: b.project_key,
        name: b.name,
        description: b.description,
        status: b.status,
        createdBy: b.created_by,
        actors: actorsOf(call, b.created_by, b.session_id),
      })),
  },
  { method: 'PATCH', path: '/workflows/:id', body: 'json', toChange: toStatus('workflow.change') },
  {
    method: 'POST',
    path: '/work-items',
    body: 'json',
    toChange: (call) =>
      map(parse(bodies.item, call.body), (b) => ({
        kind: 'item.create',
        workflowId: b.workflow_id,
        project: b.project_key,
        title: b.title,
        status: b.status,
        priority: b.priority,
        actors: actorsOf(call, b.session_id),
      })),
  },
  { method: 'PATCH', path: '/work-items/:id', body: 'json', toChange: toStatus('item.change') },
  {
    method: 'POST',
    path: '/messages',
    body: 'json',
    toChange: (call) =>
      map(parse(bodies.message, call.body), (b) => ({
        kind: 'message.send',
        from: b.from_session,
        to: b.to_session,
        project: b.project_key,
        subject: b.subject,
        body: b.body,
        actors: actorsOf(call, b.from_session, b.session_id),
      })),
  },
  {
    method: 'PUT',
    path: '/messages/:id/read',
    body: 'ignored',
    toChange: (call) =>
      map(parse(queries.session, call.query), (q) => ({
        kind: 'message.read',
        id: call.id,
        session: q.session_id,
      })),
  },
]

const reads: readonly Read[] = [
  {
    path: '/locks',
    toQuery: ({ query }) =>
      map(parse(queries.locks, query), ({ project_key, ...q }) => ({
        kind: 'locks',
        project: project_key,
        ...q,
      })),
  },
  {
    path: '/components',
    toQuery: ({ query }) =>
      map(parse(queries.components, query), ({ project_key, ...q }) => ({
        kind: 'components',
        project: project_key,
        ...q,
      })),
  },
  {
    path: '/workflows',
    toQuery: ({ query }) =>
      map(parse(queries.workflows, query), ({ project_key, ...q }) => ({
        kind: 'workflows',
        project: project_key,
        ...q,
      })),
  },
  {
    path: '/work-items',
    toQuery: ({ query }) =>
      map(parse(queries.items, query), ({ project_key, workflow_id, ...q }) => ({
        kind: 'work-items',
        project: project_key,
        workflowId: workflow_id,
        ...q,
      })),
  },
  {
    path: '/messages',
    toQuery: ({ query }) =>
      map(parse(queries.messages, query), (q) => ({
        kind: 'messages',
        to: q.to_session,
        project: q.project_key,
        isUnreadOnly: q.unread_only,
        // Unread ones are worked off from the oldest; a history is looked at from the newest.
        order: q.order ?? (q.unread_only ? 'oldest' : 'newest'),
        limit: q.limit,
        offset: q.offset,
      })),
  },
]

/** Builds the API on a store. */
export function createApp(deps: AppDeps): Hono<Env> {
  const { store, now } = deps
  const app = new Hono<Env>()

  app.use(async (c, next) => {
    const header = (name: string): string | undefined => c.req.header(name)
    const refused = guard(
      {
        host: c.env?.incoming?.headers.host ?? header('host'),
        origin: header('origin'),
        site: header('sec-fetch-site'),
        authorization: header('authorization'),
        localAddress: c.env?.incoming?.socket.localAddress,
      },
      deps.rules,
    )
    if (refused) return toResponse(refused)
    return next()
  })

  app.get('/health', async () => {
    const isConnected = await store.check(now())
    return toResponse({
      status: 200,
      body: JSON.stringify({
        status: isConnected ? 'ok' : 'degraded',
        database: isConnected ? 'connected' : 'disconnected',
        service: 'coord',
        instance: deps.instance,
      }),
    })
  })

  app.get('/api/coord/status', async (c) => {
    const query = parse(queries.session, queryOf(c))
    if (!query.ok) return toResponse(query.error)
    const found = await store.overview(query.value.session_id, now())
    if (!found.ok) return toResponse(unavailable())
    const { locks, components, workflows, unreadCount } = found.value
    const body = {
      locks: locks.rows,
      components: components.rows,
      workflows: workflows.rows,
      unread_count: unreadCount,
    }
    return toResponse(
      { status: 200, body: JSON.stringify(body) },
      {
        'X-Total-Locks': String(locks.total),
        'X-Total-Components': String(components.total),
        'X-Total-Workflows': String(workflows.total),
      },
    )
  })

  for (const read of reads) {
    app.get(`/api/coord${read.path}`, async (c) => {
      const call = toCall(c, now(), undefined)
      const query = read.toQuery(call)
      if (!query.ok) return toResponse(query.error)
      const page = await store.list(query.value, call.at)
      return page.ok ? toList(c, page.value, query.value) : toResponse(unavailable())
    })
  }

  for (const write of writes) {
    app.on(write.method, `/api/coord${write.path}`, async (c) => {
      const body = await readBody(c.req.raw, write.body)
      if (!body.ok) return toResponse(body.error)
      const key = toKey(c, body.value.bytes)
      if (!key.ok) return toResponse(key.error)
      const call = toCall(c, now(), body.value.json)
      const change = write.toChange(call)
      if (!change.ok) return toResponse(change.error)
      const answer = await store.write(change.value, call.at, key.value)
      return toResponse(answer.ok ? answer.value : unavailable())
    })
  }

  refuseOtherMethods(app)
  app.notFound(() => toResponse(refuse(404, 'no such path')))
  app.onError((bug) => {
    deps.log(`a bug: ${bug.stack ?? bug.message}`)
    return toResponse(refuse(500, 'internal error'))
  })
  return app
}

function refuseOtherMethods(app: Hono<Env>): void {
  const methods = new Map<string, Set<string>>([
    ['/health', new Set(['GET', 'HEAD'])],
    ['/api/coord/status', new Set(['GET', 'HEAD'])],
  ])
  const of = (path: string): Set<string> => {
    const known = methods.get(path) ?? new Set<string>()
    methods.set(path, known)
    return known
  }
  for (const { path } of reads) of(`/api/coord${path}`).add('GET').add('HEAD')
  for (const { method, path } of writes) of(`/api/coord${path}`).add(method)
  for (const [path, allowed] of methods) {
    const allow = [...allowed].join(', ')
    app.all(path, () => toResponse(refuse(405, `method not allowed; allowed: ${allow}`), { Allow: allow }))
  }
}

/** The query, first value of each name; an empty value counts as absent. */
function queryOf(c: Http): Record<string, string> {
  const query: Record<string, string> = {}
  for (const [name, value] of new URL(c.req.url).searchParams)
    if (value !== '' && !Object.hasOwn(query, name)) query[name] = value
  return query
}

function toCall(c: Http, at: EpochMs, body: unknown): Call {
  const { id = '', ...fromPath } = c.req.param() as Record<string, string>
  return { at, id, query: queryOf(c), queuedAt: parseTime(c.req.header('x-coord-queued-at')), fromPath, body }
}

/** The call's `Idempotency-Key`, bare or quoted, with what identifies the call. */
function toKey(c: Http, bytes: Uint8Array): Result<CallKey | null, Answer> {
  const given = c.req.header('idempotency-key')?.trim()
  if (given === undefined) return ok(null)
  const key = /^"(.*)"$/.exec(given)?.[1] ?? given
  if (key === '' || key.length > MAX_KEY)
    return err(
      refuse(422, `Idempotency-Key: must have 1 to ${MAX_KEY} characters`, { field: 'Idempotency-Key' }),
    )
  const { pathname, search } = new URL(c.req.url)
  const fingerprint = createHash('sha256')
    .update(`${c.req.method} ${pathname}${search}\n`)
    .update(bytes)
    .digest('hex')
  return ok({ key, fingerprint })
}

function toList(c: Http, page: Page, slice: ListQuery): Response {
  const headers: Record<string, string> = { 'X-Total-Count': String(page.total) }
  const next = slice.offset + page.rows.length
  if (page.rows.length > 0 && next < page.total) {
    const url = new URL(c.req.url)
    url.searchParams.set('limit', String(slice.limit))
    url.searchParams.set('offset', String(next))
    headers.Link = `<${url.pathname}${url.search}>; rel="next"`
  }
  return toResponse({ status: 200, body: JSON.stringify(page.rows) }, headers)
}

function toResponse(answer: Answer, more: Record<string, string> = {}): Response {
  const headers: Record<string, string> = {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...more,
  }
  if (answer.status === 503) headers['Retry-After'] = String(RETRY_AFTER_S)
  if (answer.status === 401) headers['WWW-Authenticate'] = 'Bearer'
  return new Response(answer.body, { status: answer.status, headers })
}
