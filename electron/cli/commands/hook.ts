/** `coord hook install|remove|show`: Claude Code's hooks in a project's own, local settings, or in the person's. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { real } from '../../adapters/places.ts'
import { nearestWorkspace, workTreeTop, type Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import {
  hookCommand,
  hookProgram,
  notTaken,
  ownAppCoord,
  writeLauncher,
} from '../../adapters/hook-command.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { hint, isJson, result } from '../output.ts'
import { bold, line, lines } from '../terminal/text.ts'
import { installedIn, withHooks, withoutHooks, type HookCommands } from '../../adapters/hook-settings.ts'
import { HOOK_FILES, sayForGit } from './for-git.ts'
import { installInto, removeFrom, textAt, type InstallFlags, type Removed } from './tool-file.ts'

export interface HookTarget {
  /** The person's own settings, for all projects, instead of one project's local ones. */
  readonly user?: boolean
}

function settingsFile(
  context: Context,
  { user }: HookTarget,
): { readonly workspace: string | null; readonly file: string } {
  if (user === true) return { workspace: null, file: join(homedir(), '.claude', 'settings.json') }
  if (context.givenWorkspaces.length > 1) throw usage('name one --workspace only')
  const workspace =
    context.givenWorkspaces[0] ??
    nearestWorkspace(context.cwd) ??
    workTreeTop(context.cwd) ??
    real(context.cwd)
  return { workspace, file: join(workspace, '.claude', 'settings.local.json') }
}

/** The commands for the settings, and what they run: that is written just before them. */
function commandsOf(context: Context): { readonly commands: HookCommands; readonly prepare: () => void } {
  const facts = {
    platform: process.platform,
    execPath: process.execPath,
    appCoord: ownAppCoord(),
    env: process.env,
  }
  const commands: HookCommands = (event) => hookCommand(context, event, facts)
  if (facts.appCoord !== null) return { commands, prepare: () => undefined }
  const program = hookProgram()
  if (program === undefined) throw failure('the hooks are not built; "npm run build" in the clone makes them')
  return { commands, prepare: () => writeLauncher(context.home, program) }
}

export async function installHooks(context: Context, flags: HookTarget & InstallFlags): Promise<ExitCode> {
  const { workspace, file } = settingsFile(context, flags)
  const { commands, prepare } = commandsOf(context)
  const place = { home: context.home, file, flags, warning: notTaken(process.env), prepare }
  const done = await installInto(place, (text) => withHooks(text, commands))
  if (done === 'dry') {
    await result({ installed: false, file }, `Nothing was written: ${file}`)
    return EXIT.done
  }
  if (workspace !== null) rememberWorkspace(context, workspace)
  await result(
    { installed: true, file, hooks: installedIn(textAt(file)) },
    done === 'already'
      ? `Already installed in ${file}`
      : `Hooks installed in ${file}\nA session that runs already takes them up at its next start.`,
  )
  if (workspace !== null) sayForGit(workspace, HOOK_FILES)
  return EXIT.done
}

export async function removeHooks(context: Context, flags: HookTarget & InstallFlags): Promise<ExitCode> {
  const { file } = settingsFile(context, flags)
  const place = { home: context.home, file, flags }
  const done = removeFrom(place, (text) => installedIn(text).length > 0, withoutHooks)
  await result({ removed: done === 'removed', file }, `${REMOVED[done]} ${file}`)
  return EXIT.done
}
const REMOVED: Readonly<Record<Removed, string>> = {
  removed: 'Hooks removed from',
  nothing: 'No hooks of ours in',
  dry: 'Nothing was written:',
}

export async function showHooks(context: Context, flags: HookTarget): Promise<ExitCode> {
  const { file } = settingsFile(context, flags)
  const hooks = installedIn(textAt(file))
  await result({ installed: hooks.length > 0, file, hooks }, () =>
    hooks.length > 0
      ? lines([
          file,
          ...hooks.flatMap(({ event, command }) => [line`  ${bold(event)}`, line`    ${command}`]),
        ])
      : `No hooks of ours in ${file}`,
  )
  if (hooks.length === 0 && !isJson()) hint('"coord hook install" adds them.')
  return EXIT.done
}
