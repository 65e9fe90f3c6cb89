/**
 * What was already told to the person; kept on disk, written before each notification is raised.
 * A key names one fact for ever: a message is (server, id, created_at).
 */
import { z } from 'zod'
import { parseTime } from '../../../../shared/time.ts'
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
/** One end of a lock. One that is used again, or lives longer than was said, may be warned about again. */
export const endKey = (server: string, lock: LockRow, how: 'ttl' | 'stale'): string =>
  key(how, server, lock.id, how === 'ttl' ? lock.expires_at : (lock.last_activity_at ?? lock.acquired_at))
/** Once per lock and refused session: a session that tries again each minute is the same news. */
export const refusedKey = (server: string, lock: LockRow, by: { session_id: string }): string =>
  key('refused', server, lock.id, by.session_id)
/** Once per lock and session of this machine that was refused it. */
export const waitsKey = (server: string, lock: LockRow, by: string): string =>
  key('waits', server, lock.id, by)
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

/** The ledger with more facts told; the same object where that changes nothing. `server`: its backlog was summed up. */
export function withTold(
  ledger: NotifiedLedger,
  keys: readonly string[],
  more: { readonly server?: string; readonly isWaitingTold?: boolean } = {},
): NotifiedLedger {
  const { server, isWaitingTold = ledger.isWaitingTold } = more
  const isNewServer = server !== undefined && !ledger.servers.includes(server)
  let told = addDistinct(ledger.told, keys, Number.MAX_SAFE_INTEGER)
  let toldUpTo = ledger.toldUpTo
  if (told.length > MAX_TOLD) {
    toldUpTo = raiseMemory(toldUpTo, told.slice(0, told.length - MAX_TOLD))
    told = told.slice(told.length - MAX_TOLD)
  }
  if (!isNewServer && told === ledger.told && isWaitingTold === ledger.isWaitingTold) return ledger
  const servers = isNewServer ? [...ledger.servers, server] : ledger.servers
  return { version: 1, servers, told: [...told], toldUpTo, isWaitingTold }
}

/** The ledger without facts whose notification did not reach the person; none of them: calls that wait for too long. */
export function withoutTold(ledger: NotifiedLedger, keys: readonly string[]): NotifiedLedger {
  if (keys.length === 0) return { ...ledger, isWaitingTold: false }
  const gone = new Set(keys)
  return { ...ledger, told: ledger.told.filter((one) => !gone.has(one)) }
}

function raiseMemory(
  upTo: Readonly<Record<string, string>>,
  dropped: readonly string[],
): Record<string, string> {
  const next: Record<string, string> = { ...upTo }
  for (const one of dropped) {
    const parts = partsOfMessageKey(one)
    const created = parseTime(parts?.createdAt)
    if (!parts?.createdAt || created === undefined) continue
    const known = Object.hasOwn(next, parts.server) ? parseTime(next[parts.server]) : undefined
    if (known === undefined || created > known) next[parts.server] = parts.createdAt
  }
  return next
}
