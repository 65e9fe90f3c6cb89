/** The commands that set things up: server, hooks, MCP, self-test, the app. */
import type { Add } from './add.ts'
import type { InstallFlags } from '../commands/tool-file.ts'
import { addHooks, type RunHook } from './add-hooks.ts'
import { addServer } from './add-server.ts'

export function addSetup(add: Add, runHook: RunHook): void {
  addServer(add)
  addHooks(add, runHook)
  addMcp(add)
  addTools(add)
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
