/** What can be done at once about a row of Now. */
import type { Acts } from '../data/acts.ts'
import { askHolder } from '../locks/ask-holder.ts'
import { describeRelease } from '../words.ts'
import type { Need } from './needs.ts'

export type NeedAct = 'release' | 'ask'
interface ActFacts {
  readonly act: NeedAct
  readonly label: string
  readonly key: string
  readonly look: 'primary' | 'plain' | 'quiet'
}

/** The acts of a row, the nearest one last. */
export function actsOf({ kind, lock }: Need): readonly ActFacts[] {
  if (lock === null) return []
  const ask: ActFacts = { act: 'ask', label: 'Ask holder', key: 'A', look: 'quiet' }
  if (kind === 'lock-wanted') return [ask, { act: 'release', label: 'Release', key: 'R', look: 'primary' }]
  if (kind === 'lock-stale') return [{ act: 'release', label: 'Release', key: 'R', look: 'plain' }]
  return []
}

export async function actOnNeed(act: NeedAct, { lock }: Need, acts: Acts): Promise<void> {
  if (lock === null) return
  if (act === 'release') {
    const isYes = await acts.ask({
      title: 'Release this lock?',
      text: `${lock.session} holds it. If it still works there, another session may change the same things.`,
      act: 'Release',
      isDanger: true,
    })
    if (isYes) await acts.run('lock.release', { id: lock.id, force: false }, describeRelease)
    return
  }
  await askHolder(lock, acts)
}
