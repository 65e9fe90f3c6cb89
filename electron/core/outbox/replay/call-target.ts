/** What a call works on: its effect, resource and session. The rules, the duplicate check and the lanes are built on it. */
import type { SendableCall } from '../lines/parse-line.ts'

export type CallEffect =
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

export interface CallTarget {
  readonly effect: CallEffect
  readonly resource: string
  readonly session: string | null
  /** Calls of one lane keep file order among themselves; a barrier waits for all and runs alone (`barrier`). */
  readonly lane: string
}

/** A call taken apart: the decoded parts of its path below `/api/coord/`, its query, and text fields of its body. */
interface Parts {
  readonly method: SendableCall['method']
  readonly parts: readonly string[]
  readonly query: ReadonlyMap<string, string>
  readonly body: Readonly<Record<string, unknown>>
}

const textOf = (v: unknown): string | null =>
  typeof v === 'string' && v !== '' ? v : typeof v === 'number' ? String(v) : null
const field = (call: Parts, key: string): string | null =>
  Object.hasOwn(call.body, key) ? textOf(call.body[key]) : null
const querySession = (call: Parts): string | null => textOf(call.query.get('session_id'))

function decode(part: string): string {
  if (!part.includes('%')) return part
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const NO_QUERY: ReadonlyMap<string, string> = new Map()

/** Query parameters of a path; the last of a name wins, `+` is a blank. */
export function queryOf(path: string): ReadonlyMap<string, string> {
  const q = path.indexOf('?')
  if (q < 0) return NO_QUERY
  const found = new Map<string, string>()
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

interface PathParts extends Pick<Parts, 'parts' | 'query'> {
  readonly path: string
  readonly bare: string
}
/** Of a backlog most calls have one path. Safe to keep for all: the parts hang on the path alone, and nobody changes them. */
let lastPath: PathParts = { path: '', bare: '', parts: [], query: NO_QUERY }
function partsOf(path: string): PathParts {
  if (lastPath.path === path) return lastPath
  const bare = path.split('?', 1)[0] ?? path
  const parts = bare
    .slice('/api/coord/'.length)
    .split('/')
    .filter((p) => p !== '')
    .map(decode)
  return (lastPath = { path, bare, parts, query: queryOf(path) })
}

/** What a call works on; a call of no known kind is a barrier, so that nothing overtakes what it may touch. */
export function targetOf(call: SendableCall): CallTarget {
  const { bare, parts, query } = partsOf(call.path)
  const taken: Parts = { method: call.method, parts, query, body: call.data ?? {} }
  const [head] = parts
  const known =
    head === 'messages'
      ? messageTarget(taken)
      : head === 'locks'
        ? lockTarget(taken)
        : head === 'components'
          ? componentTarget(taken)
          : head === 'workflows' || head === 'work-items'
            ? workTarget(taken)
            : undefined
  return known ?? otherTarget(taken, bare)
}

function lockTarget(call: Parts): CallTarget | undefined {
  const [, id] = call.parts
  if (call.method === 'POST' && call.parts.length === 1) {
    const project = field(call, 'project_key') ?? ''
    const resource = field(call, 'resource') ?? ''
    const session = field(call, 'session_id') ?? ''
    return {
      effect: { kind: 'claim', project, resource, session, ttlHours: call.body['ttl_hours'] },
      resource: `lock:${project}:${resource}`,
      session,
      lane: `locks:${project}`,
    }
  }
  if (call.method !== 'DELETE') return undefined
  const session = querySession(call)
  if (id !== undefined && call.parts.length === 2)
    return {
      effect: { kind: 'release', id, session },
      resource: `lock-id:${id}`,
      session,
      lane: 'barrier',
    }
  const isAll = /^(true|1|yes|on)$/i.test(call.query.get('release_all') ?? '')
  if (call.parts.length === 1 && isAll && session !== null)
    return {
      effect: { kind: 'release-all', session },
      resource: `locks-of:${session}`,
      session,
      lane: 'barrier',
    }
  return undefined
}

function componentTarget(call: Parts): CallTarget | undefined {
  if (call.method !== 'PUT') return undefined
  const [, second, third] = call.parts
  const isPath = call.parts.length === 3 && second !== undefined && third !== undefined
  if (!isPath && call.parts.length !== 1) return undefined
  const project = isPath ? second : field(call, 'project_key')
  const component = isPath ? third : field(call, 'component')
  if (project === null || component === null) return undefined
  const resource = `component:${project}:${component}`
  return {
    effect: { kind: 'component', project, component, form: isPath ? 'path' : 'body' },
    resource,
    session: field(call, 'updated_by'),
    lane: resource,
  }
}

function messageTarget(call: Parts): CallTarget | undefined {
  const [, id, third] = call.parts
  if (call.method === 'POST' && call.parts.length === 1) {
    const from = field(call, 'from_session')
    const resource = `messages:${from ?? ''}`
    return { effect: { kind: 'message' }, resource, session: from, lane: resource }
  }
  if (call.method === 'PUT' && id !== undefined && third === 'read') {
    const session = querySession(call)
    return {
      effect: { kind: 'mark-read', id, session },
      resource: `message:${id}`,
      session,
      lane: `message:${id}`,
    }
  }
  return undefined
}

function workTarget(call: Parts): CallTarget | undefined {
  const [head, id] = call.parts
  const isCreation = call.method === 'POST' && call.parts.length === 1
  if (head === 'workflows')
    return isCreation
      ? {
          effect: { kind: 'workflow' },
          resource: `workflow:${field(call, 'project_key') ?? ''}:${field(call, 'name') ?? ''}`,
          session: field(call, 'created_by'),
          lane: 'barrier',
        }
      : undefined
  if (isCreation) {
    const workflow = field(call, 'workflow_id') ?? ''
    const resource = `items-of:${workflow}`
    return {
      effect: { kind: 'work-item', workflow },
      resource,
      session: field(call, 'created_by'),
      lane: resource,
    }
  }
  if (call.method === 'PATCH' && id !== undefined && call.parts.length === 2)
    // an item's change may follow its creation in the same backlog by an id we cannot know: only its own order is kept
    return {
      effect: { kind: 'item-change', id },
      resource: `item:${id}`,
      session: field(call, 'updated_by'),
      lane: `item:${id}`,
    }
  return undefined
}

const otherTarget = (call: Parts, bare: string): CallTarget => ({
  effect: { kind: 'other' },
  resource: bare,
  session:
    querySession(call) ??
    field(call, 'session_id') ??
    field(call, 'from_session') ??
    field(call, 'updated_by'),
  lane: 'barrier',
})
