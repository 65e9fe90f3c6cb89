/** `coord locks`, `claim`, `renew`, `release`: resource locks. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import type { Result } from '../../../shared/result.ts'
import { isOfMachine } from '../../../shared/session.ts'
import { counted } from '../../../shared/text.ts'
import { lockRow } from '../../../shared/wire.ts'
import { appendLines } from '../../adapters/queue-append.ts'
import { knownSessions } from '../../adapters/session-records.ts'
import { systemClock } from '../../adapters/system.ts'
import {
  createLockActions,
  mayReleaseOf,
  releaseAllPath,
  releasePath,
  type MayRelease,
  type RefusalCode,
} from '../../core/coord/release-locks.ts'
import { queueingWorkspace, type Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import type { WriteOutcome } from '../live-write.ts'
import { openLive, type Live } from '../live.ts'
import { refused } from '../refused.ts'
import { confirm } from '../terminal/confirm.ts'
import { line, lines, oneLine, type Piece } from '../terminal/text.ts'
import { limited, limitOf } from '../filters.ts'
import { isShortened, resolveIds } from '../ids.ts'
import { ageWords, locksTable, nameLock } from '../lists.ts'
import { remember } from '../memory.ts'
import { errorLine, hint, isJson, refusal, result, showBefore } from '../output.ts'
import { readLocks, rowsOrStop, serverNow, toLockLine, type LockLine } from '../rows.ts'

export interface LocksFlags {
  readonly all?: boolean
  readonly project?: string
  readonly limit?: string
}

export async function locks(context: Context, flags: LocksFlags): Promise<ExitCode> {
  const limit = limitOf(flags.limit)
  const live = openLive(context)
  try {
    const { givenSession } = context
    const isAll = flags.all === true || (givenSession !== null && !isOfMachine(givenSession, context.machine))
    const project = flags.project === undefined ? {} : { project: flags.project }
    const read = rowsOrStop(
      await readLocks(live, context.machine, { ...project, ...(isAll ? {} : { machine: context.machine }) }),
    )
    learn(context, read)
    // of one project it is no look at the machine
    if (flags.project === undefined) remember(context, { locks: read.filter((row) => row.mine) })
    const rows = limited(
      read.filter(
        (row) =>
          (flags.project === undefined || row.project_key === flags.project) &&
          (givenSession === null || row.session_id === givenSession),
      ),
      limit,
    )
    await result(rows, () =>
      rows.length > 0
        ? locksTable(rows, serverNow(live))
        : givenSession !== null
          ? line`${givenSession} holds no resource lock.`
          : flags.all === true
            ? 'No resource locks are held.'
            : line`No session of ${context.machine.name} holds a resource lock.`,
    )
    return EXIT.done
  } finally {
    live.close()
  }
}

/** For completion: what these rows name. */
function learn(context: Context, rows: readonly LockLine[]): void {
  remember(context, {
    ids: { locks: rows.map((row) => ({ id: row.id, text: nameLock(row) })) },
    projects: rows.map((row) => row.project_key),
    sessions: rows.map((row) => row.session_id),
  })
}

/** IDs as they were given, whole; the locks of every machine are looked through where one may be shortened. */
async function wholeIds(live: Live, context: Context, ids: readonly string[]): Promise<readonly string[]> {
  return resolveIds(ids, async () => {
    const rows = await readLocks(live, context.machine)
    return 'why' in rows ? [] : rows.map((row) => ({ id: row.id, text: nameLock(row) }))
  })
}

export interface ClaimFlags {
  readonly project: string
  readonly ttl?: string
  readonly description?: string
  /** Seconds to wait for it where another session holds it. */
  readonly wait?: string
}

/** A server waits this long in one call. */
const LONGEST_WAIT_S = 30
/** How often a server that cannot wait is asked again, or one that says that it can and answers at once. */
const ASK_AGAIN_MS = 2_000

