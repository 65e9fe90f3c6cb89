/** What a session's guard did last; kept beside the session's record, the newest alone. */
import { z } from 'zod'
import { guardActs } from '../../../shared/snapshot.ts'

export const guardWord = z.object({
  /** `MACHINE/NAME` */
  session: z.string(),
  at: z.number(),
  did: z.enum(guardActs),
  project: z.string(),
  resource: z.string(),
  /** The lock that stood in the way: of a refusal and of a warning. */
  held: z.object({ lock: z.string(), by: z.string() }).nullable(),
})
export type GuardWord = z.output<typeof guardWord>
