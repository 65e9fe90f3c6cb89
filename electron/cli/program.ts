/** Runs one command line of `coord`. The words are in `words/`; what a command does is loaded when it is asked for. */
import { diskWords } from '../../shared/data-folder.ts'
import { isHookEvent } from '../core/sessions/hook-events.ts'
import { CommanderError } from 'commander'
import { readContext, type GlobalFlags } from './context.ts'
import { EXIT, Stop, usage, type ExitCode } from './exit.ts'
import type { HookFlags } from './hooks/hook-place.ts'
import { errorLine, fitted, hint, isVerbose, useOutput } from './output.ts'
import { takenByNpm } from './taken-by-npm.ts'
import type { Add, ActionOptions, Task } from './words/add.ts'
import { CoordCommand } from './words/command.ts'
import { createWords } from './words/create-words.ts'

/** The words of `coord` with actions that keep their exit code in `keep`. */
function programOf(keep: (code: ExitCode) => void): CoordCommand {
  const action =
    <A extends readonly unknown[]>(task: Task<A>, options: ActionOptions = {}) =>
    async (...args: unknown[]): Promise<void> => {
      const command = args.at(-1)
      if (command instanceof CoordCommand) command.checkWords()
      const flags = program.opts<GlobalFlags>()
      useOutput(flags)
      keep(await task(readContext(flags, process.env, options), ...(args as unknown as A)))
    }
  const add: Add = { program: new CoordCommand('coord'), action }
  const { program } = add
  const runHook = async (words: readonly string[], flags: HookFlags): Promise<void> => {
    const { session } = program.opts<GlobalFlags>()
    const { runHook: run } = await import('./hooks/run-hook.ts')
    const [event = ''] = words
    if (!isHookEvent(event)) return hint(`coord: there is no hook ${event}`)
    keep((await run(event, { ...flags, ...(session ? { session } : {}) })) as ExitCode)
  }
  createWords(add, runHook)
  program.configureOutput({
    writeOut: (text) => process.stdout.write(text),
    writeErr: (text) => process.stderr.write(fitted(text)),
    // the page itself knows whether stdout has colours; stderr gets none
    getOutHasColors: () => true,
    getErrHasColors: () => false,
  })
  return program
}

/** The words of `coord` alone, for whoever describes them. */
export const describedProgram = (): CoordCommand => programOf(() => undefined)

/** Runs one command line (without the program's own name) and says with which code to exit. Never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  let code: ExitCode = EXIT.done
  const isHook = argv[0] === 'hook' && argv[1] === 'run'
  useOutput({ color: !argv.includes('--no-color') })
  try {
    const program = programOf((one) => (code = one))
    const taken = takenByNpm(program, argv)
    if (taken.length > 0)
      throw usage(
        `npm took ${taken.join(', ')} for itself: write "npm run -s coord -- …", with the command behind --`,
      )
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    const ended = endOf(error)
    // a hook that fails would stop somebody's tool
    return isHook ? EXIT.done : ended
  }
}

/** A file that failed where no command looked for it is named, and why in words; a bug says itself. */
const wordsOf = (error: unknown): string =>
  error instanceof Error && 'syscall' in error && 'path' in error
    ? `${String(error.path)} cannot be used (${diskWords(error)})`
    : diskWords(error)

/** Says what is to be said of an error, and gives its exit code. */
function endOf(error: unknown): ExitCode {
  if (error instanceof CommanderError)
    return error.code === 'commander.helpDisplayed' ? EXIT.done : EXIT.usage
  if (error instanceof Stop) {
    if (error.message !== '') errorLine(error.message)
    return error.code
  }
  errorLine(wordsOf(error))
  if (isVerbose() && error instanceof Error) hint(error.stack ?? '')
  return EXIT.failed
}
