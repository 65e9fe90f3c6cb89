/** What a file of commands gets: the program, and the way to make an action of a function of the context. */
import type { Context } from '../context.ts'
import type { ExitCode } from '../exit.ts'
import type { CoordCommand } from './command.ts'

export type Task<A extends readonly unknown[]> = (context: Context, ...args: A) => Promise<ExitCode>

export interface Add {
  readonly program: CoordCommand
  /** Checks the words, reads the context, runs the task and keeps its exit code. */
  readonly action: <A extends readonly unknown[]>(
    task: Task<A>,
    options?: ActionOptions,
  ) => (...args: unknown[]) => Promise<void>
}
export interface ActionOptions {
  /** Wrong settings do not stop it: it is the one that says what is wrong with them. */
  readonly isLenient?: boolean
  /** `--session` may be a name without its machine: an installation pins it. */
  readonly takesBareSession?: boolean
  /** It opens the engine, which keeps settings that do not parse aside. */
  readonly opensEngine?: boolean
}
