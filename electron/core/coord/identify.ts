/** Is it our API at all? Asked before the first call after each (re)connection; nothing is sent to anything else. */
import { readJson } from '../../../shared/json.ts'
import { extensions, type Extension } from '../../../shared/extensions.ts'
import { healthAnswer, listOf, type HealthAnswer } from '../../../shared/wire.ts'
import type { HttpOutcome } from '../ports.ts'
import { sayBody } from './classify-answer.ts'
import type { ServerFacts } from './connection-port.ts'

export type Identity =
  | { readonly kind: 'coord'; readonly server: ServerFacts }
  /** What answers is not the API, or not for us. */
  | { readonly kind: 'other'; readonly problem: IdentityProblem }
  /** No answer, trouble, or a wish to wait: says nothing about who it is. */
  | { readonly kind: 'away'; readonly outcome: HttpOutcome }

export type IdentityProblem =
  | { readonly code: 'no-health' }
  | { readonly code: 'no-list'; readonly status: number }
  | { readonly code: 'token-wanted'; readonly status: number }
  /** It knows who asks, or from where, and does not let that in; in its own words. */
  | { readonly code: 'forbidden'; readonly detail: string }
  | { readonly code: 'redirect'; readonly status: number; readonly to: string | null }

/** A question; `maxAnswerBytes` cuts the answer. */
type Ask = (path: string, maxAnswerBytes: number) => Promise<HttpOutcome>

const HEALTH_BYTES = 65_536
const LIST_BYTES = 65_536

/**
 * Asks `/health` and for one lock. `isAway` tells an outcome that says nothing about who answers.
 * A list that is cut is a list: a server that knows no `limit` sends them all, and nobody's long texts may stop an outbox.
 */
export async function identify(ask: Ask, isAway: (outcome: HttpOutcome) => boolean): Promise<Identity> {
  const health = await ask('/health', HEALTH_BYTES)
  if (isAway(health)) return { kind: 'away', outcome: health }
  const refused = turnedAway(health)
  if (refused) return { kind: 'other', problem: refused }
  const facts =
    health.kind === 'answer' && isOk(health) ? healthAnswer.safeParse(readJson(health.text)) : undefined
  if (!facts?.success) return { kind: 'other', problem: { code: 'no-health' } }

  const locks = await ask('/api/coord/locks?limit=1', LIST_BYTES)
  if (isAway(locks)) return { kind: 'away', outcome: locks }
  const problem = turnedAway(locks)
  if (problem) return { kind: 'other', problem }
  if (locks.kind !== 'answer' || !isOk(locks) || !isList(locks))
    return { kind: 'other', problem: { code: 'no-list', status: locks.kind === 'answer' ? locks.status : 0 } }
  return { kind: 'coord', server: toFacts(facts.data) }
}

type Answer = Extract<HttpOutcome, { kind: 'answer' }>
const isOk = (answer: Answer): boolean => answer.status >= 200 && answer.status < 300

/** Whether it is the API, as far as one can tell, that takes nothing from this machine. */
export const isRefusal = ({ code }: IdentityProblem): boolean =>
  code === 'token-wanted' || code === 'forbidden'

/** Whether an answer asks for a token, or for another than was sent. */
export const wantsToken = (outcome: HttpOutcome): boolean => turnedAway(outcome)?.code === 'token-wanted'

function turnedAway(outcome: HttpOutcome): IdentityProblem | undefined {
  if (outcome.kind !== 'answer') return undefined
  const { status, headers } = outcome
  if (status === 401 || status === 407) return { code: 'token-wanted', status }
  if (status === 403) return { code: 'forbidden', detail: sayBody(outcome.text) }
  if (status >= 300 && status < 400)
    return { code: 'redirect', status, to: headers['location']?.slice(0, 200) ?? null }
  return undefined
}

const isList = (answer: Answer): boolean =>
  answer.isCut
    ? /^\s*(\[|\{\s*"[\w-]{1,30}"\s*:\s*\[)/.test(answer.text)
    : listOf(readJson(answer.text), 'locks') !== undefined

const isKnown = (name: string): name is Extension => (extensions as readonly string[]).includes(name)

const toFacts = (health: HealthAnswer): ServerFacts => ({
  extensions: new Set(health.extensions?.filter(isKnown)),
  keepsKeys: health.idempotency === true,
  isOurs: health.service === 'coord',
})
