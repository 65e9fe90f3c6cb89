/** Resource locks: this machine's by session, with cleanup; the others' to read. */
import type { AppSnapshot, LockView, SessionView } from '../../shared/snapshot.ts'
import { groupBySession, isLive } from './group-locks.ts'
import { Time } from '../parts/Time.tsx'
import { useWhole } from '../data/use-asked.ts'
import { VirtualList } from '../parts/VirtualList.tsx'
import { counted } from '../../shared/text.ts'
import { describeLife, describeRelease } from '../words.ts'
import type { ViewProps } from '../parts/view.ts'

type Row =
  | { readonly kind: 'head'; readonly key: string; readonly title: string; readonly count: number }
  | {
      readonly kind: 'session'
      readonly key: string
      readonly session: string
      readonly locks: readonly LockView[]
      readonly isMine: boolean
      /** Known for sessions of this machine only. */
      readonly life: SessionView['life'] | null
    }
  | { readonly kind: 'idle'; readonly key: string; readonly session: SessionView }
  | { readonly kind: 'lock'; readonly key: string; readonly lock: LockView }

const IDLE = 'Sessions of this machine without a lock'
const MAX_IDLE = 50

function toRows({ locks, sessions }: Pick<AppSnapshot, 'locks' | 'sessions'>): readonly Row[] {
  const lifeOf = new Map(sessions.map((one) => [one.session, one.life]))
  const rows: Row[] = []
  for (const isMine of [true, false]) {
    const list = locks.filter((lock) => lock.isMine === isMine)
    const title = isMine ? 'Held by this machine' : 'Held by others'
    rows.push({ kind: 'head', key: title, title, count: list.length })
    for (const group of groupBySession(list)) {
      const life = isMine ? (lifeOf.get(group.session) ?? []) : null
      rows.push({ kind: 'session', key: `session ${group.session}`, ...group, isMine, life })
      for (const lock of group.locks) rows.push({ kind: 'lock', key: `lock ${lock.id}`, lock })
    }
    if (!isMine) continue
    const holders = new Set(list.map((lock) => lock.session))
    const idle = sessions.filter((one) => !holders.has(one.session)).slice(0, MAX_IDLE)
    if (idle.length === 0) continue
    rows.push({ kind: 'head', key: IDLE, title: IDLE, count: idle.length })
    for (const session of idle) rows.push({ kind: 'idle', key: `idle ${session.session}`, session })
  }
  return rows
}

const nameOf = (lock: LockView): string =>
  lock.project ? `${lock.resource} (${lock.project})` : lock.resource

