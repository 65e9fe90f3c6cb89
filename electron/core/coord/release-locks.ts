/** Releasing resource locks: sent now and read back once, or queued one by one, by id, while the API is away. */
import { ok, type Result } from '../../../shared/result.ts'
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import { isOfMachine, type Machine } from '../../../shared/session.ts'
import { toIso } from '../../../shared/time.ts'
import type { LockRow } from '../../../shared/wire.ts'
import type { Clock } from '../ports.ts'
import { mayBeKept, sayOutcome } from './classify-answer.ts'
import type { Connection } from './connection-port.ts'
import { createCoordClient, type CoordClient } from './coord-client.ts'
import type { ListRead } from './read-list.ts'
import { add, NOTHING, refuse, type Part, type Refusal } from './release-parts.ts'
import { isStale } from './staleness.ts'

/** Appends one line to a queue; says whether it is on disk. */
export type Enqueue = (line: string) => Promise<Result<null, string>>

export interface LockDeps {
  readonly connection: Pick<Connection, 'get' | 'send' | 'isReady' | 'serverSkewMs' | 'server'>
  /** Absent: a client of the connection without hints. */
  readonly client?: CoordClient
  readonly enqueue: Enqueue
  /** The same for several lines, for the last moment of a process that may not wait. */
  readonly enqueueSync: (lines: readonly string[]) => Result<null, string>
  readonly clock: Clock
  readonly machine: () => Machine
  /** Resource locks as last read. */
  readonly known: () => readonly LockRow[]
  /** Sessions of this machine that may hold locks which the API's list does not show. */
  readonly sessions?: () => readonly string[]
  /** Who releases another's stale lock; said to servers that keep it. */
  readonly actor?: () => string
}

/** Why a lock is not released by this person now. */
export type RefusalCode = 'not-held' | 'other-session' | 'other-machine' | 'stale' | 'away'
export type MayRelease = (lock: LockRow, serverNow: number) => RefusalCode | null

export interface LockActions {
  release(id: string, force: boolean): Promise<ReleaseOutcome>
  /** Those of `ids` that `may` allows; the words of a refusal are the front's. */
  releaseIds(
    ids: readonly string[],
    may: MayRelease,
    toReason: (code: RefusalCode) => string,
  ): Promise<ReleaseOutcome>
  /** All of a session. Of another machine's, where the person forces it, those that are stale. */
  cleanUp(session: string, force?: boolean): Promise<ReleaseOutcome>
  releaseAll(): Promise<ReleaseOutcome>
  /** Keeps the release of each that is not kept yet, with one synchronous append: for a process about to end. */
  keepNow(locks: readonly LockRow[]): Result<null, string>
}

type Attempt =
  | { readonly kind: 'sent' }
  | { readonly kind: 'away' }
  | { readonly kind: 'refused'; readonly reason: string }
/** Of one session: fewer are released one by one, so that each answer is its own. */
const MANY_LOCKS = 20

type Held = Pick<LockRow, 'id' | 'session_id'>
export const releasePath = (lock: Held): string =>
  `/api/coord/locks/${encodeURIComponent(lock.id)}?session_id=${encodeURIComponent(lock.session_id)}`
export const releaseAllPath = (session: string): string =>
  `/api/coord/locks?session_id=${encodeURIComponent(session)}&release_all=true`
export const releaseLine = (lock: Held, ts: string): string =>
  JSON.stringify({ ts, method: 'DELETE', path: releasePath(lock) })

const nameOf = (lock: Held): string => `${lock.id}\n${lock.session_id}`

/** The window's words; another front brings its own. */
const REASONS: Readonly<Record<RefusalCode, string>> = {
  'not-held': 'no such lock',
  'other-session': 'another session of this machine holds it',
  'other-machine': 'held by another machine and not stale',
  stale: 'held by another machine; stale, so it may be forced',
  away: 'the API is away; a forced release is never queued',
}

/** Own locks always; another machine's only where it is stale and the person forces it. */
export const mayReleaseOf =
  (machine: Machine, force: boolean): MayRelease =>
  (lock, serverNow) => {
    if (isOfMachine(lock.session_id, machine)) return null
    if (!isStale(lock, serverNow)) return 'other-machine'
    return force ? null : 'stale'
  }

export function createLockActions(deps: LockDeps): LockActions {
  return new Releaser(deps)
}

class Releaser implements LockActions {
  readonly #deps: LockDeps
  readonly #client: CoordClient
  /** Queued in this run and still known as held; a second click queues nothing. */
  readonly #queuedIds = new Set<string>()

