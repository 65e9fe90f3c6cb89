/**
 * Before a tool is called: may this session touch what the call touches? Free is claimed for it, held by another is refused
 * (or told), and whatever cannot be asked in time is allowed, with the claim in the queue.
 */
import { callingTool } from '../../adapters/calling-tool.ts'
import { noteGuard, readRecords } from '../../adapters/session-records.ts'
import { readToolCall } from '../../adapters/needed-files.ts'
import { createWorkTrees } from '../../adapters/work-trees.ts'
import type { GuardAct } from '../../core/sessions/guard-word.ts'
import { faultText, heldText, staleText, unreadText } from '../../core/sessions/guard-words.ts'
import { judge, type Ownership } from '../../core/sessions/judge.ts'
import {
  endangered,
  isUnnamed,
  neededResources,
  type Needed,
  type WorkTrees,
} from '../../core/sessions/resources.ts'
import {
  isNameGone,
  isOver,
  type ClaimRecord,
  type SessionRecord,
} from '../../core/sessions/session-record.ts'
import { isSameSession } from '../../core/sessions/session-name.ts'
import type { Reading } from '../../core/sessions/targets.ts'
import { nameAtWork } from '../../core/sessions/whose-name.ts'
import type { LockRow } from '../../../shared/wire.ts'
import { isApiResting } from './api-rest.ts'
import { goOn, refuse, SILENT, type HookAnswer } from './hook-answer.ts'
import type { HookApi, NewClaim } from './hook-api.ts'
import type { HookInput } from './hook-input.ts'
import { keepFacts, namesFor, queueCall, rememberFolders, type HookPlace } from './hook-place.ts'

const TTL_HOURS = 2
/** More than these are not claimed by one call: it would take longer than a tool waits, and fill every list. */
const MAX_CLAIMS = 100
/** A claim of ours is renewed when it is older than this: well before its time is over, and not at each edit. */
const RENEW_MS = 20 * 60_000

const NO_CALL = 'coord: the tool did not say in time what it is about to do, so nothing is guarded'

interface Asked {
  readonly needed: Needed
  readonly owner: Ownership
}

/** Everything that one guarded call needs. */
interface Guarded {
  readonly place: HookPlace
  readonly toolSession: string
  readonly session: string
  readonly api: HookApi
  readonly trees: WorkTrees
}

export async function guardHook(
  place: HookPlace,
  input: HookInput,
  openApi: () => HookApi,
): Promise<HookAnswer> {
  const { toolSession } = place
  const trees = createWorkTrees()
  const reading = readToolCall(input.tool, input.toolInput, place.cwd, trees)
  if (input.tool === '') return goOn('PreToolUse', '', NO_CALL)
  if (reading.targets.length === 0 && reading.unread.length === 0) return SILENT
  const notices = noticesOf(reading, trees)
  if (toolSession === null)
    return goOn(
      'PreToolUse',
      '',
      'coord: the tool gives no session id, so nothing is guarded (--session names one)',
    )
  const needed = neededResources(reading.targets, trees)
  if (needed.length === 0) return goOn('PreToolUse', '', notices)

  const session = nameAtWork(place, namesFor(place, toolSession))
  // no start was seen of it, or none since its end, or since its installation gave it this name: what it claims is in its record
  const isNew = place.record === null || isOver(place.record) || place.record.session !== session
  if (isNew)
    keepFacts(place.context, toolSession, {
      at: Date.now(),
      fact: 'started',
      session,
      folder: place.workspace,
      process: callingTool(),
    })
  rememberFolders(place, toolSession)
  const guarded: Guarded = { place, toolSession, session, api: openApi(), trees }
  const asked = isApiResting(place.context) ? null : await askAll(guarded, needed)
  if (asked === null) {
    const claims = needed.filter(({ isOnlyAsked }) => !isOnlyAsked)
    queueClaims(guarded, claims.slice(0, MAX_CLAIMS))
    return goOn('PreToolUse', '', withLeft(notices, claims.length, needed.length))
  }
  return decide(guarded, asked, notices)
}

