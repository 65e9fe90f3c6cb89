/** Commands that release resource locks. */
import type { CommandHandlers, ReleaseOutcome } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import type { LockRow } from '../../../../shared/wire.ts'
import { askForLock, askSubject, sayReleased } from '../../coord/lock-messages.ts'
import type { LockActions } from '../../coord/release-locks.ts'
import { waitingFor } from '../../coord/waiting.ts'
import { failure, type HandlerContext } from '../deps.ts'
import { isContentHidden } from '../notifications/silence.ts'
import { BODY_LENGTH, TITLE_LENGTH, type NotificationView } from '../notifications/views.ts'
import { sendMessage, type Sent } from '../send-message.ts'
import { serverNow } from '../state.ts'
import { toLockViews } from '../views/to-snapshot.ts'
import { counted, plainLine } from '../../../../shared/text.ts'

type Handlers = Pick<
  CommandHandlers,
  'locks.list' | 'lock.ask' | 'lock.release' | 'session.cleanUp' | 'machine.releaseAll'
>

/** What became of a clean-up, for somebody who asked for it from the menu. */
export function toCleanUpNews(
  session: string,
  { released, queued, refused }: ReleaseOutcome,
  isHidden: boolean,
): NotificationView {
  const [first] = refused
  const title =
    first !== undefined
      ? `${counted(refused.length, 'lock')} could not be released`
      : queued > 0
        ? `${counted(queued, 'release')} kept until the API answers`
        : released > 0
          ? `${counted(released, 'lock')} released`
          : 'There was nothing to release'
  const body = first === undefined ? `Session ${session} is cleaned up.` : `${session}: ${first.reason}`
  return {
    id: `done-${session}`,
    kind: 'done',
    title: plainLine(title, TITLE_LENGTH),
    body: isHidden ? 'Open Coord Tray to see more.' : plainLine(body, BODY_LENGTH),
    isUrgent: false,
    messageId: null,
  }
}

/** What became of asking a holder, for somebody who did so from the menu or a toast. */
function toAskedNews(lock: LockRow, sent: Sent, isHidden: boolean): NotificationView {
  const title = !sent.ok
    ? 'The holder could not be asked'
    : sent.value.queued
      ? 'The question is kept until the API answers'
      : 'The holder was asked'
  const body = sent.ok ? `${lock.session_id}: ${askSubject(lock.resource ?? lock.id)}` : sent.error.message
  return {
    id: `asked-${lock.id}`,
    kind: 'done',
    title: plainLine(title, TITLE_LENGTH),
    body: isHidden ? 'Open Coord Tray to see more.' : plainLine(body, BODY_LENGTH),
    isUrgent: false,
    messageId: null,
  }
}

/** Tells those who wait for a lock that it is free; how many could be told. */
async function tellWaiting(context: HandlerContext, lock: LockRow): Promise<number> {
  const waiting = new Set(waitingFor(lock, serverNow(context.state())).map((r) => r.session_id))
  let told = 0
  for (const session of waiting) {
    const sent = await sendMessage(context, sayReleased(lock, session, context.state().machine))
    if (sent.ok) told++
  }
  return told
}

export function lockHandlers(context: HandlerContext, locks: LockActions): Handlers {
  const { deps, state, notify } = context
  const lockOf = (id: string): LockRow | undefined => state().locks.find((l) => l.id === id)
  // The window says it itself; a click in the menu would pass without a word.
  const isSaidByToast = (): boolean => deps.raisesNotifications && !state().isWindowFocused
  return {
    'locks.list': ({ offset, limit }) =>
      Promise.resolve(ok({ rows: toLockViews(state(), offset, limit), total: state().locks.length })),
    'lock.ask': async ({ id, by }) => {
      const lock = lockOf(id)
      if (!lock) return failure('not-found', 'This lock is not held any more.')
      const sent = await sendMessage(context, askForLock(lock, by, state().machine))
      if (sent.ok) context.dispatch({ kind: 'lock.asked', id, by, at: deps.clock.now() })
      if (isSaidByToast()) notify({ show: [toAskedNews(lock, sent, isContentHidden(state()))], withdraw: [] })
      return sent
    },
    'lock.release': async ({ id, force, tell }) => {
      const lock = lockOf(id)
      const outcome = await locks.release(id, force)
      const isReleased = outcome.released + outcome.queued > 0
      const told = lock && tell === true && isReleased ? await tellWaiting(context, lock) : 0
      return ok({ ...outcome, told })
    },
    'session.cleanUp': async ({ session }) => {
      const outcome = await locks.cleanUp(session)
      if (isSaidByToast())
        notify({ show: [toCleanUpNews(session, outcome, isContentHidden(state()))], withdraw: [] })
      return ok(outcome)
    },
    'machine.releaseAll': async () => ok(await locks.releaseAll()),
  }
}
