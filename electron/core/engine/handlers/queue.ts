/** Commands on queued calls: flush, list, and what a person does with the calls that need one. */
import type { CommandError, CommandHandlers, FlushCounts } from '../../../../shared/protocol.ts'
import { err, ok, type Result } from '../../../../shared/result.ts'
import type { ActionError, Outbox } from '../../outbox/contract.ts'
import { failure, type HandlerContext } from '../deps.ts'
import { toCallRow, toWaitingRow } from '../views/to-snapshot.ts'

type Handlers = Pick<
  CommandHandlers,
  | 'queue.flush'
  | 'queue.list'
  | 'queue.waiting'
  | 'queue.show'
  | 'queue.send'
  | 'queue.all'
  | 'queue.edit'
  | 'queue.discard'
>
type Acted = Promise<Result<null, ActionError>>

const codeOf = (error: ActionError): CommandError['code'] =>
  error.code === 'not-owner' ? 'refused' : error.code

/** Another window, or replay itself, was first: the id means nothing to a person. */
const gone = () => failure('not-found', 'This call is not in the queue any more.')

/** The outbox that has this call: ids are distinct over all of them, so the first that knows it is the one. */
async function onCall(
  outboxes: readonly Outbox[],
  id: string,
  act: (outbox: Outbox, id: string) => Acted,
): Promise<Result<null, CommandError>> {
  for (const outbox of outboxes) {
    const done = await act(outbox, id)
    if (done.ok) return ok(null)
    if (done.error.code !== 'not-found') return failure(codeOf(done.error), done.error.message)
  }
  return gone()
}

async function onCalls(
  outboxes: readonly Outbox[],
  ids: readonly string[],
  act: (outbox: Outbox, id: string) => Acted,
): Promise<Result<null, CommandError>> {
  let failed: CommandError | null = null
  for (const id of ids) {
    const done = await onCall(outboxes, id, act)
    if (!done.ok) failed ??= done.error
  }
  return failed ? err(failed) : ok(null)
}

/** Sends what waits in these, once; the counts are of all together. Fails with the first that could not. */
async function flush(outboxes: readonly Outbox[]): Promise<Result<FlushCounts, CommandError>> {
  const total = { delivered: 0, setAside: 0, skipped: 0, waiting: 0 }
  let failed: string | null = null
  for (const done of await Promise.all(outboxes.map((o) => o.flush({ waitMs: 0, lanes: 1 })))) {
    if (!done.ok) {
      failed ??= done.error.message
      continue
    }
    total.delivered += done.value.delivered
    total.setAside += done.value.setAside
    total.skipped += done.value.skipped
    total.waiting += done.value.waiting
  }
  return failed === null ? ok(total) : failure('failed', failed)
}

/** However many: their ids alone are kept in memory, and what fails for one does not stop the others. */
async function actOnAll(
  outbox: Outbox,
  end: 'set-aside' | 'skipped',
  act: 'send' | 'discard',
): Promise<Result<{ done: number; left: number }, CommandError>> {
  const ids = (await outbox.list(end, Number.MAX_SAFE_INTEGER)).map((call) => call.id)
  let done = 0
  for (const id of ids) {
    const acted = act === 'send' ? await outbox.sendAnyway(id) : await outbox.discard(id)
    if (acted.ok) done++
    else if (acted.error.code === 'storage' || acted.error.code === 'not-owner')
      return done > 0
        ? ok({ done, left: ids.length - done })
        : failure(codeOf(acted.error), acted.error.message)
  }
  return ok({ done, left: ids.length - done })
}

export function queueHandlers({ deps, poll }: HandlerContext): Handlers {
  const { connection, outboxes } = deps
  const find = (path: string): Outbox | undefined => outboxes().find((o) => o.path === path)
  const notWatched = (path: string) => failure('not-found', `${path} is not watched`)
  return {
    'queue.flush': ({ workspace }) => {
      const wanted = outboxes().filter((o) => workspace === null || o.path === workspace)
      void poll() // a person looks: what is read is fresh, too
      if (wanted.length === 0 && workspace !== null) return Promise.resolve(notWatched(workspace))
      connection.retryNow()
      return flush(wanted)
    },
    'queue.list': async ({ workspace, end, limit }) => {
      const outbox = find(workspace)
      if (!outbox) return notWatched(workspace)
      return ok({ calls: (await outbox.rows(end, limit)).map(toCallRow) })
    },
    'queue.waiting': async ({ workspace, offset, limit }) => {
      const outbox = find(workspace)
      if (!outbox) return notWatched(workspace)
      const { rows, total } = await outbox.waiting(offset, limit)
      return ok({ rows: rows.map(toWaitingRow), total })
    },
    'queue.show': async ({ id }) => {
      for (const outbox of outboxes()) {
        const shown = await outbox.show(id)
        if (shown.ok) return shown
        if (shown.error.code !== 'not-found') return failure(codeOf(shown.error), shown.error.message)
      }
      return gone()
    },
    'queue.send': ({ ids }) => onCalls(outboxes(), ids, (outbox, id) => outbox.sendAnyway(id)),
    'queue.all': async ({ workspace, end, act }) => {
      const outbox = find(workspace)
      return outbox ? actOnAll(outbox, end, act) : notWatched(workspace)
    },
    'queue.edit': ({ id, line }) => onCall(outboxes(), id, (outbox) => outbox.edit(id, line)),
    'queue.discard': ({ ids }) => onCalls(outboxes(), ids, (outbox, id) => outbox.discard(id)),
  }
}
