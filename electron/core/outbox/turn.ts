/** One turn of the outbox: looks, asks `nextStep`, does that step, and looks again, until there is nothing to do. */
import type { FsError } from '../ports.ts'
import type { GatedConnection } from '../coord/connection.ts'
import type { FlushRun } from './flush-run.ts'
import { claim } from './intake/claim.ts'
import type { Whose } from './intake/second-names.ts'
import type { OwnerPort } from './owner-port.ts'
import type { Ownership } from './ownership.ts'
import type { Parts } from './parts.ts'
import {
  isOwner,
  isWorthClaiming,
  nextStep,
  restingPhase,
  type Phase,
  type Step,
  type View,
} from './phase.ts'
import { recoverAfterCrash } from './segments/recover.ts'
import type { Serial } from './serial.ts'

export interface TurnDeps extends Parts {
  readonly connection: GatedConnection
  readonly owner: OwnerPort
  readonly ownership: Ownership
  readonly serial: Serial
  isStarted(): boolean
  phase(): Phase
  setPhase: (phase: Phase) => void
  /** A file call failed: nothing is sent for a while. */
  fault(error: FsError): void
}

export class Turn {
  private readonly deps: TurnDeps
  private readonly flush: FlushRun | undefined
  private readonly done = new Set<Step>()
  private whose: { readonly identity: string; readonly is: Whose } | undefined
  private isRead = false
  private hasClaimed = false
  private hasReplayed = false

  constructor(deps: TurnDeps, flush: FlushRun | undefined) {
    this.deps = deps
    this.flush = flush
  }

  async run(): Promise<void> {
    for (;;) {
      const view = await this.look()
      const step = nextStep(view)
      if (step === 'rest') {
        const { kind } = this.deps.phase()
        if (kind === 'recovering' || kind === 'replaying') this.deps.setPhase(restingPhase(view))
        return
      }
      this.done.add(step)
      await this[step]()
      await this.deps.serial.pause()
    }
  }

  private async look(): Promise<View> {
    const { deps, done } = this
    const phase = deps.phase()
    const seesFolder = isOwner(phase) && phase.kind !== 'stopping' && done.has('recover')
    const queueBytes = seesFolder ? await this.ourBytes() : 0
    const hasOpenSegments = deps.store.hasOpen
    const asksApi =
      seesFolder &&
      phase.kind !== 'blocked' &&
      ((queueBytes > 0 && !done.has('claim')) || (hasOpenSegments && !done.has('replay')))
    const isOnline = asksApi ? await deps.connection.ensure() : deps.connection.isReady()
    // all processes are looked through for this: only where it decides something
    if (!done.has('claim') && !this.isRead && isWorthClaiming({ queueBytes, isOnline }))
      this.isRead = await deps.queue.isHeldByReader(this.queuePath)
    return {
      phase: deps.phase(),
      now: deps.clock.monotonic(),
      isAsked: this.flush !== undefined,
      isCancelled: this.flush?.isCancelled === true,
      queueBytes,
      isRead: this.isRead,
      isOnline,
      hasOpenSegments,
      isGuarding: deps.isStarted(),
      done,
    }
  }

  /** Bytes of the queue file that are ours to claim. */
  private async ourBytes(): Promise<number> {
    const { queue, names } = this.deps
    const info = await queue.look()
    if (!info || info.size === 0) return 0
    if (this.whose?.identity !== info.identity)
      this.whose = { identity: info.identity, is: await names.whose(info) }
    return this.whose.is.kind === 'ours' ? info.size : 0
  }
  /** The real path of the queue file. */
  private get queuePath(): string {
    return this.whose?.is.kind === 'ours' ? this.whose.is.path : this.deps.folder.queuePath
  }

  private acquire(): Promise<void> {
    return this.deps.ownership.acquire()
  }

  private async recover(): Promise<void> {
    const { deps } = this
    deps.setPhase({ kind: 'recovering' })
    await deps.folder.resolve()
    if (deps.ownership.hasMoved) {
      await deps.ownership.release()
      await deps.ownership.acquire()
      this.done.add('acquire')
      if (!isOwner(deps.phase())) return
      deps.setPhase({ kind: 'recovering' })
    }
    const recovered = await recover(deps)
    if (!recovered.ok) return deps.fault(recovered.error)
    await deps.retention.lookForLateLines(deps.isStarted())
  }

  private async claim(): Promise<void> {
    const { deps } = this
    deps.setPhase({ kind: 'replaying' })
    // late lines of before the claim go before what it brings; replay itself looks at what ended just now only
    if (this.hasReplayed) await deps.retention.lookForLateLines(deps.isStarted())
    if (deps.store.waiting === 0) deps.replay.beginDrain()
    const claimed = await claim(deps, this.queuePath, deps.isStarted())
    this.whose = undefined
    if (!claimed.ok) return deps.fault(claimed.error)
    this.hasClaimed = claimed.value === 'claimed'
    if (this.hasClaimed) this.done.delete('replay')
  }

  private guard(): Promise<void> {
    return this.deps.guard.guard(this.queuePath, this.whose?.is.kind ?? 'unknown')
  }

  private async replay(): Promise<void> {
    const { deps } = this
    deps.setPhase({ kind: 'replaying' })
    const result = await deps.replay.run()
    this.hasReplayed = true
    if (result === 'stopped' && deps.phase().kind !== 'stopping' && this.flush?.isCancelled !== true)
      return this.leaseLost()
    // more may have been written meanwhile; else this turn is over
    if (result === 'done' && this.hasClaimed) this.done.delete('claim')
    else this.done.add('claim')
    this.hasClaimed = false
  }

  /** Another epoch stands in the lease: whoever wrote it sends from here now. Or the lease cannot be written. */
  private async leaseLost(): Promise<void> {
    const { deps } = this
    const fault = deps.owner.fault?.(deps.folder.dir)
    if (fault) return deps.fault(fault)
    await deps.ownership.release()
    this.done.add('acquire')
  }

  private tidy(): Promise<void> {
    return this.deps.retention.tidy()
  }
}

/** Reads what is there, and undoes what a crash cut off: before a turn, and before a person's act. */
export async function recover(deps: Parts): ReturnType<typeof recoverAfterCrash> {
  const loaded = await deps.store.load(deps.retention.isDue)
  return loaded.ok ? recoverAfterCrash(deps) : loaded
}
