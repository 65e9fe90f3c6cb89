/** What narrows a list: `--limit`, and what was left out by it. */
import { usage } from './exit.ts'
import { hint } from './output.ts'

/** The number of `--limit`; without it there is none. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity
  const limit = Number(text)
  if (!/^\d+$/.test(text) || limit < 1) throw usage(`--limit is a number from 1 on: ${text}`)
  return limit
}

/** The first of them; how many are left out is said. */
export function limited<T>(rows: readonly T[], limit: number): readonly T[] {
  if (rows.length > limit) hint(`coord: ${rows.length - limit} more are left out by --limit ${limit}`)
  return rows.length > limit ? rows.slice(0, limit) : rows
}
