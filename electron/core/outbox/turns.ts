/** Turns in their order: those that a flush asks for, and those of the app by itself. */
import type { FlushRun } from './flush-run.ts'
import type { Publisher } from './publisher.ts'
import { Turn, type TurnDeps } from './turn.ts'

export class Turns {
  private readonly deps: TurnDeps & { readonly workspace: string }
  private readonly publisher: Publisher
  private readonly onOver: () => void
  private running: FlushRun | undefined
  private next: Promise<void> | undefined

  constructor(deps: Turns['deps'], publisher: Publisher, onOver: () => void) {
    this.deps = deps
    this.publisher = publisher
    this.onOver = onOver
  }

  /** For whom the turn under way is; undefined: the app by itself. */
  get current(): FlushRun | undefined {
    return this.running
  }
  /** Whoever asked for the turn under way does not want it any more. */
  get isCancelled(): boolean {
    return this.running?.isCancelled === true
  }

  run(flush: FlushRun): Promise<void> {
    return this.deps.serial.run(() => this.turn(flush))
  }
  /** The app by itself: asked for while a turn is under way, there is one more after it. */
  auto(): Promise<void> {
    this.next ??= this.deps.serial.run(() => {
      this.next = undefined
      return this.turn(undefined)
    })
    return this.next
  }

  private async turn(flush: FlushRun | undefined): Promise<void> {
    if (flush?.isCancelled === true) return
    this.running = flush
    try {
      await this.publisher.during(() => this.caught(flush))
    } finally {
      this.running = undefined
    }
  }

  private async caught(flush: FlushRun | undefined): Promise<void> {
    const { log, clock, workspace, setPhase } = this.deps
    try {
      await new Turn(this.deps, flush).run()
    } catch (error) {
      // a bug: said in the log, and the workspace stays as it is on disk
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log.error('outbox: unexpected', { workspace, error: text })
      setPhase({ kind: 'blocked', problem: { code: 'unexpected' }, until: clock.monotonic() })
    } finally {
      this.onOver()
    }
  }
}
