/** A call as a sentence: what it does, to what, for whom. Pure; names of others stand in it as words of their own. */
import type { CallFacts } from '../../shared/call.ts'
import { isOfMachine, nameInMachine } from '../../shared/session.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { code, their, type Words } from '../parts/Sentence.tsx'
import { shortPath } from '../words.ts'

export interface NamedCall extends CallFacts {
  readonly method: string | null
  readonly path: string | null
  /** The beginning of a line that is no call. */
  readonly preview: string
}
export type Machine = AppSnapshot['machine']

/** A session of this machine by its own name alone. */
export const shortSession = (session: string, machine: Machine): string =>
  isOfMachine(session, machine) ? nameInMachine(session) : session

/** `PUT components/gururmm/server`; null where the line is no call. */
export const requestOf = ({ method, path }: Pick<NamedCall, 'method' | 'path'>): string | null =>
  method === null || path === null ? null : `${method} ${shortPath(path)}`

export function sentenceOf(call: NamedCall, machine: Machine): Words {
  const request = requestOf(call)
  if (request === null) return call.preview === '' ? ['A line that is no call'] : [code(call.preview)]
  const { effect, session, resource, to, state } = call
  const by = (word: string): Words =>
    session === null ? [] : [` ${word} `, their(shortSession(session, machine))]
  const into: Words = state === null ? [] : [' to ', their(state)]
  switch (effect) {
    case 'claim':
      return ['Claim ', resource === null ? 'a resource that is not named' : code(resource), ...by('for')]
    case 'release':
      return resource === null
        ? ['Release a lock', ...by('of')]
        : ['Release lock ', code(resource), ...by('of')]
    case 'release-all':
      return ['Release all locks', ...by('of')]
    case 'component':
      return ['Set ', their(resource, 'a component that is not named'), ...into]
    case 'message':
      return [
        'Tell ',
        to === null ? 'everyone' : their(shortSession(to, machine)),
        ': ',
        their(resource, 'no subject'),
      ]
    case 'mark-read':
      return ['Mark message ', their(resource, 'without an id'), ' as read', ...by('for')]
    case 'workflow':
      return ['Begin workflow ', their(resource, 'without a name')]
    case 'work-item':
      return ['Add work item ', their(resource, 'without a title')]
    case 'item-change':
      return ['Set work item ', their(resource, 'without an id'), ...into]
    case 'other':
    case null:
      return [code(request)]
  }
}