/** What was not judged, and faults of the configuration of any tree that the call touches. */
function noticesOf(reading: Reading, trees: WorkTrees): string {
  const found = reading.targets.flatMap((target) => {
    const tree = trees.find(
      trees.real(target.kind === 'path' ? (target.unresolved ?? target.path) : target.folder),
    )
    return tree?.fault ? [faultText(tree.top, tree.fault)] : []
  })
  const unnamed = reading.targets.some((target) => isUnnamed(target, trees))
  const unread = unreadText([
    ...reading.unread,
    ...(unnamed ? [{ cause: 'expansion' as const, text: '' }] : []),
  ])
  return [...new Set(found), ...(unread === undefined ? [] : [`coord: ${unread}`])].join('\n')
}

/** With what was not claimed, where a call reaches so many: of `all`, those that were `free` to claim. */
function withLeft(notices: string, free: number, all: number): string {
  const left = free - MAX_CLAIMS
  const said = left > 0 ? [`coord: ${left} more were not claimed: this call reaches ${all}.`] : []
  return [notices, ...said].filter((text) => text !== '').join('\n')
}

/** Judges every resource from the locks of its project; null where the API could not be asked. */
async function askAll(guarded: Guarded, needed: readonly Needed[]): Promise<readonly Asked[] | null> {
  const { api, session, trees } = guarded
  const locks = new Map<string, readonly LockRow[]>()
  const isThere = await api.hello()
  for (const { project } of isThere ? needed : []) {
    if (locks.has(project)) continue
    const found = await api.locks(project)
    if (found === null) break
    locks.set(project, found)
  }
  if (!isThere || needed.some(({ project }) => !locks.has(project))) return null
  return needed.map((one) => {
    const held = endangered(one, (locks.get(one.project) ?? []).map(asOurs(guarded)), trees)
    return { needed: one, owner: judge(one, session, held, api.now()) }
  })
}

/** What the session claimed under a name that it had before, and that no other has by now, is its own. */
function asOurs({ place, session }: Guarded): (lock: LockRow) => LockRow {
  const { record } = place
  const before = (record?.names ?? []).filter((name) => name !== session)
  if (record === null || before.length === 0) return (lock) => lock
  const records = readRecords(place.context.home)
  const own = before.filter((name) => !isNameGone(records, { ...record, session: name }))
  return (lock) =>
    own.some((name) => isSameSession(name, lock.session_id)) ? { ...lock, session_id: session } : lock
}

/** The first resource that another holds decides; only where none is held is anything claimed. */
async function decide(guarded: Guarded, asked: readonly Asked[], notices: string): Promise<HookAnswer> {
  const warnings: string[] = []
  for (const { needed: all, owner } of asked) {
    if (owner.kind !== 'held' && owner.kind !== 'stale') continue
    // of a whole work tree the one part is said, asked for and waited for that another holds
    const needed = all.isOnlyAsked ? { ...all, resource: owner.lock.resource ?? all.resource } : all
    const isWarning = needed.tree.config.guard === 'warn'
    const text = (owner.kind === 'held' ? heldText : staleText)(
      needed,
      owner.lock,
      guarded.api.now(),
      isWarning,
    )
    if (owner.kind === 'held') await tellHolder(guarded, needed, owner.lock)
    note(guarded, needed, isWarning ? 'warned' : 'refused', owner.lock)
    if (!isWarning) return refuse(text)
    warnings.push(text)
  }
  for (const { needed, owner } of asked)
    if (owner.kind === 'mine') await keepOurs(guarded, needed, owner.lock)
  const free = asked.filter(({ needed, owner }) => owner.kind === 'free' && !needed.isOnlyAsked)
  const claimed: { needed: Needed; lock: string }[] = []
  const waiting: Needed[] = []
  for (const { needed } of free.slice(0, MAX_CLAIMS)) {
    const done = await claimOne(guarded, needed)
    if (done.isAway === true) waiting.push(needed)
    if (done.lock !== undefined) claimed.push({ needed, lock: done.lock })
    if (done.refusal === undefined) continue
    if (needed.tree.config.guard === 'warn') warnings.push(done.refusal)
    else {
      // two calls that need the same things in another order would keep each other out
      for (const { lock } of claimed) if (lock !== '') await guarded.api.release(lock, guarded.session)
      return refuse(done.refusal)
    }
  }
  for (const one of claimed) remember(guarded, one.needed, one.lock)
  queueClaims(guarded, waiting)
  return goOn('PreToolUse', warnings.join('\n\n'), withLeft(notices, free.length, asked.length))
}

