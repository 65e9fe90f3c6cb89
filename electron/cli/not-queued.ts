/** Why a call could not be put into a queue, and the way out. */
import { diskWords } from '../../shared/data-folder.ts'
import type { Context } from './context.ts'

/** `error`: what the file call threw. */
export function notQueued(context: Pick<Context, 'home'>, workspace: string, error: unknown): string {
  const elsewhere =
    workspace === context.home
      ? 'set COORD_HOME to a folder that is'
      : 'name a folder that is with --workspace'
  return `in ${workspace} (${diskWords(error)}). Make it usable, or ${elsewhere}.`
}
