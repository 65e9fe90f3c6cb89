/** What is kept of who released whose lock. */
import { toSessionKey } from '../../shared/session.ts'
import type { Audited, Caller, Change, Outcome } from './store.ts'

/** The entry for a change that was made, where it is one that is kept. `holder`: whose lock it was. */
export function auditOf(change: Change, outcome: Outcome, caller: Caller | null): Audited | undefined {
  if (outcome.kind !== 'released' || outcome.count === 0) return undefined
  if (change.kind === 'lock.release-all')
    return {
      act: 'released-all',
      session: change.session,
      what: `${outcome.count} locks of ${change.session}`,
    }
  if (change.kind !== 'lock.release') return undefined
  const by = change.releasedBy ?? change.session
  const isOwn = toSessionKey(by) === toSessionKey(change.session)
  const isOthers = !isOwn || caller?.isAdmin === true
  return {
    act: change.isIfStale ? 'released-stale' : isOthers ? 'forced' : 'released',
    session: by,
    what: `lock ${change.id} of ${change.session}`,
  }
}
