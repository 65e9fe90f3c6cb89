/** The sentence at the top of Now, and the one below it. Pure; each is true whenever it is said. */
import { degradedWords, wrongAnswerWords } from '../../shared/attention.ts'
import { counted, toCount } from '../../shared/text.ts'
import type { AppSnapshot, WorkspaceView } from '../../shared/snapshot.ts'
import { isFolder } from '../data/own-queue.ts'
import { NO_ANSWER } from '../words.ts'

type Facts = Pick<AppSnapshot, 'connection' | 'totals' | 'readAt' | 'today'> & {
  readonly workspaces: readonly Pick<WorkspaceView, 'name'>[]
}

/** What of the needs is shown, and of which project; whether the engine is there. */
export interface Shown {
  readonly all: number
  readonly shown: number
  readonly project: string | null
  readonly isLost: boolean
  /** There may be more of a kind than the engine lists. */
  readonly isCut: boolean
  /** Others are about to go, by an act that is put off. */
  readonly isGoing: boolean
}

/** How things are, in one line. */
export function headline(
  facts: Facts,
  { all, shown: needs, project, isLost, isCut, isGoing }: Shown,
): string {
  // What was last known may be old: nothing is called quiet.
  if (isLost) return NO_ANSWER
  if (project !== null && all > needs) {
    const here =
      needs === 0 ? 'Nothing here needs you' : counted(needs, 'thing here needs you', 'things here need you')
    return `${here}, ${isCut ? 'at least ' : ''}${all - needs} elsewhere`
  }
  if (needs > 0) return `${isCut ? 'At least ' : ''}${counted(needs, 'thing needs you', 'things need you')}`
  if (isGoing) return 'Nothing else needs you'
  const { connection, totals, readAt, workspaces } = facts
  switch (connection.state) {
    case 'connecting':
      return 'Asking for the coordination API'
    case 'offline':
      return totals.waiting > 0
        ? `Offline: ${counted(totals.waiting, 'call')} kept safe`
        : 'Offline: calls are kept safe'
    case 'degraded':
      return degradedWords(connection)
    case 'wrong-answer':
      return wrongAnswerWords(connection)
    case 'online':
      if (readAt === null) return 'Connected, reading locks and messages'
      if (totals.waiting > 0) return counted(totals.waiting, 'call waits to be sent', 'calls wait to be sent')
      return workspaces.some(isFolder) ? 'All quiet' : 'No project folder is watched yet'
  }
}

/** What was delivered today, and what waits; nothing is called delivered that was set aside. */
export function subline({
  connection,
  totals,
  today,
}: Pick<Facts, 'connection' | 'totals' | 'today'>): string {
  const { waiting, setAside } = totals
  const { delivered } = today
  const parts = [
    delivered === 0 ? 'No call delivered today' : `${counted(delivered, 'call')} delivered today`,
  ]
  if (setAside > 0) parts.push(`${toCount(setAside)} ${setAside === 1 ? 'is' : 'are'} set aside`)
  const waits =
    waiting === 0
      ? 'Nothing waits.'
      : `${counted(waiting, 'call waits', 'calls wait')}${connection.state === 'online' ? ' to be sent' : ' and will be sent when the API answers'}.`
  return `${parts.join(', ')}. ${waits}`
}
