/** Folders in which `enqueue`, `flush` or a hook was used: the engine watches them from then on. */
import { rememberFolder } from '../adapters/find-workspaces.ts'
import type { Context } from './context.ts'

export function rememberWorkspace(context: Context, path: string): void {
  if (path === context.home || context.configuredWorkspaces.includes(path)) return
  rememberFolder(context.home, path)
}
