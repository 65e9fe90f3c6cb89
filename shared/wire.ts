/**
 * What the coordination API's answers look like, read tolerantly where its documentation leaves things open:
 * lists bare or wrapped, ids opaque, unknown fields kept, a row that does not parse is counted and never hides the others.
 */
import { z } from 'zod'

const id = z.union([z.string(), z.number()]).transform(String)
const text = z.union([z.string(), z.number(), z.boolean()]).transform(String)
/** Optional text: null, absent and empty-by-type all become null. */
const maybe = text.nullish().transform((v) => v ?? null)
const maybeNumber = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .nullish()
  .transform((v) => v ?? null)

const refusal = z.looseObject({ session_id: text, at: maybe })

export const lockRow = z.looseObject({
  id,
  project_key: maybe,
  session_id: text,
  resource: maybe,
  description: maybe,
  ttl_hours: maybeNumber,
  acquired_at: maybe,
  last_activity_at: maybe,
  expires_at: maybe,
  refused: z
    .array(refusal)
    .nullish()
    .catch(null)
    .transform((v) => v ?? []),
})
export type LockRow = z.output<typeof lockRow>

export const messageRow = z.looseObject({
  id,
  from_session: maybe,
  to_session: maybe,
  project_key: maybe,
  subject: maybe,
  body: maybe,
  created_at: maybe,
  read_at: maybe,
})
export type MessageRow = z.output<typeof messageRow>

export const componentRow = z.looseObject({
  project_key: maybe,
  component: text,
  state: maybe,
  version: maybe,
  notes: maybe,
  updated_by: maybe,
  updated_at: maybe,
  effective_at: maybe,
})
export type ComponentRow = z.output<typeof componentRow>

export const workflowRow = z.looseObject({
  id,
  project_key: maybe,
  name: maybe,
  description: maybe,
  status: maybe,
  created_by: maybe,
  created_at: maybe,
  updated_at: maybe,
})
export type WorkflowRow = z.output<typeof workflowRow>

export const workItemRow = z.looseObject({
  id,
  workflow_id: z
    .union([z.string(), z.number()])
    .nullish()
    .transform((v) => (v === null || v === undefined ? null : String(v))),
  project_key: maybe,
  title: maybe,
  status: maybe,
  priority: maybeNumber,
  created_at: maybe,
  updated_at: maybe,
})
export type WorkItemRow = z.output<typeof workItemRow>

export const healthAnswer = z.looseObject({
  status: z.string(),
  database: z.string().optional().catch(undefined),
  service: z.string().optional().catch(undefined),
  instance: z.string().optional().catch(undefined),
  /** Answers the challenge of `X-Coord-Challenge`. */
  proof: z.string().optional().catch(undefined),
  /** Whether an `Idempotency-Key` is kept. */
  idempotency: z.boolean().optional().catch(undefined),
  extensions: z.array(z.string()).optional().catch(undefined),
})
export type HealthAnswer = z.output<typeof healthAnswer>

/** The wrapper names that a list answer may have (`items`, `results`, `data`, or the resource's own name). */
export type ListName = 'locks' | 'messages' | 'components' | 'workflows' | 'work_items'

/**
 * The rows of a list answer, or undefined where the answer is no list at all.
 * Takes a bare array, or an object that wraps one.
 */
export function listOf(answer: unknown, name: ListName): readonly unknown[] | undefined {
  if (Array.isArray(answer)) return answer as readonly unknown[]
  if (typeof answer !== 'object' || answer === null) return undefined
  const alias = name === 'work_items' ? ['work-items', 'workItems'] : []
  for (const key of [name, ...alias, 'items', 'results', 'data']) {
    const inner: unknown = Object.hasOwn(answer, key) ? (answer as Record<string, unknown>)[key] : undefined
    if (Array.isArray(inner)) return inner as readonly unknown[]
  }
  return undefined
}

export interface Rows<T> {
  readonly rows: readonly T[]
  /** How many rows did not parse; shown to the person as unreadable. */
  readonly unreadable: number
}

/** Decodes each row of a list answer by itself; undefined where the answer is no list. `onUnreadable`: told each that does not parse. */
export function decodeRows<S extends z.ZodType>(
  answer: unknown,
  name: ListName,
  schema: S,
  onUnreadable?: (row: unknown) => void,
): Rows<z.output<S>> | undefined {
  const list = listOf(answer, name)
  if (!list) return undefined
  const rows: z.output<S>[] = []
  let unreadable = 0
  for (const raw of list) {
    const parsed = schema.safeParse(raw)
    if (parsed.success) rows.push(parsed.data)
    else {
      unreadable++
      onUnreadable?.(raw)
    }
  }
  return { rows, unreadable }
}
