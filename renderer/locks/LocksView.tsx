/** Resource locks: this machine's by session, wanted ones first; the others' below; the chosen one beside them. */
import { useMemo, useState } from 'react'
import { useWhole } from '../data/use-asked.ts'
import { go, useActs, useCanAct, useRoute, useSnapshot, useWindow } from '../data/window.ts'
import type { LockView } from '../../shared/snapshot.ts'
import { counted, toCount } from '../../shared/text.ts'
import { Button } from '../parts/Button.tsx'
import { Chip } from '../parts/Chip.tsx'
import { Empty } from '../parts/Empty.tsx'
import { Filter } from '../parts/Filter.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, HEAD_PX, List, ROW_PX } from '../parts/List.tsx'
import { ListDetail } from '../parts/ListDetail.tsx'
import { NothingFits } from '../parts/NothingFits.tsx'
import { Time } from '../parts/Time.tsx'
import { View } from '../parts/View.tsx'
import { askHolder, cleanUp, forceRelease, releaseLock } from './lock-acts.ts'
import { LockActs, LockBody, SessionActs, SessionBody } from './LockDetail.tsx'
import { LockRow, SessionHead } from './LockRows.tsx'
import rowCss from './LockRows.module.css'
import css from './LocksView.module.css'
import { releaseAll } from './release-all.ts'
import { describeMissing, findRow, toRows, type LocksRow } from './rows.ts'

/** Every lock there is. */
function useLocks(): readonly LockView[] {
  const acts = useActs()
  const page = useSnapshot((all) => all.locks)
  const total = useSnapshot((all) => all.totals.locks)
  const revision = useSnapshot((all) => all.revision)
  const asking = useMemo(() => ({ run: acts.read }), [acts])
  return useWhole(asking, 'locks.list', page, total, revision)
}

function Sub() {
  const here = useSnapshot((all) => all.totals.locksMine)
  const total = useSnapshot((all) => all.totals.locks)
  const readAt = useSnapshot((all) => all.readAt)
  const isOnline = useSnapshot((all) => all.connection.state === 'online')
  if (readAt === null) return 'Not read yet'
  return (
    <>
      {toCount(here)} here · {toCount(total - here)} elsewhere
      {!isOnline && (
        <>
          {' · read '}
          <Time at={readAt} />
        </>
      )}
    </>
  )
}

function Tools({
  filter,
  onFilter,
  hasMine,
}: {
  readonly filter: string
  readonly onFilter: (text: string) => void
  readonly hasMine: boolean
}) {
  const acts = useActs()
  const unreadable = useSnapshot((all) => all.locksUnreadable)
  return (
    <>
      <Filter label="Filter locks" value={filter} onChange={onFilter} />
      {unreadable > 0 && <Chip tone="amber">{counted(unreadable, 'row')} could not be read</Chip>}
      {hasMine && (
        <Button look="quiet" onClick={() => void releaseAll(acts)}>
          <span>
            Release all<span className={css.long}> of this machine</span>…
          </span>
        </Button>
      )}
    </>
  )
}

interface NothingProps {
  /** There are some, and none of them fits. */
  readonly hasAny: boolean
  readonly isWhole: boolean
  readonly filter: string
  readonly onFilter: (text: string) => void
}

function Nothing({ hasAny, isWhole, filter, onFilter }: NothingProps) {
  const readAt = useSnapshot((all) => all.readAt)
  const isOnline = useSnapshot((all) => all.connection.state === 'online')
  if (readAt === null)
    return (
      <Empty title="Not read yet">
        <p>The API has not answered. Its locks appear here as soon as it does.</p>
      </Empty>
    )
  if (hasAny) return <NothingFits one="lock" filter={filter} onFilter={onFilter} isReading={!isWhole} />
  if (!isOnline)
    return (
      <Empty title="No lock was held">
        <p>So it was when the locks were last read. They are read again as soon as the API answers.</p>
      </Empty>
    )
  return (
    <Empty title="No lock is held">
      <p>A lock that a session claims appears here: who holds it, how long, and who waits for it.</p>
    </Empty>
  )
}

