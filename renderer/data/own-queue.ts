/** The queue of the app itself, which the engine always has among the folders. Pure. */
import { THIS_APP } from '../../shared/this-app.ts'
import type { WorkspaceView } from '../../shared/snapshot.ts'

/** A project folder; the app's own queue is none. */
export const isFolder = ({ name }: Pick<WorkspaceView, 'name'>): boolean => name !== THIS_APP
