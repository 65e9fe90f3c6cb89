/** `coord queue`: the calls that need a person, one by one or all, and what waits. */
import type { Call } from '../../../shared/call.ts'
import type { ActionError, Outbox } from '../../core/outbox/contract.ts'
import { toCurl } from '../../../shared/curl.ts'
import { err, type Result } from '../../../shared/result.ts'
import { counted } from '../../../shared/text.ts'
import { readStdin } from '../body.ts'
import { callsTable, nameCall, wholeCalls, type ListedCall } from '../call-lists.ts'
import { workspacesOf, type Context } from '../context.ts'
import { sayElsewhere } from '../elsewhere.ts'
import { EXIT, failure, usage, type ExitCode } from '../exit.ts'
import { limited, limitOf } from '../filters.ts'
import { resolveIds } from '../ids.ts'
import { remember } from '../memory.ts'
import { errorLine, hint, isJson, result, showBefore, tip } from '../output.ts'
import { mayHoldCalls, openThem, sayMissing } from '../outboxes.ts'
import { confirm } from '../terminal/confirm.ts'
import { lines } from '../terminal/text.ts'
import { editInEditor } from './editor.ts'

export type QueueAction = 'list' | 'show' | 'send' | 'edit' | 'curl' | 'discard'
export interface QueueFlags {
  readonly all?: boolean
  readonly waiting?: boolean
  readonly limit?: string
  /** The edited line, where no editor is wanted. */
  readonly line?: string
  readonly yes?: boolean
  readonly dryRun?: boolean
}

/** A page of what waits: the whole may be a million. */
const MOST_WAITING = 1_000

interface Found extends ListedCall {
  readonly outbox: Outbox
}

export async function queue(
  context: Context,
  action: QueueAction,
  ids: readonly string[],
  flags: QueueFlags,
): Promise<ExitCode> {
  const isAll = flags.all === true
  if (action !== 'list' && ids.length === 0 && !isAll)
    throw usage(`name the calls: coord queue ${action} ID…, or --all`)
  if (ids.length > 0 && isAll) throw usage('either IDs or --all')
  const limit = limitOf(flags.limit)

  const named = workspacesOf(context)
  sayMissing(context, named)
  const workspaces = named.filter((w) => mayHoldCalls(w.path))
  const opened = workspaces.length > 0 ? await openThem(context, workspaces) : null
  try {
    const outboxes = opened?.outboxes ?? []
    const ended = flags.waiting === true ? [] : await endedCalls(outboxes)
    if (action === 'list') {
      learn(context, ended)
      const waiting = flags.waiting === true || isAll ? await waitingCalls(outboxes, limit) : []
      const code = await list([...ended, ...waiting], limit, flags)
      if (flags.waiting !== true && !isAll) await sayWaiting(outboxes)
      return code
    }
    const wanted = new Set(await resolveIds(ids, () => Promise.resolve(namesOf(ended))))
    const known = isAll ? ended : ended.filter(({ call }) => wanted.has(call.id))
    const others = [...wanted].filter((id) => !known.some(({ call }) => call.id === id))
    const waiting = action === 'show' ? await waitingOf(outboxes, others) : []
    const found = [...known, ...waiting]
    const missing = others.filter((id) => !waiting.some(({ call }) => call.id === id))
    for (const id of missing)
      errorLine(`no call ${id} was set aside or skipped here; "coord queue list" shows them`)
    if (found.length === 0 && missing.length > 0) {
      await result([], null)
      return EXIT.failed
    }
    const code = await act(action, found, context, flags)
    return missing.length > 0 ? EXIT.failed : code
  } finally {
    await opened?.close()
    if (action === 'list') await sayElsewhere(context)
  }
}

async function endedCalls(outboxes: readonly Outbox[]): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const outbox of outboxes) {
    const { name } = await outbox.summary()
    for (const end of ['set-aside', 'skipped'] as const)
      for (const call of await outbox.list(end, Number.MAX_SAFE_INTEGER))
        found.push({ outbox, workspace: name, end, call })
  }
  return found
}

/** Whoever looks for a call that is neither there nor sent finds it. */
async function sayWaiting(outboxes: readonly Outbox[]): Promise<void> {
  let waiting = 0
  for (const outbox of outboxes) waiting += (await outbox.summary()).waiting
  if (waiting > 0) hint(`Waiting to be sent: ${counted(waiting, 'call')} ("coord queue list --waiting")`)
}

/** What waits, in the order in which it is sent; with the whole of each line where that is asked for. */
async function waitingCalls(outboxes: readonly Outbox[], limit: number): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const outbox of outboxes) {
    const { name } = await outbox.summary()
    const { rows, total } = await outbox.waiting(0, Math.min(limit, MOST_WAITING))
    for (const { id, ts, method, path, raw } of rows) {
      const row: Call = { id, ts, method, path, reason: 'waiting', status: null, raw }
      const whole = isJson() ? await outbox.show(id) : null
      found.push({
        outbox,
        workspace: name,
        end: 'waiting',
        call: { ...row, ...(whole?.ok ? whole.value : {}) },
      })
    }
    if (total > rows.length)
      hint(`coord: ${total - rows.length} more wait behind the first ${rows.length} of ${name}`)
  }
  return found
}

/** Waiting calls by their IDs, which "queue list --waiting" gives. */
async function waitingOf(outboxes: readonly Outbox[], ids: Iterable<string>): Promise<readonly Found[]> {
  const found: Found[] = []
  for (const id of ids)
    for (const outbox of outboxes) {
      const told = await outbox.show(id)
      if (!told.ok) continue
      found.push({ outbox, workspace: (await outbox.summary()).name, end: 'waiting', call: told.value })
      break
    }
  return found
}

