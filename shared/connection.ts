/** The connection to the coordination API: a union, never a boolean. */
import { z } from 'zod'

export const connectionStates = ['connecting', 'online', 'offline', 'degraded', 'wrong-answer'] as const

export const connectionView = z.object({
  state: z.enum(connectionStates),
  /** ISO time since when it is so. */
  since: z.string(),
  /** One sentence for a person, with the way out where there is one. */
  detail: z.string(),
  /** ISO time until when a `degraded` API asked us to wait; null: it fails, or is slow. */
  until: z.string().nullable(),
  /** With `degraded`: an answer is overdue. Nothing is paused; with the answer it is `online` again. */
  isOverdue: z.boolean().optional(),
  /** With `wrong-answer`: it is the API, and takes nothing from this machine (a token is wanted, or another). */
  isRefused: z.boolean().optional(),
})
export type ConnectionView = z.output<typeof connectionView>
export type ConnectionState = ConnectionView['state']
