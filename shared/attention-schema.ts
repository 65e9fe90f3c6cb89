/** What needs a person, as codes with data: the shape of a row. */
import { z } from 'zod'

const lockFacts = {
  id: z.string(),
  resource: z.string(),
  project: z.string().nullable(),
  /** Who holds it. */
  session: z.string(),
}

const asking = {
  /** When it was refused. */
  at: z.string().nullable(),
  /** When the holder was asked from here, since this program began; null: not yet. */
  askedAt: z.string().nullable(),
}

/** Most urgent first; `toAttention` keeps this order. */
export const attentionView = z.discriminatedUnion('kind', [
  /** Another session was refused a lock that this machine holds. */
  z.object({ kind: z.literal('lock-wanted'), ...lockFacts, by: z.string(), ...asking }),
  /** A file of `COORD_HOME` cannot be written, so notifications are held back. */
  z.object({ kind: z.literal('storage'), detail: z.string() }),
  /** One watched folder: read-only, disk full, and the like. */
  z.object({
    kind: z.literal('workspace-problem'),
    path: z.string(),
    name: z.string(),
    problem: z.string(),
  }),
  /** What answers at the API's address is not the API. */
  z.object({
    kind: z.literal('wrong-answer'),
    detail: z.string(),
    /** It is the API: a token is wanted, or another. */
    isRefused: z.boolean().optional(),
  }),
  /** No API can be served or joined here. */
  z.object({ kind: z.literal('api-blocked'), detail: z.string() }),
  z.object({ kind: z.literal('program-fault') }),
  z.object({ kind: z.literal('settings-unreadable'), detail: z.string() }),
  z.object({ kind: z.literal('restart-needed') }),
  /** `none`: no notification service on this desktop; `died`: there was one; `failing`: it refuses what it is given. */
  z.object({
    kind: z.literal('notifications'),
    state: z.enum(['none', 'died', 'failing']),
    detail: z.string(),
  }),
  /** A session of this machine (`by`) was refused a lock that another machine's session holds. */
  z.object({ kind: z.literal('session-waits'), ...lockFacts, by: z.string(), ...asking }),
  z.object({ kind: z.literal('set-aside'), path: z.string(), name: z.string(), count: z.number() }),
  z.object({
    kind: z.literal('component-failed'),
    project: z.string().nullable(),
    component: z.string(),
    at: z.string().nullable(),
  }),
  /** Unread messages to sessions of this machine by name; the newest of them. */
  z.object({
    kind: z.literal('direct-messages'),
    count: z.number(),
    id: z.string(),
    from: z.string(),
    subject: z.string(),
  }),
  z.object({ kind: z.literal('lock-stale'), ...lockFacts, at: z.string().nullable() }),
  /** A lock of this machine that ends within ten minutes: its time to live, or the stale rule. */
  z.object({ kind: z.literal('lock-ending'), ...lockFacts, how: z.enum(['ttl', 'stale']), at: z.string() }),
  /** The API ends a list early and gives no way on: what it does not show is not known here. */
  z.object({ kind: z.literal('list-capped'), list: z.string(), cap: z.number() }),
  z.object({ kind: z.literal('unreadable'), count: z.number() }),
])
