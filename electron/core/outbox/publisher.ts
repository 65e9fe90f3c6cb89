/** Tells of a workspace as it is shown: once for each change, in order, and now and then while a long run goes on. */
import type { Clock } from '../ports.ts'
import type { WorkspaceSummary } from './contract.ts'

/** How often a long run is shown while it goes on. */
const SHOW_MS = 500

export interface PublisherDeps {
  readonly clock: Clock
  isStarted(): boolean
  /** What a summary would be made of, by a look that reads nothing: where each part is the same, so is the summary. */
  seen(): Promise<readonly unknown[]>
  summary(): Promise<WorkspaceSummary>
  tell(summary: WorkspaceSummary): void
}

export class Publisher {
  private readonly deps: PublisherDeps
  private last = ''
  private published: Promise<void> = Promise.resolve()
  private isStale = true
  private seen: readonly unknown[] = []

  constructor(deps: PublisherDeps) {
    this.deps = deps
  }

  /** Something happened since the last summary. */
  get mayDiffer(): boolean {
    return this.isStale
  }
  touch(): void {
    this.isStale = true
  }

  /** One at a time: an older summary must not come after a newer one. */
  publish(): Promise<void> {
    this.published = this.published.then(
      () => this.publishNow(),
      () => this.publishNow(),
    )
    return this.published
  }

  private async publishNow(): Promise<void> {
    if (!this.deps.isStarted()) return
    // before the look, so that what happens during it is looked at again
    this.isStale = false
    const seen = await this.deps.seen()
    if (seen.length === this.seen.length && seen.every((part, i) => part === this.seen[i])) return
    this.seen = seen
    const summary = await this.deps.summary()
    const text = JSON.stringify({ ...summary, oldestWaiting: null })
    if (text === this.last) return
    this.last = text
    this.deps.tell(summary)
  }

  /** Shows a task while it goes on, and when it is over. */
  async during<T>(task: () => Promise<T>): Promise<T> {
    let isOver = !this.deps.isStarted()
    let cancel: (() => void) | undefined
    const again = (): void => {
      if (isOver) return
      cancel = this.deps.clock.schedule(SHOW_MS, () => {
        if (!isOver) void this.publish().then(again)
      })
    }
    again()
    try {
      return await task()
    } finally {
      isOver = true
      cancel?.()
      await this.publish()
    }
  }
}
