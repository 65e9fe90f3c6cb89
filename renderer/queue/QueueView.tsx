/** The queue over all folders: what needs a person by its cause, what waits, what was skipped or delivered. */
import { useCallback, useMemo, useState } from 'react'
import { toCount } from '../../shared/text.ts'
import { canActIn } from '../data/can-send.ts'
import { useNow } from '../data/clock.ts'
import { toHash } from '../data/routes.ts'
import { useIsNarrow, useIsWide } from '../data/use-media.ts'
import { go, useActs, useRoute, useSnapshot, useWindow } from '../data/window.ts'
import { ButtonLink } from '../parts/Button.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { focusAfter, focusList } from '../parts/focus.ts'
import { List, ROW_PX } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { NothingFits } from '../parts/NothingFits.tsx'
import { Sentence } from '../parts/Sentence.tsx'
import { View } from '../parts/View.tsx'
import { sentenceOf } from './call-words.ts'
import { actsOfCall, CallActs, CallDetail, KEY_OF, Why, type CallAct } from './CallDetail.tsx'
import { CallEditor } from './CallEditor.tsx'
import { FlushBar } from './FlushBar.tsx'
import { toOtherForm } from './other-form.ts'
import { canSend, copyCall, discardCalls, sendCall } from './queue-acts.ts'
import {
  callIdOf,
  callOfKey,
  describeMissing,
  findCall,
  foldOf,
  isCall,
  neighbourOf,
  toQueueRows,
  type EndedCall,
  type Head,
  type More,
  type QueueCall,
  type QueueRow,
} from './queue-rows.ts'
import { headKey, QueueRowCells } from './QueueRow.tsx'
import { useBeyond } from './use-beyond.ts'
import { useCall, type Whole } from './use-call.ts'
import css from './QueueView.module.css'

/** Heads that were folded or unfolded, while the window is open. */
let keptToggles: ReadonlySet<string> = new Set()

function useToggled(): [ReadonlySet<string>, (key: string) => void] {
  const [toggled, setToggled] = useState(keptToggles)
  const toggle = useCallback((key: string): void => {
    const next = new Set(keptToggles)
    if (!next.delete(key)) next.add(key)
    keptToggles = next
    setToggled(next)
  }, [])
  return [toggled, toggle]
}

/** The rows, and the call that the address names, wherever it is. */
function useRows(
  { filter, onFilter }: Filtered,
  toggled: ReadonlySet<string>,
  toggle: (key: string) => void,
) {
  const { id, project } = useRoute()
  const workspaces = useSnapshot((all) => all.workspaces)
  const machine = useSnapshot((all) => all.machine)
  const going = useWindow((state) => state.going)
  // The skipped ones are folded at first.
  const { beyond, more } = useBeyond(workspaces, toggled.has('head skipped'))
  const looked = useMemo(
    () => ({ machine, filter, project, toggled, going }),
    [machine, filter, project, toggled, going],
  )
  const rows = useMemo(() => toQueueRows(workspaces, beyond, looked), [workspaces, beyond, looked])
  const shown = callOfKey(rows, id)
  const open = useMemo(
    () => shown ?? (id === null ? undefined : findCall(workspaces, beyond, looked, id)),
    [shown, id, looked, workspaces, beyond],
  )
  const isNarrowed = filter.trim() !== '' || project !== null
  const hidden =
    open === undefined || shown !== undefined
      ? null
      : {
          why: isNarrowed ? 'The list is narrowed, and does not show it.' : 'It is folded away in the list.',
          onShow: () => {
            const fold = foldOf(workspaces, beyond, looked, open)
            if (fold !== null) toggle(fold)
            onFilter('')
            go({ id: open.key, project: null }, 'replace')
          },
        }
  return { rows, open, hidden, more }
}

