/** Every list of the protocol: from a call to the query that the store is asked. */
import type { Result } from '../../shared/result.ts'
import { map, type Call } from './http-call.ts'
import { parse, queries } from './requests.ts'
import type { Answer, ListQuery, Slice } from './store.ts'

export interface Read {
  readonly path: string
  readonly toQuery: (call: Call) => Result<ListQuery, Answer>
}

interface Asked {
  readonly limit: number
  readonly offset: number
  readonly after: string | null
  readonly order?: 'oldest' | 'newest' | undefined
  readonly count: boolean
}

const toSlice = (q: Asked, usual: 'oldest' | 'newest'): Slice => ({
  limit: q.limit,
  offset: q.offset,
  after: q.after,
  order: q.order ?? usual,
  isCounted: q.count,
})

export const reads: readonly Read[] = [
  {
    path: '/locks',
    toQuery: ({ query }) =>
      map(parse(queries.locks, query), (q) => ({
        kind: 'locks',
        project: q.project_key,
        resource: q.resource,
        machine: q.for_machine,
        ...toSlice(q, 'oldest'),
      })),
  },
  {
    path: '/components',
    toQuery: ({ query }) =>
      map(parse(queries.components, query), (q) => ({
        kind: 'components',
        project: q.project_key,
        ...toSlice(q, 'oldest'),
      })),
  },
  {
    path: '/workflows',
    toQuery: ({ query }) =>
      map(parse(queries.workflows, query), (q) => ({
        kind: 'workflows',
        project: q.project_key,
        status: q.status,
        ...toSlice(q, 'oldest'),
      })),
  },
  {
    path: '/work-items',
    toQuery: ({ query }) =>
      map(parse(queries.items, query), (q) => ({
        kind: 'work-items',
        workflowId: q.workflow_id,
        project: q.project_key,
        status: q.status,
        ...toSlice(q, 'oldest'),
      })),
  },
  {
    path: '/messages',
    toQuery: ({ query }) =>
      map(parse(queries.messages, query), (q) => ({
        kind: 'messages',
        to: q.to_session,
        machine: q.for_machine,
        project: q.project_key,
        isUnreadOnly: q.unread_only,
        // Unread ones are worked off from the oldest; a history is looked at from the newest.
        ...toSlice(q, q.unread_only ? 'oldest' : 'newest'),
      })),
  },
]
