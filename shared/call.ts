/** A queued call as people and programs see it (`CALL` in what `coord … --json` prints). */
import { z } from 'zod'

/** Why a call was not sent on purpose. */
export const skipReasons = ['expired', 'released-later', 'superseded', 'duplicate', 'read'] as const
export type SkipReason = (typeof skipReasons)[number]

/** `raw`: the line's bytes as text, or base64 where they are not UTF-8. */
export const rawBytes = z.union([z.string(), z.object({ base64: z.string() })])

/** What calls do. */
export const callEffects = [
  'claim',
  'release',
  'release-all',
  'component',
  'message',
  'mark-read',
  'workflow',
  'work-item',
  'item-change',
  'other',
] as const

/** What a call is about, from its path and body, so that it can be told in a sentence. Cut; null where that is not said. */
export const callFacts = z.object({
  /** Null: the line is no call, or one that only reads. */
  effect: z.enum(callEffects).nullable(),
  /** Whose call it is: who claims, releases, sends, reads, updates. */
  session: z.string().nullable(),
  project: z.string().nullable(),
  /** A lock's resource, a component, a message's subject, the name or title of work; the id where no more stands there. */
  resource: z.string().nullable(),
  /** Whom a message is for; null also where it is for everyone. */
  to: z.string().nullable(),
  /** The state that a component gets, the status of work. */
  state: z.string().nullable(),
})
export type CallFacts = z.output<typeof callFacts>
export const noFacts: CallFacts = {
  effect: null,
  session: null,
  project: null,
  resource: null,
  to: null,
  state: null,
}

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
