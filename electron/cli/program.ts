/** The words of `coord`: every command with its flags. What a command does is loaded when it is asked for. */
import { Command, CommanderError } from 'commander'
import { readContext, type Context, type GlobalFlags } from './context.ts'
import type { SendFlags } from './commands/messages.ts'
import { EXIT, Stop, usage, type ExitCode } from './exit.ts'
import { stripInvisible } from '../../shared/text.ts'
import { VERSION } from '../../shared/version.ts'
import type { HookFlags } from './hooks/hook-place.ts'
import { hint, useJson } from './output.ts'
import { takenByNpm } from './taken-by-npm.ts'

const collect = (value: string, before: readonly string[] | undefined): readonly string[] => [
  ...(before ?? []),
  value,
]

/** Runs one command line (without the program's own name) and says with which code to exit. Never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  // by hand, and only as the first word: `component set … --version 2` is a version of something else
  if (argv[0] === '--version' || argv[0] === '-V') {
    process.stdout.write(`${VERSION}\n`)
    return EXIT.done
  }
  let code: ExitCode = EXIT.done
  const program = new Command('coord')
    .description('Coordination of AI coding sessions: queued calls, resource locks, messages.')
    .option('--json', 'print the result as JSON')
    .option('--workspace <dir>', 'a project folder, instead of the configured ones (repeatable)', collect)
    .option('--session <name>', 'the session to act as, MACHINE/NAME')
    .configureOutput({
      writeOut: (text) => process.stdout.write(text),
      writeErr: (text) => process.stderr.write(stripInvisible(text)),
    })
    .showHelpAfterError('("coord help" shows the commands, "coord COMMAND --help" one of them)')
    .exitOverride()

  const context = (): Context => readContext(program.opts<GlobalFlags>())
  /** Makes an action of a function of the context and the command's own arguments. */
  const action =
    <A extends readonly unknown[]>(task: (context: Context, ...args: A) => Promise<ExitCode>) =>
    async (...args: unknown[]): Promise<void> => {
      useJson(program.opts<GlobalFlags>().json === true)
      code = await task(context(), ...(args as unknown as A))
    }

  program
    .command('flush')
    .description('send the calls that wait in the queues')
    .option('--wait <s>', 'wait for one Retry-After up to this many seconds', '30')
    .option('--lanes <n>', 'calls in flight at once; 1 keeps the order of the file', '1')
    .action(
      action(async (c, flags: { wait?: string; lanes?: string }) =>
        (await import('./commands/flush.ts')).flush(c, flags),
      ),
    )

  program
    .command('status')
    .description('what is where; claims and sends nothing')
    .action(action(async (c) => (await import('./commands/status.ts')).status(c)))

  const queue = program.command('queue').description('the calls that need a person: skipped, or set aside')
  const onQueue = (name: 'list' | 'show' | 'send' | 'edit' | 'curl' | 'discard', text: string): void => {
    queue
      .command(name)
      .description(text)
      .argument('[ids...]', 'which calls')
      .option('--all', 'all of them')
      .option('--line <json>', 'with edit: the new line')
      .action(
        action(async (c, ids: readonly string[], flags: { all?: boolean; line?: string }) =>
          (await import('./commands/queue.ts')).queue(c, name, ids, flags),
        ),
      )
  }
  onQueue('list', 'list them')
  onQueue('show', 'show them whole')
  onQueue('send', 'send them anyway, with a new key')
  onQueue('edit', 'change one and send it, with a new key')
  onQueue('curl', 'print them as curl lines')
  onQueue('discard', 'forget them')

  program
    .command('enqueue')
    .description('append one call to the queue of this project')
    .argument('<method>')
    .argument('<path>', 'below /api/coord/')
    .option('--body <json>', 'the body')
    .action(
      action(async (c, method: string, path: string, flags: { body?: string }) =>
        (await import('./commands/enqueue.ts')).enqueue(c, method, path, flags.body),
      ),
    )

  program
    .command('watch')
    .description('the engine without a face: one event a line')
    .action(action(async (c) => (await import('./commands/watch.ts')).watch(c)))

  program
    .command('locks')
    .description('resource locks of this machine')
    .option('--all', 'those of every machine')
    .action(
      action(async (c, flags: { all?: boolean }) =>
        (await import('./commands/locks.ts')).locks(c, flags.all === true),
      ),
    )

  program
    .command('claim')
    .description('claim a resource lock')
    .argument('<resource>')
    .requiredOption('--project <key>', 'the project')
    .option('--ttl <hours>', 'how long it holds; 0 never expires', '2')
    .option('--description <text>', 'what for')
    .option('--wait <s>', 'wait up to this many seconds for it where another session holds it')
    .action(
      action(
        async (
          c,
          resource: string,
          flags: { project: string; ttl?: string; description?: string; wait?: string },
        ) => (await import('./commands/locks.ts')).claim(c, resource, flags),
      ),
    )

  program
    .command('renew')
    .description('keep resource locks: their session is still at work; exit 1 where one is lost')
    .argument('<ids...>')
    .action(action(async (c, ids: readonly string[]) => (await import('./commands/locks.ts')).renew(c, ids)))

  program
    .command('release')
    .description(
      'release resource locks: by ID, all of a session (--session), or all of this machine (--mine)',
    )
    .argument('[ids...]')
    .option('--mine', "this machine's")
    .option('--force', "also another session's, where it is stale")
    .action(
      action(async (c, ids: readonly string[], flags: { mine?: boolean; force?: boolean }) =>
        (await import('./commands/locks.ts')).release(c, ids, flags),
      ),
    )

  const messages = program
    .command('messages')
    .description('unread messages of this machine, or of --session')
    .option('--all', 'read ones and those of others too')
    .action(
      action(async (c, flags: { all?: boolean }) =>
        (await import('./commands/messages.ts')).messages(c, flags.all === true),
      ),
    )
  messages
    .command('read')
    .description('mark messages read: the session they are meant for no longer gets them')
    .argument('<ids...>')
    .action(
      action(async (c, ids: readonly string[]) => (await import('./commands/messages.ts')).markRead(c, ids)),
    )

  messages
    .command('receipts')
    .description('who has read a message, and when')
    .argument('<id>')
    .action(action(async (c, id: string) => (await import('./commands/messages.ts')).receipts(c, id)))

  program
    .command('send')
    .description('send a message to a session, or to everyone')
    .option('--to <session>')
    .option('--broadcast')
    .requiredOption('--project <key>')
    .requiredOption('--subject <text>')
    .option('--body <text>')
    .option('--reply-to <id>', 'the message that it answers')
    .option('--expires <hours>', 'after this many hours nobody needs it any more')
    .action(action(async (c, flags: SendFlags) => (await import('./commands/messages.ts')).send(c, flags)))

  const component = program.command('component').description('states of components')
  component
    .command('set')
    .description('building, built, deploying, deployed, degraded, unknown, or any other word')
    .argument('<project>')
    .argument('<name>')
    .argument('<state>')
    .option('--version <v>')
    .option('--notes <text>')
    .action(
      action(
        async (
          c,
          project: string,
          name: string,
          state: string,
          flags: { version?: string; notes?: string },
        ) => (await import('./commands/board.ts')).setComponent(c, project, name, state, flags),
      ),
    )
  component
    .command('list')
    .argument('[project]')
    .action(
      action(async (c, project?: string) => (await import('./commands/board.ts')).listComponents(c, project)),
    )

  const workflow = program.command('workflow').description('initiatives that span sessions')
  workflow
    .command('create')
    .argument('<project>')
    .argument('<name>')
    .option('--description <text>')
    .option('--status <word>', 'planning, active, blocked, completed, cancelled', 'planning')
    .action(
      action(async (c, project: string, name: string, flags: { description?: string; status: string }) =>
        (await import('./commands/board.ts')).createWorkflow(c, project, name, flags),
      ),
    )
  workflow
    .command('list')
    .argument('[project]')
    .action(
      action(async (c, project?: string) => (await import('./commands/board.ts')).listWorkflows(c, project)),
    )

  const item = program.command('item').description('work items of a workflow')
  item
    .command('add')
    .argument('<workflow>', 'the ID of the workflow')
    .argument('<title>')
    .option('--project <key>', "its workflow's project where left out")
    .option('--status <word>', 'pending, in_progress, blocked, completed, cancelled', 'pending')
    .option('--priority <n>')
    .action(
      action(
        async (
          c,
          id: string,
          title: string,
          flags: { project?: string; status: string; priority?: string },
        ) => (await import('./commands/board.ts')).addItem(c, id, title, flags),
      ),
    )
  item
    .command('set')
    .argument('<id>')
    .argument('<status>')
    .action(
      action(async (c, id: string, status: string) =>
        (await import('./commands/board.ts')).setItem(c, id, status),
      ),
    )
  item
    .command('claim')
    .description('take a work item: of two who claim it, one has it')
    .argument('<id>')
    .option('--from <status>', 'only where it has this status', 'pending')
    .action(
      action(async (c, id: string, flags: { from: string }) =>
        (await import('./commands/board.ts')).claimItem(c, id, flags.from),
      ),
    )
  item
    .command('list')
    .argument('[workflow]')
    .action(action(async (c, id?: string) => (await import('./commands/board.ts')).listItems(c, id)))

  program
    .command('serve')
    .description('serve the coordination API')
    .option('--host <address>', 'beyond loopback it demands COORD_TOKEN')
    .option('--port <n>', '0 takes any free one')
    .option('--database <file>')
    .option('--backup <file>', 'write a copy of the database and end')
    .option('--restore <file>', 'put a copy in the place of the database, keep what was there, and end')
    .option('--until-stdin-closes', 'end when the parent goes')
    .action(
      action(
        async (
          c,
          flags: {
            host?: string
            port?: string
            database?: string
            backup?: string
            restore?: string
            untilStdinCloses?: boolean
          },
        ) => (await import('./commands/serve.ts')).serve(c, flags),
      ),
    )

  const hook = program
    .command('hook')
    .description("Claude Code's session hooks in this project's local settings")
  const onHooks = (name: 'install' | 'remove' | 'show', text: string): void => {
    hook
      .command(name)
      .description(text)
      .option('--user', 'in your own settings, for all projects')
      .action(
        action(async (c, flags: { user?: boolean }) => {
          const { installHooks, removeHooks, showHooks } = await import('./commands/hook.ts')
          return { install: installHooks, remove: removeHooks, show: showHooks }[name](c, flags)
        }),
      )
  }
  onHooks('install', 'messages and catch-up at start, a guard before edits, locks released at the end')
  onHooks('remove', 'take them out again, byte for byte')
  onHooks('show', 'which are installed here')
  hook
    .command('run', { hidden: true })
    .argument('<event>')
    .option('--home <dir>')
    .option('--url <url>')
    .option('--machine <name>')
    .option('--coord-hook')
    .action(async (event: string, flags: HookFlags) => {
      const { session } = program.opts<GlobalFlags>()
      const { isHookEvent, runHook } = await import('./hooks/run-hook.ts')
      if (!isHookEvent(event)) return hint(`coord: there is no hook ${event}`)
      code = (await runHook(event, { ...flags, ...(session ? { session } : {}) })) as ExitCode
    })

  program
    .command('guard')
    .description('whose the files are that you are about to change')
    .command('check')
    .description('whether another session holds one of these files; exit 1 where it does')
    .argument('[paths...]')
    .option('--staged', 'the files that are about to be committed')
    .action(
      action(async (c, paths: readonly string[], flags: { staged?: boolean }) =>
        (await import('./commands/guard.ts')).guardCheck(c, paths, flags),
      ),
    )

  const mcp = program
    .command('mcp')
    .description('the MCP server for AI tools, on stdin and stdout')
    .action(action(async (c) => (await import('./mcp/server.ts')).serveMcp(c)))
  mcp
    .command('install')
    .description("write it into this project's .mcp.json")
    .action(action(async (c) => (await import('./commands/mcp-install.ts')).installMcp(c)))
  mcp
    .command('remove')
    .description('take it out again')
    .action(action(async (c) => (await import('./commands/mcp-install.ts')).removeMcp(c)))
  mcp
    .command('show')
    .description('whether it is installed here')
    .action(action(async (c) => (await import('./commands/mcp-install.ts')).showMcp(c)))

  program
    .command('doctor')
    .description('looks whether everything is in place, and says what to do where not')
    .action(action(async (c) => (await import('./commands/doctor.ts')).doctor(c)))
  program
    .command('demo')
    .description('the whole story in a temporary folder, on this machine only')
    .action(action(async () => (await import('./commands/demo.ts')).demo()))
  program
    .command('start')
    .description('open the app')
    .option('--browser', 'its window in a browser, without a tray')
    .action(
      action(async (c, flags: { browser?: boolean }) =>
        (await import('./commands/start.ts')).start(c, flags.browser === true),
      ),
    )

  try {
    const taken = takenByNpm(program, argv)
    if (taken.length > 0)
      throw usage(
        `npm took ${taken.join(', ')} for itself: write "npm run -s coord -- …", with the command behind --`,
      )
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    if (error instanceof CommanderError) {
      const isHelp =
        error.code === 'commander.helpDisplayed' || (error.code === 'commander.help' && argv.includes('help'))
      return isHelp ? EXIT.done : EXIT.usage
    }
    if (error instanceof Stop) {
      hint(error.code === EXIT.usage ? `coord: ${error.message}` : error.message)
      return error.code
    }
    hint(`coord: ${error instanceof Error ? error.message : String(error)}`)
    if (process.env['COORD_DEBUG'] && error instanceof Error) hint(error.stack ?? '')
    return EXIT.failed
  }
}
