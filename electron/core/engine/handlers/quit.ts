/** Quitting: the question, the releases with their deadline, and the leave that nobody here asked for. */
import type { CommandHandlers, ReleaseOutcome } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import type { LockActions } from '../../coord/release-locks.ts'
import type { HandlerContext } from '../deps.ts'
import { RELEASE_DEADLINE_MS, within } from '../quit.ts'
import { myLocks } from '../views/counts.ts'
import type { UpdateSettings } from './settings.ts'

const NOTHING_RELEASED: ReleaseOutcome = { released: 0, queued: 0, refused: [] }

export interface QuitDeps {
  readonly locks: LockActions
  readonly updateSettings: UpdateSettings
  /** The person decided and what was to be released is settled. */
  readonly onLeave: (outcome: ReleaseOutcome) => void
  /** The window is wanted: there is a question. */
  readonly onQuestion: () => void
}

export interface QuitHandlers {
  readonly handlers: Pick<CommandHandlers, 'app.quit'>
  /** A quit that nobody here asked for: the remembered choice, at most one synchronous append. */
  readonly leaveAtOnce: () => { readonly queued: number }
}

export function createQuitHandlers(context: HandlerContext, quit: QuitDeps): QuitHandlers {
  const { deps, state, dispatch, publish } = context
  const { locks } = quit
  /** Ends the wait for releases under way: what is not released by now is kept. */
  let hurry = (): void => {}
  const hasLeft = (): boolean => state().quit === 'leaving'
  const held = () => myLocks(state())

  function leave(outcome: ReleaseOutcome): void {
    if (hasLeft()) return
    dispatch({ kind: 'quit.decided' })
    publish()
    quit.onLeave(outcome)
  }

  async function releaseAndLeave(): Promise<void> {
    if (state().quit === 'releasing' || hasLeft()) return
    dispatch({ kind: 'quit.releasing' })
    publish()
    const mine = held()
    const hurried = new Promise<undefined>((done) => (hurry = () => done(undefined)))
    const outcome = await within(Promise.race([locks.releaseAll(), hurried]), RELEASE_DEADLINE_MS, deps.clock)
    hurry = () => {}
    if (hasLeft()) return // at once, by the system's wish: kept already
    if (outcome) return leave(outcome)
    // Some may have been released meanwhile; replaying their release does no harm.
    const kept = locks.keepNow(mine)
    deps.log.warn('locks were not released in time', { locks: mine.length, queued: kept.ok })
    const refused = kept.ok ? [] : mine.map((l) => ({ id: l.id, holder: l.session_id, reason: kept.error }))
    leave({ released: 0, queued: kept.ok ? mine.length : 0, refused })
  }

  function ask(): void {
    dispatch({ kind: 'quit.asked' })
    publish()
    quit.onQuestion()
  }

  async function remember(choice: 'release' | 'keep'): Promise<void> {
    const kept = await quit.updateSettings({ ...state().settings, quitChoice: choice })
    if (!kept.ok) deps.log.warn('the choice was not remembered', { why: kept.error.message })
  }

  return {
    handlers: {
      'app.quit': async ({ choice, remember: isKept }) => {
        if (choice === 'cancel') {
          dispatch({ kind: 'quit.cancelled' })
          return ok(null)
        }
        if (choice !== null && isKept) await remember(choice)
        const wanted = choice ?? state().settings.quitChoice
        // Quitting a second time means now.
        if (state().quit === 'releasing') hurry()
        else if (wanted === 'ask' && held().length > 0 && state().quit === 'none') ask()
        else if (wanted === 'release') void releaseAndLeave()
        else if (wanted === 'keep' || held().length === 0) leave(NOTHING_RELEASED)
        else quit.onQuestion()
        return ok(null)
      },
    },
    leaveAtOnce() {
      const isReleasing = state().quit === 'releasing'
      if (hasLeft() || !(isReleasing || state().settings.quitChoice === 'release')) return { queued: 0 }
      const mine = held()
      if (mine.length === 0) return { queued: 0 }
      if (isReleasing) dispatch({ kind: 'quit.decided' })
      return locks.keepNow(mine).ok ? { queued: mine.length } : { queued: 0 }
    },
  }
}