function numberOf(text: string | undefined, otherwise: number, what: string): number {
  const value = text === undefined ? otherwise : Number(text)
  if (text?.trim() === '' || !Number.isFinite(value) || value < 0) throw usage(`${what}: ${text ?? ''}`)
  return value
}

export async function claim(context: Context, resource: string, flags: ClaimFlags): Promise<ExitCode> {
  const ttl = numberOf(flags.ttl, 2, '--ttl is a number of hours, 0 for a lock that never expires')
  const waitS = numberOf(flags.wait, 0, '--wait is a number of seconds')
  const live = openLive(context)
  const wanted = {
    project_key: flags.project,
    session_id: context.session,
    resource,
    ...(flags.description === undefined ? {} : { description: flags.description }),
    ttl_hours: ttl,
  }
  try {
    const outcome = await claimOrWait(live, context, wanted, waitS)
    switch (outcome.kind) {
      case 'held':
        return await conflict(resource, outcome.lock)
      case 'queued':
        await result({ queued: true, file: outcome.file }, `Queued: ${resource} is not claimed yet.`)
        return EXIT.waiting
      case 'refused':
        return await refused(outcome)
      case 'accepted': {
        const row = lockInAnswer(outcome.json, live, context)
        await result(row ?? outcome.json, () =>
          row ? lines(['Claimed.', locksTable([row], serverNow(live))]) : 'Claimed.',
        )
        if (row) remember(context, { projects: [row.project_key], sessions: [row.session_id] })
        return EXIT.done
      }
    }
  } finally {
    live.close()
  }
}

async function conflict(resource: string, row: LockLine | null): Promise<ExitCode> {
  const holder = row?.session_id ?? null
  const since = row === null ? '' : `, ${ageWords(row)}`
  await refusal(
    { conflict: true, holder, lock: row },
    oneLine(`${resource} is held by ${holder ?? 'another session'}${since}`),
  )
  if (row?.stale) hint(`It is stale: "coord release ${row.id} --force" releases it.`)
  else hint('"coord claim … --wait S" waits for it; "coord send --to" asks its holder.')
  return EXIT.failed
}

interface Wanted {
  readonly project_key: string
  readonly session_id: string
  readonly resource: string
}
type ClaimOutcome = WriteOutcome | { readonly kind: 'held'; readonly lock: LockLine | null }

/** Claims; where it is held, waits by the server where it knows how, and by asking again elsewhere. */
async function claimOrWait(
  live: Live,
  context: Context,
  wanted: Wanted,
  waitS: number,
): Promise<ClaimOutcome> {
  const until = performance.now() + waitS * 1000
  for (let isSaid = false; ; isSaid = true) {
    const leftS = Math.max(0, (until - performance.now()) / 1000)
    const askedAt = performance.now()
    const outcome = await claimOnce(live, context, wanted, leftS)
    if (outcome.kind !== 'held' || until - performance.now() <= 0) return outcome
    if (!isSaid)
      hint(
        `coord: ${wanted.resource} is held by ${oneLine(outcome.lock?.session_id ?? 'another session')}; waiting ${Math.ceil(leftS)} s for it (Ctrl-C stops)`,
      )
    const now = performance.now()
    const waitedMs = live.connection.server().extensions.has('wait') ? now - askedAt : 0
    await sleep(Math.max(0, Math.min(ASK_AGAIN_MS - waitedMs, until - now)))
  }
}

async function claimOnce(live: Live, context: Context, wanted: Wanted, leftS: number): Promise<ClaimOutcome> {
  // The protocol's first step: a server of another make may not look for conflicts itself.
  const held = await heldBy(live, context, wanted)
  const isOther = held !== undefined && held.session_id !== context.session
  const canWait = live.connection.server().extensions.has('wait')
  const seconds = canWait ? Math.min(LONGEST_WAIT_S, Math.ceil(leftS)) : 0
  if (isOther && seconds === 0) return { kind: 'held', lock: held }
  const path = `/api/coord/locks${seconds > 0 ? `?wait=${seconds}` : ''}`
  const outcome = await live.write('POST', path, wanted, (seconds + 5) * 1000)
  if (outcome.kind !== 'refused' || outcome.status !== 409) return outcome
  const lock = lockInAnswer(outcome.json, live, context) ?? (await heldBy(live, context, wanted)) ?? null
  // a server may refuse a second claim to its own holder, who has what it wants
  return lock?.session_id === wanted.session_id ? { kind: 'accepted', json: lock } : { kind: 'held', lock }
}

