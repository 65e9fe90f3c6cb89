/** Rows of the view Locks: a session with what tells of its life, a lock with its bar and who waits. */
import { nameInMachine } from '../../shared/session.ts'
import { useNow } from '../data/clock.ts'
import { useActs } from '../data/window.ts'
import type { LockView } from '../../shared/snapshot.ts'
import { showInvisible } from '../../shared/text.ts'
import { Avatar, Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Cell, RowButton } from '../parts/List.tsx'
import { cleanUp } from './lock-acts.ts'
import { describeSession, describeWaiters } from './lock-words.ts'
import { LockBarView } from './LockBarView.tsx'
import css from './LockRows.module.css'
import { waitersOf, type SessionRow } from './rows.ts'

export function SessionHead({ row }: { readonly row: SessionRow }) {
  const { session, locks, facts, isMine } = row
  const now = useNow()
  const acts = useActs()
  return (
    <>
      <Cell className={css.head}>
        <Avatar name={session} />
        <Foreign text={isMine ? nameInMachine(session) : session} className={css.session} />
        <span className={css.life}>{describeSession(row, now)}</span>
      </Cell>
      {isMine && locks.length > 0 && (
        <Cell>
          <RowButton look="quiet" hint="C" onClick={() => void cleanUp(session, locks, facts?.life, acts)}>
            Clean up
            <span className="hidden">
              {' '}
              session <Foreign text={session} />
            </span>
          </RowButton>
        </Cell>
      )}
    </>
  )
}

const MOST_AVATARS = 3

function Waiters({ lock }: { readonly lock: LockView }) {
  const waiters = waitersOf(lock)
  if (waiters.length === 0) return null
  return (
    <span className={css.waiting} title={showInvisible(waiters.join(', '))}>
      <span className={css.avatars}>
        {waiters.slice(0, MOST_AVATARS).map((name) => (
          <Avatar key={name} name={name} />
        ))}
      </span>
      {describeWaiters(lock)}
      <span className="hidden">
        : <Foreign text={waiters.join(', ')} />
      </span>
    </span>
  )
}

export function LockRow({ lock }: { readonly lock: LockView }) {
  return (
    <>
      <Cell className={css.what}>
        <Foreign text={lock.resource} className={css.resource} />
        <span className={css.about}>
          <Project name={lock.project} />
          {lock.description !== null && lock.description !== '' && (
            <Foreign text={lock.description} className={css.description} />
          )}
        </span>
      </Cell>
      <Cell className={css.bar}>
        <LockBarView lock={lock} />
      </Cell>
      <Cell className={css.waiters}>
        <Waiters lock={lock} />
      </Cell>
    </>
  )
}
