/** A row of the queue: a call as a sentence, a group's head, a folder, or what is not listed. */
import { ChevronDown, ChevronRight, FolderX } from 'lucide-react'
import { useEffect } from 'react'
import { canActIn, canSendNow } from '../data/can-send.ts'
import { useActs, useSnapshot } from '../data/window.ts'
import { Chip } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { Sentence } from '../parts/Sentence.tsx'
import { Time } from '../parts/Time.tsx'
import { counted, showInvisible, toCount } from '../../shared/text.ts'
import { describeFlush, describeOwner, describeReason } from '../words.ts'
import { requestOf, sentenceOf } from './call-words.ts'
import { groupOf } from './causes.ts'
import { actOnFolder, canSend, discardCalls, sendGroup } from './queue-acts.ts'
import type { Folder, Head, More, QueueCall, QueueRow } from './queue-rows.ts'
import css from './QueueRow.module.css'

interface QueueRowProps {
  readonly row: QueueRow
  readonly onToggle: (head: Head) => void
  /** Wants the next page of what waits in a folder. */
  readonly onMore: (more: More) => void
}

export function QueueRowCells({ row, onToggle, onMore }: QueueRowProps) {
  switch (row.kind) {
    case 'head':
      return <HeadCells head={row} onToggle={onToggle} />
    case 'folder':
      return <FolderCells folder={row} />
    case 'more':
      return <MoreCells more={row} onMore={onMore} />
    case 'ended':
    case 'waiting':
    case 'late':
      return <CallCells row={row} />
  }
}

/** Beside the request, what is special about this one call; its group says the rest. */
function aside(row: QueueCall): string | null {
  if (row.kind === 'late') return row.call.note
  if (row.kind === 'waiting') return null
  const { call } = row
  if (row.end === 'skipped') return describeReason(call)
  switch (groupOf(call)) {
    case 'held':
      return call.holder === null ? null : `held by ${call.holder}`
    case 'field':
      return call.field === null ? call.reason : `field ${call.field}`
    case 'session-active':
    case 'duplicate':
    case 'other-form':
      return null
    case 'gone':
    case 'rejected':
    case 'keeps-failing':
    case 'refused':
    case 'no-call':
    case 'removed':
    case 'unknown':
      return describeReason(call)
  }
}

function CallCells({ row }: { readonly row: QueueCall }) {
  const machine = useSnapshot((all) => all.machine)
  const { call, workspace } = row
  const isSaid = call.effect === null || call.effect === 'other'
  const request = isSaid ? null : requestOf(call)
  const more = aside(row)
  return (
    <>
      <Cell className={css.words}>
        <p className={`${css.title} ${row.kind === 'ended' ? '' : css.calm}`}>
          <Sentence words={sentenceOf(call, machine)} />
        </p>
        <p className={css.below}>
          {request !== null && <Foreign text={request} className={css.request} />}
          {request !== null && more !== null && ' · '}
          {more !== null && <Foreign text={more} />}
        </p>
      </Cell>
      <Cell className={css.side}>
        <Chip>
          <Foreign text={workspace.name} className={css.folder} />
        </Chip>
        <span className={css.when}>{call.ts !== null && <Time at={call.ts} />}</span>
      </Cell>
    </>
  )
}

function HeadCells({ head, onToggle }: { readonly head: Head; readonly onToggle: (head: Head) => void }) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine)
  const { title, isOpen, group } = head
  const Mark = isOpen ? ChevronDown : ChevronRight
  const canDiscard = group?.every(({ workspace }) => canActIn(workspace)) === true
  const isSingle = group?.length === 1
  return (
    <Cell className={css.head}>
      <div className={css.headTitle}>
        <RowButton
          isLocal
          look="quiet"
          className={`${css.fold} ${group ? css.amber : ''}`}
          aria-expanded={isOpen}
          onClick={() => onToggle(head)}
        >
          <Mark size={14} aria-hidden="true" />
          {title}
        </RowButton>
      </div>
      {group && !isSingle && (
        <div className={css.headActs}>
          {group.some(canSend) && (
            <RowButton look="quiet" hint="R" onClick={() => void sendGroup(group, machine, acts)}>
              Send all…<span className="hidden"> {title}</span>
            </RowButton>
          )}
          {canDiscard && (
            <RowButton look="quiet" hint="D" onClick={() => discardCalls(group, acts)}>
              Discard all<span className="hidden"> {title}</span>
            </RowButton>
          )}
        </div>
      )}
    </Cell>
  )
}

