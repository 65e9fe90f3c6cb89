/**
 * Snapshots on their way to one window: a whole one first, then what differs from the one before; and back into whole ones
 * there, which asks for one where a push does not fit what it has.
 */
import { apply, diff } from './patch.ts'
import type { SnapshotPush } from './protocol.ts'
import type { AppSnapshot } from './snapshot.ts'

export interface SnapshotPusher {
  /** What to send of this one. */
  next(snapshot: AppSnapshot): SnapshotPush
  /** The window has, or asks for, a whole one: the next push is whole. */
  reset(): void
}

export function createSnapshotPusher(): SnapshotPusher {
  let last: AppSnapshot | undefined
  return {
    next(snapshot) {
      const before = last
      last = snapshot
      if (!before) return { kind: 'whole', snapshot }
      return { kind: 'patch', base: before.revision, patch: diff(before, snapshot) ?? { fields: {} } }
    },
    reset: () => void (last = undefined),
  }
}

/** `ask`: a whole snapshot, or undefined where none can be had now; a later push tries again. */
export function createSnapshotReceiver(
  ask: () => Promise<AppSnapshot | undefined>,
  listener: (snapshot: AppSnapshot) => void,
): (push: SnapshotPush) => void {
  let last: AppSnapshot | undefined
  const take = (snapshot: AppSnapshot): void => {
    last = snapshot
    listener(snapshot)
  }
  return (push) => {
    if (push.kind === 'whole') take(push.snapshot)
    else if (last?.revision === push.base) take(apply(last, push.patch) as AppSnapshot)
    else {
      last = undefined
      void ask().then((snapshot) => {
        // A whole one may have come meanwhile.
        if (snapshot && last === undefined) take(snapshot)
      })
    }
  }
}
