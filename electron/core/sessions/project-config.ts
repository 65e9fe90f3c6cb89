/** `.claude/coord.json`: what a project says about its guard. A fault in it is said, and guards nothing. */
import { z } from 'zod'
import { err, ok, type Result } from '../../../shared/result.ts'

export type GuardMode = 'block' | 'warn' | 'off'

const schema = z.strictObject({
  /** For editors; means nothing here. */
  $schema: z.string().optional(),
  project: z.string().trim().min(1).max(200).optional(),
  guard: z.enum(['block', 'warn', 'off']).optional(),
  /** A pattern over a command's words (`*` and `?`) → the resource that it needs. */
  commands: z.record(z.string().min(1), z.string().min(1).max(1000)).optional(),
})

export interface ProjectConfig {
  /** The project's key; null where the file names none. */
  readonly project: string | null
  readonly guard: GuardMode
  readonly commands: readonly { readonly pattern: string; readonly resource: string }[]
}

export const DEFAULT_CONFIG: ProjectConfig = { project: null, guard: 'block', commands: [] }

/** What is wrong with the file; `field` is the path of the fault, '' for the whole file. */
export interface ConfigFault {
  readonly code: 'unreadable' | 'not-json' | 'schema'
  readonly field: string
  readonly detail: string
}

/** Reads the file's text. */
export function readProjectConfig(text: string): Result<ProjectConfig, ConfigFault> {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    return err({ code: 'not-json', field: '', detail: error instanceof Error ? error.message : '' })
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return err({ code: 'schema', field: (issue?.path ?? []).join('.'), detail: issue?.message ?? '' })
  }
  const { project, guard, commands } = parsed.data
  return ok({
    project: project ?? null,
    guard: guard ?? DEFAULT_CONFIG.guard,
    commands: Object.entries(commands ?? {}).map(([pattern, resource]) => ({ pattern, resource })),
  })
}

/** Whether `pattern` covers the whole of a command's words; `*` stands for any text, `?` for one character. */
export function commandMatches(pattern: string, text: string): boolean {
  // the classic two-pointer walk: linear in practice, without a regular expression made of somebody's text
  let p = 0
  let t = 0
  let star = -1
  let mark = 0
  while (t < text.length) {
    if (p < pattern.length && pattern[p] === '*') {
      star = p++
      mark = t
    } else if (p < pattern.length && (pattern[p] === '?' || pattern[p] === text[t])) {
      p++
      t++
    } else if (star >= 0) {
      p = star + 1
      t = ++mark
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
