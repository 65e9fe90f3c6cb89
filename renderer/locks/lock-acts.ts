/** What can be done about locks. A session that works is asked about; an act on another can be called off for ten seconds. */
import { counted } from '../../shared/text.ts'
import type { LockView, SessionView } from '../../shared/snapshot.ts'
import type { Acts } from '../data/acts.ts'
import { readWhole } from '../data/use-asked.ts'
import { describeAsked, describeRelease } from '../words.ts'
import { nameOfLock } from './lock-words.ts'
import { isLive, keyOfSession, waitersOf } from './rows.ts'

type Life = SessionView['life'] | undefined

const askLive = (acts: Acts, session: string, list: readonly LockView[]): Promise<boolean> =>
  acts.ask({
    title: 'This session is still at work',
    text: `${session} was active in the last ten minutes. Without its lock another session may change the same things.`,
    names: list.map(nameOfLock),
    act: list.length === 1 ? 'Release anyway' : `Release ${list.length} anyway`,
    isDanger: true,
  })

/** An act that was put off: the session may have come to life meanwhile, and is asked about then. */
async function ifStill(
  acts: Acts,
  session: string,
  isConcerned: (lock: LockView) => boolean,
  act: () => Promise<unknown>,
): Promise<unknown> {
  const picture = await acts.read('snapshot.get', null)
  const locks = (await readWhole(acts.read, 'locks.list'))?.filter(isConcerned) ?? []
  const life = picture?.sessions.find((one) => one.session === session)?.life
  if (isLive(locks, life, Date.now()) && !(await askLive(acts, session, locks))) return undefined
  return act()
}

/** Releases a lock of this machine, and tells those who were refused it: that of a session at work after a question. */
export async function releaseLock(lock: LockView, life: Life, acts: Acts): Promise<void> {
  const tell = waitersOf(lock).length > 0
  const act = (): Promise<unknown> =>
    acts.run('lock.release', { id: lock.id, force: false, tell }, describeRelease)
  if (isLive([lock], life, Date.now())) {
    if (await askLive(acts, lock.session, [lock])) await act()
    return
  }
  acts.later({
    doing: `Releasing ${nameOfLock(lock)}${tell ? ' and telling who waits' : ''}`,
    rows: [lock.id],
    act: () => ifStill(acts, lock.session, (one) => one.id === lock.id, act),
  })
}

/** The same for a lock of which only the id is known: it is looked at as it is now. */
export async function releaseById(id: string, acts: Acts): Promise<void> {
  const picture = await acts.run('snapshot.get', null)
  if (picture === undefined) return
  const known = (list: readonly LockView[] | undefined): LockView | undefined =>
    list?.find((one) => one.id === id)
  const lock = known(picture.locks) ?? known(await readWhole(acts.run, 'locks.list'))
  if (lock === undefined) return acts.tell('done', describeRelease({ released: 0, queued: 0, refused: [] }))
  await releaseLock(lock, picture.sessions.find((one) => one.session === lock.session)?.life, acts)
}

/** Releases all that a session of this machine holds. */
export async function cleanUp(
  session: string,
  locks: readonly LockView[],
  life: Life,
  acts: Acts,
): Promise<void> {
  const act = (): Promise<unknown> => acts.run('session.cleanUp', { session }, describeRelease)
  if (isLive(locks, life, Date.now())) {
    if (await askLive(acts, session, locks)) await act()
    return
  }
  acts.later({
    doing: `Releasing ${counted(locks.length, 'lock')} of ${session}`,
    rows: [keyOfSession(session), ...locks.map((lock) => lock.id)],
    act: () => ifStill(acts, session, (one) => one.session === session, act),
  })
}

/** Releases a stale lock that another machine's session holds. */
export async function forceRelease(lock: LockView, acts: Acts): Promise<void> {
  const isYes = await acts.ask({
    title: `Release the lock of ${lock.session}?`,
    text: `${lock.session} holds it and has shown no activity for two hours. If it still works, it loses the lock in the middle of that.`,
    names: [nameOfLock(lock)],
    act: 'Release it',
    isDanger: true,
  })
  if (isYes) await acts.run('lock.release', { id: lock.id, force: true }, describeRelease)
}

/** Asks the holder of a lock for it, in the name of `by`, who was refused it. */
export async function askFor(id: string, by: string, holder: string, acts: Acts): Promise<void> {
  await acts.run('lock.ask', { id, by }, describeAsked(holder))
}

/** Asks the holder for it, in the name of whoever was refused it last; else, from this machine, whether it is needed. */
export async function askHolder(lock: LockView, machine: string, acts: Acts): Promise<void> {
  const { id, resource, project, session } = lock
  const [by] = waitersOf(lock)
  if (by !== undefined) return askFor(id, by, session, acts)
  const draft = {
    from: `${machine}/coord`,
    to: session,
    project: project ?? 'coord',
    subject: `Do you still need ${resource}?`.slice(0, 500),
    body: `You hold ${resource}. Please release it when you can, or answer how long you still need it.`,
  }
  await acts.run('message.send', draft, describeAsked(session))
}
