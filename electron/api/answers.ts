/** What the API says for each outcome: status and JSON body. Sessions and scripts read these texts: they are a contract. */
import { assertNever } from '../../shared/result.ts'
import type { Answer, Outcome } from './store.ts'

/** How long a client is asked to wait while the database is away. */
export const RETRY_AFTER_S = 30

const answer = (status: number, body: unknown): Answer => ({ status, body: JSON.stringify(body) })

/** An error in the API's shape, with more fields beside `detail` where there are some. */
export const refuse = (status: number, detail: string, more: object = {}): Answer =>
  answer(status, { detail, ...more })

/** A field that is missing or wrong. */
export const refuseField = (field: string, problem: string): Answer =>
  refuse(422, `${field}: ${problem}`, { field })

/** The database is away. */
export const unavailable = (): Answer =>
  refuse(503, `Database unavailable. Retry after ${RETRY_AFTER_S} seconds.`, { retry_after: RETRY_AFTER_S })

/** The answer for what became of a change. */
export function toAnswer(outcome: Outcome): Answer {
  switch (outcome.kind) {
    case 'created':
      return answer(201, outcome.row)
    case 'done':
      return answer(200, outcome.row)
    case 'released':
      return answer(200, { released: outcome.count })
    case 'held':
      return refuse(409, `held by ${outcome.holder}`, { lock: outcome.lock })
    case 'not-yours':
      return refuse(403, `held by ${outcome.holder}: only the claiming session may release`, {
        lock: outcome.lock,
      })
    case 'missing':
      return refuse(404, `no such ${outcome.what}`)
    case 'no-parent':
      return refuseField(outcome.field, `no such ${outcome.what}`)
    default:
      return assertNever(outcome)
  }
}
