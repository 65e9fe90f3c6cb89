/** What can be done at once about a row of Now. */
import type { Acts } from '../data/acts.ts'
import { describeAsked, describeRelease } from '../words.ts'
import type { Need, NeedLock } from './needs.ts'

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

async function release({ id, session, by }: NeedLock, acts: Acts): Promise<void> {
  const isYes = await acts.ask({
    title: 'Release this lock?',
    text: `${session} holds it. If it still works there, another session may change the same things.`,
    act: by === null ? 'Release' : 'Release, and tell who waits',
    isDanger: true,
  })
  if (!isYes) return
  await acts.run('lock.release', { id, force: false, tell: by !== null }, describeRelease)
}

export async function actOnNeed(act: NeedAct, { lock }: Need, acts: Acts): Promise<void> {
  if (lock === null) return
  if (act === 'release') return release(lock, acts)
  if (lock.by === null) return
  await acts.run('lock.ask', { id: lock.id, by: lock.by }, describeAsked(lock.session))
}
