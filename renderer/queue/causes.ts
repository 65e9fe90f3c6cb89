/** Why calls were set aside: groups of one cause, with the words for all of them and for one. Pure; decided by codes alone. */
import type { CauseCode } from '../../shared/cause.ts'
import type { CallRow } from '../../shared/snapshot.ts'
import { counted } from '../../shared/text.ts'
import { code, their, type Words } from '../parts/Sentence.tsx'
import { describeReason } from '../words.ts'

/** In the order in which a person can do most about them. */
export const groupKinds = [
  'held',
  'field',
  'gone',
  'rejected',
  'other-form',
  'keeps-failing',
  'session-active',
  'refused',
  'no-call',
  'duplicate',
  'removed',
  'unknown',
] as const
export type GroupKind = (typeof groupKinds)[number]

const KIND_OF: Readonly<Record<Exclude<CauseCode, 'rejected'>, GroupKind>> = {
  held: 'held',
  'other-form': 'other-form',
  'keeps-failing': 'keeps-failing',
  'session-active': 'session-active',
  refused: 'refused',
  torn: 'no-call',
  'not-json': 'no-call',
  'not-text': 'no-call',
  'not-a-call': 'no-call',
  'too-long': 'no-call',
  duplicate: 'duplicate',
  removed: 'removed',
}

type Caused = Pick<CallRow, 'cause' | 'status' | 'field'>

/** The group that a set-aside call belongs to. */
export function groupOf({ cause, status, field }: Caused): GroupKind {
  if (cause !== 'rejected')
    return Object.hasOwn(KIND_OF, cause) ? KIND_OF[cause as keyof typeof KIND_OF] : 'unknown'
  if (field !== null || status === 422) return 'field'
  return status === 404 || status === 410 ? 'gone' : 'rejected'
}

/** `3 calls have a field that the API rejects`. */
export function groupTitle(kind: GroupKind, n: number): string {
  const calls = counted(n, 'call')
  const isOne = n === 1
  const verb = (one: string, many: string): string => `${calls} ${isOne ? one : many}`
  switch (kind) {
    case 'held':
      return verb('wants what another session holds', 'want what another session holds')
    case 'field':
      return verb('has a field that the API rejects', 'have a field that the API rejects')
    case 'gone':
      return verb('points at something that is not there', 'point at something that is not there')
    case 'rejected':
      return verb('was refused by the API', 'were refused by the API')
    case 'other-form':
      return verb('may need the other form', 'may need the other form')
    case 'keeps-failing':
      return verb('fails while the API is well', 'fail while the API is well')
    case 'session-active':
      return verb('would release locks taken later', 'would release locks taken later')
    case 'refused':
      return verb('leads outside the coordination API', 'lead outside the coordination API')
    case 'no-call':
      return `${counted(n, 'line')} ${isOne ? 'is no call' : 'are no calls'}`
    case 'duplicate':
      return verb('was delivered before', 'were delivered before')
    case 'removed':
      return verb('was removed by another program', 'were removed by another program')
    case 'unknown':
      return verb('was set aside', 'were set aside')
  }
}

/** The API's own words stand in the reason of these; ours in that of the others. */
const SAID_BY_API: ReadonlySet<GroupKind> = new Set([
  'held',
  'field',
  'gone',
  'rejected',
  'other-form',
  'keeps-failing',
])
export const isSaidByApi = (call: Caused): boolean => SAID_BY_API.has(groupOf(call))

/** Why this one call was set aside, and what helps. `isMissing`: its body has no such field; null: not known. */
export function describeCause(
  call: Caused & Pick<CallRow, 'reason' | 'holder' | 'resource'>,
  isMissing: boolean | null,
): Words {
  const { field, holder, resource, status } = call
  const withStatus = status === null ? '' : ` (status ${status})`
  switch (groupOf(call)) {
    case 'held':
      return [
        their(holder, 'Another session'),
        ' holds ',
        resource === null ? 'it' : code(resource),
        '. Send the call again once it is free, or discard it.',
      ]
    case 'field':
      if (field === null) return [`The API rejects what is in its body${withStatus}. Edit it to send it.`]
      if (isMissing === true) return ['The field ', code(field), ' is missing. Add it to send the call.']
      return ['The API rejects the field ', code(field), '. Change it to send the call.']
    case 'gone':
      return [`The API has nothing of that name${withStatus}. It may have ended meanwhile.`]
    case 'rejected':
      return [`The API refused it${withStatus}.`]
    case 'other-form':
      return ['The API does not take this form of the component call. It may know the other one.']
    case 'keeps-failing':
      return ['It failed again and again while the API was well.']
    case 'refused':
      return ['It leads outside the coordination API, so it is never sent as it is. Edit it to send it.']
    case 'session-active':
    case 'duplicate':
    case 'no-call':
    case 'removed':
    case 'unknown':
      return [{ their: describeReason({ reason: call.reason, status: null }) }]
  }
}