/** `coord renew`: says that the session still works on it; exit 1 where the lock is lost. */
export async function renew(context: Context, ids: readonly string[]): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const why = await live.ready()
    if (why !== undefined) throw failure(`${why} A renewal is not queued: by then it would say nothing.`)
    const renewed: LockLine[] = []
    const lost: { id: string; holder: string | null; reason: string }[] = []
    const rows = rowsOrStop(await readLocks(live, context.machine, { machine: context.machine }))
    for (const id of new Set(await wholeIds(live, context, ids))) {
      const row = rows.find((one) => one.id === id)
      const outcome = await renewOne(live, context, id, row)
      const lock = outcome.kind === 'accepted' ? lockInAnswer(outcome.json, live, context) : undefined
      if (outcome.kind === 'accepted') renewed.push(...(lock ? [lock] : row ? [row] : []))
      else if (outcome.kind === 'refused')
        lost.push({
          id,
          holder: lockInAnswer(outcome.json, live, context)?.session_id ?? null,
          reason: outcome.detail,
        })
    }
    await result({ renewed, lost }, () =>
      renewed.length === 0
        ? null
        : lines([`Renewed ${counted(renewed.length, 'lock')}.`, locksTable(renewed, serverNow(live))]),
    )
    if (!isJson())
      for (const one of lost)
        errorLine(oneLine(`lost: ${one.id}${one.holder ? `, held by ${one.holder}` : ''}: ${one.reason}`))
    return lost.length > 0 ? EXIT.failed : EXIT.done
  } finally {
    live.close()
  }
}

/** A server that knows no renewal renews by a second claim of the session that holds it. */
async function renewOne(
  live: Live,
  context: Context,
  id: string,
  row: LockLine | undefined,
): Promise<WriteOutcome> {
  const session = row?.session_id ?? context.session
  if (live.connection.server().extensions.has('renew'))
    return live.write(
      'PUT',
      `/api/coord/locks/${encodeURIComponent(id)}/renew?session_id=${encodeURIComponent(session)}`,
    )
  if (!row) return { kind: 'refused', status: 404, detail: 'no such lock is held', json: undefined }
  const { project_key, resource, description, ttl_hours } = row
  const wanted = {
    project_key: project_key ?? '',
    session_id: session,
    resource: resource ?? '',
    ...(description === null ? {} : { description }),
    ...(ttl_hours === null ? {} : { ttl_hours }),
  }
  const outcome = await claimOnce(live, context, wanted, 0)
  if (outcome.kind !== 'held') return outcome
  const { lock } = outcome
  return { kind: 'refused', status: 409, detail: 'another session holds it', json: lock ?? undefined }
}

function lockInAnswer(json: unknown, live: Live, context: Context): LockLine | undefined {
  const inner =
    typeof json === 'object' && json !== null
      ? [json, ...['detail', 'lock', 'holder', 'data'].map((k) => (json as Record<string, unknown>)[k])]
      : []
  for (const candidate of inner) {
    const row = lockRow.safeParse(candidate)
    if (row.success) return toLockLine(row.data, context.machine, serverNow(live))
  }
  return undefined
}

async function heldBy(live: Live, context: Context, wanted: Wanted): Promise<LockLine | undefined> {
  const { project_key: project, resource } = wanted
  const rows = await readLocks(live, context.machine, { project, resource })
  // A server may ignore the query: compare here.
  return 'why' in rows ? undefined : rows.find((r) => r.project_key === project && r.resource === resource)
}

