/** Every write of the protocol: from a call to the change that the store is asked for. */
import { err, ok, type Result } from '../../shared/result.ts'
import { refuse } from './answers.ts'
import { map, type Call } from './http-call.ts'
import { bodies, parse, queries } from './requests.ts'
import type { Answer, Change } from './store.ts'

export interface Write {
  readonly method: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly path: string
  /** Ignored where the call says everything in its path and query (curl users send `-d null` there). */
  readonly body: 'json' | 'ignored'
  readonly toChange: (call: Call) => Result<Change, Answer>
}

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
    effectiveAt: call.queuedAt ?? null,
    actors: actorsOf(call, b.updated_by, b.session_id),
  }))
}

const toWorkflowChange = (call: Call): Result<Change, Answer> =>
  map(parse(bodies.workflowChange, call.body), (b) => ({
    kind: 'workflow.change',
    id: call.id,
    status: b.status,
    expectedStatus: b.expected_status,
    actors: actorsOf(call, b.session_id),
  }))

const toItemChange = (call: Call): Result<Change, Answer> =>
  map(parse(bodies.itemChange, call.body), (b) => ({
    kind: 'item.change',
    id: call.id,
    status: b.status,
    expectedStatus: b.expected_status,
    assignee: b.assignee,
    actors: actorsOf(call, b.session_id),
  }))

export const writes: readonly Write[] = [
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
    method: 'PUT',
    path: '/locks/:id/renew',
    body: 'ignored',
    toChange: (call) =>
      map(parse(queries.renew, call.query), (q) => ({
        kind: 'lock.renew',
        id: call.id,
        session: q.session_id,
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
        isIfStale: q.if_stale,
        releasedBy: q.released_by,
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
  { method: 'PATCH', path: '/workflows/:id', body: 'json', toChange: toWorkflowChange },
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
        assignee: b.assignee,
        actors: actorsOf(call, b.session_id),
      })),
  },
  { method: 'PATCH', path: '/work-items/:id', body: 'json', toChange: toItemChange },
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
        replyTo: b.reply_to,
        expiresAt: b.expires_at,
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
