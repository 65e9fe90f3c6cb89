/** Whether there is a call that this machine could send at once: one that waits in a folder which is whole, and ours. Pure. */
import type { WorkspaceView } from '../../shared/snapshot.ts'

export const canSendNow = (
  workspaces: readonly Pick<WorkspaceView, 'waiting' | 'owner' | 'problem'>[],
): boolean =>
  workspaces.some(
    ({ waiting, owner, problem }) => waiting > 0 && owner !== 'other-machine' && problem === null,
  )
