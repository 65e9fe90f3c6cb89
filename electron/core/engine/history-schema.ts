/** The history as it stands on disk. What a build before this one has not is empty; what it does not know it leaves out. */
import { z } from 'zod'
import { connectionStates } from '../../../shared/connection.ts'

const message = {
  /** Which server it is of: ids of two servers may be the same. */
  server: z.string(),
  id: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  project: z.string().nullable(),
  subject: z.string(),
  body: z.string(),
}
const keptMessage = z.object({
  ...message,
  createdAt: z.number().nullable(),
  /** When it was noticed that it had been read. */
  readAt: z.number(),
})
const sentMessage = z.object({ ...message, createdAt: z.number() })
const lockInterval = z.object({
  id: z.string(),
  resource: z.string(),
  project: z.string().nullable(),
  session: z.string(),
  from: z.number(),
  /** Null: it is held. */
  to: z.number().nullable(),
})
const connectionInterval = z.object({
  state: z.enum(connectionStates).exclude(['connecting']),
  from: z.number(),
  /** Null: it is still so. */
  to: z.number().nullable(),
})
const bucket = z.object({
  /** The beginning of five minutes. */
  at: z.number(),
  delivered: z.number(),
  /** The most that waited, and were set aside, in that time. */
  waiting: z.number(),
  setAside: z.number(),
  /** Calls that were set aside, and skipped, in that time. */
  newlyAside: z.number().default(0),
  skipped: z.number().default(0),
})
export const historySchema = z.object({
  version: z.literal(1),
  /** Read ones, newest last. */
  messages: z.array(keptMessage),
  /** Those that sessions of this machine sent, newest last. */
  sent: z.array(sentMessage).default([]),
  locks: z.array(lockInterval),
  connection: z.array(connectionInterval).default([]),
  /** By the path of the workspace. */
  counts: z.record(z.string(), z.array(bucket)),
})
export type History = z.output<typeof historySchema>
export type KeptMessage = z.output<typeof keptMessage>
export type KeptSent = z.output<typeof sentMessage>
export type Bucket = z.output<typeof bucket>

export const emptyHistory: History = {
  version: 1,
  messages: [],
  sent: [],
  locks: [],
  connection: [],
  counts: {},
}
