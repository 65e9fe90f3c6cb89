/** The engine with everything around it, as the fronts of the terminal use it; loaded only by `watch` and `start`. */
import { fileURLToPath } from 'node:url'
import { ownAppCoord } from '../adapters/hook-command.ts'
import type { Composed } from '../compose.ts'
import type { Context } from './context.ts'
import { needDataFolder } from './data-folder.ts'

export async function openEngine(context: Context): Promise<Composed> {
  needDataFolder(context.home)
  const { compose } = await import('../compose.ts')
  const composed = compose({
    env: process.env,
    cliFile: cliFile(),
    workspaces: context.givenWorkspaces,
    appCoord: ownAppCoord(),
  })
  // quitting from the window ends the process as Ctrl-C does
  composed.engine.onQuit(() => process.kill(process.pid, 'SIGTERM'))
  return composed
}

/** What serves the API: this very program, built or from its sources. */
const cliFile = (): string => process.argv[1] ?? fileURLToPath(import.meta.url)
