/** News of a later version: what is asked for, when, and what an answer says. Nothing is ever installed by itself. */

/** A version that is newer than this program. */
export interface Update {
  readonly version: string
  /** Where it can be had, for a person to read; never opened by itself. */
  readonly url: string | null
}

const DAY_MS = 24 * 3_600_000
const VERSION = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/
const URL = /^https?:\/\/[\x21-\x7e]{1,500}$/

/** Whether to ask again: at most once a day, whatever became of it. A clock that went back asks too. Milliseconds. */
export const isAskDue = (askedAt: number | null, now: number): boolean =>
  askedAt === null || now - askedAt >= DAY_MS || now < askedAt

function isNewer(version: string, own: string): boolean {
  const a = version.split('.').map(Number)
  const b = own.split('.').map(Number)
  for (let i = 0; i < 3; i++) if (a[i] !== b[i]) return (a[i] ?? 0) > (b[i] ?? 0)
  return false
}

/** What an answer says, `{ "version": "1.2.3", "url"?: "https://…" }`, where that is newer than `own`; null: nothing newer. */
export function readUpdate(answer: unknown, own: string): Update | null {
  if (typeof answer !== 'object' || answer === null) return null
  const { version, url } = answer as { readonly version?: unknown; readonly url?: unknown }
  if (typeof version !== 'string' || !VERSION.test(version) || !isNewer(version, own)) return null
  return { version, url: typeof url === 'string' && URL.test(url) ? url : null }
}