export interface ReleaseFlags {
  readonly mine?: boolean
  readonly force?: boolean
  readonly yes?: boolean
  readonly dryRun?: boolean
}

export async function release(
  context: Context,
  given: readonly string[],
  flags: ReleaseFlags,
): Promise<ExitCode> {
  checkRelease(context, given, flags)
  const live = openLive(context)
  try {
    const why = await live.ready()
    const ids = why === undefined ? await wholeIds(live, context, given) : given
    if (flags.dryRun === true) return await dryRelease(live, context, ids, flags, why)
    if (mayNeedAsking(context, ids, flags)) await ask(live, context, ids, flags, why)
    const outcome =
      why === undefined
        ? await releaseNow(live, context, ids, flags)
        : queueReleases(live, context, ids, flags, why)
    await result(
      outcome,
      outcome.released + outcome.queued === 0 && outcome.refused.length > 0
        ? null
        : `Released ${counted(outcome.released, 'lock')}${outcome.queued > 0 ? `, queued ${outcome.queued}` : ''}.`,
    )
    if (!isJson()) outcome.refused.forEach(sayRefusal)
    return outcome.refused.length > 0 ? EXIT.failed : outcome.queued > 0 ? EXIT.waiting : EXIT.done
  } finally {
    live.close()
  }
}

/** Which of the ways to name what is to be released; one at a time. */
function checkRelease(context: Context, ids: readonly string[], flags: ReleaseFlags): void {
  if (ids.length === 0 && !flags.mine && context.givenSession === null)
    throw usage('name what to release: ID…, --session S, or --mine')
  if (flags.mine && context.givenSession !== null)
    throw usage('--session S and --mine are two different things: name one')
}

function sayRefusal({ id, holder, reason }: ReleaseOutcome['refused'][number]): void {
  const what = id === '' ? `the locks of ${holder}` : holder === '' ? id : `${id}, held by ${holder}`
  errorLine(oneLine(`not released: ${what}: ${reason}`))
}

/** Whether more may go than the named locks of the person's own session. */
const mayNeedAsking = (context: Context, ids: readonly string[], flags: ReleaseFlags): boolean =>
  ids.length === 0 || flags.mine === true || flags.force === true || context.givenSession !== null

/** What a release would do, as the locks are now: the same rules as the release itself. */
interface Outlook {
  readonly rows: readonly LockLine[]
  readonly refused: ReleaseOutcome['refused']
}

function outlookOf(
  held: readonly LockLine[],
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
): Outlook {
  const { machine, session } = context
  if (ids.length === 0 && flags.mine) return { rows: held.filter((row) => row.mine), refused: [] }
  const isOwn = isOfMachine(session, machine)
  if (ids.length === 0 && !isOwn && flags.force !== true)
    return { rows: [], refused: [{ id: '', holder: session, reason: 'not a session of this machine' }] }
  const ofSession = held.filter((row) => row.session_id === session)
  if (ids.length === 0 && isOwn) return { rows: ofSession, refused: [] }
  const may = mayReleaseNamed(context, flags)
  const rows: LockLine[] = []
  const refused: ReleaseOutcome['refused'][number][] = []
  for (const id of new Set(ids.length > 0 ? ids : ofSession.map((row) => row.id))) {
    const row = held.find((one) => one.id === id)
    const code = row === undefined ? 'not-held' : may(row, serverNow(live))
    if (row !== undefined && code === null) rows.push(row)
    else refused.push({ id, holder: row?.session_id ?? '', reason: REASONS[code ?? 'not-held'] })
  }
  return { rows, refused }
}

