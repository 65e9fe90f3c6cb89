/**
 * Folders in which `enqueue`, `flush` or a hook was used: the engine watches them from then on.
 * `COORD_HOME/workspaces.jsonl`, one JSON string a line, appended with one write.
 */
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Context } from './context.ts'

export const knownWorkspacesFile = (home: string): string => join(home, 'workspaces.jsonl')

export function rememberWorkspace(context: Context, path: string): void {
  if (path === context.home || context.configuredWorkspaces.includes(path)) return
  const file = knownWorkspacesFile(context.home)
  const line = JSON.stringify(path)
  try {
    if (readFileSync(file, 'utf8').split('\n').includes(line)) return
  } catch {
    // No such file yet.
  }
  try {
    mkdirSync(context.home, { recursive: true, mode: 0o700 })
    appendFileSync(file, line + '\n', { mode: 0o600 })
  } catch {
    // Remembering is a service to the tray; the command itself goes on.
  }
}
