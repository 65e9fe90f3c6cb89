/** How sending stands: a sentence where it is still, the progress while a backlog goes out. It is always there, so nothing jumps. */
import { useEffect, useMemo, useState } from 'react'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { counted } from '../../shared/text.ts'
import { canSendNow } from '../data/can-send.ts'
import { useNow } from '../data/clock.ts'
import type { WindowState } from '../data/store.ts'
import { useActs, useSnapshot, useWindowStore } from '../data/window.ts'
import { Button } from '../parts/Button.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'
import { describeFlush, describeOwner, describeState } from '../words.ts'
import { requestOf } from './call-words.ts'
import {
  countsOf,
  describeEnd,
  describeRun,
  doneOf,
  oldestWaitingOf,
  paceOf,
  watch,
  type Run,
} from './flush-watch.ts'
import css from './FlushBar.module.css'

/** A run is told of for so long after its end, where it was more than a call or two. */
const TOLD_MS = 60_000
const WORTH_TELLING = 3

/** The run goes on while another view is looked at. */
let kept: Run | null = null
function take({ snapshot, isOld }: WindowState): Run | null {
  // Another engine counts anew.
  if (isOld) kept = null
  else if (snapshot) kept = watch(kept, countsOf(snapshot.workspaces), Date.now())
  return kept
}

function useRun(): Run | null {
  const store = useWindowStore()
  const [run, setRun] = useState(() => take(store.getState()))
  useEffect(
    () =>
      store.subscribe((now, was) => {
        if (now.snapshot !== was.snapshot || now.isOld !== was.isOld) setRun(take(now))
      }),
    [store],
  )
  return run
}

/** What waits although the API answers: nobody sends it, or somebody else. */
function useElsewhere(): string | undefined {
  const workspaces = useSnapshot((all) => all.workspaces)
  return useMemo(() => {
    const waiting = workspaces.filter((one) => one.waiting > 0)
    const owners = new Set(waiting.map((one) => one.owner))
    const [owner] = owners
    return owners.size === 1 && owner ? describeOwner(owner) : undefined
  }, [workspaces])
}

/** How it stands while nothing moves. */
function describeStill(snapshot: Pick<AppSnapshot, 'connection' | 'totals' | 'today'>): string {
  const { waiting, setAside } = snapshot.totals
  const { title, meaning } = describeState(snapshot)
  if (snapshot.connection.state !== 'online') return `${title}. ${meaning}`
  if (waiting > 0) return meaning
  const still = setAside === 0 ? 'Nothing waits, and nothing was set aside.' : `Nothing waits. ${meaning}`
  const { delivered } = snapshot.today
  return delivered === 0 ? still : `${still} ${counted(delivered, 'call')} delivered today.`
}

function Oldest() {
  const oldest = useSnapshot((all) => oldestWaitingOf(all.workspaces))
  if (oldest === null) return null
  return (
    <span className={css.small}>
      The oldest was queued <Time at={oldest} />.
    </span>
  )
}

function Sending() {
  const sending = useSnapshot((all) => all.workspaces.find((one) => one.sending !== null)?.sending ?? null)
  if (sending === null) return null
  return (
    <span className={css.small}>
      now <Foreign text={requestOf(sending) ?? ''} className={css.request} />
    </span>
  )
}

export function FlushBar() {
  const acts = useActs()
  const now = useNow('fast')
  const run = useRun()
  const snapshot = useSnapshot((all) => all)
  const elsewhere = useElsewhere()
  const { connection, totals } = snapshot
  const isOnline = connection.state === 'online'
  const isRunning = isOnline && run !== null && totals.waiting > 0 && doneOf(run) > 0
  const isTold =
    isOnline &&
    totals.waiting === 0 &&
    run !== null &&
    run.endedMs !== null &&
    now - run.endedMs < TOLD_MS &&
    doneOf(run) >= WORTH_TELLING
  return (
    <div className={css.bar}>
      <div className={css.words}>
        {isRunning ? (
          <>
            <strong className={css.count}>{describeRun(run, paceOf(run, now))}</strong> <Sending />
          </>
        ) : isTold ? (
          <span>{describeEnd(run)}</span>
        ) : (
          <>
            <span className={connection.state === 'wrong-answer' ? css.bad : undefined}>
              {isOnline && elsewhere !== undefined ? elsewhere : describeStill(snapshot)}
            </span>{' '}
            {totals.waiting > 0 && <Oldest />}
          </>
        )}
      </div>
      {isOnline ? (
        canSendNow(snapshot.workspaces) && (
          <Button onClick={() => void acts.run('queue.flush', { workspace: null }, describeFlush)}>
            Send now
          </Button>
        )
      ) : (
        <Button onClick={() => void acts.run('connection.retry', null)}>Ask again now</Button>
      )}
      {isRunning && (
        <div
          role="progressbar"
          aria-label="Calls of this flush that have ended"
          aria-valuemin={0}
          aria-valuemax={run.total}
          aria-valuenow={doneOf(run)}
          aria-valuetext={describeRun(run, null)}
          className={css.progress}
        >
          <span style={{ width: `${(doneOf(run) / run.total) * 100}%` }} />
        </div>
      )}
    </div>
  )
}
