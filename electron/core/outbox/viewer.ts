/** What an outbox shows, whoever sends from its folder: the calls of its own store, or those that were read beside another owner. */
import type { Call } from '../../../shared/call.ts'
import { problemText, type OutboxProblem } from '../../../shared/problem.ts'
import { ok, type Result } from '../../../shared/result.ts'
import { notFound } from './actions.ts'
import type { ActionError, EndedRow, WaitingPage, WorkspaceSummary } from './contract.ts'
import type { Parts } from './parts.ts'
import { isOwner, ownerOf, problemOf, type Phase } from './phase.ts'
import { ReadOnlyOutbox } from './read-only-outbox.ts'
import type { EndedCall } from './replay/record-end.ts'
import { placeOfCall } from './segments/call-id.ts'
import type { SegmentStore } from './segments/segment-store.ts'
import { placeOfWaiting } from './summary-rows.ts'
import { Summary } from './summary.ts'

export interface ViewerDeps extends Parts {
  readonly workspace: string
  readonly name: string
  phase(): Phase
  sending(): WorkspaceSummary['sending']
}

export class Viewer {
  private readonly deps: ViewerDeps
  private readonly ours: Summary
  private readonly readOnly: ReadOnlyOutbox
  private readonly theirs: Summary

  constructor(deps: ViewerDeps) {
    this.deps = deps
    this.ours = new Summary(deps.store)
    this.readOnly = new ReadOnlyOutbox({ ...deps, index: (segment) => deps.replay.index(segment) })
    this.theirs = new Summary(this.readOnly)
  }

  ended(ended: EndedCall, isShown: boolean): void {
    this.ours.ended(ended, isShown)
  }
  resolved(id: string): void {
    this.ours.resolved(id)
  }
  /** Looks at what another owner wrote; whether something has changed. */
  refresh(): Promise<boolean> {
    return this.readOnly.refresh()
  }

  /** Calls that wait: claimed ones, and those in the queue file where it is ours. */
  async waiting(): Promise<number> {
    const { count } = await this.unclaimed()
    return this.deps.store.waiting + count
  }
  private unclaimed(): ReturnType<Parts['queue']['count']> {
    const { queue, names } = this.deps
    return queue.count(async (info) => (await names.whose(info)).kind === 'ours')
  }

  /** What a summary is made of: one stat, and nothing read. */
  async seen(): Promise<readonly unknown[]> {
    const { fs, folder } = this.deps
    const info = await fs.info(folder.queuePath)
    const queue = info.ok ? `${info.value.identity} ${info.value.size} ${info.value.mtimeMs}` : ''
    const { source } = this
    // another list wherever one came or went
    const all = source.all()
    const revision = all.reduce((sum, segment) => sum + segment.revision, 0)
    const problem = JSON.stringify(this.problem())
    const [sending, owner] = [this.deps.sending(), ownerOf(this.deps.phase())]
    return [all, revision, source.delivered, source.waiting, queue, sending, owner, problem]
  }
  async summary(): Promise<WorkspaceSummary> {
    const summary = await this.read()
    const unclaimed = await this.unclaimed()
    const problem = this.problem()
    return summary.build(unclaimed, {
      path: this.deps.workspace,
      name: this.deps.name,
      sending: this.deps.sending(),
      owner: ownerOf(this.deps.phase()),
      problem: problem && problemText(problem),
    })
  }
  async rows(end: 'set-aside' | 'skipped', limit: number): Promise<readonly EndedRow[]> {
    return (await this.read()).listRows(end, limit)
  }
  /** Claimed calls first, then those in the queue file. */
  async waitingPage(offset: number, limit: number): Promise<WaitingPage> {
    const summary = await this.read()
    const { count } = await this.unclaimed()
    const claimed = this.source.waiting
    const rows = [...(await summary.page(offset, limit))]
    if (rows.length < limit) {
      const unclaimed = await this.deps.queue.page(Math.max(0, offset - claimed), limit - rows.length)
      rows.push(...unclaimed.map((row) => row.call))
    }
    return { rows, total: claimed + count }
  }
  async list(end: 'set-aside' | 'skipped', limit: number): Promise<readonly Call[]> {
    return (await this.read()).list(end, limit)
  }
  async show(id: string): Promise<Result<Call, ActionError>> {
    const summary = await this.read()
    const found = placeOfCall(this.source, id)
    const call = found ? await summary.whole(found) : await this.waitingCall(id)
    return call ? ok(call) : notFound(id)
  }
  private async waitingCall(id: string): Promise<Call | undefined> {
    const found = placeOfWaiting(id)
    if (!found) return undefined
    const { identity, offset, sub } = found
    const segment = this.source.all().find((s) => s.identity === identity && !s.isEnded(offset, sub))
    await this.unclaimed()
    const entry = segment
      ? await segment.entryAt(offset, sub)
      : await this.deps.queue.entryAt(identity, { offset, sub })
    if (!entry) return undefined
    const { ts, method, path, raw } = entry
    return { id, ts, method, path, reason: '', status: null, raw }
  }

  private get source(): SegmentStore | ReadOnlyOutbox {
    return this.isOurs ? this.deps.store : this.readOnly
  }

  private get isOurs(): boolean {
    return isOwner(this.deps.phase())
  }
  private async read(): Promise<Summary> {
    if (!this.isOurs) await this.readOnly.refresh()
    else await this.deps.store.loadOnce()
    return this.isOurs ? this.ours : this.theirs
  }

  private problem(): OutboxProblem | null {
    const { folder, queue, names, store } = this.deps
    const path = folder.queuePath
    const ofPhase = problemOf(this.deps.phase())
    if (ofPhase) return ofPhase
    if (queue.isNoFile) return { code: 'not-a-file', path }
    if (names.theirs !== undefined) return { code: 'shared-file', path, owner: names.theirs }
    return store.lost === null ? null : { code: 'segment-removed', path: store.lost }
  }
}