async function ask(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
  why: string | undefined,
): Promise<void> {
  if (flags.yes === true) return
  const held = why === undefined ? await readLocks(live, context.machine) : { why }
  if ('why' in held) return confirm(`Release ${namedWords(context, ids, flags)}?`, flags)
  const { rows } = outlookOf(held, live, context, ids, flags)
  if (rows.length === 0) return
  showBefore(locksTable(rows, serverNow(live)))
  await confirm(rows.length === 1 ? 'Release this lock?' : `Release these ${rows.length} locks?`, flags)
}

/** What is to be released, where the locks themselves cannot be shown. */
function namedWords(context: Context, ids: readonly string[], flags: ReleaseFlags): string {
  if (ids.length > 0) return counted(ids.length, 'lock')
  return `the locks of ${flags.mine === true ? context.machine.name : context.session}`
}

async function dryRelease(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
  why: string | undefined,
): Promise<ExitCode> {
  if (why !== undefined) throw failure(`${why} What would be released cannot be read now.`)
  const held = rowsOrStop(await readLocks(live, context.machine))
  const { rows, refused: left } = outlookOf(held, live, context, ids, flags)
  const shown: readonly Piece[] =
    rows.length === 0
      ? ['Nothing would be released.']
      : [`Would release ${counted(rows.length, 'lock')}:`, locksTable(rows, serverNow(live))]
  await result({ wouldRelease: rows, refused: left }, lines(shown))
  if (!isJson()) left.forEach(sayRefusal)
  return left.length > 0 ? EXIT.failed : EXIT.done
}

const REASONS: Readonly<Record<RefusalCode, string>> = {
  'not-held': 'no such lock is held (released already?)',
  'other-session': 'another session of this machine holds it: add --mine, or --session with its name',
  'other-machine': 'another session holds it, and it is not stale',
  stale: 'another session holds it; it is stale: --force releases it',
  away: 'the API is away; a forced release is never queued',
}

async function releaseNow(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
): Promise<ReleaseOutcome> {
  const { machine, session, home } = context
  const workspace = queueingWorkspace(context) ?? home
  const append = (lines: readonly string[]): Result<null, string> => appendLines(workspace, lines)
  const actions = createLockActions({
    connection: live.connection,
    client: live.client,
    enqueue: (line) => Promise.resolve(append([line])),
    enqueueSync: append,
    clock: systemClock,
    machine: () => machine,
    known: () => [],
    sessions: () => knownSessions(home, machine.name, session),
    actor: () => session,
  })
  if (ids.length === 0 && flags.mine) return actions.releaseAll()
  if (ids.length === 0) return actions.cleanUp(session, flags.force === true)
  return actions.releaseIds(ids, mayReleaseNamed(context, flags), (code) => REASONS[code])
}

/** Named locks: those of another session of this machine only where it is said that they may go. */
function mayReleaseNamed({ machine, session }: Context, flags: ReleaseFlags): MayRelease {
  const mayRelease = mayReleaseOf(machine, flags.force === true)
  return (row, now) =>
    isOfMachine(row.session_id, machine) && row.session_id !== session && flags.mine !== true
      ? 'other-session'
      : mayRelease(row, now)
}

/** The API is away: one line for each id; without ids, only a whole session's can be asked for. */
function queueReleases(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
  why: string,
): ReleaseOutcome {
  const { session, machine } = context
  const short = ids.find(isShortened)
  if (short !== undefined)
    throw failure(`${why} A shortened ID (${short}) cannot be looked up now; name it whole`)
  for (const id of new Set(ids))
    live.queue('DELETE', releasePath({ id, session_id: session }), undefined, why)
  if (ids.length > 0) return { released: 0, queued: new Set(ids).size, refused: [] }
  if (flags.mine)
    throw failure(
      `${why} Which locks ${machine.name} holds cannot be read now; name them by ID, or by --session`,
    )
  if (!isOfMachine(session, machine))
    return { released: 0, queued: 0, refused: [{ id: '', holder: session, reason: REASONS.away }] }
  live.queue('DELETE', releaseAllPath(session), undefined, why)
  return { released: 0, queued: 1, refused: [] }
}
