/** What each call may carry, as zod schemas. Unknown fields are dropped; the first problem is named by its field. */
import { z } from 'zod'
import { err, ok, type Result } from '../../shared/result.ts'
import { refuseField } from './answers.ts'
import type { Answer } from './store.ts'

const LONGEST_NAME = 1000
const MOST_ROWS = 10_000
const USUAL_ROWS = 1000
/** A little over a century: beyond that, 0 (never expires) is meant. */
const MOST_HOURS = 1_000_000

const name = z
  .string()
  .min(1, 'must not be empty')
  .max(LONGEST_NAME, `must have at most ${LONGEST_NAME} characters`)
/** Left out, null and empty all mean: nobody, none. */
const maybeName = z
  .string()
  .max(LONGEST_NAME)
  .nullish()
  .transform((v) => v || null)
const maybeText = z
  .string()
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
const id = z.union([z.string(), z.number().transform(String)], 'must be an id').pipe(name)

export const bodies = {
  lock: z.object({
    project_key: name,
    session_id: name,
    resource: name,
    description: maybeText,
    ttl_hours: number(0, MOST_HOURS)
      .nullish()
      .transform((v) => v ?? 2),
  }),
  component: z.object({
    project_key: name,
    component: name,
    state: name,
    version: maybeText,
    notes: maybeText,
    updated_by: maybeName,
    session_id: maybeName,
  }),
  workflow: z.object({
    project_key: name,
    name,
    description: maybeText,
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
    session_id: maybeName,
  }),
  status: z.object({ status: name, session_id: maybeName }),
  message: z.object({
    from_session: name,
    to_session: maybeName,
    project_key: maybeName,
    subject: z.string(),
    body: z
      .string()
      .nullish()
      .transform((v) => v ?? ''),
    session_id: maybeName,
  }),
} as const

const flag = z
  .string()
  .optional()
  .transform((v, ctx) => {
    if (v === undefined || /^(false|0|no|off)$/i.test(v)) return false
    if (/^(true|1|yes|on)$/i.test(v)) return true
    ctx.addIssue({ code: 'custom', message: 'must be true or false' })
    return z.NEVER
  })
const count = (usual: number, least: number, most: number) =>
  z
    .string()
    .regex(/^\d{1,12}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(least))
    .transform((n) => Math.min(n, most))
    .optional()
    .transform((v) => v ?? usual)
const filter = z
  .string()
  .optional()
  .transform((v) => v ?? null)
const slice = { limit: count(USUAL_ROWS, 1, MOST_ROWS), offset: count(0, 0, 1e12) }

export const queries = {
  locks: z.object({ project_key: filter, resource: filter, ...slice }),
  release: z.object({ session_id: name }),
  releaseAll: z.object({ session_id: name, release_all: flag }),
  components: z.object({ project_key: filter, ...slice }),
  workflows: z.object({ project_key: filter, status: filter, ...slice }),
  items: z.object({ workflow_id: filter, project_key: filter, status: filter, ...slice }),
  messages: z.object({
    to_session: filter,
    unread_only: flag,
    project_key: filter,
    order: z.enum(['oldest', 'newest']).optional(),
    ...slice,
  }),
  session: z.object({ session_id: filter }),
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
