/** A queued call as people and programs see it (`CALL` in what `coord … --json` prints). */
import { z } from 'zod'

/** Why a call was not sent on purpose. */
export const skipReasons = ['expired', 'released-later', 'superseded', 'duplicate', 'read'] as const
export type SkipReason = (typeof skipReasons)[number]

/** `raw`: the line's bytes as text, or base64 where they are not UTF-8. */
export const rawBytes = z.union([z.string(), z.object({ base64: z.string() })])

export const callSchema = z.object({
  /** `<segment>.<byte offset>.<sub-index>`; stable for the life of the call. */
  id: z.string(),
  ts: z.string().nullable(),
  method: z.string().nullable(),
  path: z.string().nullable(),
  /** A word (`expired`, `refused`, …), or a sentence where the API or the bytes gave more to say. */
  reason: z.string(),
  /** HTTP status of the answer that decided it, where one did. */
  status: z.number().nullable(),
  raw: rawBytes,
})
export type Call = z.output<typeof callSchema>
