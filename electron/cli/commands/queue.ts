/** `coord queue`: the calls that need a person, one by one or all. */
import type { Call } from '../../../shared/call.ts'
import type { ActionError, Outbox } from '../../core/outbox/contract.ts'
import { toCurl } from '../../../shared/curl.ts'
import type { Result } from '../../../shared/result.ts'
import { workspacesOf, type Context } from '../context.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { hint, result } from '../output.ts'
import { mayHoldCalls, openThem } from '../outboxes.ts'
import { editInEditor } from './editor.ts'

export type QueueAction = 'list' | 'show' | 'send' | 'edit' | 'curl' | 'discard'
export interface QueueFlags {
  readonly all?: boolean
  /** The edited line, where no editor is wanted. */
  readonly line?: string
}

interface Found {
  readonly outbox: Outbox
  readonly call: Call
}

export async function queue(
  context: Context,
  action: QueueAction,
  ids: readonly string[],
  flags: QueueFlags,
): Promise<ExitCode> {
  const isAll = flags.all === true
  if (action === 'list' && ids.length > 0) throw usage('"queue list" lists all; "queue show ID…" shows some')
  if (action !== 'list' && ids.length === 0 && !isAll)
    throw usage(`name the calls: coord queue ${action} ID…, or --all`)
  if (ids.length > 0 && isAll) throw usage('either IDs or --all')
  if (action === 'edit' && (isAll || ids.length !== 1)) throw usage('"queue edit" takes one ID')

  const workspaces = workspacesOf(context).filter((w) => mayHoldCalls(w.path))
  const opened = workspaces.length > 0 ? await openThem(context, workspaces) : null
  try {
    const found: Found[] = []
    for (const outbox of opened?.outboxes ?? []) {
      for (const end of ['set-aside', 'skipped'] as const) {
        for (const call of await outbox.list(end, Number.MAX_SAFE_INTEGER)) {
          if (action === 'list' || isAll || ids.includes(call.id)) found.push({ outbox, call })
        }
      }
    }
    const missing = ids.filter((id) => !found.some((f) => f.call.id === id))
    for (const id of missing)
      hint(`coord: no call ${id} was set aside or skipped here; "coord queue list" shows them`)

    const done = await act(action, found, context, flags)
    const calls = done.map((f) => f.call)
    if (action === 'curl' && calls.length === 0) await result(calls, null)
    else
      await result(calls, () =>
        action === 'curl' ? calls.map((c) => toCurl(c, context.baseUrl)).join('\n') : textOf(action, calls),
      )
    return missing.length > 0 || done.length < found.length ? EXIT.failed : EXIT.done
  } finally {
    await opened?.close()
  }
}

/** Does it, and gives the calls for which it worked; the others are said. */
async function act(
  action: QueueAction,
  found: readonly Found[],
  context: Context,
  flags: QueueFlags,
): Promise<readonly Found[]> {
  if (action === 'list' || action === 'show') return found
  if (action === 'curl') {
    const fit = found.filter(({ call }) => toCurl(call, context.baseUrl) !== undefined)
    for (const { call } of found.filter((f) => !fit.includes(f)))
      hint(
        `coord: ${call.id}: it is no call that curl could send; "coord queue show ${call.id}" has its bytes`,
      )
    return fit
  }
  const done: Found[] = []
  for (const item of found) {
    const told = await actOn(action, item, context, flags)
    if (told.ok) done.push(item)
    else hint(`coord: ${item.call.id}: ${told.error.message}`)
  }
  return done
}

async function actOn(
  action: 'send' | 'edit' | 'discard',
  { outbox, call }: Found,
  _context: Context,
  flags: QueueFlags,
): Promise<Result<null, ActionError>> {
  switch (action) {
    case 'send':
      return outbox.sendAnyway(call.id)
    case 'discard':
      return outbox.discard(call.id)
    case 'edit': {
      const before = typeof call.raw === 'string' ? call.raw : null
      if (flags.line === undefined && before === null)
        throw failure('coord: the bytes of this call are no text; give the new line with --line')
      const line = flags.line ?? (await editInEditor(before ?? ''))
      try {
        JSON.parse(line)
      } catch (error) {
        throw usage(`the edited line is no JSON: ${error instanceof Error ? error.message : String(error)}`)
      }
      return outbox.edit(call.id, line.replace(/[\r\n]+/g, ' '))
    }
  }
}

function textOf(action: QueueAction, calls: readonly Call[]): string {
  if (action === 'send' || action === 'edit')
    return `${calls.length} to be sent again, as soon as the API answers.`
  if (action === 'discard') return `${calls.length} discarded.`
  if (calls.length === 0) return 'No calls need you.'
  return calls
    .map((c) => {
      const head = `${c.id}  ${c.method ?? '?'} ${c.path ?? '(no call)'}  ${c.ts ?? ''}\n    ${c.reason}${c.status === null ? '' : ` (${c.status})`}`
      return action === 'show'
        ? `${head}\n    ${typeof c.raw === 'string' ? c.raw : `base64: ${c.raw.base64}`}`
        : head
    })
    .join('\n')
}
