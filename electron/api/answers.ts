/** What the API says for each outcome: status and JSON body. Sessions and scripts read these texts: they are a contract. */
import { assertNever } from '../../shared/result.ts'
import type { Answer, Outcome, StoreFault } from './store.ts'

/** How long a client is asked to wait while the database is away. */
export const RETRY_AFTER_S = 30
const OVERLOAD_RETRY_S = 1

const answer = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) })

/** An error in the API's shape, with more fields beside `detail` where there are some. */
export const refuse = (status: number, detail: string, more: object = {}): Answer =>
  answer(status, { detail, ...more })

/** A field that is missing or wrong. */
export const refuseField = (field: string, problem: string): Answer =>
  refuse(422, `${field}: ${problem}`, { field })

/** The database is away: it may come back by itself, or a person has to act, and then waiting is no advice. */
export function unavailable(fault: StoreFault): Answer {
  switch (fault.code) {
    case 'full':
    case 'busy':
    case 'unreadable':
    case 'closed':
      return {
        ...refuse(503, `Database unavailable. Retry after ${RETRY_AFTER_S} seconds.`, {
          retry_after: RETRY_AFTER_S,
        }),
        headers: { 'Retry-After': String(RETRY_AFTER_S) },
      }
    case 'replaced':
    case 'removed':
    case 'damaged':
      return refuse(503, fault.message, { code: `database-${fault.code}` })
    default:
      return assertNever(fault.code)
  }
}

/** Too much is going on at once; it passes by itself within seconds. */
export const overloaded = (field: string, problem: string): Answer => ({
  ...refuse(503, `${field}: ${problem}`, { field, retry_after: OVERLOAD_RETRY_S }),
  headers: { 'Retry-After': String(OVERLOAD_RETRY_S) },
})

/** Somebody does more than is their share; they may go on after so many seconds. */
export const tooMuch = (detail: string, retryAfterS: number): Answer => ({
  ...refuse(429, `${detail}. Try again in ${retryAfterS === 1 ? 'a second' : `${retryAfterS} seconds`}.`, {
    retry_after: retryAfterS,
  }),
  headers: { 'Retry-After': String(retryAfterS) },
})

/** The headers of an answer as they are kept under its key; null where it has none. */
export const toKeptHeaders = ({ headers }: Answer): string | null =>
  headers === undefined ? null : JSON.stringify(headers)

/** An answer that is given again, of what was kept of it. */
export const toAnswerAgain = (status: number, body: string, headers: string | null): Answer => ({
  status,
  body,
  ...(headers === null ? {} : { headers: JSON.parse(headers) as Readonly<Record<string, string>> }),
  isAgain: true,
})

/** The answer for what became of a change. */
export function toAnswer(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'created':
      return answer(201, outcome.row)
    case 'done':
      return answer(200, outcome.row)
    case 'released':
      return answer(200, {
        released: outcome.count,
        ...(outcome.by === undefined ? {} : { released_by: outcome.by }),
      })
    case 'held': {
      const resource = String(outcome.lock.resource)
      const detail =
        resource === outcome.asked
          ? `held by ${outcome.holder}`
          : `${outcome.asked} overlaps ${resource}, held by ${outcome.holder}`
      return refuse(409, detail, { lock: outcome.lock, resource: outcome.asked })
    }
    case 'alive':
      return refuse(409, `not stale: ${outcome.holder} is at work`, { lock: outcome.lock })
    case 'lost':
      return refuse(409, `lost: held by ${outcome.holder}`, { lock: outcome.lock })
    case 'differs':
      return refuse(409, `expected_status: the status is ${outcome.status}`, {
        field: 'expected_status',
        [outcome.what]: outcome.row,
      })
    case 'superseded':
      return { ...answer(200, outcome.row), headers: { 'X-Coord-Superseded': 'true' } }
    case 'not-yours':
      return refuse(403, `held by ${outcome.holder}: only the claiming session may release`, {
        lock: outcome.lock,
      })
    case 'foreign-mail':
      return refuse(
        403,
        outcome.to === null
          ? 'session_id: a broadcast is marked read for a session of yours, never for all'
          : `a message to ${outcome.to} is marked read by its machine only`,
        { field: 'session_id' },
      )
    case 'foreign-item':
      return refuse(
        403,
        `assignee: the work item is ${outcome.assignee}'s: only its machine changes it, or gives it back`,
        { field: 'assignee', work_item: outcome.row },
      )
    case 'missing':
      return refuse(404, `no such ${outcome.what}`)
    case 'no-parent':
      return refuseField(outcome.field, `no such ${outcome.what}`)
    default:
      return assertNever(outcome)
  }
}