/** What a key does on a group's head; true: it was one. */
export function headKey(
  head: Head,
  key: string,
  { machine, acts }: { machine: Parameters<typeof sendGroup>[1]; acts: Parameters<typeof sendGroup>[2] },
): boolean {
  const { group } = head
  if (!group || group.length < 2) return false
  const letter = key.toLowerCase()
  if (letter === 'r' && group.some(canSend)) void sendGroup(group, machine, acts)
  else if (letter === 'd' && group.every(({ workspace }) => canActIn(workspace))) discardCalls(group, acts)
  else return false
  return true
}

function MoreCells({ more, onMore }: { readonly more: More; readonly onMore: (more: More) => void }) {
  const acts = useActs()
  const { of: end, text, workspace } = more
  // What waits comes as soon as its place is looked at.
  useEffect(() => {
    if (end === 'waiting') onMore(more)
  }, [end, more, onMore])
  return (
    <>
      <Cell className={`${css.words} ${css.more}`}>
        {text}
        <span className="hidden">
          {' '}
          in <Foreign text={workspace.name} />
        </span>
      </Cell>
      <Cell className={css.side}>
        {end !== 'waiting' && canActIn(workspace) && (
          <>
            <RowButton look="quiet" onClick={() => void actOnFolder('send', workspace, end, acts)}>
              Send all of <Foreign text={workspace.name} className={css.folder} />…
            </RowButton>
            <RowButton look="quiet" onClick={() => void actOnFolder('discard', workspace, end, acts)}>
              Discard all of <Foreign text={workspace.name} className={css.folder} />…
            </RowButton>
          </>
        )}
        {end === 'waiting' && (
          <Chip>
            <Foreign text={workspace.name} className={css.folder} />
          </Chip>
        )}
      </Cell>
    </>
  )
}

function countsOf({ waiting, setAsideCount, skippedCount }: Folder['workspace']): string {
  const parts = [
    ...(waiting > 0 ? [counted(waiting, 'call waits', 'calls wait')] : []),
    ...(setAsideCount > 0 ? [`${toCount(setAsideCount)} set aside`] : []),
    ...(skippedCount > 0 ? [`${toCount(skippedCount)} skipped`] : []),
  ]
  return parts.length === 0 ? 'nothing waits' : parts.join(', ')
}

function FolderCells({ folder: { workspace } }: { readonly folder: Folder }) {
  const acts = useActs()
  const isOnline = useSnapshot((all) => all.connection.state === 'online')
  const { name, path, problem, owner } = workspace
  const words = problem ?? describeOwner(owner) ?? path
  return (
    <>
      {problem !== null && (
        <Cell className={css.fault}>
          <FolderX size={16} strokeWidth={1.8} aria-hidden="true" />
        </Cell>
      )}
      <Cell className={css.words}>
        <p className={css.title} title={showInvisible(path)}>
          <Foreign text={name} />
          <span className={css.calm}> · {countsOf(workspace)}</span>
        </p>
        <p className={`${css.below} ${problem === null ? '' : css.fault}`} title={showInvisible(words)}>
          <Foreign text={words} />
        </p>
      </Cell>
      <Cell className={css.side}>
        {isOnline && canSendNow([workspace]) && (
          <RowButton onClick={() => void acts.run('queue.flush', { workspace: path }, describeFlush)}>
            Send now
            <span className="hidden">
              {' '}
              what waits in <Foreign text={name} />
            </span>
          </RowButton>
        )}
      </Cell>
    </>
  )
}
