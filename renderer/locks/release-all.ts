/** Releases every lock of this machine, after naming each. */
import { counted } from '../../shared/text.ts'
import type { Acts } from '../data/acts.ts'
import { readWhole } from '../data/use-asked.ts'
import { describeRelease } from '../words.ts'
import { nameOfLock } from './lock-words.ts'

/** Asks for the whole list: the one that the snapshot has is only its first page. */
export async function releaseAll(acts: Acts): Promise<void> {
  const listed = await readWhole(acts.run, 'locks.list')
  if (!listed) return
  const mine = listed.filter((lock) => lock.isMine)
  if (mine.length === 0) return acts.tell('done', 'This machine holds no lock.')
  const isYes = await acts.ask({
    title: `Release all ${counted(mine.length, 'lock')} of this machine?`,
    text: 'Sessions that still work lose their locks too, and others may then change the same things.',
    names: mine.map((lock) => `${nameOfLock(lock)} · ${lock.session}`),
    act: 'Release all',
    isDanger: true,
  })
  if (isYes) await acts.run('machine.releaseAll', null, describeRelease)
}
