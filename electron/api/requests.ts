/** What each call may carry, as zod schemas. Unknown fields are dropped; the first problem is named by its field. */
import { z } from 'zod'
import { err, ok, type Result } from '../../shared/result.ts'
import { parseTime } from '../../shared/time.ts'
import { refuseField } from './answers.ts'
import type { Answer } from './store.ts'

const LONGEST_NAME = 1000
/** What people and sessions write beside a name. */
const LONGEST_NOTE_BYTES = 16_384
const LONGEST_MESSAGE_BYTES = 262_144
/** A pattern is compared with many others, each time in full. */
const LONGEST_PATTERN = 256
const MOST_ROWS = 1000
const LONGEST_WAIT_S = 30
/** A little over a century: beyond that, 0 (never expires) is meant. */
const MOST_HOURS = 1_000_000
const LEAST_HOURS = 1 / 3_600

const name = z
  .string()
  .min(1, 'must not be empty')
  .max(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`)
/** Left out, null and empty all mean: nobody, none. */
const maybeName = z
  .string()
  .max(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`)
  .nullish()
  .transform((v) => v || null)
const text = (most: number) =>
  z.string().refine((v) => Buffer.byteLength(v) <= most, `must have at most ${most} bytes`)
const note = text(LONGEST_NOTE_BYTES)
  .nullish()
  .transform((v) => v ?? null)
const word = (usual: string) => name.nullish().transform((v) => v ?? usual)
/** Sessions write JSON by hand: `"2"` is taken as 2. */
const number = (least: number, most: number) =>
  z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^-?\d+(\.\d+)?$/)
          .transform(Number),
      ],
      'must be a number',
    )
    .pipe(z.number().min(least).max(most))
    .meta({ anyOf: undefined, type: 'number', minimum: least, maximum: most })
const id = z.union([z.string(), z.number().transform(String)], 'must be an id').pipe(name)
const maybeId = z
  .union([z.string().max(LONGEST_NAME), z.number().transform(String)], 'must be an id')
  .nullish()
  .transform((v) => v || null)
const resource = name
  .refine(
    (v) => !/[*?]/.test(v) || v.length <= LONGEST_PATTERN,
    `must have at most ${LONGEST_PATTERN} characters where it has wildcards`,
  )
  .meta({ description: `with * or ?: at most ${LONGEST_PATTERN} characters` })
const hours = number(0, MOST_HOURS)
  .refine((v) => v === 0 || v >= LEAST_HOURS, 'must be 0 (never expires) or at least one second')
  .meta({
    type: 'number',
    anyOf: [{ const: 0 }, { minimum: LEAST_HOURS, maximum: MOST_HOURS }],
    minimum: undefined,
    maximum: undefined,
  })
const maybeStatus = name.nullish().transform((v) => v ?? undefined)
const time = z
  .string()
  .nullish()
  .transform((v, ctx) => {
    if (v === null || v === undefined || v === '') return null
    const at = parseTime(v)
    if (at !== undefined) return at
    ctx.addIssue({ code: 'custom', message: 'must be an ISO 8601 time' })
    return z.NEVER
  })
  .meta({ format: 'date-time' })

export const bodies = {
  lock: z.object({
    project_key: name,
    session_id: name,
    resource,
    description: note,
    ttl_hours: hours.nullish().transform((v) => v ?? 2),
  }),
  component: z.object({
    project_key: name,
    component: name,
    state: name,
    version: note,
    notes: note,
    updated_by: maybeName,
    session_id: maybeName,
  }),
  workflow: z.object({
    project_key: name,
    name,
    description: note,
    status: word('planning'),
    created_by: maybeName,
    session_id: maybeName,
  }),
  item: z.object({
    workflow_id: id,
    project_key: maybeName,
    title: name,
    status: word('pending'),
    priority: number(-1e9, 1e9)
      .nullish()
      .transform((v) => v ?? null),
    assignee: maybeName,
    session_id: maybeName,
  }),
  workflowChange: z.object({ status: name, expected_status: maybeStatus, session_id: maybeName }),
  itemChange: z
    .object({
      status: maybeStatus,
      expected_status: maybeStatus,
      assignee: z
        .string()
        .max(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`)
        .nullish()
        .transform((v) => (v === undefined ? undefined : v || null)),
      session_id: maybeName,
    })
    .refine((v) => v.status !== undefined || v.assignee !== undefined, {
      path: ['status'],
      message: 'is required',
    })
    .meta({
      anyOf: [
        { required: ['status'], properties: { status: { type: 'string' } } },
        { required: ['assignee'] },
      ],
    }),
  message: z.object({
    from_session: name,
    to_session: maybeName,
    project_key: maybeName,
    subject: z.string().max(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`),
    body: text(LONGEST_MESSAGE_BYTES)
      .nullish()
      .transform((v) => v ?? ''),
    reply_to: maybeId,
    expires_at: time,
    session_id: maybeName,
  }),
} as const

/** Any whole number of so many digits is taken; more than the most counts as the most. */
const MOST_COUNTED = 999_999_999_999
const flag = z
  .string()
  .optional()
  .transform((v, ctx) => {
    if (v === undefined || /^(false|0|no|off)$/i.test(v)) return false
    if (/^(true|1|yes|on)$/i.test(v)) return true
    ctx.addIssue({ code: 'custom', message: 'must be true or false' })
    return z.NEVER
  })
  .meta({ enum: ['true', 'false', '1', '0', 'yes', 'no', 'on', 'off'] })
const count = (usual: number, least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least))
    .transform((n) => Math.min(n, most))
    .optional()
    .transform((v) => v ?? usual)
    .meta({ type: 'integer', pattern: undefined, minimum: least, maximum: MOST_COUNTED })
const filter = z
  .string()
  .optional()
  .transform((v) => v ?? null)
const slice = {
  limit: count(MOST_ROWS, 1, MOST_ROWS),
  offset: count(0, 0, 1e12),
  after: z
    .string()
    .regex(/^\d{1,16}$/, "must be a key from a page's Link")
    .optional()
    .transform((v) => v ?? null),
  order: z.enum(['oldest', 'newest'], 'must be oldest or newest').optional(),
  count: flag,
}

export const queries = {
  locks: z.object({ project_key: filter, resource: filter, for_machine: filter, ...slice }),
  claim: z.object({ wait: count(0, 0, LONGEST_WAIT_S) }),
  release: z.object({ session_id: name, if_stale: flag, released_by: maybeName }),
  releaseAll: z.object({ session_id: name, release_all: flag.meta({ enum: ['true', '1', 'yes', 'on'] }) }),
  renew: z.object({ session_id: name }),
  components: z.object({ project_key: filter, ...slice }),
  workflows: z.object({ project_key: filter, status: filter, ...slice }),
  items: z.object({ workflow_id: filter, project_key: filter, status: filter, ...slice }),
  messages: z.object({
    to_session: filter,
    for_machine: filter,
    unread_only: flag,
    project_key: filter,
    ...slice,
  }),
  session: z.object({ session_id: filter }),
  events: z.object({ for_machine: filter, last_event_id: filter }),
} as const

/** Parses what a call carries; the answer names the first field that is missing or wrong. */
export function parse<S extends z.ZodType>(schema: S, given: unknown): Result<z.output<S>, Answer> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  const field = issue?.path[0]
  if (field === undefined) return err(refuseField('body', 'must be a JSON object'))
  const isMissing = typeof given === 'object' && given !== null && !Object.hasOwn(given, field)
  return err(refuseField(String(field), isMissing ? 'is required' : (issue?.message ?? 'is wrong')))
}
