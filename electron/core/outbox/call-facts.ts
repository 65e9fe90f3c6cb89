/** What a call is about, for people: its kind and names, from its path and body, cut. */
import { noFacts, type CallFacts } from '../../../shared/call.ts'
import type { Entry, SendableCall } from './lines/parse-line.ts'
import { cutCopy } from './lines/text.ts'
import { targetOf, type CallTarget } from './replay/call-target.ts'
import type { QueuedEntry } from './replay/queued-call.ts'

const NAME_LENGTH = 200

const shown = (value: unknown): string | null =>
  typeof value === 'string' && value !== ''
    ? cutCopy(value, NAME_LENGTH)
    : typeof value === 'number'
      ? String(value)
      : null

/** The facts of a call that can be sent; none of a line that is no such call. */
function factsOf(call: SendableCall | undefined, target?: CallTarget): CallFacts {
  if (!call) return noFacts
  const { effect, session } = target ?? targetOf(call)
  const data = call.data ?? {}
  const field = (key: string): string | null => shown(Object.hasOwn(data, key) ? data[key] : undefined)
  const facts = { ...noFacts, effect: effect.kind, session: shown(session), project: field('project_key') }
  switch (effect.kind) {
    case 'claim':
      return { ...facts, resource: shown(effect.resource) }
    case 'release':
    case 'mark-read':
      return { ...facts, resource: shown(effect.id) }
    case 'component':
      return {
        ...facts,
        project: shown(effect.project),
        resource: shown(effect.component),
        state: field('state'),
      }
    case 'message':
      return { ...facts, resource: field('subject'), to: field('to_session') }
    case 'workflow':
      return { ...facts, resource: field('name'), state: field('status') }
    case 'work-item':
      return { ...facts, resource: field('title'), state: field('status') }
    case 'item-change':
      return { ...facts, resource: shown(effect.id), state: field('status') }
    case 'release-all':
    case 'other':
      return facts
  }
}

export const factsOfEntry = ({ verdict }: Pick<Entry, 'verdict'>): CallFacts =>
  factsOf(verdict.kind === 'send' ? verdict.call : undefined)

export const factsOfQueued = (entry: QueuedEntry): CallFacts =>
  entry.kind === 'call' ? factsOf(entry.request, entry.target) : noFacts

/** What the protocol wants in a body, by method and the path below `/api/coord/`. */
const WANTED: readonly (readonly [what: RegExp, fields: readonly string[]])[] = [
  [/^POST locks$/, ['project_key', 'session_id', 'resource']],
  [/^PUT components$/, ['project_key', 'component', 'state']],
  [/^PUT components\/[^/]+\/[^/]+$/, ['state']],
  [/^POST workflows$/, ['project_key', 'name']],
  [/^POST work-items$/, ['workflow_id', 'title']],
  [/^PATCH work-items\/[^/]+$/, ['status']],
  [/^POST messages$/, ['from_session', 'subject', 'body']],
]
const BASE = '/api/coord/'

/** The first field that the protocol wants in this call's body, and that is missing there or empty; null where none is. */
export function missingField({ verdict }: Pick<Entry, 'verdict'>): string | null {
  if (verdict.kind !== 'send') return null
  const { method, path, data = {} } = verdict.call
  const what = `${method} ${(path.split('?', 1)[0] ?? '').slice(BASE.length).replace(/\/+$/, '')}`
  const wanted = WANTED.find(([pattern]) => pattern.test(what))?.[1] ?? []
  const isMissing = (key: string): boolean =>
    !Object.hasOwn(data, key) || [null, ''].includes(data[key] as null)
  return wanted.find(isMissing) ?? null
}
