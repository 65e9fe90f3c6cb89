/** The API's own description (OpenAPI 3.1), made from the schemas that requests are parsed with. */
import { z } from 'zod'
import { bodies, queries } from './requests.ts'
import { rows, type RowName } from './row-schemas.ts'

type Json = Readonly<Record<string, unknown>>

const toJsonSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<
    string,
    unknown
  >
  return rest
}

const refTo = (name: RowName): Json => ({ $ref: `#/components/schemas/${name}` })
const json = (schema: Json): Json => ({ content: { 'application/json': { schema } } })
const problem = (description: string): Json => ({ description, ...json(refTo('Problem')) })

/** What any call may be answered with. */
const ALWAYS: Json = {
  '4XX': problem('the call is refused; it is not to be sent again as it is'),
  '503': problem('the database is away, or too much is going on'),
}

interface Operation {
  readonly summary: string
  readonly query?: z.ZodObject
  readonly headers?: readonly Json[]
  readonly body?: z.ZodType
  /** Fields of the body that the path gives. */
  readonly fromPath?: readonly string[]
  readonly answers: Json
}

const answers = (status: number, name: RowName, more: Json = {}): Json => ({
  [status]: { description: 'done', ...json(refTo(name)) },
  ...more,
})
const conflict = (description: string): Json => ({ '409': problem(description) })
const missing: Json = { '404': problem('there is no such row') }
const list = (name: RowName): Json => ({
  '200': {
    description: 'a page: at most 1 000 rows or 4 MiB',
    headers: {
      ETag: { schema: { type: 'string' } },
      Link: { description: 'where it goes on (rel="next")', schema: { type: 'string' } },
      'X-Total-Count': { description: 'with count=true', schema: { type: 'integer' } },
    },
    ...json({ type: 'array', items: refTo(name) }),
  },
  '304': { description: 'unchanged since the state of If-None-Match' },
})

const QUEUED_AT: Json = {
  name: 'X-Coord-Queued-At',
  in: 'header',
  description: 'when the call was made, where it waited in a queue',
  schema: { type: 'string', format: 'date-time' },
}
const KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'the same key answers as the first time, for a week',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!#-~]+$' },
}

