/** The commands that set things up: server, hooks, MCP, self-test, the app. */
import type { Add } from './add.ts'
import type { HookTarget } from '../commands/hook.ts'
import type { InstallFlags } from '../commands/tool-file.ts'
import type { HookFlags } from '../hooks/hook-place.ts'
import { addServer } from './add-server.ts'

/** Runs a hook: no wrong word and no failure of ours may stop somebody's tool. */
export type RunHook = (words: readonly string[], flags: HookFlags) => Promise<void>

export function addSetup(add: Add, runHook: RunHook): void {
  addServer(add)
  addHooks(add, runHook)
  addMcp(add)
  addTools(add)
}

function addHooks({ program, action }: Add, runHook: RunHook): void {
  const hook = program
    .command('hook')
    .helpGroup('Set up')
    .description("Put Claude Code's session hooks into a project, or take them out")
    .says({ topics: ['hooks', 'files'] })
  const bare = { takesBareSession: true }
  const user = ['--user', 'in your own settings, for all projects'] as const
  hook
    .command('install')
    .description('Install the hooks: messages at start, a guard before edits, release at the end')
    .option(...user)
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
        bare,
      ),
    )
  hook
    .command('remove')
    .description('Take the hooks out again, byte for byte')
    .option(...user)
    .option('--dry-run', 'show the change, and write nothing')
    .says({ examples: [{ line: 'coord hook remove', says: 'from this project' }], topics: ['hooks'] })
    .action(
      action(
        async (c, flags: HookTarget & InstallFlags) =>
          (await import('../commands/hook.ts')).removeHooks(c, flags),
        bare,
      ),
    )
  hook
    .command('show')
    .description('Show which hooks are installed here')
    .option(...user)
    .says({ examples: [{ line: 'coord hook show', says: 'in this project' }], topics: ['hooks'] })
    .action(
      action(async (c, flags: HookTarget) => (await import('../commands/hook.ts')).showHooks(c, flags), bare),
    )
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

function addMcp({ program, action }: Add): void {
  const bare = { takesBareSession: true }
  const mcp = program
    .command('mcp')
    .allowExcessArguments()
    .helpGroup('Set up')
    .description('Serve the MCP tools on stdin and stdout, or install that server into a project')
    .says({
      more: ['AI tools start it by themselves once it is installed; you need not.'],
      examples: [{ line: 'coord mcp install --yes', says: "write the server into this project's .mcp.json" }],
      topics: ['hooks'],
    })
    .action(action(async (c) => (await import('../mcp/server.ts')).serveMcp(c), bare))
  mcp
    .command('install')
    .description("Write the server into this project's .mcp.json")
    .option('--yes', 'do not ask')
    .option('--dry-run', 'show the change, and write nothing')
    .says({ examples: [{ line: 'coord mcp install --dry-run', says: 'look first' }] })
    .action(
      action(
        async (c, flags: InstallFlags) => (await import('../commands/mcp-install.ts')).installMcp(c, flags),
        bare,
      ),
    )
  mcp
    .command('remove')
    .description('Take the server out of .mcp.json again')
    .option('--dry-run', 'show the change, and write nothing')
    .says({ examples: [{ line: 'coord mcp remove', says: 'from this project' }] })
    .action(
      action(
        async (c, flags: InstallFlags) => (await import('../commands/mcp-install.ts')).removeMcp(c, flags),
        bare,
      ),
    )
  mcp
    .command('show')
    .description('Show whether the server is installed here')
    .says({ examples: [{ line: 'coord mcp show', says: 'in this project' }] })
    .action(action(async (c) => (await import('../commands/mcp-install.ts')).showMcp(c), bare))
}

function addTools({ program, action }: Add): void {
  program
    .command('doctor')
    .helpGroup('Set up')
    .description('Look whether everything is in place, and say what to do where not')
    .says({
      examples: [{ line: 'coord doctor', says: 'each thing that was looked at' }],
      exits: { 1: 'something is not in place' },
      topics: ['environment', 'files'],
    })
    .action(action(async (c) => (await import('../commands/doctor.ts')).doctor(c), { isLenient: true }))
  program
    .command('demo')
    .helpGroup('Set up')
    .description('Show the whole story in a temporary folder, on this machine only')
    .says({ examples: [{ line: 'coord demo', says: 'takes a few seconds, leaves nothing behind' }] })
    .action(action(async () => (await import('../commands/demo.ts')).demo()))
  program
    .command('start')
    .helpGroup('Set up')
    .description('Open the app')
    .option('--browser', 'its window in a browser, without a tray')
    .says({ examples: [{ line: 'coord start', says: 'with its item in the tray' }] })
    .action(
      action(
        async (c, flags: { browser?: boolean }) =>
          (await import('../commands/start.ts')).start(c, flags.browser === true),
        { opensEngine: true },
      ),
    )
}
