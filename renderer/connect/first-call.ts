/** Whether a session has called, as the proof that its hooks are in place. Pure. */
import type { SessionView } from '../../shared/snapshot.ts'

export interface Seen {
  readonly session: string
  readonly at: string
  /** A hook called; else there is another sign of the session's life. */
  readonly isHook: boolean
}

const later = (a: Seen | null, b: Seen): Seen => (a === null || Date.parse(b.at) > Date.parse(a.at) ? b : a)

/**
 * The newest call of a hook; where there is none, the newest other sign of life. Only what came after `sinceMs` (epoch ms)
 * counts; null: whenever a hook called, and no other sign, which proves no hook.
 */
export function firstCall(
  sessions: readonly Pick<SessionView, 'session' | 'hookAt' | 'life'>[],
  sinceMs: number | null,
): Seen | null {
  const isNew = (at: string): boolean => sinceMs === null || Date.parse(at) >= sinceMs
  let hook: Seen | null = null
  let other: Seen | null = null
  for (const { session, hookAt, life } of sessions) {
    if (hookAt !== null && isNew(hookAt)) hook = later(hook, { session, at: hookAt, isHook: true })
    if (sinceMs === null) continue
    for (const { at } of life) if (isNew(at)) other = later(other, { session, at, isHook: false })
  }
  return hook ?? other
}
