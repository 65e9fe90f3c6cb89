/** What the rows of the API's answers look like; the document of the API is made from these, and tests hold answers to them. */
import { z } from 'zod'

const text = z.string()
const maybeText = z.string().nullable()
const time = z.iso.datetime()
const maybeTime = time.nullable()

export const rows = {
  Lock: z.object({
    id: text,
    project_key: text,
    session_id: text,
    resource: text,
    description: maybeText,
    ttl_hours: z.number().describe('0 = never expires'),
    acquired_at: time,
    last_activity_at: time,
    expires_at: maybeTime.describe('null = never'),
    fence: z.int().describe('grows with each claim'),
    refused: z
      .array(z.object({ session_id: text, at: time }))
      .describe('who was refused this lock, or what it covers'),
  }),
  Message: z.object({
    id: text,
    from_session: text,
    to_session: maybeText.describe('null = broadcast'),
    project_key: maybeText,
    subject: text,
    body: maybeText.describe('null only where a keyed answer is given again after its message went'),
    reply_to: maybeText,
    created_at: time,
    expires_at: maybeTime,
    read_at: maybeTime.describe('null = unread'),
  }),
  Component: z.object({
    project_key: text,
    component: text,
    state: text,
    version: maybeText,
    notes: maybeText,
    updated_by: maybeText,
    updated_at: time,
    effective_at: time.describe('when the call was made'),
  }),
  Workflow: z.object({
    id: text,
    project_key: text,
    name: text,
    description: maybeText,
    status: text,
    created_by: maybeText,
    created_at: time,
    updated_at: time,
  }),
  WorkItem: z.object({
    id: text,
    workflow_id: text,
    project_key: text,
    title: text,
    status: text,
    priority: z.number().nullable(),
    assignee: maybeText,
    created_at: time,
    updated_at: time,
  }),
  Receipt: z.object({
    session_id: maybeText.describe('null = marked read by nobody in particular'),
    read_at: time,
  }),
  Released: z.object({ released: z.int(), released_by: text.optional() }),
  Health: z.looseObject({
    status: z.enum(['ok', 'degraded']),
    database: z.enum(['connected', 'disconnected']),
    service: z.literal('coord'),
    instance: text,
    idempotency: z.literal(true),
    extensions: z.array(text),
    proof: text.optional(),
    reason: text.optional(),
    detail: text.optional(),
  }),
  Problem: z.looseObject({
    detail: text,
    field: text.optional().describe('the field that is missing or wrong'),
    retry_after: z.number().optional().describe('seconds'),
  }),
} as const
export type RowName = keyof typeof rows
