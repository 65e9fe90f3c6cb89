/** What a call works on: its kind, resource and session. The rules, the duplicate check and the lanes are built on it. */
import type { SendableCall } from '../lines/parse-line.ts'

export type CallKind =
  | {
      readonly kind: 'claim'
      readonly project: string
      readonly resource: string
      readonly session: string
      readonly ttlHours: unknown
    }
  | { readonly kind: 'release'; readonly id: string; readonly session: string | null }
  | { readonly kind: 'release-all'; readonly session: string }
  | {
      readonly kind: 'component'
      readonly project: string
      readonly component: string
      readonly form: 'body' | 'path'
    }
  | { readonly kind: 'message' }
  | { readonly kind: 'mark-read'; readonly id: string; readonly session: string | null }
  | { readonly kind: 'workflow' }
  | { readonly kind: 'work-item'; readonly workflow: string }
  | { readonly kind: 'item-change'; readonly id: string }
  | { readonly kind: 'other' }

export interface Touches {
  readonly what: CallKind
  readonly resource: string
  readonly session: string | null
  /** Calls of one lane keep file order among themselves; a barrier waits for all and runs alone (`barrier`). */
  readonly lane: string
}

const text = (v: unknown): string | null =>
  typeof v === 'string' && v !== '' ? v : typeof v === 'number' ? String(v) : null

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Query parameters of a path; the last of a name wins, `+` is a blank. */
export function queryOf(path: string): ReadonlyMap<string, string> {
  const q = path.indexOf('?')
  const found = new Map<string, string>()
  if (q < 0) return found
  for (const pair of path.slice(q + 1).split('&')) {
    const eq = pair.indexOf('=')
    const name = eq < 0 ? pair : pair.slice(0, eq)
    if (name !== '')
      found.set(
        decode(name.replaceAll('+', ' ')),
        eq < 0 ? '' : decode(pair.slice(eq + 1).replaceAll('+', ' ')),
      )
  }
  return found
}

export function touchesOf(call: SendableCall): Touches {
  const bare = call.path.split('?', 1)[0] ?? call.path
  const parts = bare
    .slice('/api/coord/'.length)
    .split('/')
    .filter((p) => p !== '')
    .map(decode)
  const query = queryOf(call.path)
  const body = call.data ?? {}
  const own = (key: string): string | null => (Object.hasOwn(body, key) ? text(body[key]) : null)
  const [head, id, third] = parts
  const other = (session: string | null): Touches => ({
    what: { kind: 'other' },
    resource: bare,
    session,
    lane: 'barrier',
  })
  const sessionOfQuery = text(query.get('session_id'))
  if (head === 'locks' && parts.length === 1 && call.method === 'POST') {
    const project = own('project_key') ?? ''
    const resource = own('resource') ?? ''
    const session = own('session_id') ?? ''
    return {
      what: { kind: 'claim', project, resource, session, ttlHours: body['ttl_hours'] },
      resource: `lock:${project}:${resource}`,
      session,
      lane: `locks:${project}`,
    }
  }
  if (head === 'locks' && call.method === 'DELETE') {
    if (id !== undefined && parts.length === 2)
      return {
        what: { kind: 'release', id, session: sessionOfQuery },
        resource: `lock-id:${id}`,
        session: sessionOfQuery,
        lane: 'barrier',
      }
    const isAll = /^(true|1|yes|on)$/i.test(query.get('release_all') ?? '')
    if (parts.length === 1 && isAll && sessionOfQuery !== null)
      return {
        what: { kind: 'release-all', session: sessionOfQuery },
        resource: `locks-of:${sessionOfQuery}`,
        session: sessionOfQuery,
        lane: 'barrier',
      }
  }
  if (head === 'components' && call.method === 'PUT') {
    const isPath = parts.length === 3 && id !== undefined && third !== undefined
    const project = isPath ? id : own('project_key')
    const component = isPath ? third : own('component')
    if (project !== null && component !== null && (isPath || parts.length === 1))
      return {
        what: { kind: 'component', project, component, form: isPath ? 'path' : 'body' },
        resource: `component:${project}:${component}`,
        session: own('updated_by'),
        lane: `component:${project}:${component}`,
      }
  }
  if (head === 'messages' && call.method === 'POST' && parts.length === 1) {
    const from = own('from_session')
    return {
      what: { kind: 'message' },
      resource: `messages:${from ?? ''}`,
      session: from,
      lane: `messages:${from ?? ''}`,
    }
  }
  if (head === 'messages' && call.method === 'PUT' && id !== undefined && third === 'read')
    return {
      what: { kind: 'mark-read', id, session: sessionOfQuery },
      resource: `message:${id}`,
      session: sessionOfQuery,
      lane: `message:${id}`,
    }
  if (head === 'workflows' && call.method === 'POST' && parts.length === 1)
    return {
      what: { kind: 'workflow' },
      resource: `workflow:${own('project_key') ?? ''}:${own('name') ?? ''}`,
      session: own('created_by'),
      lane: 'barrier',
    }
  if (head === 'work-items' && call.method === 'POST' && parts.length === 1) {
    const workflow = own('workflow_id') ?? ''
    return {
      what: { kind: 'work-item', workflow },
      resource: `items-of:${workflow}`,
      session: own('created_by'),
      lane: `items-of:${workflow}`,
    }
  }
  if (head === 'work-items' && call.method === 'PATCH' && id !== undefined && parts.length === 2)
    // an item's change may follow its creation in the same backlog by an id we cannot know: only its own order is kept
    return {
      what: { kind: 'item-change', id },
      resource: `item:${id}`,
      session: own('updated_by'),
      lane: `item:${id}`,
    }
  return other(sessionOfQuery ?? own('session_id') ?? own('from_session') ?? own('updated_by'))
}
