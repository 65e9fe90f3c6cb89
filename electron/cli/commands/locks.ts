/** `coord locks`, `claim`, `release`: resource locks. */
import type { ReleaseOutcome } from '../../../shared/protocol.ts'
import { decodeRows, lockRow } from '../../../shared/wire.ts'
import type { Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { openLive, type Live } from '../live.ts'
import { hint, result } from '../output.ts'
import { ageOf, readLocks, rowsOrStop, toLockLine, type LockLine } from '../rows.ts'

const lockText = (row: LockLine): string =>
  [
    row.id,
    `${row.project_key ?? '-'}: ${row.resource ?? '-'}`,
    `${row.session_id}${row.mine ? ' (this machine)' : ''}`,
    `${ageOf(row.acquired_at)}${row.stale ? ', stale' : ''}`,
    ...(row.description ? [row.description] : []),
  ].join('  ')

export async function locks(context: Context, isAll: boolean): Promise<ExitCode> {
  const live = openLive(context)
  try {
    const rows = rowsOrStop(await readLocks(live, context.machine), context).filter(
      (row) => isAll || row.mine,
    )
    await result(rows, () =>
      rows.length > 0
        ? rows.map(lockText).join('\n')
        : isAll
          ? 'No resource locks are held.'
          : `No session of ${context.machine.name} holds a resource lock.`,
    )
    return EXIT.done
  } finally {
    live.close()
  }
}

export interface ClaimFlags {
  readonly project: string
  readonly ttl?: string
  readonly description?: string
}

export async function claim(context: Context, resource: string, flags: ClaimFlags): Promise<ExitCode> {
  const ttl = Number(flags.ttl ?? '2')
  if (flags.ttl?.trim() === '' || !Number.isFinite(ttl) || ttl < 0) {
    throw usage(`--ttl is a number of hours, 0 for a lock that never expires: ${flags.ttl ?? ''}`)
  }
  if (resource === '' || flags.project === '') throw usage('a resource and a project have a name')
  const live = openLive(context)
  const conflict = async (row: LockLine | null): Promise<ExitCode> => {
    const holder = row?.session_id ?? null
    await result(
      { conflict: true, holder, lock: row },
      `${resource} is held by ${holder ?? 'another session'}`,
    )
    if (row?.stale) hint(`coord: that lock is stale: coord release ${row.id} --force`)
    return EXIT.failed
  }
  try {
    // The protocol's first step: a server of another make may not look for conflicts itself.
    const query = `?project_key=${encodeURIComponent(flags.project)}&resource=${encodeURIComponent(resource)}`
    const held = await heldBy(live, context, query, flags.project, resource)
    if (held && held.session_id !== context.session) return await conflict(held)
    const outcome = await live.write('POST', '/api/coord/locks', {
      project_key: flags.project,
      session_id: context.session,
      resource,
      ...(flags.description === undefined ? {} : { description: flags.description }),
      ttl_hours: ttl,
    })
    if (outcome.kind === 'queued') {
      await result({ queued: true, file: outcome.file }, `Queued: ${resource} is not claimed yet.`)
      return EXIT.waiting
    }
    if (outcome.kind === 'refused') {
      if (outcome.status === 409) {
        const row =
          lockInAnswer(outcome.json, context) ?? (await heldBy(live, context, query, flags.project, resource))
        return await conflict(row ?? null)
      }
      return await refused(outcome)
    }
    const row = lockInAnswer(outcome.json, context)
    await result(row ?? outcome.json, () => (row ? `Claimed: ${lockText(row)}` : 'Claimed.'))
    return EXIT.done
  } finally {
    live.close()
  }
}

/** Says what the API refused, in the same way for each command. */
export async function refused(outcome: {
  readonly status: number
  readonly detail: string
}): Promise<ExitCode> {
  await result(
    { error: { status: outcome.status, detail: outcome.detail } },
    `The API refused it (${outcome.status}): ${outcome.detail}`,
  )
  return EXIT.failed
}

function lockInAnswer(json: unknown, context: Context): LockLine | undefined {
  const inner =
    typeof json === 'object' && json !== null
      ? [json, ...['detail', 'lock', 'holder', 'data'].map((k) => (json as Record<string, unknown>)[k])]
      : []
  for (const candidate of inner) {
    const row = lockRow.safeParse(candidate)
    if (row.success) return toLockLine(row.data, context.machine, Date.now())
  }
  return undefined
}

async function heldBy(
  live: Live,
  context: Context,
  query: string,
  project: string,
  resource: string,
): Promise<LockLine | undefined> {
  const answer = await live.get(`/api/coord/locks${query}`)
  if (answer.kind !== 'ok') return undefined
  const rows = decodeRows(answer.json, 'locks', lockRow)?.rows ?? []
  // A server may ignore the query: compare here.
  const row = rows.find((r) => r.project_key === project && r.resource === resource)
  return row ? toLockLine(row, context.machine, Date.now()) : undefined
}

export interface ReleaseFlags {
  readonly mine?: boolean
  readonly force?: boolean
}

const releasePath = (id: string, session: string): string =>
  `/api/coord/locks/${encodeURIComponent(id)}?session_id=${encodeURIComponent(session)}`

export async function release(
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
): Promise<ExitCode> {
  if (ids.length === 0 && !flags.mine && context.givenSession === null) {
    throw usage('name what to release: ID…, --session S, or --mine')
  }
  if (ids.length === 0 && flags.mine && context.givenSession !== null) {
    throw usage('--session S and --mine are two different things: name one')
  }
  const live = openLive(context)
  try {
    const outcome = await releaseLocks(live, context, ids, flags)
    await result(outcome, () =>
      [
        `Released ${outcome.released}${outcome.queued > 0 ? `, queued ${outcome.queued}` : ''}.`,
        ...outcome.refused.map(
          (r) => `Not released: ${r.id}${r.holder ? `, held by ${r.holder}` : ''}: ${r.reason}`,
        ),
      ].join('\n'),
    )
    return outcome.refused.length > 0 ? EXIT.failed : outcome.queued > 0 ? EXIT.waiting : EXIT.done
  } finally {
    live.close()
  }
}

async function releaseLocks(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
): Promise<ReleaseOutcome> {
  const before = await readLocks(live, context.machine)
  if ('why' in before) return queueReleases(live, context, ids, flags, before.why)

  const refusals: { id: string; holder: string; reason: string }[] = []
  const mayRelease = (row: LockLine): string | undefined => {
    if (row.session_id === context.session || (flags.mine && row.mine)) return undefined
    if (row.mine) return 'another session of this machine holds it: add --mine, or --session with its name'
    if (!flags.force)
      return row.stale
        ? 'another session holds it; it is stale: --force releases it'
        : 'another session holds it'
    return row.stale ? undefined : 'another session holds it, and it is not stale'
  }
  const targets: LockLine[] = []
  if (ids.length > 0) {
    for (const id of new Set(ids)) {
      const row = before.find((r) => r.id === id)
      if (!row) refusals.push({ id, holder: '', reason: 'no such lock is held (released already?)' })
      else {
        const reason = mayRelease(row)
        if (reason === undefined) targets.push(row)
        else refusals.push({ id, holder: row.session_id, reason })
      }
    }
  } else {
    targets.push(...before.filter((r) => (flags.mine ? r.mine : r.session_id === context.session)))
  }

  let queued = 0
  const sent: LockLine[] = []
  const said = new Map<string, string>()
  for (const row of targets) {
    // The holder's own name: the protocol's way also for a stale lock of somebody else.
    const path = releasePath(row.id, row.session_id)
    const outcome =
      queued > 0 ? live.queue('DELETE', path, undefined, 'still away') : await live.write('DELETE', path)
    if (outcome.kind === 'queued') queued++
    else sent.push(row)
    if (outcome.kind === 'refused')
      said.set(row.id, `the API refused it (${outcome.status}): ${outcome.detail}`)
  }

  // An answer is a word; the list is the fact.
  const after = sent.length > 0 ? await readLocks(live, context.machine) : []
  let released = 0
  for (const row of sent) {
    const isHeld =
      'why' in after
        ? said.has(row.id)
        : after.some((r) => r.id === row.id && r.session_id === row.session_id)
    if (isHeld)
      refusals.push({ id: row.id, holder: row.session_id, reason: said.get(row.id) ?? 'it is still held' })
    else released++
  }
  return { released, queued, refused: refusals }
}

/** The API is away: one line for each id; without ids, only a whole session's can be asked for. */
function queueReleases(
  live: Live,
  context: Context,
  ids: readonly string[],
  flags: ReleaseFlags,
  why: string,
): ReleaseOutcome {
  if (ids.length > 0) {
    for (const id of new Set(ids)) live.queue('DELETE', releasePath(id, context.session), undefined, why)
    return { released: 0, queued: new Set(ids).size, refused: [] }
  }
  if (flags.mine) {
    throw failure(
      `coord: ${context.baseUrl}: ${why}. Which locks ${context.machine.name} holds cannot be read now; name them by ID, or by --session`,
    )
  }
  live.queue(
    'DELETE',
    `/api/coord/locks?session_id=${encodeURIComponent(context.session)}&release_all=true`,
    undefined,
    why,
  )
  return { released: 0, queued: 1, refused: [] }
}
