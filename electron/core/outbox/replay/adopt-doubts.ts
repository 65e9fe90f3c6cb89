/**
 * After a crash with intents ahead, calls may have been applied of which no ledger tells. What they made is this drain's own: a
 * later state of a component supersedes none of its earlier calls, and a lock that was claimed again is none of another drain.
 */
import type { LockRow } from '../../../../shared/wire.ts'
import { askComponents, askLocks } from '../../coord/coord-client.ts'
import type { Doubt } from '../segments/call-states.ts'
import { findApplied, type Row } from './find-applied.ts'
import type { QueuedCall } from './queued-call.ts'
import { markFound, notBefore, type SendDeps } from './send-call.ts'

/** False: the API gives no answer now. */
export async function adoptDoubts(deps: SendDeps, doubts: ReadonlyMap<QueuedCall, Doubt>): Promise<boolean> {
  return (await adoptLocks(deps, doubts)) && (await adoptComponents(deps, doubts))
}

async function adoptLocks(deps: SendDeps, doubts: ReadonlyMap<QueuedCall, Doubt>): Promise<boolean> {
  const claims = [...doubts].filter(([call]) => call.target.effect.kind === 'claim')
  if (claims.length === 0) return true
  const asked = await askLocks(deps.connection)
  if (asked.kind === 'paused') return false
  if (asked.kind === 'none') return true
  for (const [call, doubt] of claims) {
    const row = applied(deps, asked.rows, call, doubt) as LockRow | undefined
    if (row) deps.drainLocks.adopt(call.segment, row.id)
  }
  return true
}

async function adoptComponents(deps: SendDeps, doubts: ReadonlyMap<QueuedCall, Doubt>): Promise<boolean> {
  const byProject = new Map<string, [QueuedCall, Doubt][]>()
  for (const [call, doubt] of doubts) {
    const { effect } = call.target
    if (effect.kind !== 'component') continue
    byProject.set(effect.project, [...(byProject.get(effect.project) ?? []), [call, doubt]])
  }
  for (const [project, calls] of byProject) {
    const asked = await askComponents(deps.connection, project)
    if (asked.kind === 'paused') return false
    if (asked.kind === 'none') continue
    for (const [call, doubt] of calls) {
      const row = applied(deps, asked.rows, call, doubt)
      if (row) markFound(deps.history, call, row)
    }
  }
  return true
}

const applied = (deps: SendDeps, rows: readonly Row[], call: QueuedCall, doubt: Doubt): Row | undefined =>
  findApplied(rows, call.request, call.target, ...notBefore(deps, doubt.at, call.hashes().line))
