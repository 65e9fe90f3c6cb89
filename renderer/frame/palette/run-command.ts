/** Carries out a command of the palette. */
import { counted } from '../../../shared/text.ts'
import type { Acts } from '../../data/acts.ts'
import { go } from '../../data/window.ts'
import { toDayAndClock } from '../../time.ts'
import { describeFlush, describeRelease } from '../../words.ts'
import { openHelp } from '../open.ts'
import type { PaletteCommand } from './entries.ts'

export async function runCommand(command: PaletteCommand, acts: Acts): Promise<void> {
  switch (command) {
    case 'flush':
      await acts.run('queue.flush', { workspace: null }, describeFlush)
      return
    case 'retry':
      await acts.run('connection.retry', null)
      return
    case 'mute':
    case 'unmute': {
      const until = command === 'mute' ? 'in-an-hour' : null
      await acts.run('notifications.mute', { until, project: null }, (done) =>
        done.until === null
          ? 'Unmuted: notifications come again.'
          : `No notifications until ${toDayAndClock(done.until)}. Messages still count.`,
      )
      return
    }
    case 'releaseAll':
      return releaseAll(acts)
    case 'help':
      return openHelp()
    case 'log':
      await acts.run('app.openLog', null)
      return
    case 'quit':
      await acts.run('app.quit', { choice: null, remember: false })
      return
    case 'compose':
      return go({ view: 'messages', id: 'new' })
  }
}

/** Names every lock that goes: the list that the snapshot has is only its first page. */
export async function releaseAll(acts: Acts): Promise<void> {
  const listed = await acts.run('locks.list', { offset: 0, limit: 1_000 })
  if (!listed) return
  const mine = listed.rows.filter((lock) => lock.isMine)
  if (mine.length === 0) return acts.tell('done', 'This machine holds no lock.')
  const isYes = await acts.ask({
    title: `Release all ${counted(mine.length, 'lock')} of this machine?`,
    text: 'Sessions that still work lose their locks too, and others may then change the same things.',
    names: mine.map(
      (lock) => `${lock.resource}${lock.project ? ` (${lock.project})` : ''} · ${lock.session}`,
    ),
    act: 'Release all',
    isDanger: true,
  })
  if (isYes) await acts.run('machine.releaseAll', null, describeRelease)
}
