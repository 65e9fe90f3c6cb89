/**
 * What the next call needs that does not hang on the answers to those before it, made while the API works on one of those: the
 * processor has nothing else to do then, while between an answer and the next call, or beside a sync, each microsecond counts.
 */
import type { Clock, Keys } from '../../ports.ts'
import type { QueuedCall } from './queued-call.ts'

/** A reading of the lease while the call before was under way counts for so long. */
const LEASE_READ_FOR_MS = 20

export interface ReadyDeps {
  readonly clock: Pick<Clock, 'monotonic'>
  readonly keys: Keys
  /** Reads the lease. */
  isOwner(): boolean
}

/** One call at most is ready; of any other the same is made when it is asked for. */
export class ReadyCall {
  private readonly deps: ReadyDeps
  private call: QueuedCall | undefined
  private key = ''
  private lease: { readonly call: QueuedCall; readonly isOurs: boolean; readonly at: number } | undefined

  constructor(deps: ReadyDeps) {
    this.deps = deps
  }

  makeKey(call: QueuedCall): void {
    this.key = this.newKey(call)
    this.call = call
  }

  /** Reads the lease for a call: while the disk works, or, where the server keeps its key, while the call before is under way. */
  readLease(call: QueuedCall): void {
    this.lease = { call, isOurs: this.deps.isOwner(), at: this.deps.clock.monotonic() }
  }

  /** The call's `Idempotency-Key`. */
  keyOf(call: QueuedCall): string {
    return this.call === call ? this.key : this.newKey(call)
  }

  /** Whether the folder is ours, as the lease said a moment ago or says now. */
  mayGo(call: QueuedCall): boolean {
    const { lease } = this
    const isFresh = lease?.call === call && this.deps.clock.monotonic() - lease.at <= LEASE_READ_FOR_MS
    return (isFresh && lease.isOurs) || this.deps.isOwner()
  }

  private newKey({ segment, offset, sub }: QueuedCall): string {
    return this.deps.keys.uuid5(`${segment.name}/${offset}/${sub}`)
  }
}
