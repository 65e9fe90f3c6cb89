/** The hooks of a tool, as a window installs them: what would change is shown first, and the same change is then written. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { CommandError, HookPreview, HookTarget } from '../../shared/protocol.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { rememberFolder } from './find-workspaces.ts'
import { hookCommand, hookProgram, writeLauncher, type CommandFacts } from './hook-command.ts'
import { withHooks } from './hook-settings.ts'
import { lookAtFolder } from './look-at-folder.ts'
import { planInstall, type Change, type ToolFileFault } from './tool-file.ts'

export interface HookInstallerDeps {
  /** `COORD_HOME` */
  readonly home: string
  /** The built `coord`, beside which the hooks' own program lies. */
  readonly cliFile: string
  readonly facts: CommandFacts
  /** The folder of the person; their own where absent. */
  readonly userFolder?: string
}

type Done<T> = Result<T, CommandError>
interface Planned {
  readonly file: string
  /** Null: the person's own settings. */
  readonly project: string | null
  readonly change: Change
}

const refuse = (code: CommandError['code'], message: string, about?: string): Done<never> =>
  err(about === undefined ? { code, message } : { code, message, about })
const CODES = { unreadable: 'storage', unwritable: 'storage', 'not-settings': 'refused' } as const
const asCommandError = (fault: ToolFileFault): Done<never> => refuse(CODES[fault.code], `${fault.message}.`)

export interface HookInstaller {
  readonly preview: (target: HookTarget) => Done<HookPreview>
  readonly install: (target: HookTarget) => Done<HookPreview>
}

export function createHookInstaller(deps: HookInstallerDeps): HookInstaller {
  const { home, cliFile, facts, userFolder = homedir() } = deps
  const program = (): string | undefined => (facts.appCoord === null ? hookProgram(cliFile) : '')

  function projectOf({ scope, path }: HookTarget): Done<string | null> {
    if (scope === 'user') return ok(null)
    const { state, resolved } = lookAtFolder(path ?? '')
    return ['queue', 'project', 'folder'].includes(state)
      ? ok(resolved)
      : refuse('not-a-folder', 'That is no folder in which hooks could be installed.', path ?? '')
  }

  function plan(target: HookTarget): Done<Planned> {
    if (program() === undefined)
      return refuse('refused', 'The hooks are not built; "npm run build" in the clone makes them.')
    const project = projectOf(target)
    if (!project.ok) return project
    const file =
      project.value === null
        ? join(userFolder, '.claude', 'settings.json')
        : join(project.value, '.claude', 'settings.local.json')
    const owner = { home, givenSession: null }
    const change = planInstall(home, file, (text) =>
      withHooks(text, (event) => hookCommand(owner, event, facts)),
    )
    return change.ok
      ? ok({ file, project: project.value, change: change.value })
      : asCommandError(change.error)
  }

  return {
    preview(target: HookTarget): Done<HookPreview> {
      const planned = plan(target)
      if (!planned.ok) return planned
      const { file, change } = planned.value
      return ok({ file, diff: change.diff, isInstalled: change.diff === '' })
    },
    install(target: HookTarget): Done<HookPreview> {
      const planned = plan(target)
      if (!planned.ok) return planned
      const { file, project, change } = planned.value
      // first what the commands run, then the commands
      const runs = program()
      if (runs) writeLauncher(home, runs)
      const written = change.diff === '' ? ok(null) : change.write()
      if (!written.ok) return asCommandError(written.error)
      if (project !== null) rememberFolder(home, project)
      return ok({ file, diff: '', isInstalled: true })
    },
  }
}
