/** Who sends from the folder: taken, asked, followed and let go. */
import { err, type Result } from '../../../shared/result.ts'
import type { Clock } from '../ports.ts'
import { sleep } from './flush-run.ts'
import type { OwnerPort, OwnerRequest } from './owner-port.ts'
import { isOwner, problemOf, type Phase } from './phase.ts'
import type { OutboxFolder } from './segments/outbox-folder.ts'

/** How often a request is put again to an owner that is just ending. */
const ASK_ROUNDS = 40
const ASK_AGAIN_MS = 50

export interface OwnershipDeps {
  readonly clock: Clock
  readonly owner: OwnerPort
  readonly folder: OutboxFolder
  phase(): Phase
  setPhase(phase: Phase): void
  /** The folder is ours: what is known of it was read while others could write. */
  onOurs(): Promise<void>
  /** The other process that owned the folder has let go. */
  onOwnerEnd(): void
  /** Does what another process asks its owner for. */
  serve(request: OwnerRequest): Promise<Result<unknown, unknown>>
}

export class Ownership {
  private readonly deps: OwnershipDeps
  private ownedDir = ''
  private isReleasing = false
  private taking: Promise<void> | undefined

  constructor(deps: OwnershipDeps) {
    this.deps = deps
  }

  /** Re-read before each send. */
  isStill(): boolean {
    return this.deps.owner.isStillOwner(this.deps.folder.dir)
  }
  /** `.claude` is another folder by now: its real path names the owner. */
  get hasMoved(): boolean {
    return this.ownedDir !== this.deps.folder.dir
  }

  /** One at a time: two that ask at once must not take each other for another process. */
  acquire(): Promise<void> {
    this.taking ??= this.take().finally(() => {
      this.taking = undefined
    })
    return this.taking
  }

  /** As `acquire`, without the attempt while another process is known to own the folder. */
  async acquireIfFree(): Promise<void> {
    const { folder, owner } = this.deps
    await folder.resolve()
    if (owner.isElsewhere?.(folder.dir) !== true) await this.acquire()
  }

  private async take(): Promise<void> {
    const { deps } = this
    if (isOwner(deps.phase())) return
    await deps.folder.resolve()
    if (this.hasMoved) deps.owner.leave?.(this.ownedDir)
    this.ownedDir = deps.folder.dir
    // a folder that nobody can write needs no owner: nothing can be claimed there
    const state = await deps.owner.acquire(
      this.ownedDir,
      deps.folder.parent,
      (request) => this.serve(request),
      () => deps.onOwnerEnd(),
    )
    if (state.kind === 'this') {
      await deps.onOurs()
      deps.setPhase({ kind: 'resting' })
    } else if (state.kind === 'other-machine')
      deps.setPhase({ kind: 'watching', who: 'machine', host: state.who })
    else
      deps.setPhase(
        state.kind === 'none' ? { kind: 'stopped', problem: null } : { kind: 'watching', who: 'process' },
      )
  }

  private async serve(request: OwnerRequest): Promise<Result<unknown, unknown>> {
    if (!this.isReleasing) return this.deps.serve(request)
    // on its way out: the one that asks takes over
    const message = 'The process that owned this workspace has just ended; try again.'
    return err({ code: 'not-owner', message })
  }

  async release(): Promise<void> {
    this.isReleasing = true
    try {
      // what is being taken would be kept for ever
      await this.taking?.catch(() => undefined)
      if (isOwner(this.deps.phase())) await this.deps.owner.release(this.ownedDir)
      else this.deps.owner.leave?.(this.ownedDir)
    } finally {
      this.isReleasing = false
      this.ownedDir = ''
      this.deps.setPhase({ kind: 'stopped', problem: problemOf(this.deps.phase()) })
    }
  }

  /** Becomes the owner (undefined), or has the owner do it; an owner that ends meanwhile is followed. */
  async ownOrAsk(request: OwnerRequest): Promise<Result<unknown, unknown> | undefined> {
    const { owner, folder, clock } = this.deps
    for (let round = 0; ; round++) {
      await this.acquire()
      const phase = this.deps.phase()
      if (phase.kind !== 'watching' || phase.who !== 'process') return undefined
      const asked = await owner.ask(folder.dir, request)
      if (asked.ok || asked.error.code !== 'not-owner' || round >= ASK_ROUNDS) return asked
      await sleep(clock, ASK_AGAIN_MS)
    }
  }
}