/** Carries out a key of a row, or of its detail. */
function useRowKeys(): (row: LocksRow, key: string) => boolean {
  const acts = useActs()
  const sessions = useSnapshot((all) => all.sessions)
  const machine = useSnapshot((all) => all.machine.name)
  return (row, pressed) => {
    const key = pressed.toLowerCase()
    if (row.kind === 'session' && row.isMine && row.locks.length > 0 && key === 'c') {
      void cleanUp(row.session, row.locks, row.facts?.life, acts)
      return true
    }
    if (row.kind !== 'lock') return false
    const { lock } = row
    if (key === 'a') void askHolder(lock, machine, acts)
    else if (key === 'r' && lock.isMine)
      void releaseLock(lock, sessions.find((one) => one.session === lock.session)?.life, acts)
    else if (key === 'r' && lock.isStale) void forceRelease(lock, acts)
    else return false
    return true
  }
}

function draw(row: LocksRow) {
  if (row.kind === 'session') return <SessionHead row={row} />
  if (row.kind === 'lock') return <LockRow lock={row.lock} />
  return <Cell className={rowCss.part}>{row.title}</Cell>
}

function useDetail(open: LocksRow | undefined) {
  const sessions = useSnapshot((all) => all.sessions)
  if (open?.kind === 'lock') {
    const facts = sessions.find((one) => one.session === open.lock.session) ?? null
    return {
      key: open.key,
      title: <Foreign text={open.lock.resource} className={css.title} />,
      body: <LockBody lock={open.lock} facts={facts} />,
      acts: <LockActs lock={open.lock} facts={facts} />,
    }
  }
  if (open?.kind !== 'session') return null
  return {
    key: open.key,
    title: <Foreign text={open.session} />,
    body: <SessionBody row={open} />,
    ...(open.isMine && open.locks.length > 0 ? { acts: <SessionActs row={open} /> } : {}),
  }
}

/** The rows that are shown, and what the address names, whatever they are narrowed to. */
function useRows(filter: string, onAll: () => void) {
  const locks = useLocks()
  const sessions = useSnapshot((all) => all.sessions)
  const total = useSnapshot((all) => all.totals.locks)
  const hasRead = useSnapshot((all) => all.readAt !== null)
  const canAsk = useCanAct()
  const going = useWindow((state) => state.going)
  const { id, project } = useRoute()
  const rows = useMemo(
    () => toRows({ locks, sessions, going }, { project, filter }),
    [locks, sessions, going, project, filter],
  )
  const open = useMemo(
    () => (id === null ? undefined : findRow({ locks, sessions, going }, id)),
    [id, locks, sessions, going],
  )
  const isWhole = locks.length >= total
  const isNarrowed = project !== null || filter.trim() !== ''
  const onShow = (): void => {
    onAll()
    go({ id, project: null }, 'replace')
  }
  return {
    rows,
    open,
    isWhole,
    hasAny: locks.length + sessions.length > 0,
    missing:
      id === null || open !== undefined
        ? null
        : describeMissing({ locks, sessions, going }, id, { isWhole, hasRead, canAsk }),
    hidden:
      open === undefined || !isNarrowed || rows.some((row) => row.key === id)
        ? null
        : { why: 'The list is narrowed, and does not show it.', onShow },
  }
}

export function LocksView() {
  const locksMine = useSnapshot((all) => all.totals.locksMine)
  const [filter, setFilter] = useState('')
  const { rows, open, isWhole, hasAny, missing, hidden } = useRows(filter, () => setFilter(''))
  const detail = useDetail(open)
  const onKey = useRowKeys()
  const nothing = <Nothing hasAny={hasAny} isWhole={isWhole} filter={filter} onFilter={setFilter} />
  return (
    <View
      title="Locks"
      sub={<Sub />}
      tools={<Tools filter={filter} onFilter={setFilter} hasMine={locksMine > 0} />}
    >
      {rows.length === 0 && detail === null && missing === null ? (
        nothing
      ) : (
        <ListDetail
          list={
            rows.length === 0 ? (
              nothing
            ) : (
              <List
                label="Resource locks, by session"
                rows={rows}
                isPart={!isWhole}
                keyOf={(row) => row.key}
                heightOf={(row) => (row.kind === 'part' ? HEAD_PX : ROW_PX)}
                isHead={(row) => row.kind !== 'lock'}
                draw={draw}
                openKey={detail?.key ?? null}
                onOpen={(row) => go({ id: row.key })}
                canOpen={(row) => row.kind !== 'part'}
                onKey={onKey}
                newWords={(count) => `${counted(count, 'row')} above`}
              />
            )
          }
          detail={detail}
          nothing="Choose a lock to see who waits for it and what tells of its session."
          missing={missing}
          hidden={hidden}
          onClose={() => go({ id: null })}
          onKey={(key) => open !== undefined && onKey(open, key)}
        />
      )}
    </View>
  )
}
