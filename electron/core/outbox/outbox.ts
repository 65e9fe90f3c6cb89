/**
 * One workspace's outbox: claim → ledger → send → record. It owns the phase and the timers; everything else is its parts'. What is
 * done next is `nextStep`'s to say; that it is one thing at a time is `Serial`'s doing.
 */
import type { FlushCounts } from '../../../shared/protocol.ts'
import { err, type Result } from '../../../shared/result.ts'
import type { Clock, FileSystem, FsError, Keys, Log, Random } from '../ports.ts'
import type { GatedConnection } from '../coord/connection.ts'
import { discard, edit, sendAnyway, storageProblem, type Acted, type ActionDeps } from './actions.ts'
import type { FlushError, FlushRequest, Outbox, OutboxEvent, WorkspaceSummary } from './contract.ts'
import { toEvent } from './ended-event.ts'
import { Flusher, whoSends } from './flusher.ts'
import type { OwnerPort, OwnerRequest } from './owner-port.ts'
import { Ownership } from './ownership.ts'
import { createParts, type Parts } from './parts.ts'
import { isOwner, type Phase } from './phase.ts'
import { Publisher } from './publisher.ts'
import type { EndedCall } from './replay/record-end.ts'
import { createSerial } from './serial.ts'
import { recover } from './turn.ts'
import { Turns } from './turns.ts'
import { Viewer } from './viewer.ts'

const STAT_MS = 1_000
/** Who only watches looks less often: what it shows is somebody else's, and a hint comes at once. */
const WATCH_MS = 3_000
const HINT_MS = 20
const STORAGE_RETRY_MS = 5_000

/** Hints that something changed in a folder; never the truth. Returns the function that stops it. */
export interface WatchPort {
  watch(folder: string, onHint: () => void): () => void
}

export interface OutboxDeps {
  /** The project folder. */
  readonly workspace: string
  readonly name: string
  readonly fs: FileSystem
  readonly clock: Clock
  readonly random: Random
  readonly keys: Keys
  readonly log: Log
  readonly connection: GatedConnection
  readonly owner: OwnerPort
  readonly watch: WatchPort
  /** Other project folders that are known on this machine: a queue file may be theirs under a second name. */
  readonly neighbours?: () => readonly string[]
  /** Undefined: nobody listens, and no event is made. */
  readonly emit?: ((event: OutboxEvent) => void) | undefined
}

export const createOutbox = (deps: OutboxDeps): Outbox => new WorkspaceOutbox(deps)

interface Timers {
  cancelTick: () => void
  cancelHint: (() => void) | undefined
  readonly off: (() => void)[]
}

class WorkspaceOutbox implements Outbox {
  readonly path: string
  private readonly deps: OutboxDeps
  private readonly parts: Parts
  private readonly ownership: Ownership
  private readonly flusher: Flusher
  private readonly viewer: Viewer
  private readonly publisher: Publisher
  private readonly turns: Turns
  private readonly serial = createSerial()
  private phase: Phase = { kind: 'stopped', problem: null }
  /** Undefined: not started; it may still flush and act for a command. */
  private timers: Timers | undefined
  /** What the API is being told now. */
  private sending: WorkspaceSummary['sending'] = null
  private acting = 0

