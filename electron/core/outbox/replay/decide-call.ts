/** Decides on one call: puts to the API what its rule needs to know, and applies the rule. */
import type { LockRow } from '../../../../shared/wire.ts'
import type { GatedConnection } from '../../coord/connection.ts'
import { askComponents, askLocks } from '../../coord/coord-client.ts'
import type { Clock } from '../../ports.ts'
import type { Backlog } from './backlog.ts'
import type { ComponentHistory } from './component-history.ts'
import type { DrainLocks } from './drain-locks.ts'
import type { QueuedCall } from './queued-call.ts'
import type { Recent } from './recent-deliveries.ts'
import { decideReplay, type Decision, type Known, type Question } from './rules.ts'

export interface DecideDeps {
  readonly clock: Clock
  readonly connection: GatedConnection
  readonly backlog: Backlog
  readonly recent: Recent
  readonly history: ComponentHistory
  readonly drainLocks: DrainLocks
}

type Locks = readonly LockRow[] | null

/** `paused`: the API gave no answer to what the rule asks. */
export type Decided = Decision | { readonly kind: 'paused' }
const SEND: Decided = { kind: 'send' }

/** A promise only where something must be read or asked: of most calls no rule speaks. */
export function decideCall(deps: DecideDeps, call: QueuedCall): Decided | Promise<Decided> {
  // resent by a person: replay rules do not apply
  if (call.segment.origin === 'again') return SEND
  const repeated = repeatedBy(deps, call)
  return repeated || hasRule(call) ? decideByRules(deps, call, repeated) : SEND
}

async function decideByRules(
  deps: DecideDeps,
  call: QueuedCall,
  repeated: Repeated | undefined,
): Promise<Decided> {
  const isDuplicate = repeated !== undefined && (await isSame(repeated, call))
  if (!isDuplicate && !hasRule(call)) return SEND
  const ruled = { method: call.request.method, target: call.target, time: call.time }
  let locks: Locks | undefined
  for (;;) {
    const decision = decideReplay(ruled, knownOf(deps, call, isDuplicate, locks))
    if (decision.kind !== 'ask') return decision
    if (decision.about === 'component') {
      if (!(await readRows(deps, decision.project))) return { kind: 'paused' }
      continue
    }
    const asked = await askAboutLocks(deps, decision)
    if (asked === 'paused') return { kind: 'paused' }
    locks = asked
  }
}

const hasRule = ({ target: { effect } }: QueuedCall): boolean =>
  effect.kind === 'claim' || effect.kind === 'release-all' || effect.kind === 'component'

function knownOf(deps: DecideDeps, call: QueuedCall, isDuplicate: boolean, locks: Locks | undefined): Known {
  const { clock, connection, backlog, history, drainLocks } = deps
  const { effect, resource } = call.target
  const skewMs = connection.serverSkewMs()
  return {
    now: clock.now(),
    skewMs,
    highestSkewMs: connection.skewBounds()?.high,
    isDuplicate,
    isReleasedLater: (session) => backlog.isReleasedLater(session, call),
    hasReleaseLater: backlog.hasReleaseLater(call),
    isLockReleasedLater: (id) => backlog.isLockReleasedLater(id, call),
    isOurLock: (id) => drainLocks.has(id),
    ...(locks === undefined ? {} : { locks }),
    row:
      effect.kind === 'component'
        ? history.rowBefore(effect.project, effect.component, clock.monotonic())
        : undefined,
    isOwnRow(row) {
      const isOwn = history.isOwnWrite(resource, row, skewMs)
      // for the calls behind this one too: by then our newest write is another one
      if (isOwn) history.markOwn(resource)
      return isOwn
    },
  }
}

async function readRows({ connection, history, clock }: DecideDeps, project: string): Promise<boolean> {
  const asked = await askComponents(connection, project)
  if (asked.kind === 'paused') return false
  history.keepRows(project, asked.kind === 'rows' ? asked.rows : null, clock.monotonic())
  return true
}

async function askAboutLocks(
  { connection }: DecideDeps,
  question: Exclude<Question, { about: 'component' }>,
): Promise<Locks | 'paused'> {
  const asked =
    question.about === 'resource'
      ? await askLocks(connection, question.project, question.resource)
      : await askLocks(connection)
  return asked.kind === 'paused' ? 'paused' : asked.kind === 'rows' ? asked.rows : null
}

type Repeated = NonNullable<ReturnType<Recent['repeated']>>

/** What was delivered lately from an earlier segment, and looks the same. */
function repeatedBy({ recent, clock }: DecideDeps, call: QueuedCall): Repeated | undefined {
  if (call.ts === null) return undefined
  const found = recent.repeated(call.hashes(), clock.now())
  return found && found.segment.seq < call.segment.seq ? found : undefined
}

/** Whether the very bytes were delivered: read again, as hashes alone prove nothing. */
async function isSame({ segment, record }: Repeated, call: QueuedCall): Promise<boolean> {
  const before = await segment.entryAt(record.offset, record.sub)
  return before !== undefined && before.raw === call.raw
}