const toClaim = ({ session }: Guarded, needed: Needed): NewClaim => ({
  project_key: needed.project,
  session_id: session,
  resource: needed.resource,
  description: 'claimed by the guard',
  ttl_hours: TTL_HOURS,
})

/**
 * A claim that must be refused is how a holder learns that somebody waits. Only where the server refuses it for sure: one
 * that compares strings would give us a lock beneath the holder's folder.
 */
async function tellHolder(guarded: Guarded, needed: Needed, lock: LockRow): Promise<void> {
  if (lock.resource === needed.resource || guarded.api.offers('overlap'))
    await guarded.api.claim(toClaim(guarded, needed))
}

const claimOf = (record: SessionRecord | null, needed: Needed): ClaimRecord | undefined =>
  record?.claims.find((claim) => claim.project === needed.project && claim.resource === needed.resource)

async function keepOurs(guarded: Guarded, needed: Needed, lock: LockRow): Promise<void> {
  note(guarded, needed, 'kept')
  const known = claimOf(guarded.place.record, needed)
  if (known && Date.now() - known.at < RENEW_MS) return
  const isRenewed = guarded.api.offers('renew') && (await guarded.api.renew(lock.id, guarded.session))
  // with no such call a claim by its own holder begins its time anew
  if (!isRenewed && lock.resource === needed.resource) await guarded.api.claim(toClaim(guarded, needed))
  remember(guarded, needed, lock.id)
}

/** The lock that was made, where one was; the refusal where somebody else was quicker; or the API could not take it now. */
async function claimOne(
  guarded: Guarded,
  needed: Needed,
): Promise<{ readonly lock?: string; readonly refusal?: string; readonly isAway?: boolean }> {
  const outcome = await guarded.api.claim(toClaim(guarded, needed))
  if (outcome.kind === 'claimed') {
    note(guarded, needed, 'claimed')
    return { lock: outcome.lock?.id ?? '' }
  }
  if (outcome.kind === 'away') return { isAway: true }
  const lock = outcome.kind === 'held' ? (outcome.lock ?? (await holderNow(guarded, needed))) : null
  if (lock === null) return {}
  const isWarning = needed.tree.config.guard === 'warn'
  note(guarded, needed, isWarning ? 'warned' : 'refused', lock)
  return { refusal: heldText(needed, lock, guarded.api.now(), isWarning) }
}

/** Who holds it, where a refused claim does not say so; null where nobody does by now, or it cannot be asked. */
async function holderNow({ api, session }: Guarded, needed: Needed): Promise<LockRow | null> {
  const owner = judge(needed, session, (await api.locks(needed.project)) ?? [], api.now())
  return owner.kind === 'held' || owner.kind === 'stale' ? owner.lock : null
}

/** For whoever looks at this machine's sessions: what the guard did last. */
function note({ place, toolSession, session }: Guarded, needed: Needed, did: GuardAct, lock?: LockRow): void {
  const held = lock ? { lock: lock.id, by: lock.session_id } : null
  const { project, resource } = needed
  noteGuard(place.context.home, toolSession, { session, at: Date.now(), did, project, resource, held })
}

function remember({ place, toolSession }: Guarded, needed: Needed, lock: string | null): void {
  const { project, resource } = needed
  keepFacts(place.context, toolSession, { at: Date.now(), fact: 'claimed', project, resource, lock })
}

/** The API is away: work goes on, and the claim waits in the queue, once in its life. */
function queueClaims(guarded: Guarded, needed: readonly Needed[]): void {
  for (const one of needed) {
    const known = claimOf(guarded.place.record, one)
    if (known && Date.now() - known.at < TTL_HOURS * 3_600_000 - RENEW_MS) continue
    queueCall(guarded.place.context, guarded.place.workspace, {
      method: 'POST',
      path: '/api/coord/locks',
      bodyText: JSON.stringify(toClaim(guarded, one)),
    })
    remember(guarded, one, null)
    note(guarded, one, 'queued')
  }
}