const operations: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  '/health': {
    get: {
      summary: 'how the server is, and whose',
      headers: [
        {
          name: 'X-Coord-Challenge',
          in: 'header',
          schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{16,128}$' },
        },
      ],
      answers: answers(200, 'Health'),
    },
  },
  '/api/coord/locks': {
    get: { summary: 'held locks, stale ones included', query: queries.locks, answers: list('Lock') },
    post: {
      summary: 'claim a resource, or renew the own claim of it',
      query: queries.claim,
      body: bodies.lock,
      answers: answers(201, 'Lock', {
        ...answers(200, 'Lock'),
        ...conflict('another session holds it, or what it overlaps: `lock`'),
      }),
    },
    delete: {
      summary: 'release all that a session holds',
      query: queries.releaseAll.required({ release_all: true }),
      answers: answers(200, 'Released'),
    },
  },
  '/api/coord/locks/{id}': {
    delete: {
      summary: 'release one',
      query: queries.release,
      answers: answers(200, 'Released', {
        '403': problem('another session holds it: `lock`'),
        ...missing,
        ...conflict('with if_stale: it is alive'),
      }),
    },
  },
  '/api/coord/locks/{id}/renew': {
    put: {
      summary: 'give a lock its time again',
      query: queries.renew,
      answers: answers(200, 'Lock', { ...missing, ...conflict('it is lost: `lock` is who holds it') }),
    },
  },
  '/api/coord/components': {
    get: { summary: 'states of components', query: queries.components, answers: list('Component') },
    put: {
      summary: "set a component's state",
      headers: [QUEUED_AT],
      body: bodies.component,
      answers: answers(200, 'Component'),
    },
  },
  '/api/coord/components/{project_key}/{component}': {
    put: {
      summary: 'the same, named by its path',
      headers: [QUEUED_AT],
      body: bodies.component,
      fromPath: ['project_key', 'component'],
      answers: answers(200, 'Component'),
    },
  },
  '/api/coord/workflows': {
    get: { summary: 'workflows', query: queries.workflows, answers: list('Workflow') },
    post: { summary: 'create a workflow', body: bodies.workflow, answers: answers(201, 'Workflow') },
  },
  '/api/coord/workflows/{id}': {
    patch: {
      summary: 'change its status',
      body: bodies.workflowChange,
      answers: answers(200, 'Workflow', { ...missing, ...conflict('the status is another: `workflow`') }),
    },
  },
  '/api/coord/work-items': {
    get: { summary: 'work items', query: queries.items, answers: list('WorkItem') },
    post: {
      summary: 'add a work item to a workflow',
      body: bodies.item,
      answers: answers(201, 'WorkItem', { '422': problem('a field is wrong, or there is no such workflow') }),
    },
  },
  '/api/coord/work-items/{id}': {
    patch: {
      summary: 'change its status, or who works on it',
      body: bodies.itemChange,
      answers: answers(200, 'WorkItem', {
        '403': problem("another machine's session has it: `work_item`"),
        ...missing,
        ...conflict('the status is another: `work_item`'),
      }),
    },
  },
  '/api/coord/messages': {
    get: { summary: 'messages', query: queries.messages, answers: list('Message') },
    post: { summary: 'send a message', body: bodies.message, answers: answers(201, 'Message') },
  },
  '/api/coord/messages/{id}/read': {
    put: {
      summary: 'mark it read: a broadcast for session_id, or for all',
      query: queries.session,
      answers: answers(200, 'Message', missing),
    },
  },
  '/api/coord/messages/{id}/receipts': {
    get: {
      summary: 'who read it',
      answers: {
        '200': { description: 'marks', ...json({ type: 'array', items: refTo('Receipt') }) },
        ...missing,
      },
    },
  },
  '/api/coord/status': {
    get: {
      summary: 'active locks, recent components, active workflows, unread messages',
      query: queries.session,
      answers: {
        '200': {
          description: 'overview',
          ...json({
            type: 'object',
            required: ['locks', 'components', 'workflows', 'unread_count'],
            properties: {
              locks: { type: 'array', items: refTo('Lock') },
              components: { type: 'array', items: refTo('Component') },
              workflows: { type: 'array', items: refTo('Workflow') },
              unread_count: { type: 'integer' },
            },
          }),
        },
        '304': { description: 'unchanged since the state of If-None-Match' },
      },
    },
  },
  '/api/coord/events': {
    get: {
      summary: 'what changes, as Server-Sent Events without text',
      query: queries.events,
      answers: { '200': { description: 'a stream', content: { 'text/event-stream': {} } } },
    },
  },
}

function toOperation(path: string, method: string, operation: Operation): Json {
  const { summary, query, headers = [], body, fromPath = [] } = operation
  const isWrite = method !== 'get'
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, maxLength: 1000 },
    })),
    ...(query ? toParameters(query) : []),
    ...headers,
    ...(isWrite ? [KEY] : []),
  ]
  return {
    operationId: `${method} ${path.replace('/api/coord/', '').replace(/^\//, '')}`.replace(/[^\w]+/g, '_'),
    summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, ...json(toBody(body, fromPath)) } } : {}),
    responses: { ...operation.answers, ...ALWAYS },
  }
}

function toParameters(query: z.ZodObject): Json[] {
  const { properties = {}, required = [] } = toJsonSchema(query, 'input') as {
    properties?: Record<string, Json>
    required?: readonly string[]
  }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function toBody(body: z.ZodType, fromPath: readonly string[]): Json {
  const schema = toJsonSchema(body, 'input') as { required?: string[]; properties?: Record<string, unknown> }
  return {
    ...schema,
    ...(schema.required ? { required: schema.required.filter((name) => !fromPath.includes(name)) } : {}),
    // What the path says counts; the body's may be anything.
    properties: Object.fromEntries(
      Object.entries(schema.properties ?? {}).filter(([name]) => !fromPath.includes(name)),
    ),
  }
}

/** The document, as it is served at `/api/coord/openapi.json`. */
export const openApi: Json = {
  openapi: '3.1.0',
  info: {
    title: 'Coordination API',
    version: '1',
    description: 'Resource locks, messages, component states and workflows of AI coding sessions.',
  },
  paths: Object.fromEntries(
    Object.entries(operations).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [method, toOperation(path, method, operation)]),
      ),
    ]),
  ),
  components: {
    schemas: Object.fromEntries(
      Object.entries(rows).map(([name, schema]) => [name, toJsonSchema(schema, 'output')]),
    ),
  },
}
