/** Commands that release resource locks. */
import type { CommandHandlers, ReleaseOutcome } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import type { LockActions } from '../../coord/release-locks.ts'
import type { HandlerContext } from '../deps.ts'
import { isContentHidden } from '../notifications/silence.ts'
import { BODY_LENGTH, TITLE_LENGTH, type NotificationView } from '../notifications/views.ts'
import { toLockViews } from '../views/to-snapshot.ts'
import { counted, plainLine } from '../../../../shared/text.ts'

type Handlers = Pick<
  CommandHandlers,
  'locks.list' | 'lock.release' | 'session.cleanUp' | 'machine.releaseAll'
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

export function lockHandlers(context: HandlerContext, locks: LockActions): Handlers {
  const { deps, state, notify } = context
  return {
    'locks.list': ({ offset, limit }) =>
      Promise.resolve(ok({ rows: toLockViews(state(), offset, limit), total: state().locks.length })),
    'lock.release': async ({ id, force }) => ok(await locks.release(id, force)),
    'session.cleanUp': async ({ session }) => {
      const outcome = await locks.cleanUp(session)
      // The window says it itself; a click in the menu would pass without a word.
      if (deps.raisesNotifications && !state().isWindowFocused)
        notify({ show: [toCleanUpNews(session, outcome, isContentHidden(state()))], withdraw: [] })
      return ok(outcome)
    },
    'machine.releaseAll': async () => ok(await locks.releaseAll()),
  }
}
