/** The detail of a lock, or of a session: who blocks whom, what tells of life, what was said, and the acts. */
import { nameInMachine } from '../../shared/session.ts'
import { useMemo, type ReactNode } from 'react'
import { useNow } from '../data/clock.ts'
import { toHash } from '../data/routes.ts'
import { useHistory } from '../data/use-history.ts'
import { useActs, useRoute, useSnapshot } from '../data/window.ts'
import type { LockView, SessionView } from '../../shared/snapshot.ts'
import { Button } from '../parts/Button.tsx'
import { Project } from '../parts/Chip.tsx'
import { Foreign } from '../parts/Foreign.tsx'
import { Time } from '../parts/Time.tsx'
import { describeGuard, describeSign } from '../words.ts'
import { Blocks } from './Blocks.tsx'
import { askHolder, cleanUp, forceRelease, releaseLock } from './lock-acts.ts'
import css from './LockDetail.module.css'
import { keyOfSession, waitersOf, type SessionRow } from './rows.ts'
import { saidAbout } from './said-about.ts'

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>{title}</h3>
      {children}
    </section>
  )
}

/** What tells that a session of this machine is, or was, at work, the newest of each kind. */
function Evidence({ facts }: { readonly facts: SessionView | null }) {
  const { life = [], guard = null } = facts ?? {}
  return (
    <Part title="Evidence of life">
      {life.length === 0 && guard === null ? (
        <p className={css.quiet}>No sign of life is known.</p>
      ) : (
        <ul>
          {life.map(({ kind, at }) => (
            <li key={kind}>
              {describeSign(kind).replace(/^./, (first) => first.toUpperCase())} <Time at={at} />
            </li>
          ))}
          {guard && (
            <li>
              {describeGuard(guard.did)} <Time at={guard.at} />
            </li>
          )}
        </ul>
      )}
    </Part>
  )
}

/** When the holder was asked from here. */
function Asked({ id }: { readonly id: string }) {
  const askedAt = useSnapshot(
    (all) =>
      all.attention
        .flatMap((one) =>
          (one.kind === 'lock-wanted' || one.kind === 'session-waits') && one.id === id
            ? (one.askedAt ?? [])
            : [],
        )
        .sort()
        .at(-1) ?? null,
  )
  if (askedAt === null) return null
  return (
    <p className={css.quiet}>
      Its holder was asked for it <Time at={askedAt} />.
    </p>
  )
}

function SaidAbout({ resource }: { readonly resource: string }) {
  const history = useHistory()
  const unread = useSnapshot((all) => all.messages)
  const route = useRoute()
  const said = useMemo(
    () => (history ? saidAbout(resource, unread, history.messages) : []),
    [resource, unread, history],
  )
  if (said.length === 0) return null
  return (
    <Part title="Said about it">
      <ul>
        {said.map(({ id, from, subject, createdAt }) => (
          <li key={id}>
            <a href={toHash({ ...route, view: 'messages', id })} className={css.said}>
              <Foreign text={subject || 'No subject'} />
            </a>{' '}
            <span className={css.quiet}>
              <Foreign text={from} />, <Time at={createdAt} />
            </span>
          </li>
        ))}
      </ul>
    </Part>
  )
}

function Times({ lock }: { readonly lock: LockView }) {
  const { acquiredAt, lastActivityAt, staleAt, isStale, expiresAt } = lock
  const now = useNow()
  const isOver = (at: string): boolean => Date.parse(at) <= now
  return (
    <dl className={css.times}>
      <div>
        <dt>Claimed</dt>
        <dd>
          <Time at={acquiredAt} />
        </dd>
      </div>
      {lastActivityAt !== null && lastActivityAt !== acquiredAt && (
        <div>
          <dt>Last activity</dt>
          <dd>
            <Time at={lastActivityAt} />
          </dd>
        </div>
      )}
      {staleAt !== null && (
        <div>
          <dt>{isStale ? 'Turned stale' : isOver(staleAt) ? 'Was to turn stale' : 'Turns stale'}</dt>
          <dd>
            <Time at={staleAt} />
          </dd>
        </div>
      )}
      <div>
        <dt>{expiresAt !== null && isOver(expiresAt) ? 'Was to expire' : 'Expires'}</dt>
        <dd>{expiresAt === null ? 'never' : <Time at={expiresAt} />}</dd>
      </div>
    </dl>
  )
}

export function LockBody({ lock, facts }: { readonly lock: LockView; readonly facts: SessionView | null }) {
  const route = useRoute()
  return (
    <>
      <div className={css.of}>
        <Project name={lock.project} />
        <span>
          held by{' '}
          <a href={toHash({ ...route, id: keyOfSession(lock.session) })}>
            <Foreign text={lock.session} />
          </a>
        </span>
      </div>
      {lock.description !== null && lock.description !== '' && (
        <p className={css.text}>
          <Foreign text={lock.description} />
        </p>
      )}
      <Blocks lock={lock} />
      <Asked id={lock.id} />
      <Times lock={lock} />
      {lock.isMine && <Evidence facts={facts} />}
      <SaidAbout resource={lock.resource} />
    </>
  )
}

export function LockActs({ lock, facts }: { readonly lock: LockView; readonly facts: SessionView | null }) {
  const acts = useActs()
  const machine = useSnapshot((all) => all.machine.name)
  const isWanted = waitersOf(lock).length > 0
  return (
    <>
      {lock.isMine && (
        <Button
          look={isWanted ? 'primary' : 'plain'}
          hint="R"
          className={css.wide}
          onClick={() => void releaseLock(lock, facts?.life, acts)}
        >
          {isWanted ? 'Release, and tell those who wait' : 'Release'}
        </Button>
      )}
      {!lock.isMine && lock.isStale && (
        <Button look="danger" hint="R" className={css.wide} onClick={() => void forceRelease(lock, acts)}>
          Force release…
        </Button>
      )}
      <Button hint="A" className={css.wide} onClick={() => void askHolder(lock, machine, acts)}>
        Ask <Foreign text={nameInMachine(lock.session)} className={css.whom} />
      </Button>
    </>
  )
}

export function SessionBody({ row }: { readonly row: SessionRow }) {
  const route = useRoute()
  const { facts, locks, isMine } = row
  return (
    <>
      {isMine ? (
        <Evidence facts={facts} />
      ) : (
        <p className={css.quiet}>A session of another machine: only its locks tell of it here.</p>
      )}
      {locks.length > 0 && (
        <Part title="Holds">
          <ul>
            {locks.map((lock) => (
              <li key={lock.id}>
                <a href={toHash({ ...route, id: lock.id })} className={css.resource}>
                  <Foreign text={lock.resource} />
                </a>
              </li>
            ))}
          </ul>
        </Part>
      )}
    </>
  )
}

export function SessionActs({ row }: { readonly row: SessionRow }) {
  const acts = useActs()
  const { session, locks, facts } = row
  return (
    <Button hint="C" className={css.wide} onClick={() => void cleanUp(session, locks, facts?.life, acts)}>
      Clean up
    </Button>
  )
}
