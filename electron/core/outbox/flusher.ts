/** Flushes that were asked for: each waits for its own turns, and for pauses as long as it may. */
import { problemText } from '../../../shared/problem.ts'
import { err, ok, type Result } from '../../../shared/result.ts'
import type { FlushCounts } from '../../../shared/protocol.ts'
import type { Clock, Log } from '../ports.ts'
import type { GatedConnection } from '../coord/connection.ts'
import type { FlushError, FlushRequest } from './contract.ts'
import { FlushRun, type CallEnd } from './flush-run.ts'
import type { Ownership } from './ownership.ts'
import { isOwner, type Phase } from './phase.ts'

/** How often a flush looks whether a foreign reader, or a line that is being written, has ended. */
const WAIT_MS = 200

export interface FlusherDeps {
  readonly workspace: string
  readonly clock: Clock
  readonly log: Log
  readonly connection: GatedConnection
  readonly ownership: Ownership
  phase(): Phase
  /** One turn, in its order among all that is done. */
  turn(flush: FlushRun): Promise<void>
  /** Whether the turn under way is this flush's. */
  isInTurn(flush: FlushRun): boolean
  /** Claimed and unclaimed calls. */
  waiting(): Promise<number>
  /** Claimed calls. */
  claimed(): number
  hasOpenSegments(): boolean
}

export class Flusher {
  private readonly deps: FlusherDeps
  private readonly open = new Set<FlushRun>()

  constructor(deps: FlusherDeps) {
    this.deps = deps
  }

  get isFlushing(): boolean {
    return this.open.size > 0
  }
  /** As wide as the flush that asked for the most; the app by itself keeps strict order. */
  get lanes(): number {
    return Math.max(1, ...[...this.open].map((flush) => flush.lanes))
  }

  /** A call has its end in a turn of this flush; in one of the app's own, it counts for the flush that waits first. */
  ended(current: FlushRun | undefined, end: CallEnd): void {
    const [first] = this.open
    const flush = current ?? first
    flush?.ended(end, () => this.deps.claimed())
  }

  async flush(request: FlushRequest): Promise<Result<FlushCounts, FlushError>> {
    const { deps } = this
    const { waitMs, lanes } = request
    const asked = await deps.ownership.ownOrAsk({ what: 'flush', waitMs, lanes })
    if (asked) return asked as Result<FlushCounts, FlushError>
    const phase = deps.phase()
    if (phase.kind === 'watching') return err({ code: 'not-owner', message: notSent(phase, deps.workspace) })
    const run = new FlushRun(deps.clock, request)
    this.open.add(run)
    try {
      await this.work(run)
      return ok(run.result(await deps.waiting()))
    } finally {
      this.open.delete(run)
    }
  }

  private async work(run: FlushRun): Promise<void> {
    const { deps } = this
    for (let doneBefore = run.done; ;) {
      // cancelled meanwhile: what others do goes on, and nothing is begun for it
      if (!(await run.await(deps.turn(run), () => deps.isInTurn(run)))) return
      if ((await deps.waiting()) === 0 || run.isCancelled || this.isOver(run)) return
      if (deps.connection.isReady()) {
        if (!this.isHeldUp()) return
        await run.nap(Math.min(WAIT_MS, run.leftMs))
        continue
      }
      const pauseMs = deps.connection.waitMs()
      const { state, until } = deps.connection.view()
      const isAsked = state === 'degraded' && until !== null
      // cut off in the middle: one probe tells whether to go on; away from the start, the probe has been made
      if (pauseMs > run.leftMs || (!isAsked && run.done === doneBefore)) return
      doneBefore = run.done
      await run.nap(Math.max(pauseMs, 5))
    }
  }

  private isOver(run: FlushRun): boolean {
    const phase = this.deps.phase()
    if (phase.kind === 'blocked' && phase.until > this.deps.clock.monotonic()) {
      this.deps.log.warn(problemText(phase.problem))
      return true
    }
    return run.leftMs <= 0 || phase.kind === 'stopping' || !isOwner(phase)
  }

  /** A foreign reader, or a last line that is not whole and not quiet yet. */
  private isHeldUp(): boolean {
    const phase = this.deps.phase()
    return (phase.kind === 'holding' && phase.why === 'foreign-reader') || this.deps.hasOpenSegments()
  }
}

export const whoSends = (phase: Phase & { readonly kind: 'watching' }): string =>
  phase.who === 'machine' ? `Another machine or container (${phase.host})` : 'Another process'

const notSent = (phase: Phase & { readonly kind: 'watching' }, workspace: string): string =>
  `${whoSends(phase)} sends from ${workspace}; nothing was sent from here.`