  constructor(deps: OutboxDeps) {
    this.deps = deps
    this.path = deps.workspace
    const { clock, owner, log, connection, workspace, name } = deps
    const phase = (): Phase => this.phase
    const setPhase = (next: Phase): void => this.setPhase(next)
    const fault = (error: FsError): void => this.fault(error)
    this.parts = createParts({
      ...deps,
      neighbours: () => deps.neighbours?.() ?? [],
      isOwner: () => this.ownership.isStill(),
      isStopping: () => this.phase.kind === 'stopping' || this.turns.isCancelled,
      isFlushing: () => this.flusher.isFlushing,
      lanes: () => this.flusher.lanes,
      between: () => this.serial.pause(),
      onSending: (call) => void (this.sending = call),
      onEnd: (ended) => this.ended(ended),
      onRead: (ends) => deps.emit?.({ kind: 'workspace.recovered', workspace: deps.workspace, ends }),
      fault,
    })
    const { folder, store } = this.parts
    const serve = (request: OwnerRequest): ReturnType<typeof this.serve> => this.serve(request)
    this.ownership = new Ownership({
      clock,
      owner,
      folder,
      phase,
      setPhase,
      serve,
      onOurs: () => this.readAfresh(),
      onOwnerEnd: () => this.poke(),
    })
    this.viewer = new Viewer({ ...this.parts, workspace, name, phase, sending: () => this.sending })
    this.flusher = new Flusher({
      ...{ workspace, clock, log, connection, ownership: this.ownership, phase },
      turn: (run) => this.turns.run(run),
      isInTurn: (flush) => this.turns.current === flush,
      waiting: () => this.viewer.waiting(),
      claimed: () => store.waiting,
      hasOpenSegments: () => store.hasOpen,
    })
    this.publisher = new Publisher({
      clock,
      isStarted: () => this.isStarted,
      seen: () => this.viewer.seen(),
      summary: () => this.viewer.summary(),
      tell: (summary) => deps.emit?.({ kind: 'workspace.changed', summary }),
    })
    const { ownership, serial, publisher, parts } = this
    const isStarted = (): boolean => this.isStarted
    this.turns = new Turns(
      { ...parts, workspace, connection, owner, ownership, serial, isStarted, phase, setPhase, fault },
      publisher,
      () => void (this.sending = null),
    )
  }

  private get isStarted(): boolean {
    return this.timers !== undefined
  }
  /** The only writer of the phase. What stops is stopped, whatever the turn under way comes to. */
  private setPhase(phase: Phase): void {
    if (this.phase.kind === 'stopping' && phase.kind !== 'stopped') return
    this.phase = phase
    this.publisher.touch()
  }
  private fault(error: FsError): void {
    const { code: errno, path, op } = error
    this.deps.log.warn('outbox: storage', { ...error })
    const until = this.deps.clock.monotonic() + STORAGE_RETRY_MS
    this.setPhase({ kind: 'blocked', problem: { code: 'storage', errno, path, op }, until })
  }
  /** The folder has become ours: what is known of it was read while others could write. */
  private async readAfresh(): Promise<void> {
    await this.parts.store.reset()
    this.parts.guard.reset()
    this.parts.replay.reset()
  }
  private ended(ended: EndedCall): void {
    this.viewer.ended(ended, this.isStarted)
    this.flusher.ended(this.turns.current, ended.end)
    this.deps.emit?.(toEvent(this.path, ended))
  }

  // ---- what is asked for ---------------------------------------------------------------------------------------------

  summary: Outbox['summary'] = () => this.viewer.summary()
  list: Outbox['list'] = (end, limit) => this.viewer.list(end, limit)
  rows: Outbox['rows'] = (end, limit) => this.viewer.rows(end, limit)
  waiting: Outbox['waiting'] = (offset, limit) => this.viewer.waitingPage(offset, limit)
  show: Outbox['show'] = (id) => this.viewer.show(id)

  async flush(request: FlushRequest): Promise<Result<FlushCounts, FlushError>> {
    const done = await this.flusher.flush(request)
    await this.letGoUnlessUsed()
    return done
  }
  sendAnyway = (id: string): Promise<Acted> => this.act({ what: 'send', id }, (deps) => sendAnyway(deps, id))
  edit = (id: string, line: string): Promise<Acted> =>
    this.act({ what: 'edit', id, line }, (deps) => edit(deps, id, line))
  discard = (id: string): Promise<Acted> => this.act({ what: 'discard', id }, (deps) => discard(deps, id))

  /** Runs an act as the owner, or has the owner run it. It waits for the call in flight, never for the run. */
  private async act(request: OwnerRequest, task: (deps: ActionDeps) => Promise<Acted>): Promise<Acted> {
    const asked = await this.ownership.ownOrAsk(request)
    if (asked) return asked as Acted
    const { phase } = this
    if (phase.kind === 'watching')
      return err({ code: 'not-owner', message: `${whoSends(phase)} sends from this folder.` })
    this.acting++
    try {
      return await this.serial.between(async () => {
        const ready = this.phase.kind === 'replaying' ? undefined : await recover(this.parts)
        if (ready && !ready.ok) return storageProblem(ready.error)
        const onResolved = (id: string): void => this.viewer.resolved(id)
        return task({ ...this.parts, onResolved, onFault: (error) => this.fault(error) })
      })
    } finally {
      this.acting--
      this.publisher.touch()
      if (this.isStarted) this.poke()
      else await this.letGoUnlessUsed()
    }
  }

