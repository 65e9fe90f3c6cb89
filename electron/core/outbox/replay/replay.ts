/** Sends what is claimed, in file order: decide → intent on disk → send → classify → record. One call in flight, or one a lane. */
import type { SkipReason } from '../../../../shared/call.ts'
import { causeText, mayBeCompleted, type Cause } from '../../../../shared/cause.ts'
import { assertNever } from '../../../../shared/result.ts'
import { parseTime, toIso, type EpochMs } from '../../../../shared/time.ts'
import type { ComponentRow } from '../../../../shared/wire.ts'
import type { Clock, FsError, Keys, Random } from '../../ports.ts'
import { callTime, claimLifeMs } from './call-time.ts'
import { classify, type Verdict } from '../../coord/classify-answer.ts'
import { json, type GatedConnection } from '../../coord/connection.ts'
import { askComponents, askLocks, askMessages, appliedRow, askTargets } from '../../coord/coord-client.ts'
import { createLanes } from './lanes.ts'
import type { WaitingCall } from '../contract.ts'
import { isWhole, parseLine, type Entry, type SendableCall } from '../lines/parse-line.ts'
import { createRecent } from './recent-deliveries.ts'
import { MAX_LINE_BYTES, type RawLine } from '../lines/split-lines.ts'
import { keyOf } from '../segments/call-states.ts'
import { LEDGER_VERSION, type DeliveredRecord } from '../segments/ledger-records.ts'
import { ReadFault, type Segment } from '../segments/segment.ts'
import { decodeUtf8, hash32 } from '../lines/text.ts'
import { touchesOf, type Touches } from './call-target.ts'

const SUPERSEDED_SLACK_MS = 2_000
const POISON_FAILURES = 5
const POISON_MS = 10 * 60_000
const COMPONENT_CACHE_MS = 5_000
/** Components of which it is remembered what a replay of ours wrote last. */
const MAX_OWN_WRITES = 10_000
const NEXT_CHUNK = 64 * 1024
/** Of a larger backlog the earliest are forgotten: a claim is then sent and released again, as it was written. */
const MAX_RELEASES = 10_000

export type DrainResult = 'done' | 'paused' | 'fault' | 'stopped'

export interface DrainDeps {
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly connection: GatedConnection
  segments(): readonly Segment[]
  /** Makes a segment's noted facts durable; false where the disk refused. */
  commit(segment: Segment): Promise<boolean>
  /** Bytes of a segment could not be read: nothing more is sent from it now. */
  readFault(error: FsError): void
  isOwner(): boolean
  isStopping(): boolean
  ended(
    segment: Segment,
    o: number,
    s: number,
    entry: Entry,
    kind: 'delivered' | 'aside' | 'skipped',
    words: string,
    status: number | null,
    at: EpochMs,
  ): void
  onSending(call: { method: string; path: string } | null): void
  /** Calls in flight at once; 1 = strict file order. Read anew before each call. */
  lanes(): number
  /** How long an unterminated but whole last line must be quiet, and a torn one. */
  quietMs(): number
  tornMs(): number
}

export interface Drain {
  run(): Promise<DrainResult>
  index(segment: Segment): Promise<void>
  /** Told of each delivery that a segment takes in. */
  observe(segment: Segment, record: DeliveredRecord): void
  countOf(line: RawLine): number
  next(limit: number): Promise<readonly WaitingCall[]>
  oldest(): EpochMs | null
  sessionsOf(entry: Entry): readonly string[]
  /** Forgets what was learnt from the segments; they are read afresh. */
  reset(): void
}

/** Parsed one by one, when its turn comes: a parsed backlog would be held far longer than its lines. */
function* entriesOf(lines: readonly RawLine[]): Generator<{ readonly line: RawLine; readonly entry: Entry }> {
  for (const line of lines) for (const entry of parseLine(line)) yield { line, entry }
}

