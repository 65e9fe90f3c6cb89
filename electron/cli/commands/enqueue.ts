/** `coord enqueue`: one line, one write. Loads no HTTP and no schema, so that a session is not held up. */
import { refusals } from '../../../shared/cause.ts'
import { checkPath } from '../../core/outbox/lines/check-path.ts'
import type { Context } from '../context.ts'
import { enqueueingWorkspace } from '../context.ts'
import { bodyOf, type BodyFlags } from '../body.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { notQueued } from '../not-queued.ts'
import { rememberWorkspace } from '../known-workspaces.ts'
import { hint, result } from '../output.ts'
import { appendCall, LineTooLong } from '../../adapters/queue-append.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']

export async function enqueue(
  context: Context,
  method: string,
  path: string,
  flags: BodyFlags,
): Promise<ExitCode> {
  const verb = method.toUpperCase()
  if (!METHODS.includes(verb)) throw usage(`${method} is no method of the protocol: ${METHODS.join(', ')}`)
  const checked = checkPath(path)
  if (!checked.ok) throw usage(`${refusals[checked.error]}: ${path}`)
  const bodyText = await bodyOf(flags, context.cwd)
  if (bodyText !== undefined) {
    try {
      JSON.parse(bodyText)
    } catch (error) {
      throw usage(`the body is no JSON: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (verb === 'GET' || verb === 'HEAD')
    hint(`coord: a queued ${verb} is never sent: it would have nobody to answer to`)
  const { workspace, isNew } = enqueueingWorkspace(context)
  try {
    const file = appendCall(workspace, {
      method: verb,
      path,
      ...(bodyText === undefined ? {} : { bodyText }),
    })
    rememberWorkspace(context, workspace)
    if (isNew)
      hint(`coord: ${workspace} had no .claude folder and has one now: it is a workspace from here on`)
    await result({ queued: true, file }, `Queued in ${file}`)
    return EXIT.done
  } catch (error) {
    if (error instanceof LineTooLong) throw usage(error.message)
    throw failure(`the call could not be queued ${notQueued(context, workspace, error)}`)
  }
}