  private serve(request: OwnerRequest): Promise<Result<unknown, unknown>> {
    switch (request.what) {
      case 'flush':
        return this.flush(request)
      case 'send':
        return this.sendAnyway(request.id)
      case 'edit':
        return this.edit(request.id, request.line)
      case 'discard':
        return this.discard(request.id)
    }
  }

  /** A command's outbox owns the folder no longer than it works. */
  private async letGoUnlessUsed(): Promise<void> {
    const isUsed = (): boolean =>
      this.isStarted || this.flusher.isFlushing || this.acting > 0 || !isOwner(this.phase)
    if (!isUsed()) await this.serial.run(async () => (isUsed() ? undefined : this.ownership.release()))
  }

  // ---- life ----------------------------------------------------------------------------------------------------------

  async start(): Promise<void> {
    const timers: Timers = { cancelTick: () => undefined, cancelHint: undefined, off: [] }
    this.timers = timers
    await this.ownership.acquire()
    await this.look()
    // told to stop meanwhile: the first look may have had much to send
    if (this.timers !== timers || this.phase.kind === 'stopping') return
    timers.off.push(
      this.deps.watch.watch(this.parts.folder.parent, () => this.poke()),
      this.deps.connection.onChange((view) => {
        if (view.state === 'online') this.poke()
      }),
    )
    this.tick(timers)
  }

  async stop(): Promise<void> {
    const { timers, parts } = this
    const wasOurs = isOwner(this.phase)
    if (wasOurs) this.setPhase({ kind: 'stopping' })
    timers?.cancelTick()
    timers?.cancelHint?.()
    for (const off of timers?.off ?? []) off()
    await this.serial.run(async () => {
      this.timers = undefined
      // so that a session's own catch-up, while this app is closed, is not mistaken for a loss
      if (wasOurs) await parts.guard.removeAll()
      await parts.store.commitAll()
      await parts.store.reset()
      await this.ownership.release()
    })
  }

  poke(): void {
    const { timers } = this
    if (!timers || this.phase.kind === 'stopping') return
    timers.cancelHint ??= this.deps.clock.schedule(HINT_MS, () => {
      timers.cancelHint = undefined
      void this.look()
    })
  }

  private tick(timers: Timers): void {
    const { clock } = this.deps
    const lookAgain = (): void =>
      void this.look().finally(() => {
        if (this.timers === timers && this.phase.kind !== 'stopping') this.tick(timers)
      })
    const afterMs = isOwner(this.phase) ? STAT_MS : WATCH_MS
    timers.cancelTick = clock.nextBeat?.(afterMs, lookAgain) ?? clock.schedule(afterMs, lookAgain)
  }

  /** One stat where nothing goes on. */
  private async look(): Promise<void> {
    if (!this.isStarted) return
    const { queue, names, store, retention } = this.parts
    if (!isOwner(this.phase)) await this.ownership.acquireIfFree()
    // stopped while it was asked who sends
    if (!this.isStarted) return
    const before = queue.size
    if (!this.serial.isBusy) await queue.look()
    if (queue.size > before) this.deps.connection.retryNow()
    if (!isOwner(this.phase)) {
      if ((await this.viewer.refresh()) || queue.size !== before) await this.publisher.publish()
      return
    }
    const hasBytes = queue.size > 0 && names.theirs === undefined
    const hasWork = hasBytes || store.hasOpen || !store.isLoaded || store.unsynced.length > 0
    if (hasWork || retention.isDue || !this.deps.connection.isReady()) await this.turns.auto()
    else if (this.publisher.mayDiffer || queue.size !== before) await this.publisher.publish()
  }
}