interface Position {
  readonly seq: number
  readonly o: number
}
const isLater = (a: Position | undefined, seq: number, o: number): boolean =>
  a !== undefined && (a.seq > seq || (a.seq === seq && a.o > o))

export function createDrain(deps: DrainDeps): Drain {
  const { clock, connection } = deps
  /** Where the backlog's last release-all of a session, and release of a lock, stand. */
  const releaseAlls = new Map<string, Position>()
  const releases = new Map<string, Position>()
  let lastRelease: Position | undefined
  const recent = createRecent()
  /** What this drain has done: locks it got, components as they were before its first call to them. */
  let drainLocks = new Set<string>()
  let baseline = new Map<string, ComponentRow | null>()
  let projectRows = new Map<string, { readonly at: number; readonly rows: readonly ComponentRow[] | null }>()
  /** `updated_at` of what a replay of ours wrote, by component. */
  const ownWrites = new Map<string, { readonly updated: string | null; readonly at: EpochMs }>()

  // ---- what was delivered lately ------------------------------------------------------------------------------------------

  /** Each delivery, from this process or from a ledger: a process before this one may have died in the middle of this very drain. */
  function observe(segment: Segment, record: DeliveredRecord): void {
    recent.add(segment, record, clock.now())
    if (record.lock !== undefined) {
      drainLocks.add(record.lock)
      if (drainLocks.size > MAX_RELEASES)
        for (const oldest of drainLocks) {
          drainLocks.delete(oldest)
          break
        }
    }
    if (!record.component) return
    // the newest stand last
    ownWrites.delete(record.component[0])
    ownWrites.set(record.component[0], { updated: record.component[1], at: record.at })
    const first = ownWrites.size > MAX_OWN_WRITES ? ownWrites.keys().next().value : undefined
    if (first !== undefined) ownWrites.delete(first)
  }

  // ---- the index ------------------------------------------------------------------------------------------------------------

  function countOf(line: RawLine): number {
    if (line.length > MAX_LINE_BYTES) return 1
    const text = line.encoding === 'utf-8' ? decodeUtf8(line.bytes) : undefined
    return text !== undefined && json(text) !== undefined ? 1 : parseLine(line).length
  }

  async function index(segment: Segment): Promise<void> {
    segment.counted -= segment.tailCounted
    segment.tailCounted = 0
    for await (const batch of segment.lines(Math.max(segment.indexedTo, segment.checkpointAt))) {
      for (const line of batch.lines) {
        const n = countOf(line)
        let open = 0
        for (let s = 0; s < n; s++) if (!segment.isEnded(line.offset, s)) open++
        segment.counted += open
        if (!line.isTerminated) segment.tailCounted = open
        if (open > 0) noteReleases(segment, line)
      }
      segment.indexedTo = Math.max(segment.indexedTo, batch.next)
    }
  }

  function noteReleases(segment: Segment, line: RawLine): void {
    if (line.length > MAX_LINE_BYTES) return
    if (line.encoding === 'utf-8') {
      const text = decodeUtf8(line.bytes)
      if (text === undefined || !/delete/i.test(text)) return
    }
    for (const entry of parseLine(line)) {
      if (entry.verdict.kind !== 'send') continue
      const { what } = touchesOf(entry.verdict.call)
      const position = { seq: segment.seq, o: line.offset }
      if (what.kind === 'release-all') keep(releaseAlls, what.session, position)
      else if (what.kind === 'release') {
        keep(releases, what.id, position)
        if (!isLater(lastRelease, position.seq, position.o)) lastRelease = position
      }
    }
  }

  function keep(map: Map<string, Position>, key: string, position: Position): void {
    // the newest stand last
    map.delete(key)
    map.set(key, position)
    if (map.size <= MAX_RELEASES) return
    const first = map.keys().next().value
    if (first !== undefined) map.delete(first)
  }

  // ---- ends -----------------------------------------------------------------------------------------------------------------

  function closeOne(segment: Segment, line: RawLine): void {
    segment.counted = Math.max(0, segment.counted - 1)
    if (!line.isTerminated) segment.tailCounted = Math.max(0, segment.tailCounted - 1)
  }

  function aside(segment: Segment, line: RawLine, entry: Entry, cause: Cause, status: number | null): 'next' {
    const at = clock.now()
    const reason = causeText(cause)
    segment.note({
      kind: 'set-aside',
      offset: line.offset,
      sub: entry.sub,
      at,
      cause: cause.code,
      reason,
      status,
    })
    closeOne(segment, line)
    deps.ended(segment, line.offset, entry.sub, entry, 'aside', reason, status, at)
    return 'next'
  }

  function skip(segment: Segment, line: RawLine, entry: Entry, reason: SkipReason): 'next' {
    const at = clock.now()
    segment.note({ kind: 'skipped', offset: line.offset, sub: entry.sub, at, reason })
    closeOne(segment, line)
    deps.ended(segment, line.offset, entry.sub, entry, 'skipped', reason, null, at)
    return 'next'
  }

  function delivered(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    call: SendableCall,
    touches: Touches,
    status: number,
    note: string,
    answer: unknown,
    hash = lineHash(call, entry),
  ): 'next' {
    const at = clock.now()
    const row = typeof answer === 'object' && answer !== null ? (answer as Record<string, unknown>) : {}
    const lockId =
      touches.what.kind === 'claim' && (typeof row['id'] === 'string' || typeof row['id'] === 'number')
        ? String(row['id'])
        : undefined
    const updated = typeof row['updated_at'] === 'string' ? row['updated_at'] : null
    const record: DeliveredRecord = {
      kind: 'delivered',
      offset: line.offset,
      sub: entry.sub,
      at,
      status,
      lineHash: hash,
      resourceHash: hash32(touches.resource),
      sessionHash: touches.session === null ? '' : hash32(touches.session),
      ...(note === '' ? {} : { note }),
      ...(lockId === undefined ? {} : { lock: lockId }),
      ...(touches.what.kind === 'component' ? { component: [touches.resource, updated] as const } : {}),
    }
    segment.note(record)
    closeOne(segment, line)
    deps.ended(segment, line.offset, entry.sub, entry, 'delivered', note, status, at)
    return 'next'
  }

  const lineHash = (call: SendableCall, entry: Entry): string =>
    hash32(`${call.method} ${call.path} ${call.body ?? ''}`) +
    hash32(typeof entry.raw === 'string' ? entry.raw : entry.raw.base64)

  // ---- what a call means ------------------------------------------------------------------------------------------------------

  type Meaning =
    | { readonly kind: 'send' }
    | { readonly kind: 'skip'; readonly reason: SkipReason }
    | { readonly kind: 'aside'; readonly cause: Cause }
    | { readonly kind: 'paused' }
  const SEND: Meaning = { kind: 'send' }

  async function meaning(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    call: SendableCall,
    touches: Touches,
    time: EpochMs | undefined,
  ): Promise<Meaning> {
    const dup = await duplicateOf(segment, entry, call, touches)
    if (dup)
      return call.method === 'POST'
        ? { kind: 'aside', cause: { code: 'duplicate' } }
        : { kind: 'skip', reason: 'duplicate' }
    const { what } = touches
    if (what.kind === 'claim') {
      if (time !== undefined && clock.now() - time > claimLifeMs(what.ttlHours))
        return { kind: 'skip', reason: 'expired' }
      if (isLater(releaseAlls.get(what.session), segment.seq, line.offset))
        return { kind: 'skip', reason: 'released-later' }
      if (isLater(lastRelease, segment.seq, line.offset)) {
        // the lock's id is known only where the session holds it already
        const locks = await askLocks(connection, what.project, what.resource)
        if (locks.kind === 'paused') return locks
        const held =
          locks.kind === 'rows'
            ? locks.rows.find((r) => r.session_id === what.session && r.resource === what.resource)
            : undefined
        if (held && isLater(releases.get(held.id), segment.seq, line.offset))
          return { kind: 'skip', reason: 'released-later' }
      }
      return SEND
    }
    if (time === undefined) return SEND
    if (what.kind === 'release-all') {
      const locks = await askLocks(connection)
      if (locks.kind === 'paused') return locks
      if (locks.kind === 'none') return SEND
      const skew = connection.serverSkewMs()
      const isActive = locks.rows.some((r) => {
        const acquired = parseTime(r.acquired_at)
        return (
          r.session_id === what.session &&
          acquired !== undefined &&
          acquired > time + skew &&
          !drainLocks.has(r.id)
        )
      })
      return isActive ? { kind: 'aside', cause: { code: 'session-active' } } : SEND
    }
    if (what.kind === 'component') {
      const row = await rowBefore(what.project, what.component, touches.resource)
      if (row === 'paused') return { kind: 'paused' }
      const updated = parseTime(row?.updated_at)
      if (!row || updated === undefined) return SEND
      const own = ownWrites.get(touches.resource)
      const skew = connection.serverSkewMs()
      const isReplay = row.effective_at !== null && row.effective_at !== row.updated_at
      const isOwn =
        own &&
        (own.updated === row.updated_at ||
          (own.updated === null && Math.abs(updated - (own.at + skew)) <= SUPERSEDED_SLACK_MS))
      if (isReplay || isOwn) {
        // for the calls behind this one too: by then our newest write is another one
        baseline.set(touches.resource, null)
        return SEND
      }
      if (updated > time + skew + SUPERSEDED_SLACK_MS) return { kind: 'skip', reason: 'superseded' }
    }
    return SEND
  }

  /** The component's row as it was before this drain's first call to it. */
  async function rowBefore(
    project: string,
    component: string,
    key: string,
  ): Promise<ComponentRow | null | 'paused'> {
    const had = baseline.get(key)
    if (had !== undefined) return had
    let cached = projectRows.get(project)
    if (!cached || clock.monotonic() - cached.at > COMPONENT_CACHE_MS) {
      const asked = await askComponents(connection, project)
      if (asked.kind === 'paused') return 'paused'
      cached = { at: clock.monotonic(), rows: asked.kind === 'rows' ? asked.rows : null }
      projectRows.set(project, cached)
    }
    const row =
      cached.rows?.find(
        (r) => r.component === component && (r.project_key === project || r.project_key === null),
      ) ?? null
    baseline.set(key, row)
    return row
  }

  async function duplicateOf(
    segment: Segment,
    entry: Entry,
    call: SendableCall,
    touches: Touches,
  ): Promise<boolean> {
    if (entry.ts === null) return false
    const z = touches.session === null ? '' : hash32(touches.session)
    const found = recent.repeated(() => lineHash(call, entry), hash32(touches.resource), z, clock.now())
    if (!found || found.segment.seq >= segment.seq) return false
    const before = await found.segment.entryAt(found.record.offset, found.record.sub)
    return before !== undefined && before.raw === entry.raw
  }

  // ---- one call -----------------------------------------------------------------------------------------------------------------

  type Step = 'next' | DrainResult

  /** Ends an entry that is never sent; undefined where it is a call to be sent. */
  function unsendable(segment: Segment, line: RawLine, entry: Entry): 'next' | undefined {
    if (segment.origin === 'removed') return aside(segment, line, entry, { code: 'removed' }, null)
    if (entry.verdict.kind === 'aside') return aside(segment, line, entry, entry.verdict.cause, null)
    if (entry.verdict.kind === 'read') return skip(segment, line, entry, 'read')
    return undefined
  }

  /** The lease is read again before each send; those whose intents went into one sync are sent on one reading. */
  let owned: { readonly segment: Segment; readonly commits: number; readonly is: boolean } | undefined
  function ownsSince(segment: Segment): boolean {
    if (owned?.segment !== segment || owned.commits !== segment.commits)
      owned = { segment, commits: segment.commits, is: deps.isOwner() }
    return owned.is
  }

  async function handle(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    call: SendableCall,
    touches: Touches,
  ): Promise<Step> {
    const time = callTime(entry.ts, segment.seenAt(line.offset), segment.mtime)

    const doubt = segment.doubtOf(line.offset, entry.sub)
    if (doubt) {
      const asked = await askTargets(connection, touches)
      if (asked?.kind === 'paused') return 'paused'
      const row =
        asked?.kind === 'rows'
          ? appliedRow(asked.rows, call, touches, ...notBefore(doubt.at, lineHash(call, entry)))
          : undefined
      if (row) {
        if (touches.what.kind === 'component') baseline.set(touches.resource, null)
        return delivered(segment, line, entry, call, touches, 200, 'found applied', row)
      }
    }
    // a call that a person sends again is sent: the rules had their say
    if (segment.origin !== 'again') {
      const means = await meaning(segment, line, entry, call, touches, time)
      if (means.kind === 'paused') return 'paused'
      if (means.kind === 'skip') return skip(segment, line, entry, means.reason)
      if (means.kind === 'aside') return aside(segment, line, entry, means.cause, null)
    }
    // what this drain writes from here on supersedes nothing of its own
    if (touches.what.kind === 'component' && !baseline.has(touches.resource))
      baseline.set(touches.resource, null)
    // another workspace may have been told to wait meanwhile: the pause is one for all
    if (!(await connection.admit())) return 'paused'
    segment.note({
      kind: 'intent',
      offset: line.offset,
      sub: entry.sub,
      at: clock.now(),
      attempt: (doubt?.attempt ?? 0) + 1,
    })
    // the end of the call before and this intent: one write, one sync, before the first byte goes out
    const committed = deps.commit(segment)
    // while the disk works: strict order has nothing else to do with that time
    const isStrict = deps.lanes() <= 1
    const isOurs = isStrict && deps.isOwner()
    const hash = lineHash(call, entry)
    const headers = {
      'idempotency-key': deps.keys.uuid5(`${segment.name}/${line.offset}/${entry.sub}`),
      ...(time === undefined ? {} : { 'x-coord-queued-at': toIso(time) }),
    }
    if (!(await committed)) {
      segment.dropIntent(line.offset, entry.sub, doubt)
      connection.unsent()
      return 'fault'
    }
    const isPaused = connection.waitMs() > 0
    if (isPaused || !(isStrict ? isOurs : ownsSince(segment))) {
      // told to wait while the disk worked, or another owner's lease stands in the folder: nothing went out
      segment.note({ kind: 'unsent', offset: line.offset, sub: entry.sub })
      connection.unsent()
      return isPaused ? 'paused' : 'stopped'
    }
    deps.onSending({ method: call.method, path: call.path })
    const outcome = await connection.call({
      method: call.method,
      path: call.path,
      headers,
      ...(call.body === undefined ? {} : { body: call.body }),
    })
    deps.onSending(null)
    const verdict = classify(outcome, clock.now())
    if (verdict.kind === 'delivered') {
      connection.succeeded()
      return delivered(
        segment,
        line,
        entry,
        call,
        touches,
        verdict.status,
        '',
        outcome.kind === 'answer' ? json(outcome.text) : undefined,
        hash,
      )
    }
    // any answer of its own shows that the API is there again
    if (verdict.kind === 'aside' || verdict.kind === 'conflict') connection.succeeded()
    return afterRefusal(segment, line, entry, call, touches, verdict)
  }

  /** The doubt's time on the server's clock; taken late where an equal call went out shortly before, so that its row is no proof. */
  function notBefore(intentAt: EpochMs, hash: string): [at: EpochMs, isExact: boolean] {
    const skew = connection.skewBounds() ?? { low: 0, high: 0 }
    const hasEqual = recent.hasEqualNear(hash, intentAt, 5_000)
    return [intentAt + (hasEqual ? skew.high : skew.low), hasEqual]
  }

  async function afterRefusal(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    call: SendableCall,
    touches: Touches,
    verdict: Exclude<Verdict, { kind: 'delivered' }>,
  ): Promise<Step> {
    const here = { offset: line.offset, sub: entry.sub }
    const unsent = (): void => segment.note({ kind: 'unsent', ...here })
    switch (verdict.kind) {
      case 'offline':
        unsent()
        connection.pause(
          'offline',
          `The coordination API cannot be reached (${verdict.detail}). Calls wait and will be sent as soon as it answers.`,
        )
        return 'paused'
      case 'in-doubt':
        connection.pause(
          'offline',
          `The coordination API broke off (${verdict.detail}). Calls wait; the one in flight is looked up before it is sent again.`,
        )
        return 'paused'
      case 'wait':
        unsent()
        connection.pause('degraded', `The coordination API asks to wait (${verdict.detail}).`, {
          askedMs: verdict.waitMs,
        })
        return 'paused'
      case 'wrong-answer':
        unsent()
        connection.pause(
          'wrong-answer',
          `${call.method} ${call.path}: ${verdict.detail}. Nothing more is sent. Check the API address in the settings (COORD_API_URL).`,
        )
        return 'paused'
      case 'trouble':
        return trouble(segment, line, entry, verdict)
      case 'conflict': {
        const rejected = { code: 'rejected', detail: verdict.detail } as const
        if (touches.what.kind !== 'claim') return aside(segment, line, entry, rejected, verdict.status)
        const { session, resource, project } = touches.what
        const locks = await askLocks(connection, project, resource)
        if (locks.kind === 'paused') {
          unsent()
          return 'paused'
        }
        const rows =
          locks.kind === 'rows'
            ? locks.rows.filter(
                (r) => r.resource === resource && (r.project_key === project || r.project_key === null),
              )
            : []
        if (rows.some((r) => r.session_id === session))
          return delivered(segment, line, entry, call, touches, verdict.status, 'already held', {})
        const holder = rows[0]?.session_id
        return aside(
          segment,
          line,
          entry,
          holder === undefined ? rejected : { code: 'held', holder, detail: verdict.detail },
          verdict.status,
        )
      }
      case 'ask':
        return askFirst(segment, line, entry, call, touches, verdict)
      case 'aside':
        return aside(segment, line, entry, { code: 'rejected', detail: verdict.detail }, verdict.status)
      default:
        return assertNever(verdict)
    }
  }

  async function trouble(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    verdict: Extract<Verdict, { kind: 'trouble' }>,
  ): Promise<Step> {
    const here = { offset: line.offset, sub: entry.sub }
    const status = await connection.call({ method: 'GET', path: '/api/coord/status', headers: {} })
    const healthy = status.kind === 'answer' && status.status === 200
    const at = clock.now()
    segment.note({ kind: 'retry', ...here, at, status: verdict.status, isHealthy: healthy })
    // a gateway's 502, 504 and a 408 may hide an effect: the doubt stays and is looked up; the others were answered by the API itself
    if (verdict.status !== 502 && verdict.status !== 504 && verdict.status !== 408)
      segment.note({ kind: 'unsent', ...here })
    const so = segment.troubleOf(here.offset, here.sub)
    if (so && so.count >= POISON_FAILURES && at - so.firstAt >= POISON_MS)
      return aside(
        segment,
        line,
        entry,
        { code: 'keeps-failing', failures: so.count, detail: verdict.detail },
        verdict.status,
      )
    const ceiling = Math.min(60_000, 1_000 * 2 ** Math.min(so?.count ?? 1, 8))
    connection.pause(
      'degraded',
      `${call(entry)} fails (${verdict.detail}). It is tried again by itself; the calls behind it wait.`,
      {
        backOffMs: deps.random.next() * ceiling,
      },
    )
    return 'paused'
  }
  const call = (entry: Entry): string => `${entry.method ?? ''} ${entry.path ?? ''}`.trim()

  async function askFirst(
    segment: Segment,
    line: RawLine,
    entry: Entry,
    sent: SendableCall,
    touches: Touches,
    verdict: Extract<Verdict, { kind: 'ask' }>,
  ): Promise<Step> {
    const locks = await askLocks(connection)
    if (locks.kind !== 'rows') {
      segment.note({ kind: 'unsent', offset: line.offset, sub: entry.sub })
      if (locks.kind === 'none')
        connection.pause(
          'wrong-answer',
          `The address rejects everything (${verdict.detail}). Nothing is sent. Check the API address and the token (COORD_API_URL, COORD_TOKEN).`,
        )
      return 'paused'
    }
    const { what } = touches
    const gone = (): Step =>
      delivered(segment, line, entry, sent, touches, verdict.status, 'already gone', {})
    if (what.kind === 'release' && !locks.rows.some((r) => r.id === what.id)) return gone()
    if (what.kind === 'release-all' && !locks.rows.some((r) => r.session_id === what.session)) return gone()
    if (what.kind === 'mark-read') {
      const messages = await askMessages(connection)
      if (messages.kind === 'paused') {
        segment.note({ kind: 'unsent', offset: line.offset, sub: entry.sub })
        return 'paused'
      }
      if (messages.kind === 'rows' && !messages.rows.some((m) => m.id === what.id && m.read_at === null))
        return gone()
    }
    const code = what.kind === 'component' ? 'other-form' : 'rejected'
    return aside(segment, line, entry, { code, detail: verdict.detail }, verdict.status)
  }

  // ---- the loop -------------------------------------------------------------------------------------------------------------------

  async function drainSegment(segment: Segment): Promise<Step | 'tail'> {
    const size = segment.size
    if (!segment.header)
      segment.note({
        kind: 'header',
        version: LEDGER_VERSION,
        at: clock.now(),
        identity: segment.identity,
        size,
        mtime: segment.mtime,
        origin: segment.origin,
      })
    const lanes = createLanes<DrainResult | 'tail'>(() => deps.lanes())
    /** Batches with calls in flight, in file order: what stands before the first of them has its end. */
    const open: { readonly next: number; left: number }[] = []
    const settle = (): void => {
      for (let first = open[0]; first?.left === 0; first = open[0]) {
        segment.checkpoint(first.next)
        open.shift()
      }
    }
    const drained = async (step: Step | 'tail'): Promise<Step | 'tail'> => {
      await lanes.idle()
      return lanes.halted() ?? step
    }
    for await (const batch of segment.lines(segment.checkpointAt)) {
      const mine = { next: batch.next, left: 1 }
      open.push(mine)
      for (const { line, entry } of entriesOf(batch.lines)) {
        const key = keyOf(line.offset, entry.sub)
        if (segment.isEnded(line.offset, entry.sub)) {
          const was = segment.setAside.get(key)
          // a torn last line that a writer completed through its open descriptor
          if (!was || !mayBeCompleted(was.cause) || entry.verdict.kind === 'aside') continue
          segment.counted++
          segment.note({
            kind: 'resolved',
            offset: line.offset,
            sub: entry.sub,
            at: clock.now(),
            how: 'completed',
          })
        }
        if (!line.isTerminated) {
          // a clock that was set back, or a server's other clock, must not keep the line waiting for ever
          const quiet = Math.abs(clock.now() - segment.mtime)
          if (isWhole(parseLine(line)) ? quiet < deps.quietMs() : quiet < deps.tornMs())
            return drained('tail')
        }
        if (deps.isStopping()) return drained('stopped')
        if (unsendable(segment, line, entry) || entry.verdict.kind !== 'send') continue
        const { call } = entry.verdict
        const touches = touchesOf(call)
        if (deps.lanes() > 1 && touches.lane !== 'barrier') {
          mine.left++
          await lanes.offer(touches.lane, line.bytes.length, async () => {
            if (deps.isStopping()) return 'stopped'
            const step = await handle(segment, line, entry, call, touches)
            if (step !== 'next') return step
            mine.left--
            settle()
            return undefined
          })
          const halted = lanes.halted()
          if (halted !== undefined) return drained(halted)
          continue
        }
        await lanes.idle()
        const halted = lanes.halted()
        if (halted !== undefined) return halted
        const step = await handle(segment, line, entry, call, touches)
        if (step !== 'next') return step
      }
      mine.left--
      settle()
    }
    const halted = await drained('next')
    if (halted !== 'next') return halted
    segment.note({ kind: 'end', offset: size, at: clock.now() })
    return 'next'
  }

  async function run(): Promise<DrainResult> {
    try {
      return await runAll()
    } catch (error) {
      if (!(error instanceof ReadFault)) throw error
      deps.readFault(error.fault)
      return 'fault'
    }
  }

  async function runAll(): Promise<DrainResult> {
    const passed = new Set<string>()
    for (;;) {
      const all = deps.segments()
      const segment = all.find((s) => !s.hasEnd && !passed.has(s.name))
      if (!segment) {
        if (all.every((s) => s.hasEnd)) newDrain()
        return 'done'
      }
      // lines that a writer added to an older segment before it wrote to this one must go first
      let hasGrown = false
      for (const older of all) {
        if (older.seq >= segment.seq || !older.hasEnd || clock.now() - older.lastEndAt > POISON_MS) continue
        await older.refresh()
        if (!older.hasEnd) {
          await index(older)
          hasGrown = true
        }
      }
      if (hasGrown) continue
      if (segment.origin !== 'removed' && !(await connection.ensure())) return 'paused'
      let step: Awaited<ReturnType<typeof drainSegment>>
      try {
        step = await drainSegment(segment)
      } catch (error) {
        if (!(error instanceof ReadFault)) throw error
        deps.readFault(error.fault)
        step = 'fault'
      }
      if (!(await deps.commit(segment))) return 'fault'
      // a finished segment holds no descriptor: there may be thousands of them
      if (segment.hasEnd) await segment.close()
      if (step === 'tail') passed.add(segment.name)
      else if (step !== 'next') return step
    }
  }

  /** The backlog is empty: what comes next is another drain. */
  function newDrain(): void {
    drainLocks = new Set()
    baseline = new Map()
    projectRows = new Map()
    releaseAlls.clear()
    releases.clear()
    lastRelease = undefined
  }

  return {
    run,
    index,
    observe,
    countOf,
    async next(limit) {
      const found: WaitingCall[] = []
      for (const segment of deps.segments()) {
        if (segment.hasEnd) continue
        try {
          for await (const batch of segment.entries(segment.checkpointAt, NEXT_CHUNK)) {
            for (const { line, entry } of batch.items) {
              if (segment.isEnded(line.offset, entry.sub)) continue
              found.push({
                ts: entry.ts,
                method: entry.method,
                path: entry.path,
                raw: typeof entry.raw === 'string' ? entry.raw.slice(0, 2_000) : '',
              })
              if (found.length >= limit) return found
            }
          }
        } catch (error) {
          if (!(error instanceof ReadFault)) throw error
        }
      }
      return found
    },
    oldest: () => deps.segments().find((s) => !s.hasEnd)?.header?.at ?? null,
    sessionsOf(entry) {
      if (entry.verdict.kind !== 'send') return []
      const { session } = touchesOf(entry.verdict.call)
      return session === null || session === '' ? [] : [session]
    },
    reset() {
      recent.clear()
      newDrain()
    },
  }
}
