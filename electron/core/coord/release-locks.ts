/** Releasing resource locks: sent now and read back, or queued one by one, by id, while the API is away. */
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import { readJson } from '../../../shared/json.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { isOfMachine, type Machine } from '../../../shared/session.ts'
import { toIso } from '../../../shared/time.ts'
import { decodeRows, lockRow, type LockRow } from '../../../shared/wire.ts'
import type { Connection } from '../outbox/contract.ts'
import type { Clock, HttpOutcome } from '../ports.ts'
import { jsonOf } from '../engine/poller.ts'
import { isStale } from './staleness.ts'

/** Appends one line to this app's own queue; says whether it is on disk. */
export type Enqueue = (line: string) => Promise<Result<null, string>>

export interface LockDeps {
  readonly connection: Pick<Connection, 'get' | 'send' | 'isReady' | 'serverSkewMs'>
  readonly enqueue: Enqueue
  /** The same for several lines, for the last moment of a process that may not wait. */
  readonly enqueueSync: (lines: readonly string[]) => Result<null, string>
  readonly clock: Clock
  readonly machine: () => Machine
  /** Resource locks as last read. */
  readonly known: () => readonly LockRow[]
}

export interface LockActions {
  release(id: string, force: boolean): Promise<ReleaseOutcome>
  cleanUp(session: string): Promise<ReleaseOutcome>
  releaseAll(): Promise<ReleaseOutcome>
  /** Keeps the release of each that is not kept yet, with one synchronous append: for a process about to end. */
  keepNow(locks: readonly LockRow[]): Result<null, string>
}

type Attempt =
  | { readonly kind: 'sent' }
  | { readonly kind: 'away' }
  | { readonly kind: 'refused'; readonly reason: string }
interface Refusal {
  readonly id: string
  readonly holder: string
  readonly reason: string
}

export const releasePath = (lock: Pick<LockRow, 'id' | 'session_id'>): string =>
  `/api/coord/locks/${encodeURIComponent(lock.id)}?session_id=${encodeURIComponent(lock.session_id)}`

export const releaseLine = (lock: Pick<LockRow, 'id' | 'session_id'>, ts: string): string =>
  JSON.stringify({ ts, method: 'DELETE', path: releasePath(lock) })

/** What the API said, in its own words where it gave some. */
export function reasonOf(outcome: HttpOutcome): string {
  if (outcome.kind !== 'answer') return outcome.detail
  const json = readJson(outcome.text)
  const detail = typeof json === 'object' && json !== null && 'detail' in json ? json.detail : undefined
  return typeof detail === 'string' ? detail.slice(0, 300) : `the API answered ${outcome.status}`
}
/** Not the call's fault: it may be kept and sent later. */
export const isAway = (outcome: HttpOutcome): boolean =>
  outcome.kind !== 'answer' ||
  outcome.status >= 500 ||
  (outcome.status >= 300 && outcome.status < 400) ||
  [401, 407, 408, 425, 429].includes(outcome.status)

