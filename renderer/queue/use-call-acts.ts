/** What can be done with a call, by its buttons and by keys, and where the focus goes then. */
import { canActIn } from '../data/can-send.ts'
import { useIsWide } from '../data/use-media.ts'
import { go, useActs, useSnapshot } from '../data/window.ts'
import { focusAfter, focusList } from '../parts/focus.ts'
import { actsOfCall, KEY_OF, type CallAct } from './CallDetail.tsx'
import { toOtherForm } from './other-form.ts'
import { canSend, copyCall, discardCalls, sendCall } from './queue-acts.ts'
import { isCall, neighbourOf, type EndedCall, type QueueCall, type QueueRow } from './queue-rows.ts'
import { headKey } from './QueueRow.tsx'
import type { Whole } from './use-call.ts'

/** Acts on a call; from its detail, the focus goes on to the next call. */
export function useCallActs(rows: readonly QueueRow[], setEditing: (key: string | null) => void) {
  const acts = useActs()
  const apiUrl = useSnapshot((all) => all.apiUrl)
  const isWide = useIsWide()
  const leave = (key: string, from: 'list' | 'detail'): void => {
    if (from === 'list') return setEditing(null)
    focusAfter(() => {
      setEditing(null)
      go({ id: isWide ? neighbourOf(rows, key) : null }, 'replace')
    }, focusList)
  }
  const edit = async (row: EndedCall, line: string, said: string): Promise<boolean> => {
    const isDone = (await acts.run('queue.edit', { id: row.call.id, line }, said)) !== undefined
    if (isDone) leave(row.key, 'detail')
    return isDone
  }
  const act = async (
    row: QueueCall,
    what: CallAct,
    from: 'list' | 'detail',
    whole?: Whole,
  ): Promise<void> => {
    if (what === 'copy') {
      const call = typeof whole === 'object' ? whole : await acts.run('queue.show', { id: row.call.id })
      if (call) await copyCall(call, apiUrl, acts)
    }
    if (row.kind !== 'ended') return
    if (what === 'edit') {
      setEditing(row.key)
      go({ id: row.key })
    } else if (what === 'send') {
      if (await sendCall(row.call, acts)) leave(row.key, from)
    } else if (what === 'discard') {
      leave(row.key, from)
      discardCalls([row], acts)
    } else if (what === 'other' && typeof whole === 'object') {
      const line = toOtherForm(whole)
      if (line !== undefined) await edit(row, line, 'It waits to be sent in the other form.')
    }
  }
  return { act, edit }
}

const actOfKey = (key: string): CallAct | undefined =>
  (Object.keys(KEY_OF) as CallAct[]).find((act) => KEY_OF[act] === key.toUpperCase())

/** What a key can do on a row whose bytes were not read yet. */
function canFromList(row: QueueCall, act: CallAct): boolean {
  if (row.kind !== 'ended') return act === 'copy' && row.kind === 'waiting'
  if (act === 'send') return canSend(row)
  if (act === 'copy') return row.call.method !== null
  return act !== 'other' && canActIn(row.workspace)
}

/** Opens a row; carries out a key of one, in the list or in its detail. */
export function useRowKeys(
  open: QueueCall | undefined,
  whole: Whole,
  act: ReturnType<typeof useCallActs>['act'],
  toggle: (key: string) => void,
) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine)
  const show = (row: QueueRow, how: 'push' | 'replace'): void => {
    if (row.kind === 'head' && how === 'push') return toggle(row.key)
    if (isCall(row) || how === 'replace') go({ id: isCall(row) ? row.key : null }, how)
  }
  const onKey = (row: QueueRow, key: string): boolean => {
    if (row.kind === 'head') {
      if ((key === 'ArrowLeft' && row.isOpen) || (key === 'ArrowRight' && !row.isOpen)) toggle(row.key)
      else return headKey(row, key, { machine, acts })
      return true
    }
    if (row.kind === 'more' || row.kind === 'folder') return false
    const wanted = actOfKey(key)
    const isOpen = row.key === open?.key
    if (!wanted || !(isOpen ? actsOfCall(row, whole).includes(wanted) : canFromList(row, wanted)))
      return false
    void act(row, wanted, 'list', isOpen ? whole : undefined)
    return true
  }
  const onDetailKey = (key: string): boolean => {
    const wanted = actOfKey(key)
    if (!open || !wanted || !actsOfCall(open, whole).includes(wanted)) return false
    void act(open, wanted, 'detail', whole)
    return true
  }
  return { show, onKey, onDetailKey }
}
