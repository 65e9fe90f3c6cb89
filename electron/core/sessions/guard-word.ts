/** What a session's guard did last; kept beside the session's record, the newest alone. */
import type { guardActs } from '../../../shared/snapshot.ts'
import type { EpochMs } from '../../../shared/time.ts'

export type GuardAct = (typeof guardActs)[number]
export interface GuardWord {
  /** `MACHINE/NAME` */
  readonly session: string
  readonly at: EpochMs
  readonly did: GuardAct
  readonly project: string
  readonly resource: string
  /** The lock that stood in the way: of a refusal and of a warning. */
  readonly held: { readonly lock: string; readonly by: string } | null
}
