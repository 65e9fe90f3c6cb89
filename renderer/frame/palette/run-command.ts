/** Carries out a command of the palette. */
import type { Acts } from '../../data/acts.ts'
import { go } from '../../data/window.ts'
import { releaseAll } from '../../locks/release-all.ts'
import { toDayAndClock } from '../../time.ts'
import { describeFlush } from '../../words.ts'
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