const namesOf = (found: readonly Found[]) => found.map(({ call }) => ({ id: call.id, text: nameCall(call) }))
const learn = (context: Context, found: readonly Found[]): void =>
  remember(context, { ids: { calls: namesOf(found) } })

async function list(found: readonly Found[], limit: number, flags: QueueFlags): Promise<ExitCode> {
  const rows = limited(found, limit)
  await result(
    rows.map(({ call }) => call),
    () => {
      if (rows.length > 0) return callsTable(rows)
      return flags.waiting === true || flags.all === true ? 'No calls wait.' : 'No calls need you.'
    },
  )
  if (!isJson() && rows.some(({ end }) => end !== 'waiting'))
    tip('"coord queue show ID" shows one whole; send, edit or discard deal with it.')
  return EXIT.done
}

/** Does it for each, says for which it did not work. */
async function act(
  action: Exclude<QueueAction, 'list'>,
  found: readonly Found[],
  context: Context,
  flags: QueueFlags,
): Promise<ExitCode> {
  const calls = found.map(({ call }) => call)
  if (action === 'show') {
    await result(calls, () => (calls.length > 0 ? wholeCalls(found) : 'No calls need you.'))
    return EXIT.done
  }
  if (action === 'curl') return curl(found, context)
  if (flags.dryRun === true) {
    const what = `Would ${action} ${counted(found.length, 'call')}${found.length > 0 ? ':' : '.'}`
    await result(calls, () => lines([what, ...(found.length > 0 ? [callsTable(found)] : [])]))
    return EXIT.done
  }
  if (action === 'discard' && found.length > 0 && flags.yes !== true) {
    showBefore(callsTable(found))
    await confirm(`Forget ${counted(found.length, 'call')} for good?`, flags)
  }
  const done: Found[] = []
  for (const item of found) {
    const told = await actOn(action, item, flags)
    if (told.ok) done.push(item)
    else errorLine(`${item.call.id}: ${told.error.message}`)
  }
  await result(
    done.map(({ call }) => call),
    action === 'discard' ? `${done.length} discarded.` : `${done.length} to be sent again.`,
  )
  if (action !== 'discard' && done.length > 0) await sayWhoSends(done)
  return done.length < found.length ? EXIT.failed : EXIT.done
}

/** Whoever sends from a folder sends it; where nobody does, the person is told how. */
async function sayWhoSends(done: readonly Found[]): Promise<void> {
  for (const outbox of new Set(done.map((one) => one.outbox))) {
    const { owner } = await outbox.summary()
    hint(
      owner === 'other-process' || owner === 'other-machine'
        ? 'It is sent as soon as the API answers.'
        : 'Nothing sends by itself now: "coord flush" sends it.',
    )
  }
}

async function curl(found: readonly Found[], context: Context): Promise<ExitCode> {
  const fit = found.filter(({ call }) => toCurl(call, context.baseUrl) !== undefined)
  for (const { call } of found.filter((one) => !fit.includes(one)))
    errorLine(`${call.id}: it is no call that curl could send; "coord queue show ${call.id}" has its bytes`)
  const calls: readonly Call[] = fit.map(({ call }) => call)
  await result(
    calls,
    calls.length === 0 ? null : () => calls.map((c) => toCurl(c, context.baseUrl)).join('\n'),
  )
  return fit.length < found.length ? EXIT.failed : EXIT.done
}

async function actOn(
  action: 'send' | 'edit' | 'discard',
  { outbox, call }: Found,
  flags: QueueFlags,
): Promise<Result<null, ActionError>> {
  switch (action) {
    case 'send':
      return outbox.sendAnyway(call.id)
    case 'discard':
      return outbox.discard(call.id)
    case 'edit':
      return flags.line === undefined
        ? editByHand(outbox, call)
        : outbox.edit(call.id, givenLine(flags.line === '-' ? await readStdin('--line') : flags.line))
  }
}

/** Why a text is no JSON; null where it is. */
function jsonFault(text: string): string | null {
  try {
    JSON.parse(text)
    return null
  } catch (error) {
    return `the edited line is no JSON: ${error instanceof Error ? error.message : String(error)}`
  }
}
const toLine = (text: string): string => text.trim().replace(/[\r\n]+/g, ' ')

function givenLine(line: string): string {
  const fault = jsonFault(line)
  if (fault !== null) throw usage(fault)
  return toLine(line)
}

/** What a person wrote is theirs: where it cannot be sent it stays in its file, and they are told how to go on with it. */
async function editByHand(outbox: Outbox, call: Call): Promise<Result<null, ActionError>> {
  if (typeof call.raw !== 'string')
    throw failure('the bytes of this call are no text; give the new line with --line')
  const { text, file, fault: ofEditor, forget } = await editInEditor(call.raw)
  const fault = ofEditor ?? jsonFault(text)
  const told: Result<null, ActionError> =
    fault === null
      ? await outbox.edit(call.id, toLine(text))
      : err({ code: 'refused', message: `${fault}; nothing is sent` })
  if (told.ok) {
    forget()
    return told
  }
  const wayOn = `mend it there, then: coord queue edit ${call.id} --line - < "${file}"`
  return err({ ...told.error, message: `${told.error.message}\nWhat you wrote is kept in ${file}; ${wayOn}` })
}
