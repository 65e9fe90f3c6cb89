/** Quitting: the question, the releases with their deadline, and the leave that nobody here asked for. */
import type { CommandHandlers, ReleaseOutcome } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import type { SettingsView } from '../../../../shared/snapshot.ts'
import type { LockActions } from '../../coord/release-locks.ts'
import type { HandlerContext } from '../deps.ts'
import { RELEASE_DEADLINE_MS, within } from '../quit.ts'
import type { AppState } from '../state.ts'
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
  const quitting = new Quitting(context, quit)
  return {
    handlers: { 'app.quit': (asked) => quitting.answer(asked) },
    leaveAtOnce: () => quitting.leaveAtOnce(),
  }
}

class Quitting {
  private readonly context: HandlerContext
  private readonly quit: QuitDeps
  /** Ends the wait for releases under way: what is not released by now is kept. */
  private hurry = (): void => {}

  constructor(context: HandlerContext, quit: QuitDeps) {
    this.context = context
    this.quit = quit
  }

  answer: CommandHandlers['app.quit'] = async ({ choice, remember: isKept }) => {
    const { state, dispatch } = this.context
    if (choice === 'cancel') {
      dispatch({ kind: 'quit.cancelled' })
      return ok(null)
    }
    if (choice !== null && isKept) await this.remember(choice)
    this.settle(choice ?? state().settings.quitChoice)
    return ok(null)
  }

  leaveAtOnce(): { readonly queued: number } {
    const { state, dispatch } = this.context
    const isReleasing = this.is('releasing')
    if (this.is('leaving') || !(isReleasing || state().settings.quitChoice === 'release'))
      return { queued: 0 }
    const mine = myLocks(state())
    if (mine.length === 0) return { queued: 0 }
    if (isReleasing) dispatch({ kind: 'quit.decided' })
    return this.quit.locks.keepNow(mine).ok ? { queued: mine.length } : { queued: 0 }
  }

  private is(stage: AppState['quit']): boolean {
    return this.context.state().quit === stage
  }

  /** What is done of what the person wants. */
  private settle(wanted: SettingsView['quitChoice']): void {
    const holdsNone = myLocks(this.context.state()).length === 0
    // Quitting a second time means now.
    if (this.is('releasing')) this.hurry()
    else if (wanted === 'ask' && !holdsNone && this.is('none')) this.ask()
    else if (wanted === 'release') void this.releaseAndLeave()
    else if (wanted === 'keep' || holdsNone) this.leave(NOTHING_RELEASED)
    else this.quit.onQuestion()
  }

  private ask(): void {
    this.context.dispatch({ kind: 'quit.asked' })
    this.context.publish()
    this.quit.onQuestion()
  }

  private async remember(choice: 'release' | 'keep'): Promise<void> {
    const { state, deps } = this.context
    const kept = await this.quit.updateSettings({ ...state().settings, quitChoice: choice })
    if (!kept.ok) deps.log.warn('the choice was not remembered', { why: kept.error.message })
  }

  private async releaseAndLeave(): Promise<void> {
    const { deps, state, dispatch, publish } = this.context
    if (this.is('releasing') || this.is('leaving')) return
    dispatch({ kind: 'quit.releasing' })
    publish()
    const mine = myLocks(state())
    const hurried = new Promise<undefined>((done) => (this.hurry = () => done(undefined)))
    const released = Promise.race([this.quit.locks.releaseAll(), hurried])
    const outcome = await within(released, RELEASE_DEADLINE_MS, deps.clock)
    this.hurry = () => {}
    if (this.is('leaving')) return // at once, by the system's wish: kept already
    this.leave(outcome ?? this.keep(mine))
  }

  /** Queues the releases that were not made in time. Some may have been made meanwhile; replaying their release does no harm. */
  private keep(mine: ReturnType<typeof myLocks>): ReleaseOutcome {
    const kept = this.quit.locks.keepNow(mine)
    this.context.deps.log.warn('locks were not released in time', { locks: mine.length, queued: kept.ok })
    if (kept.ok) return { released: 0, queued: mine.length, refused: [] }
    const refused = mine.map((l) => ({ id: l.id, holder: l.session_id, reason: kept.error }))
    return { released: 0, queued: 0, refused }
  }

  private leave(outcome: ReleaseOutcome): void {
    if (this.is('leaving')) return
    this.context.dispatch({ kind: 'quit.decided' })
    this.context.publish()
    this.quit.onLeave(outcome)
  }
}