  constructor(deps: LockDeps) {
    this.#deps = deps
    this.#client = deps.client ?? createCoordClient(deps.connection)
  }

  release(id: string, force: boolean): Promise<ReleaseOutcome> {
    return this.releaseIds([id], mayReleaseOf(this.#deps.machine(), force), (code) => REASONS[code])
  }

  async releaseIds(
    ids: readonly string[],
    may: MayRelease,
    toReason: (code: RefusalCode) => string,
  ): Promise<ReleaseOutcome> {
    const { connection, clock } = this.#deps
    const { rows, isWhole } = await this.#held(ids)
    const serverNow = clock.now() + connection.serverSkewMs()
    const parts: Part[] = []
    const targets: LockRow[] = []
    for (const id of new Set(ids)) {
      const lock = rows.find((l) => l.id === id)
      if (!lock) {
        // Known from before, and gone from a whole list: somebody else was quicker, and that is what was wanted.
        const wasKnown = isWhole && this.#deps.known().some((l) => l.id === id)
        parts.push(wasKnown ? { ...NOTHING, released: 1 } : refuse(id, '', toReason('not-held')))
        continue
      }
      const code = may(lock, serverNow)
      if (code !== null) parts.push(refuse(id, lock.session_id, toReason(code)))
      // Never queued: by the time it is sent, the holder may be back.
      else if (!isOfMachine(lock.session_id, this.#deps.machine()) && !connection.isReady())
        parts.push(refuse(id, lock.session_id, toReason('away')))
      else targets.push(lock)
    }
    return add(...parts, await this.#releaseEach(targets))
  }

  async cleanUp(session: string, force = false): Promise<ReleaseOutcome> {
    if (!isOfMachine(session, this.#deps.machine())) {
      if (!force) return refuse('', session, 'not a session of this machine')
      const { rows } = await this.#current()
      const ids = rows.filter((l) => l.session_id === session).map((l) => l.id)
      return this.releaseIds(ids, mayReleaseOf(this.#deps.machine(), true), (code) => REASONS[code])
    }
    const before = (await this.#mine()).rows.filter((l) => l.session_id === session)
    if (!this.#deps.connection.isReady()) return this.#releaseEach(before)
    const attempt = await this.#send(releaseAllPath(session))
    if (attempt.kind === 'away') return this.#queue(before)
    const after = await this.#read()
    if (!after) return { ...NOTHING, released: before.length }
    const held = new Set(after.rows.map(nameOf))
    if (after.cap !== null) for (const name of await this.#stillHeld(before)) held.add(name)
    const left = before.filter((l) => held.has(nameOf(l)))
    const rest = await this.#releaseEach(left)
    return { ...rest, released: rest.released + before.length - left.length }
  }

  async releaseAll(): Promise<ReleaseOutcome> {
    const { machine, sessions } = this.#deps
    const { rows, isWhole } = await this.#mine()
    const mine = rows.filter((l) => isOfMachine(l.session_id, machine()))
    const each = await this.#releaseSessions(mine)
    if (isWhole) return each
    // The list ends before it is whole: what it does not show is released by the names that are known here.
    for (const session of new Set(sessions?.() ?? []))
      if (isOfMachine(session, machine())) await this.#send(releaseAllPath(session))
    return each
  }

  /** A session that holds many in one call: there are three seconds when the app quits. */
  async #releaseSessions(locks: readonly LockRow[]): Promise<Part> {
    const few: LockRow[] = []
    const parts: Part[] = []
    for (const [session, held] of Map.groupBy(locks, (lock) => lock.session_id))
      if (held.length < MANY_LOCKS) few.push(...held)
      else parts.push(await this.cleanUp(session))
    return add(...parts, await this.#releaseEach(few))
  }

  keepNow(locks: readonly LockRow[]): Result<null, string> {
    const fresh = locks.filter((l) => !this.#queuedIds.has(l.id))
    if (fresh.length === 0) return ok(null)
    const ts = toIso(this.#deps.clock.now())
    const kept = this.#deps.enqueueSync(fresh.map((l) => releaseLine(l, ts)))
    // A release still under way that fails later finds it kept, and keeps nothing more.
    if (kept.ok) for (const l of fresh) this.#queuedIds.add(l.id)
    return kept
  }

  /** Sends each, reads back once, queues what could not be sent. */
  async #releaseEach(locks: readonly LockRow[]): Promise<Part> {
    const sent: LockRow[] = []
    const away: LockRow[] = []
    const refused: Refusal[] = []
    for (const lock of locks) {
      const isTried = this.#deps.connection.isReady() && away.length === 0
      const attempt: Attempt = isTried ? await this.#send(this.#pathOf(lock)) : { kind: 'away' }
      if (attempt.kind === 'sent') sent.push(lock)
      else if (attempt.kind === 'away') away.push(lock)
      else refused.push({ id: lock.id, holder: lock.session_id, reason: attempt.reason })
    }
    return add({ ...NOTHING, refused }, await this.#verify(sent), await this.#queue(away))
  }

  /** The holder's own name: the protocol's way for a stale lock of somebody else too; safely where the server knows how. */
  #pathOf(lock: LockRow): string {
    const { machine, connection, actor } = this.#deps
    const isOther = !isOfMachine(lock.session_id, machine())
    if (!isOther || !connection.server().extensions.has('if_stale')) return releasePath(lock)
    const by = actor?.()
    return `${releasePath(lock)}&if_stale=true${by === undefined ? '' : `&released_by=${encodeURIComponent(by)}`}`
  }

  async #send(path: string): Promise<Attempt> {
    const outcome = await this.#deps.connection.send({ method: 'DELETE', path, headers: {} })
    if (outcome.kind !== 'answer' || mayBeKept(outcome)) return { kind: 'away' }
    // A 404 is settled by reading back: gone is gone.
    if (outcome.status < 300 || outcome.status === 404) return { kind: 'sent' }
    return { kind: 'refused', reason: sayOutcome(outcome) }
  }

  /** An answer is not yet a fact: what a fresh list still shows was not released. */
  async #verify(sent: readonly LockRow[]): Promise<Part> {
    if (sent.length === 0) return NOTHING
    const after = this.#deps.connection.isReady() ? await this.#read() : undefined
    if (!after) return { ...NOTHING, released: sent.length }
    const held = new Set(after.rows.map(nameOf))
    if (after.cap !== null) for (const name of await this.#stillHeld(sent)) held.add(name)
    const left = sent.filter((l) => held.has(nameOf(l)))
    const refused = left.map((l) => ({
      id: l.id,
      holder: l.session_id,
      reason: 'it is still held',
    }))
    return { released: sent.length - left.length, queued: 0, refused }
  }

  /** Each by its own question, where the list of all does not show everything. */
  async #stillHeld(locks: readonly LockRow[]): Promise<readonly string[]> {
    const held: string[] = []
    for (const { project_key: project, resource } of locks) {
      if (project === null || resource === null) continue
      const read = await this.#client.locks({ project, resource })
      if (read.kind === 'rows') held.push(...read.rows.map(nameOf))
    }
    return held
  }

  async #queue(locks: readonly LockRow[]): Promise<Part> {
    let queued = 0
    const refused: Refusal[] = []
    for (const lock of locks) {
      if (!this.#queuedIds.has(lock.id)) {
        const kept = await this.#deps.enqueue(releaseLine(lock, toIso(this.#deps.clock.now())))
        if (!kept.ok) {
          refused.push({ id: lock.id, holder: lock.session_id, reason: `could not be queued: ${kept.error}` })
          continue
        }
        this.#queuedIds.add(lock.id)
      }
      queued++
    }
    return { released: 0, queued, refused }
  }

  async #read(machine?: Machine): Promise<Extract<ListRead<LockRow>, { kind: 'rows' }> | undefined> {
    const read = await this.#client.locks(machine ? { machine } : {})
    return read.kind === 'rows' ? read : undefined
  }

  /** The locks of this machine, with what is known from before where the API does not show all. */
  async #mine(): Promise<{ readonly rows: readonly LockRow[]; readonly isWhole: boolean }> {
    return this.#current(this.#deps.machine())
  }

  /** The locks among which `ids` are: this machine's, and everybody's where one of them is not among those. */
  async #held(
    ids: readonly string[],
  ): Promise<{ readonly rows: readonly LockRow[]; readonly isWhole: boolean }> {
    const mine = await this.#mine()
    return ids.every((id) => mine.rows.some((l) => l.id === id)) ? mine : this.#current()
  }

  async #current(
    machine?: Machine,
  ): Promise<{ readonly rows: readonly LockRow[]; readonly isWhole: boolean }> {
    const known = this.#deps.known()
    const read = this.#deps.connection.isReady() ? await this.#read(machine) : undefined
    if (!read) return { rows: known, isWhole: false }
    if (read.cap === null) return { rows: read.rows, isWhole: true }
    const listed = new Set(read.rows.map((l) => l.id))
    return { rows: [...read.rows, ...known.filter((l) => !listed.has(l.id))], isWhole: false }
  }
}
