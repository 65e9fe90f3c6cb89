/** The queue of the app itself, which the engine always has among the folders. Pure. */
import type { WorkspaceView } from '../../shared/snapshot.ts'

/** A project folder; the app's own queue is none. */
export const isFolder = ({ name }: Pick<WorkspaceView, 'name'>): boolean => name !== 'this app'
