/** Who sends from a workspace: one owner a folder, by a named socket on one kernel and a lease where kernels share it. */
import type { Result } from '../../../shared/result.ts'
import type { FsError } from '../ports.ts'

export type OwnerState =
  | { readonly kind: 'none' }
  | { readonly kind: 'this' }
  | { readonly kind: 'other-process' }
  | { readonly kind: 'other-machine'; readonly who: string }

export type OwnerRequest =
  | { readonly what: 'flush'; readonly waitMs: number; readonly lanes: number }
  | { readonly what: 'send'; readonly id: string }
  | { readonly what: 'edit'; readonly id: string; readonly line: string }
  | { readonly what: 'discard'; readonly id: string }

export interface OwnerPort {
  /**
   * Tries to become the owner of an outbox folder (which need not exist yet; its parent's real path names the socket, and what
   * both folders are names two more). `onOwnerEnd`: the other process that owns it has let go, as far as that can be told.
   */
  acquire(
    dir: string,
    parent: string,
    onRequest: (request: OwnerRequest) => Promise<Result<unknown, unknown>>,
    onOwnerEnd?: () => void,
  ): Promise<OwnerState>
  release(dir: string): Promise<void>
  /** Whether another process is known to own it still, so that there is no need to try. */
  isElsewhere?(dir: string): boolean
  /** Follows its owner, another process, no longer. */
  leave?(dir: string): void
  /** Re-read before each send: false as soon as another epoch stands in the lease. */
  isStillOwner(dir: string): boolean
  /** Why `isStillOwner` said no where nobody else owns the folder: the lease cannot be written. */
  fault?(dir: string): FsError | undefined
  /** Has the owner do it; needs the same user's secret and the same base URL. */
  ask(
    dir: string,
    request: OwnerRequest,
  ): Promise<Result<unknown, { readonly code: string; readonly message: string }>>
}
