/** What can be done from here with the calls of a folder. Pure. */
import type { WorkspaceView } from '../../shared/snapshot.ts'

/** Whether anything can: another machine's calls are dealt with there. */
export const canActIn = ({ owner }: Pick<WorkspaceView, 'owner'>): boolean => owner !== 'other-machine'

/** Whether there is a call that could be sent at once: one that waits in a folder which is whole, and ours. */
export const canSendNow = (
  workspaces: readonly Pick<WorkspaceView, 'waiting' | 'owner' | 'problem'>[],
): boolean => workspaces.some((one) => one.waiting > 0 && canActIn(one) && one.problem === null)
