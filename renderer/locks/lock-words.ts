/** Words of the view Locks. Pure. */
import type { LockView } from '../../shared/snapshot.ts'
import { counted } from '../../shared/text.ts'
import { their, type Words } from '../parts/Sentence.tsx'
import { describeSign } from '../words.ts'
import { toPast } from '../time.ts'
import { lastActivity, waitersOf, type SessionRow } from './rows.ts'

/** A lock by its name, with the project where it has one. */
export const nameOfLock = ({ resource, project }: Pick<LockView, 'resource' | 'project'>): string =>
  project === null ? resource : `${resource} (${project})`

/** `claimed a lock 42 min ago · 4 locks, 1 stale` */
export function describeSession({ facts, locks, isMine }: SessionRow, nowMs: number): string {
  const sign = facts?.life[0]
  const active = lastActivity(locks)
  const life = sign
    ? `${describeSign(sign.kind)} ${toPast(sign.at, nowMs)}`
    : !isMine && active !== null
      ? `active ${toPast(active, nowMs)}`
      : 'no sign of life known'
  if (locks.length === 0) return `${life} · no lock`
  const stale = locks.filter((lock) => lock.isStale).length
  return `${life} · ${counted(locks.length, 'lock')}${stale > 0 ? `, ${stale} stale` : ''}`
}

/** As many as the engine tells of: there may be more. */
const MOST_TOLD = 3

/** `1 waits`, `2 wait`; `3+ wait` where the list may go on. */
export function describeWaiters(lock: LockView): string {
  const n = waitersOf(lock).length
  if (n === 0) return ''
  // where the oldest that is told of waits no more, none before it does
  const isCut = lock.refused.filter((one) => one.isWaiting).length >= MOST_TOLD
  return `${n}${isCut ? '+' : ''} ${n === 1 && !isCut ? 'waits' : 'wait'}`
}

/** Who blocks whom, as a sentence. */
export function describeBlocks(lock: LockView): Words {
  const waiters = waitersOf(lock)
  return [
    ...waiters.flatMap((name, at) => [
      at === 0 ? '' : at === waiters.length - 1 ? ' and ' : ', ',
      their(name),
    ]),
    waiters.length === 1 ? ' was refused it; ' : ' were refused it; ',
    their(lock.session),
    ' holds it.',
  ]
}
