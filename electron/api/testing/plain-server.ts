/**
 * A stand-in for a server of the protocol's own source: no extensions, lists that end at 100 rows without a word, a plain
 * `/health`, no `Idempotency-Key`, no links, no totals. In memory, in this process; for tests of clients.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface PlainServerOptions {
  /** A list ends here, oldest first; Infinity: it does not end. */
  readonly cap?: number
  /** Lists may be asked for with `?limit=&offset=`, as some frameworks give them. */
  readonly hasOffsets?: boolean
  /** Lists come as `{ "items": […] }`. */
  readonly isWrapped?: boolean
  /** 0 = any free one. */
  readonly port?: number
}

export interface PlainServer {
  readonly url: string
  /** Every request that came, as `METHOD path?query`. */
  readonly requests: readonly string[]
  /** The rows of a list as they are, to look at and to fill: 10 001 of them need no 10 001 requests. */
  rows(list: ListName): Row[]
  stop(): Promise<void>
}

type ListName = 'locks' | 'messages' | 'components' | 'workflows' | 'work-items'
type Row = Record<string, unknown>

const STALE_CAP = 100

class State {
  readonly lists: Readonly<Record<ListName, Row[]>> = {
    locks: [],
    messages: [],
    components: [],
    workflows: [],
    'work-items': [],
  }
  #next = 1
  newId = (): number => this.#next++
}

interface Asked {
  readonly query: URLSearchParams
  readonly id: string | undefined
  readonly sub: string | undefined
  readonly body: Row
}
type Answered = readonly [status: number, body: unknown]

const now = (): string => new Date().toISOString()
const missing: Answered = [404, { detail: 'not found' }]

/** Takes an empty value for an absent one, as the source does. */
const wanted = (query: URLSearchParams, name: string): string | undefined => query.get(name) || undefined

function listRows(state: State, list: ListName, query: URLSearchParams): Row[] {
  const is = (row: Row, field: string): boolean => {
    const value = wanted(query, field)
    return value === undefined || row[field] === value
  }
  const to = wanted(query, 'to_session')
  return state.lists[list].filter(
    (row) =>
      ['project_key', 'resource', 'workflow_id'].every((field) => is(row, field)) &&
      (to === undefined || row['to_session'] === to || row['to_session'] === null) &&
      (query.get('unread_only') !== 'true' || row['read_at'] === null),
  )
}

function claim(state: State, body: Row): Answered {
  const held = state.lists.locks.find(
    (l) => l['project_key'] === body['project_key'] && l['resource'] === body['resource'],
  )
  if (held) return [409, { detail: `held by ${String(held['session_id'])}` }]
  const lock = { description: null, ttl_hours: 2, ...body, id: state.newId(), acquired_at: now() }
  state.lists.locks.push(lock)
  return [201, lock]
}

function release(state: State, { id, query }: Asked): Answered {
  const session = wanted(query, 'session_id')
  const isMeant = (lock: Row): boolean =>
    lock['session_id'] === session &&
    (id === undefined ? query.get('release_all') === 'true' : String(lock['id']) === id)
  const going = state.lists.locks.filter(isMeant)
  if (id !== undefined && going.length === 0) return missing
  for (const lock of going) state.lists.locks.splice(state.lists.locks.indexOf(lock), 1)
  return [200, { released: going.length }]
}

function setComponent(state: State, { id, sub, body }: Asked): Answered {
  const row = {
    ...(id === undefined || sub === undefined ? {} : { project_key: id, component: sub }),
    version: null,
    notes: null,
    updated_by: null,
    ...body,
    updated_at: now(),
  } as Row
  const list = state.lists.components
  const at = list.findIndex(
    (c) => c['project_key'] === row['project_key'] && c['component'] === row['component'],
  )
  if (at < 0) list.push(row)
  else list[at] = row
  return [200, row]
}

const create = (state: State, list: ListName, row: Row): Answered => {
  const made = { ...row, id: state.newId(), created_at: now() }
  state.lists[list].push(made)
  return [201, made]
}

function answer(state: State, method: string, list: string, asked: Asked): Answered | undefined {
  const { id, sub, body } = asked
  switch (`${method} ${list}`) {
    case 'POST locks':
      return claim(state, body)
    case 'DELETE locks':
      return release(state, asked)
    case 'PUT components':
      return setComponent(state, asked)
    case 'POST workflows':
      return create(state, 'workflows', { status: 'planning', ...body })
    case 'POST work-items':
      return create(state, 'work-items', { status: 'pending', ...body })
    case 'PATCH work-items': {
      const item = state.lists['work-items'].find((i) => String(i['id']) === id)
      return item ? [200, Object.assign(item, { status: body['status'] })] : missing
    }
    case 'POST messages':
      return create(state, 'messages', {
        to_session: null,
        project_key: null,
        body: '',
        ...body,
        read_at: null,
      })
    case 'PUT messages': {
      const message = state.lists.messages.find((m) => String(m['id']) === id)
      return message && sub === 'read' ? [200, Object.assign(message, { read_at: now() })] : missing
    }
    case 'GET status':
      return [
        200,
        {
          locks: state.lists.locks.slice(0, STALE_CAP),
          components: state.lists.components.slice(0, STALE_CAP),
          workflows: state.lists.workflows.slice(0, STALE_CAP),
          unread_count: state.lists.messages.filter((m) => m['read_at'] === null).length,
        },
      ]
    default:
      return undefined
  }
}

async function read(req: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of req) text += String(part)
  return text
}

/** Starts it on 127.0.0.1. */
export async function startPlainServer(options: PlainServerOptions = {}): Promise<PlainServer> {
  const { cap = STALE_CAP, hasOffsets = false, isWrapped = false } = options
  const state = new State()
  const requests: string[] = []
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { method = 'GET', url = '/' } = req
    requests.push(`${method} ${url}`)
    const say = ([status, body]: Answered): void => {
      res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const { pathname, searchParams: query } = new URL(url, 'http://localhost')
    if (pathname === '/health') return say([200, { status: 'ok', database: 'connected' }])
    const [list = '', id, sub] = pathname.split('/').slice(3).map(decodeURIComponent)
    if (!pathname.startsWith('/api/coord/')) return say(missing)
    const text = await read(req)
    if (method === 'GET' && id === undefined && Object.hasOwn(state.lists, list)) {
      const from = hasOffsets ? Number(query.get('offset') ?? 0) : 0
      const most = hasOffsets ? Math.min(cap, Number(query.get('limit') ?? cap)) : cap
      const rows = listRows(state, list as ListName, query).slice(from, from + most)
      return say([200, isWrapped ? { items: rows } : rows])
    }
    const body = (text === '' ? {} : (JSON.parse(text) ?? {})) as Row
    say(answer(state, method, list, { query, id, sub, body }) ?? [405, { detail: 'Method Not Allowed' }])
  }
  const server = createServer((req, res) => {
    serve(req, res).catch(() => res.writeHead(400).end('{"detail":"bad request"}'))
  })
  await new Promise<void>((done) => server.listen(options.port ?? 0, '127.0.0.1', done))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    rows: (list) => state.lists[list],
    stop: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
