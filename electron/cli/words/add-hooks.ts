/** The commands of the session hooks: install, remove, show, and the one that a session's tool runs. */
import type { Add } from './add.ts'
import type { CoordCommand } from './command.ts'
import type { HookTarget } from '../commands/hook.ts'
import type { InstallFlags } from '../commands/tool-file.ts'
import type { HookFlags } from '../hooks/hook-place.ts'

/** Runs a hook: no wrong word and no failure of ours may stop somebody's tool. */
export type RunHook = (words: readonly string[], flags: HookFlags) => Promise<void>

const BARE = { takesBareSession: true }
const USER = ['--user', 'in your own settings, for all projects'] as const

export function addHooks({ program, action }: Add, runHook: RunHook): void {
  const hook = program
    .command('hook')
    .helpGroup('Set up')
    .description("Put Claude Code's session hooks into a project, or take them out")
    .says({ topics: ['hooks', 'files'] })
  addInstall(hook, action)
  addRemove(hook, action)
  addShow(hook, action)
  addRun(hook, runHook)
}

function addInstall(hook: CoordCommand, action: Add['action']): void {
  hook
    .command('install')
    .description('Install the hooks: messages at start, a guard before edits, release at the end')
    .option(...USER)
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show the change, and write nothing')
    .says({
      more: ['Shows the change and asks first on a terminal. In a script it acts at once.'],
      examples: [
        { line: 'coord hook install --dry-run', says: 'look first' },
        { line: 'coord hook install --yes', says: 'for this project' },
        { line: 'coord hook install --user --yes', says: 'for all your projects' },
      ],
      environment: ['COORD_API_URL', 'COORD_PORT', 'COORD_MACHINE', 'COORD_HOME'],
      topics: ['hooks'],
    })
    .action(
      action(
        async (c, flags: HookTarget & InstallFlags) =>
          (await import('../commands/hook.ts')).installHooks(c, flags),
        BARE,
      ),
    )
}

function addRemove(hook: CoordCommand, action: Add['action']): void {
  hook
    .command('remove')
    .description('Take the hooks out again, byte for byte')
    .option(...USER)
    .option('--dry-run', 'show the change, and write nothing')
    .says({ examples: [{ line: 'coord hook remove', says: 'from this project' }], topics: ['hooks'] })
    .action(
      action(
        async (c, flags: HookTarget & InstallFlags) =>
          (await import('../commands/hook.ts')).removeHooks(c, flags),
        BARE,
      ),
    )
}

function addShow(hook: CoordCommand, action: Add['action']): void {
  hook
    .command('show')
    .description('Show which hooks are installed here')
    .option(...USER)
    .says({ examples: [{ line: 'coord hook show', says: 'in this project' }], topics: ['hooks'] })
    .action(
      action(async (c, flags: HookTarget) => (await import('../commands/hook.ts')).showHooks(c, flags), BARE),
    )
}

function addRun(hook: CoordCommand, runHook: RunHook): void {
  hook
    .command('run', { hidden: true })
    .description('Run one hook of a session: its tool does, with what it says on stdin')
    .argument('[words...]', 'which hook; "coord hook show" has the command of each')
    .option('--home <dir>', 'COORD_HOME of the shell that installed it')
    .option('--url <url>', 'its COORD_API_URL')
    .option('--port <n>', 'its COORD_PORT')
    .option('--machine <name>', 'its COORD_MACHINE')
    .option('--coord-hook', 'marks the command as one of ours')
    .allowUnknownOption()
    .action((words: readonly string[], flags: HookFlags) => runHook(words, flags))
}
