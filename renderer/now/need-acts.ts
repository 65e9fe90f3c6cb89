/** What can be done at once about a row of Now. */
import type { Acts } from '../data/acts.ts'
import { askFor, releaseById } from '../locks/lock-acts.ts'
import type { Need } from './needs.ts'

export type NeedAct = 'release' | 'ask'
interface ActFacts {
  readonly act: NeedAct
  readonly label: string
  readonly key: string
  readonly look: 'primary' | 'plain' | 'quiet'
}

const ASK: ActFacts = { act: 'ask', label: 'Ask holder', key: 'A', look: 'quiet' }
const RELEASE: ActFacts = { act: 'release', label: 'Release', key: 'R', look: 'plain' }

/** The acts of a row, the nearest one last. A holder is asked once: what was asked is said instead. */
export function actsOf({ kind, lock }: Need): readonly ActFacts[] {
  if (lock === null) return []
  const ask = lock.askedAt === null ? [ASK] : []
  if (kind === 'lock-wanted') return [...ask, { ...RELEASE, look: 'primary' }]
  if (kind === 'session-waits') return ask
  return kind === 'lock-stale' ? [RELEASE] : []
}

/** The same acts as on the lock itself. */
export async function actOnNeed(act: NeedAct, { lock }: Need, acts: Acts): Promise<void> {
  if (lock === null) return
  if (act === 'release') return releaseById(lock.id, acts)
  if (lock.by !== null) await askFor(lock.id, lock.by, lock.session, acts)
}
