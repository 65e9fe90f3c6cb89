/** What is said to a person about the connection: one sentence a state, with the way out where there is one. */
import type { ConnectionState, ConnectionView } from '../../../shared/connection.ts'
import { assertNever } from '../../../shared/result.ts'
import { toIso, type EpochMs } from '../../../shared/time.ts'
import type { Verdict } from './classify-answer.ts'
import type { PauseCause, PauseWish } from './connection-port.ts'
import type { IdentityProblem } from './identify.ts'

export interface Pause {
  readonly cause: PauseCause
  readonly words: string
  readonly wish?: PauseWish
}

/** The pause that an outcome means by itself, whatever was asked; undefined where it means none. */
export function pauseOf(verdict: Verdict, baseUrl: string): Pause | undefined {
  switch (verdict.kind) {
    case 'offline':
      return {
        cause: 'offline',
        words: `The coordination API at ${baseUrl} cannot be reached (${verdict.detail}). Calls wait and will be sent as soon as it answers.`,
      }
    case 'in-doubt':
      return {
        cause: 'offline',
        words: `The coordination API at ${baseUrl} does not answer (${verdict.detail}). Calls wait and will be sent as soon as it does.`,
      }
    case 'wait':
      return {
        cause: 'degraded',
        words: `The coordination API asks to wait (${verdict.detail}).`,
        wish: { askedMs: verdict.waitMs },
      }
    case 'trouble':
      return {
        cause: 'degraded',
        words:
          verdict.status === 429
            ? `The coordination API has had too many calls for now (${verdict.detail}). Calls wait; it is tried again by itself.`
            : `The coordination API has trouble (${verdict.detail}). Calls wait; it is tried again by itself.`,
      }
    case 'delivered':
    case 'ask':
    case 'conflict':
    case 'aside':
      return undefined
    case 'wrong-answer':
      return verdict.why === 'unproven'
        ? { cause: 'wrong-answer', words: `${verdict.detail}. Nothing is sent.` }
        : undefined
    default:
      return assertNever(verdict)
  }
}

const CHECK = 'Check the API address in the settings (COORD_API_URL).'

/** Why what answers at `baseUrl` gets nothing. `hasToken`: one was sent. */
export function problemWords(problem: IdentityProblem, baseUrl: string, hasToken: boolean): string {
  switch (problem.code) {
    case 'no-health':
      return `${baseUrl} does not look like the coordination API: its /health is no JSON object with a status. Nothing is sent. ${CHECK}`
    case 'no-list':
      return `${baseUrl} does not look like the coordination API: GET /api/coord/locks gives no list (${problem.status}). Nothing is sent. ${CHECK}`
    case 'token-wanted':
      return hasToken
        ? `${baseUrl} refuses the token (${problem.status}). Nothing is sent. It may have been revoked: "coord join ${baseUrl}" asks for another (or set COORD_TOKEN).`
        : `${baseUrl} wants a token (${problem.status}). Nothing is sent. "coord join ${baseUrl}" asks for it (or set COORD_TOKEN).`
    case 'forbidden':
      return `${baseUrl} lets nothing of this machine in (403${problem.detail === '' ? '' : `: ${problem.detail}`}). Nothing is sent. ${hasToken ? 'Look at COORD_TOKEN' : 'Set COORD_TOKEN'}, or ask whoever runs the API.`
    case 'redirect':
      return `${baseUrl} redirects${problem.to === null ? '' : ` to ${problem.to}`} (${problem.status}); redirects are not followed. Nothing is sent. Set COORD_API_URL to the address that it names.`
    default:
      return assertNever(problem)
  }
}

/** How things stand, as it is kept. */
export interface Shown {
  readonly state: ConnectionState
  readonly isRefused: boolean
  readonly isOverdue: boolean
  readonly since: EpochMs
  readonly detail: string
  readonly until: EpochMs | null
}

/** The same for fronts; what is not so is left out. */
export const viewOf = ({ state, isRefused, isOverdue, since, detail, until }: Shown): ConnectionView => ({
  state,
  since: toIso(since),
  detail,
  until: until === null ? null : toIso(until),
  ...(isOverdue ? { isOverdue } : {}),
  ...(isRefused ? { isRefused } : {}),
})
