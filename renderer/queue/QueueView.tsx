/** The queue over all folders: what needs a person by its cause, what waits, what was skipped or delivered. */
import { useCallback, useMemo, useState } from 'react'
import type { WorkspaceView } from '../../shared/snapshot.ts'
import { toCount } from '../../shared/text.ts'
import { useNow } from '../data/clock.ts'
import { isFolder } from '../data/own-queue.ts'
import { toHash } from '../data/routes.ts'
import { useIsNarrow, useIsWide } from '../data/use-media.ts'
import { go, useRoute, useSnapshot, useWindow } from '../data/window.ts'
import { ButtonLink } from '../parts/Button.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { focusAfter } from '../parts/focus.ts'
import { List, ROW_PX } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { NothingFits } from '../parts/NothingFits.tsx'
import { Sentence } from '../parts/Sentence.tsx'
import { View } from '../parts/View.tsx'
import { sentenceOf } from './call-words.ts'
import { CallActs, CallDetail, Why } from './CallDetail.tsx'
import { CallEditor } from './CallEditor.tsx'
import { FlushBar } from './FlushBar.tsx'
import {
  callIdOf,
  callOfKey,
  describeMissing,
  findCall,
  foldOf,
  isCall,
  toQueueRows,
  type Head,
  type More,
  type QueueCall,
  type QueueRow,
} from './queue-rows.ts'
import { QueueRowCells } from './QueueRow.tsx'
import { useBeyond } from './use-beyond.ts'
import { useCall, type Whole } from './use-call.ts'
import { useCallActs, useRowKeys } from './use-call-acts.ts'
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

/** The app's own queue is there without a folder, and is shown where it has something to show. */
const isWorthShowing = (one: WorkspaceView): boolean =>
  isFolder(one) ||
  one.problem !== null ||
  one.waiting + one.setAsideCount + one.skippedCount + one.lately.length > 0

export function QueueView() {
  const waiting = useSnapshot((all) => all.totals.waiting)
  const setAside = useSnapshot((all) => all.totals.setAside)
  const hasFolder = useSnapshot((all) => all.workspaces.some(isWorthShowing))
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

interface CallListProps extends Filtered {
  readonly rows: readonly QueueRow[]
  readonly openKey: string | null
  readonly toggle: (key: string) => void
  /** Asks for what comes after the rows of a folder. */
  readonly onMore: (workspace: More['workspace']) => void
  readonly keys: ReturnType<typeof useRowKeys>
}

function CallList({ rows, openKey, toggle, onMore, keys, filter, onFilter }: CallListProps) {
  const isWide = useIsWide()
  const isNarrow = useIsNarrow()
  const { show, onKey } = keys
  if (rows.length === 0) return <NothingFits one="call" filter={filter} onFilter={onFilter} />
  return (
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
          onMore={(one: More) => onMore(one.workspace)}
        />
      )}
      openKey={openKey}
      canOpen={(row) => row.kind !== 'more' && row.kind !== 'folder'}
      onOpen={(row) => show(row, 'push')}
      {...(isWide ? { onMove: (row: QueueRow) => show(row, 'replace') } : {})}
      onKey={onKey}
    />
  )
}

interface Detailed {
  readonly whole: Whole
  readonly isEdited: boolean
  readonly onEditEnd: () => void
  readonly actions: ReturnType<typeof useCallActs>
}

/** What stands beside the list: the call with its acts, or its editor. */
function detailOf(row: QueueCall, { whole, isEdited, onEditEnd, actions }: Detailed) {
  if (isEdited && row.kind === 'ended' && typeof whole === 'object')
    return {
      body: (
        <CallEditor
          whole={whole}
          why={<Why row={row} whole={whole} />}
          onSave={(line) => actions.edit(row, line, 'The edited call waits to be sent.')}
          onClose={() =>
            focusAfter(onEditEnd, () => document.querySelector<HTMLElement>('main [data-act=edit]')?.focus())
          }
        />
      ),
    }
  return {
    body: <CallDetail row={row} whole={whole} />,
    acts: <CallActs row={row} whole={whole} onAct={(what) => void actions.act(row, what, 'detail', whole)} />,
  }
}

function Calls({ filter, onFilter }: Filtered) {
  const machine = useSnapshot((all) => all.machine)
  const going = useWindow((state) => state.going)
  const { id } = useRoute()
  const now = useNow()
  const [toggled, toggle] = useToggled()
  const [editing, setEditing] = useState<string | null>(null)
  const { rows, open, hidden, more } = useRows({ filter, onFilter }, toggled, toggle)
  const callId = open ? open.call.id : id === null ? null : callIdOf(id)
  // What is not in the list may end meanwhile: it is asked for again.
  const whole = useCall(open?.kind === 'late' ? null : callId, open ? 0 : now)
  const actions = useCallActs(rows, setEditing)
  const keys = useRowKeys(open, whole, actions.act, toggle)
  const onEditEnd = (): void => setEditing(null)
  return (
    <ListDetail
      list={
        <CallList {...{ rows, openKey: open?.key ?? null, toggle, onMore: more, keys, filter, onFilter }} />
      }
      detail={
        open
          ? {
              key: open.key,
              title: <Sentence words={sentenceOf(open.call, machine)} />,
              ...detailOf(open, { whole, isEdited: editing === open.key, onEditEnd, actions }),
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
      onKey={keys.onDetailKey}
    />
  )
}
