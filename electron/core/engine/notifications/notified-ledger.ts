/**
 * What was already told to the person; kept on disk, written before each notification is raised (DESIGN 7).
 * A key names one fact for ever: a message is (server, id, created_at).
 */
import { z } from 'zod'
import type { LockRow, MessageRow } from '../../../../shared/wire.ts'

export const notifiedLedger = z.object({
  version: z.literal(1),
  /** Servers whose backlog was summed up once. */
  servers: z.array(z.string()),
  /** Keys of facts told, oldest first. */
  told: z.array(z.string()),
  /**
   * Messages created up to here (by server, ISO) count as told: keys older than the newest `MAX_TOLD` are forgotten, and
   * forgetting may only ever make the app more silent.
   */
  toldUpTo: z.record(z.string(), z.string()),
  /** Whether the calls that wait now for too long were announced. */
  isWaitingTold: z.boolean(),
})
export type NotifiedLedger = z.output<typeof notifiedLedger>

export const emptyLedger: NotifiedLedger = {
  version: 1,
  servers: [],
  told: [],
  toldUpTo: {},
  isWaitingTold: false,
}

export const MAX_TOLD = 20_000
export const MAX_SEEN = 20_000

const key = (...parts: readonly (string | null)[]): string => JSON.stringify(parts)

export const messageKey = (server: string, message: Pick<MessageRow, 'id' | 'created_at'>): string =>
  key('message', server, message.id, message.created_at)
/** A lock that is used again after the warning may be warned about again. */
export const staleKey = (server: string, lock: LockRow): string =>
  key('stale', server, lock.id, lock.last_activity_at ?? lock.acquired_at)
/** Once per lock and refused session: a session that tries again each minute is the same news. */
export const refusedKey = (server: string, lock: LockRow, by: { session_id: string }): string =>
  key('refused', server, lock.id, by.session_id)
export const workspaceKey = (path: string): string => key('workspace', path)

/** The server and the creation time of a message key, where it is one. */
export function partsOfMessageKey(text: string): { server: string; createdAt: IsoText } | undefined {
  try {
    const parts: unknown = JSON.parse(text)
    if (!Array.isArray(parts) || parts[0] !== 'message' || typeof parts[1] !== 'string') return undefined
    return { server: parts[1], createdAt: typeof parts[3] === 'string' ? parts[3] : null }
  } catch {
    return undefined
  }
}
type IsoText = string | null

const sets = new WeakMap<readonly string[], ReadonlySet<string>>()
/** A list of thousands is asked at each event, and hardly ever another one: its set is made once. The list must not be changed. */
export function setOf(list: readonly string[]): ReadonlySet<string> {
  const known = sets.get(list)
  if (known) return known
  const made = new Set(list)
  sets.set(list, made)
  return made
}

/** Adds to a list of distinct texts, newest last, keeping at most `max`. */
export function addDistinct(
  list: readonly string[],
  more: readonly string[],
  max: number,
): readonly string[] {
  const known = setOf(list)
  const fresh = [...new Set(more)].filter((m) => !known.has(m))
  if (fresh.length === 0) return list
  const all = [...list, ...fresh]
  return all.length > max ? all.slice(all.length - max) : all
}