/** Acts on a call; from its detail, the focus goes on to the next call. */
function useCallActs(rows: readonly QueueRow[], setEditing: (key: string | null) => void) {
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

function NoFolder() {
  return (
    <Empty title="No project folder is watched yet.">
      <p>
        Add one in Settings, or run <code>coord enqueue</code> or <code>coord hook install</code> in a
        project.
      </p>
      <ButtonLink href={toHash({ view: 'settings', id: null, project: null })}>Open Settings</ButtonLink>
    </Empty>
  )
}

export function QueueView() {
  const waiting = useSnapshot((all) => all.totals.waiting)
  const setAside = useSnapshot((all) => all.totals.setAside)
  const hasFolder = useSnapshot((all) => all.workspaces.length > 0)
  const [filter, setFilter] = useState('')
  return (
    <View
      title="Queue"
      sub={
        hasFolder ? (
          <span className={css.sub}>{`${toCount(waiting)} waiting · ${toCount(setAside)} set aside`}</span>
        ) : undefined
      }
      tools={hasFolder && <Filter label="Filter calls" value={filter} onChange={setFilter} />}
    >
      {hasFolder ? (
        <div className={css.queue}>
          <FlushBar />
          <Calls filter={filter} onFilter={setFilter} />
        </div>
      ) : (
        <NoFolder />
      )}
    </View>
  )
}

interface Filtered {
  readonly filter: string
  readonly onFilter: (text: string) => void
}

function Calls({ filter, onFilter }: Filtered) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine)
  const isWide = useIsWide()
  const isNarrow = useIsNarrow()
  const { id } = useRoute()
  const [toggled, toggle] = useToggled()
  const [editing, setEditing] = useState<string | null>(null)
  const { rows, open, hidden, more } = useRows({ filter, onFilter }, toggled, toggle)
  const going = useWindow((state) => state.going)
  const now = useNow()
  const callId = open ? open.call.id : id === null ? null : callIdOf(id)
  // What is not in the list may end meanwhile: it is asked for again.
  const whole = useCall(open?.kind === 'late' ? null : callId, open ? 0 : now)
  const { act, edit } = useCallActs(rows, setEditing)
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
  return (
    <ListDetail
      list={
        rows.length === 0 ? (
          <NothingFits one="call" filter={filter} onFilter={onFilter} />
        ) : (
          <List
            label="Calls, by what became of them"
            rows={rows}
            isPart={rows.some((row) => row.kind === 'more' && row.of === 'waiting')}
            keyOf={(row) => row.key}
            heightOf={(row) =>
              row.kind === 'head' && isNarrow && row.group && row.group.length > 1 ? 2 * ROW_PX : ROW_PX
            }
            draw={(row) => (
              <QueueRowCells
                row={row}
                onToggle={(head: Head) => toggle(head.key)}
                onMore={(one: More) => more(one.workspace)}
              />
            )}
            openKey={open?.key ?? null}
            canOpen={(row) => row.kind !== 'more' && row.kind !== 'folder'}
            onOpen={(row) => show(row, 'push')}
            {...(isWide ? { onMove: (row: QueueRow) => show(row, 'replace') } : {})}
            onKey={onKey}
          />
        )
      }
      detail={
        open
          ? {
              key: open.key,
              title: <Sentence words={sentenceOf(open.call, machine)} />,
              ...detailOf(open, whole, editing === open.key),
            }
          : null
      }
      nothing={
        rows.some(isCall)
          ? 'Choose a call: why it is here and what can be done with it stands here then.'
          : null
      }
      missing={id === null || open ? null : describeMissing(id, going, whole)}
      hidden={hidden}
      onClose={() => go({ id: null })}
      onKey={(key) => {
        const wanted = actOfKey(key)
        if (!open || !wanted || !actsOfCall(open, whole).includes(wanted)) return false
        void act(open, wanted, 'detail', whole)
        return true
      }}
    />
  )

  function detailOf(row: QueueCall, call: Whole, isEdited: boolean) {
    if (isEdited && row.kind === 'ended' && typeof call === 'object')
      return {
        body: (
          <CallEditor
            whole={call}
            why={<Why row={row} whole={call} />}
            onSave={(line) => edit(row, line, 'The edited call waits to be sent.')}
            onClose={() =>
              focusAfter(
                () => setEditing(null),
                () => document.querySelector<HTMLElement>('main [data-act=edit]')?.focus(),
              )
            }
          />
        ),
      }
    return {
      body: <CallDetail row={row} whole={call} />,
      acts: <CallActs row={row} whole={call} onAct={(what) => void act(row, what, 'detail', call)} />,
    }
  }
}
