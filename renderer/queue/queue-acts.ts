/** What a person does with calls: one, a group of one cause, or all of a folder, however many. */
import { toCurl } from '../../shared/curl.ts'
import type { Call } from '../../shared/call.ts'
import type { CallRow, WorkspaceView } from '../../shared/snapshot.ts'
import { counted, toCount } from '../../shared/text.ts'
import { copyText } from '../copy.ts'
import type { Acts } from '../data/acts.ts'
import { canActIn } from '../data/can-send.ts'
import { toText } from '../parts/Sentence.tsx'
import { isOnlyEditable } from '../words.ts'
import { sentenceOf, type Machine } from './call-words.ts'
import type { End, EndedCall } from './queue-rows.ts'

export const canSend = ({ call, workspace }: EndedCall): boolean =>
  canActIn(workspace) && !isOnlyEditable(call)

/** Whether it was done. */
export async function sendCall({ id }: Pick<CallRow, 'id'>, acts: Acts): Promise<boolean> {
  return (await acts.run('queue.send', { ids: [id] }, 'It waits to be sent.')) !== undefined
}

export function discardCalls(calls: readonly EndedCall[], acts: Acts): void {
  const ids = calls.map(({ call }) => call.id)
  const what = counted(ids.length, 'call')
  acts.later({
    doing: `Discarding ${what}`,
    rows: ids,
    act: () => acts.run('queue.discard', { ids }, `${what} discarded.`),
  })
}

export async function copyCall(whole: Call, apiUrl: string, acts: Acts): Promise<void> {
  const line = toCurl(whole, apiUrl)
  if (line === undefined) return acts.tell('error', 'It is no call, so no curl line can say it.')
  if (await copyText(line)) acts.tell('done', 'Copied. It sends the call when you run it.')
  else acts.tell('error', `It could not be copied. Select it here: ${line}`)
}

/** Sends a group of one cause: it cannot be undone, so it is asked first, by name. */
export async function sendGroup(calls: readonly EndedCall[], machine: Machine, acts: Acts): Promise<void> {
  const fit = calls.filter(canSend)
  if (fit.length === 0) return acts.tell('error', 'None of these can be sent as they are. Edit them first.')
  const left = calls.length - fit.length
  const isYes = await acts.ask({
    title: `Send ${counted(fit.length, 'call')} again?`,
    text: `They are sent as they are, in order.${left > 0 ? ` ${counted(left, 'call')} cannot be sent from here and stay.` : ''}`,
    names: fit.map(({ call }) => toText(sentenceOf(call, machine))),
    act: 'Send all',
  })
  if (!isYes) return
  // Newest first in the list; sent as they were queued.
  const ids = fit.map(({ call }) => call.id).reverse()
  await acts.run('queue.send', { ids }, `${counted(ids.length, 'call')} to be sent.`)
}

/** More than can be listed: by their number, in their order, without their names. */
export async function actOnFolder(
  act: 'send' | 'discard',
  workspace: WorkspaceView,
  end: End,
  acts: Acts,
): Promise<void> {
  const count = end === 'set-aside' ? workspace.setAsideCount : workspace.skippedCount
  const isSend = act === 'send'
  const isYes = await acts.ask({
    title: isSend ? `Send ${counted(count, 'call')} again?` : `Discard ${counted(count, 'call')}?`,
    text: isSend
      ? `All of ${workspace.name}, in order, as they are. Those that can only be edited stay here.`
      : `All of ${workspace.name}: their bytes are deleted for good and they are never sent.`,
    act: isSend ? 'Send all' : 'Discard all',
    isDanger: !isSend,
  })
  if (!isYes) return
  await acts.run('queue.all', { workspace: workspace.path, end, act }, ({ done, left }) => {
    const what = isSend ? 'to be sent' : 'discarded'
    return `${counted(done, 'call')} ${what}${left > 0 ? `, ${toCount(left)} stay` : ''}.`
  })
}
