/**
 * Why a call was set aside: a code with data, and the words that are made from it. The program decides by the code; the words
 * are for people, and stand in the ledger and in the JSON contract as `reason`.
 */

/** What is wrong with a path (or method) that no request line may carry. */
export const refusals = {
  'not-an-api-path': 'the path is not a path of the coordination API (it must start with /api/coord/)',
  'other-host': 'the path names another host',
  fragment: 'the path has a "#"',
  'lone-surrogate': 'the path has a lone surrogate',
  'control-character': 'the path has a control character',
  'malformed-escape': 'the path has a malformed % escape',
  backslash: 'the path has a backslash',
  'dot-dot': 'the path has ".."',
  outside: 'the path is outside /api/coord/',
  'query-control-character': 'the query has a control character',
  method: 'the method is not POST, PUT, PATCH or DELETE',
} as const
export type Refusal = keyof typeof refusals

export type Cause =
  // what the line's bytes say
  | { readonly code: 'too-long'; readonly bytes: number }
  | { readonly code: 'not-text' }
  | { readonly code: 'torn' }
  | { readonly code: 'not-json' }
  | { readonly code: 'not-a-call'; readonly lacks: 'object' | 'method' | 'path' }
  | { readonly code: 'refused'; readonly what: Refusal }
  // what replay rules say
  | { readonly code: 'removed' }
  | { readonly code: 'duplicate' }
  | { readonly code: 'session-active' }
  // what the API says; `detail` is its own
  /** `field`: the one that the API names. */
  | { readonly code: 'rejected'; readonly detail: string; readonly field?: string }
  | { readonly code: 'other-form'; readonly detail: string }
  | { readonly code: 'held'; readonly holder: string; readonly detail: string }
  | { readonly code: 'keeps-failing'; readonly failures: number; readonly detail: string }

export const causeCodes = [
  'too-long',
  'not-text',
  'torn',
  'not-json',
  'not-a-call',
  'refused',
  'removed',
  'duplicate',
  'session-active',
  'rejected',
  'other-form',
  'held',
  'keeps-failing',
] as const satisfies readonly Cause['code'][]
export type CauseCode = Cause['code']

/** The words for a cause: `reason` of a set-aside call. */
export function causeText(cause: Cause): string {
  switch (cause.code) {
    case 'too-long':
      return `the line is longer than 1 MiB (${cause.bytes} bytes)`
    case 'not-text':
      return 'the bytes are not UTF-8 text'
    case 'torn':
      return 'torn: the line is not whole JSON (its writer was cut off, or two writers mixed)'
    case 'not-json':
      return 'not JSON: the line is not a JSON object'
    case 'not-a-call':
      return cause.lacks === 'object'
        ? 'not a call: the line is JSON, but no object'
        : `not a call: "${cause.lacks}" is missing or no text`
    case 'refused':
      return `refused: ${refusals[cause.what]}`
    case 'removed':
      return 'removed by another program'
    case 'duplicate':
    case 'session-active':
      return cause.code
    case 'rejected':
      return cause.detail
    case 'other-form':
      return `${cause.detail} (this API may know the other form of the component call: edit it to send it so)`
    case 'held':
      return `held by ${cause.holder} (${cause.detail})`
    case 'keeps-failing':
      return `${cause.detail}; it failed ${cause.failures} times over ten minutes while the API was well`
  }
}

/** Whether a line set aside for this cause may be one whose rest has yet to come through its writer's descriptor. */
export const mayBeCompleted = (code: CauseCode): boolean =>
  code === 'torn' || code === 'not-json' || code === 'not-text'

/**
 * The code of a ledger's reason that was written before codes stood in it (format 1 had the words alone). The words of those
 * builds are part of the format; nothing else reads them.
 */
export function causeCodeOf(reason: string): CauseCode {
  if (reason === 'duplicate' || reason === 'session-active') return reason
  for (const [start, code] of FIRST_WORDS) if (reason.startsWith(start)) return code
  if (reason.includes('the other form of the component call')) return 'other-form'
  return reason.includes(' while the API was well') ? 'keeps-failing' : 'rejected'
}
/** The holder of a ledger's reason that was written before it stood there by itself. */
export const holderOf = (reason: string): string | undefined => /^held by (.+?) \(/.exec(reason)?.[1]
const FIRST_WORDS: readonly (readonly [string, CauseCode])[] = [
  ['the line is longer than', 'too-long'],
  ['the bytes are not', 'not-text'],
  ['torn', 'torn'],
  ['not JSON', 'not-json'],
  ['not a call', 'not-a-call'],
  ['refused: ', 'refused'],
  ['removed by another program', 'removed'],
  ['held by ', 'held'],
]