export function createLockActions(deps: LockDeps): LockActions {
  const { connection, clock } = deps
  /** Queued in this run and still known as held; a second click queues nothing. */
  const queuedIds = new Set<string>()

  const readAll = async (): Promise<readonly LockRow[] | undefined> =>
    decodeRows(jsonOf(await connection.get('/api/coord/locks')), 'locks', lockRow)?.rows

  async function send(path: string): Promise<Attempt> {
    const outcome = await connection.send({ method: 'DELETE', path, headers: {} })
    if (isAway(outcome)) return { kind: 'away' }
    // A 404 is settled by reading back: gone is gone.
    if (outcome.kind === 'answer' && (outcome.status < 300 || outcome.status === 404)) return { kind: 'sent' }
    return { kind: 'refused', reason: reasonOf(outcome) }
  }

  async function queue(locks: readonly LockRow[]): Promise<{ queued: number; refused: Refusal[] }> {
    let queued = 0
    const refused: Refusal[] = []
    for (const lock of locks) {
      if (!queuedIds.has(lock.id)) {
        const kept = await deps.enqueue(releaseLine(lock, toIso(clock.now())))
        if (!kept.ok) {
          refused.push({ id: lock.id, holder: lock.session_id, reason: `could not be queued: ${kept.error}` })
          continue
        }
        queuedIds.add(lock.id)
      }
      queued++
    }
    return { queued, refused }
  }

  const pick = (rows: readonly LockRow[], ids: ReadonlySet<string>): readonly LockRow[] =>
    rows.filter((l) => ids.has(l.id))

  /** Sends each, reads back once, queues what could not be sent. */
  async function releaseEach(locks: readonly LockRow[]): Promise<ReleaseOutcome> {
    const sent: LockRow[] = []
    const away: LockRow[] = []
    const refused: Refusal[] = []
    for (const lock of locks) {
      const attempt: Attempt =
        connection.isReady() && away.length === 0 ? await send(releasePath(lock)) : { kind: 'away' }
      if (attempt.kind === 'sent') sent.push(lock)
      else if (attempt.kind === 'away') away.push(lock)
      else refused.push({ id: lock.id, holder: lock.session_id, reason: attempt.reason })
    }
    const verified = await verify(sent)
    const spooled = await queue(away)
    return {
      released: verified.released,
      queued: spooled.queued,
      refused: [...refused, ...verified.refused, ...spooled.refused],
    }
  }

  /** An answer is not yet a fact: what a fresh list still shows was not released. */
  async function verify(sent: readonly LockRow[]): Promise<{ released: number; refused: Refusal[] }> {
    if (sent.length === 0) return { released: 0, refused: [] }
    const after = connection.isReady() ? await readAll() : undefined
    if (!after) return { released: sent.length, refused: [] }
    const held = new Set(after.map((l) => `${l.id}\n${l.session_id}`))
    const left = sent.filter((l) => held.has(`${l.id}\n${l.session_id}`))
    return {
      released: sent.length - left.length,
      refused: left.map((l) => ({
        id: l.id,
        holder: l.session_id,
        reason: 'the API still shows it as held',
      })),
    }
  }

  const current = async (): Promise<readonly LockRow[]> =>
    (connection.isReady() ? await readAll() : undefined) ?? deps.known()

  return {
    async release(id, force) {
      const rows = await current()
      const lock = rows.find((l) => l.id === id)
      // Not listed any more, but known from before: somebody else was quicker, and that is what was wanted.
      if (!lock) {
        const wasKnown = deps.known().some((l) => l.id === id)
        return {
          released: wasKnown ? 1 : 0,
          queued: 0,
          refused: wasKnown ? [] : [{ id, holder: '', reason: 'no such lock' }],
        }
      }
      if (!isOfMachine(lock.session_id, deps.machine())) {
        const refuse = (reason: string): ReleaseOutcome => ({
          released: 0,
          queued: 0,
          refused: [{ id, holder: lock.session_id, reason }],
        })
        if (!isStale(lock, clock.now() + connection.serverSkewMs()))
          return refuse('held by another machine and not stale')
        if (!force) return refuse('held by another machine; stale, so it may be forced')
        // Never queued: by the time it is sent, the holder may be back.
        if (!connection.isReady()) return refuse('the API is away; a forced release is never queued')
      }
      return releaseEach([lock])
    },

    async cleanUp(session) {
      const before = (await current()).filter((l) => l.session_id === session)
      if (!isOfMachine(session, deps.machine()))
        return {
          released: 0,
          queued: 0,
          refused: [{ id: '', holder: session, reason: 'not a session of this machine' }],
        }
      if (!connection.isReady()) return releaseEach(before)
      const all = `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`
      const attempt = await send(all)
      if (attempt.kind === 'away') {
        const spooled = await queue(before)
        return { released: 0, ...spooled }
      }
      const after = await readAll()
      if (!after) return { released: before.length, queued: 0, refused: [] }
      const left = pick(
        after.filter((l) => l.session_id === session),
        new Set(before.map((l) => l.id)),
      )
      const rest = await releaseEach(left)
      return { ...rest, released: rest.released + before.length - left.length }
    },

    keepNow(locks) {
      const fresh = locks.filter((l) => !queuedIds.has(l.id))
      if (fresh.length === 0) return ok(null)
      const ts = toIso(clock.now())
      const kept = deps.enqueueSync(fresh.map((l) => releaseLine(l, ts)))
      // A release still under way that fails later finds it kept, and keeps nothing more.
      if (kept.ok) for (const l of fresh) queuedIds.add(l.id)
      return kept
    },

    async releaseAll() {
      return releaseEach((await current()).filter((l) => isOfMachine(l.session_id, deps.machine())))
    },
  }
}