export function LocksView({ snapshot: first, now, acts }: ViewProps) {
  const locks = useWhole(acts, 'locks.list', first.locks, first.totals.locks, first.revision)
  const snapshot = { ...first, locks }
  const mine = locks.filter((lock) => lock.isMine)
  const rows = toRows(snapshot)
  const lifeOf = (session: string): SessionView['life'] | undefined =>
    snapshot.sessions.find((one) => one.session === session)?.life

  /** A session that worked a moment ago is asked about; any other is one click. */
  const isSure = (list: readonly LockView[], session: string): Promise<boolean> =>
    isLive(list, lifeOf(session), now)
      ? acts.ask({
          title: 'This session is still at work',
          text: `${session} was active in the last ten minutes. Without its lock another session may change the same things.`,
          names: list.map(nameOf),
          act: list.length === 1 ? 'Release anyway' : `Release ${list.length} anyway`,
          isDanger: true,
        })
      : Promise.resolve(true)

  const release = async (lock: LockView): Promise<void> => {
    if (await isSure([lock], lock.session))
      await acts.run('lock.release', { id: lock.id, force: false }, describeRelease)
  }
  const cleanUp = async (session: string, list: readonly LockView[]): Promise<void> => {
    if (await isSure(list, session)) await acts.run('session.cleanUp', { session }, describeRelease)
  }
  const releaseAll = async (): Promise<void> => {
    const isYes = await acts.ask({
      title: `Release all ${counted(mine.length, 'lock')} of this machine?`,
      text: 'Sessions that still work lose their locks too, and others may then change the same things.',
      names: mine.map((lock) => `${nameOf(lock)} · ${lock.session}`),
      act: 'Release all',
      isDanger: true,
    })
    if (isYes) await acts.run('machine.releaseAll', null, describeRelease)
  }
  const force = async (lock: LockView): Promise<void> => {
    const isYes = await acts.ask({
      title: `Release the lock of ${lock.session}?`,
      text: `${lock.session} holds it and has shown no activity for two hours. If it still works, it loses the lock without being told.`,
      names: [nameOf(lock)],
      act: 'Release it',
      isDanger: true,
    })
    if (isYes) await acts.run('lock.release', { id: lock.id, force: true }, describeRelease)
  }

  const draw = (row: Row, tabIndex: 0 | -1) => {
    switch (row.kind) {
      case 'head':
        return (
          <>
            <h2 className="list-head">
              {row.title} <span className="count">{row.count}</span>
            </h2>
            {row.count === 0 && (
              <p className="muted inset">
                {row.title === 'Held by others'
                  ? 'No other machine holds a lock.'
                  : 'None. A lock that a session of this machine claims appears here, to be released when it is forgotten.'}
              </p>
            )}
          </>
        )
      case 'session':
        return (
          <div className="section-head">
            <div>
              <h3 className="breaks">
                {row.session} <span className="muted">{counted(row.locks.length, 'lock')}</span>
              </h3>
              {row.life && <p className="muted">{describeLife(row.life, now)}</p>}
            </div>
            {row.isMine && (
              <button
                data-main
                tabIndex={tabIndex}
                aria-label={`Clean up session ${row.session}`}
                onClick={() => void cleanUp(row.session, row.locks)}
              >
                Clean up session
              </button>
            )}
          </div>
        )
      case 'idle':
        return (
          <div className="section-head">
            <div>
              <h3 className="breaks">{row.session.session}</h3>
              <p className="muted">{describeLife(row.session.life, now)}</p>
            </div>
          </div>
        )
      case 'lock': {
        const { lock } = row
        return (
          <div className={`entry flat lock ${lock.isStale ? 'stale' : ''}`}>
            <div className="lock-text">
              <p className="breaks">
                <strong>{lock.resource}</strong>
                {lock.project && <span className="muted"> · {lock.project}</span>}
                {lock.isStale && <span className="chip warn">stale</span>}
              </p>
              {lock.description && <p className="breaks">{lock.description}</p>}
              <p className="muted">
                held since <Time at={lock.acquiredAt} />
                {lock.lastActivityAt && lock.lastActivityAt !== lock.acquiredAt && (
                  <>
                    {' · active '}
                    <Time at={lock.lastActivityAt} />
                  </>
                )}
                {!lock.isStale && lock.staleAt && (
                  <>
                    {' · turns stale '}
                    <Time at={lock.staleAt} />
                  </>
                )}
                {' · '}
                {lock.expiresAt ? (
                  <>
                    ends <Time at={lock.expiresAt} />
                  </>
                ) : (
                  'never expires'
                )}
              </p>
              {lock.refused.length > 0 && (
                <p className="fault">
                  {counted(lock.refused.length, 'session')} wanted it:{' '}
                  {lock.refused
                    .slice(-3)
                    .map((one) => one.session)
                    .join(', ')}
                </p>
              )}
            </div>
            {lock.isMine ? (
              <button
                data-main
                tabIndex={tabIndex}
                aria-label={`Release ${lock.resource}`}
                onClick={() => void release(lock)}
              >
                Release
              </button>
            ) : (
              lock.isStale && (
                <button
                  data-main
                  tabIndex={tabIndex}
                  className="danger"
                  aria-label={`Force release of ${lock.resource}, held by ${lock.session}`}
                  onClick={() => void force(lock)}
                >
                  Force release…
                </button>
              )
            )}
          </div>
        )
      }
    }
  }

  return (
    <div className="view">
      <div className="toolbar">
        <p className="muted">
          {snapshot.readAt ? (
            <>
              Read <Time at={snapshot.readAt} />.
            </>
          ) : (
            'Not read yet: the API has not answered.'
          )}
          {snapshot.locksUnreadable > 0 &&
            ` ${counted(snapshot.locksUnreadable, 'row')} of the API could not be read.`}
        </p>
        {mine.length > 0 && (
          <button className="danger" onClick={() => void releaseAll()}>
            Release all of this machine…
          </button>
        )}
      </div>
      <VirtualList
        label="Resource locks, by session"
        rows={rows}
        keyOf={(row) => row.key}
        hasMain={(row) =>
          (row.kind === 'session' && row.isMine) ||
          (row.kind === 'lock' && (row.lock.isMine || row.lock.isStale))
        }
        estimatePx={64}
        draw={draw}
      />
    </div>
  )
}
