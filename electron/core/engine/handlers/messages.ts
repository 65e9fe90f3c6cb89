/** Commands on messages: seen by the person, read for the session, a new one. */
import type { CommandError, CommandHandlers } from '../../../../shared/protocol.ts'
import { ok, type Result } from '../../../../shared/result.ts'
import { parseTime, toIso, type EpochMs } from '../../../../shared/time.ts'
import { messageRow, type MessageRow } from '../../../../shared/wire.ts'
import { mayBeKept, sayOutcome } from '../../coord/classify-answer.ts'
import { createCoordClient } from '../../coord/coord-client.ts'
import type { HttpOutcome } from '../../ports.ts'
import { failure, type EngineDeps, type HandlerContext } from '../deps.ts'
import { messageKey } from '../notifications/notified-ledger.ts'
import { jsonOf } from '../poller.ts'
import { toHistoryView } from '../views/to-history-view.ts'
import { toMessageViews } from '../views/to-snapshot.ts'

type Handlers = Pick<
  CommandHandlers,
  'messages.list' | 'message.get' | 'history.get' | 'message.seen' | 'message.read' | 'message.send'
>
type Draft = Parameters<CommandHandlers['message.send']>[0]
type Sent = Awaited<ReturnType<CommandHandlers['message.send']>>

interface Write {
  readonly method: 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
}

/** Sends now; keeps it in this app's queue where the API is away. A POST whose answer is lost comes back as it is. */
async function sendOrQueue(
  { connection, clock, enqueue }: EngineDeps,
  write: Write,
): Promise<Result<HttpOutcome | 'queued', CommandError>> {
  const { method, path, body } = write
  const text = body === undefined ? undefined : JSON.stringify(body)
  if (connection.isReady()) {
    const outcome = await connection.send({
      method,
      path,
      headers: text === undefined ? {} : { 'content-type': 'application/json' },
      ...(text === undefined ? {} : { body: text }),
    })
    if (outcome.kind === 'in-doubt' && method === 'POST') return ok(outcome)
    if (!mayBeKept(outcome)) {
      if (outcome.kind === 'answer' && outcome.status < 300) return ok(outcome)
      return failure('refused', sayOutcome(outcome))
    }
  }
  const ts = toIso(clock.now())
  const kept = await enqueue(
    JSON.stringify(body === undefined ? { ts, method, path } : { ts, method, path, body }),
  )
  return kept.ok ? ok('queued') : failure('storage', kept.error)
}

/** In doubt: only a row that is there says that it arrived; sending once more could double it. */
async function findSent(
  { connection }: EngineDeps,
  draft: Draft,
  startedAt: EpochMs,
): Promise<MessageRow | undefined> {
  const read = await createCoordClient(connection).messages({ isUnreadOnly: true })
  const found = (read.kind === 'rows' ? read.rows : []).filter(
    (m) =>
      m.from_session === draft.from &&
      m.to_session === draft.to &&
      m.subject === draft.subject &&
      m.body === draft.body &&
      (parseTime(m.created_at) ?? 0) >= startedAt - 2_000,
  )
  return found.length === 1 ? found[0] : undefined
}

async function sendMessage({ deps, state, dispatch }: HandlerContext, draft: Draft): Promise<Sent> {
  const body = {
    from_session: draft.from,
    ...(draft.to === null ? {} : { to_session: draft.to }),
    project_key: draft.project,
    subject: draft.subject,
    body: draft.body,
  }
  const startedAt = deps.clock.now() + deps.connection.serverSkewMs()
  const sent = await sendOrQueue(deps, { method: 'POST', path: '/api/coord/messages', body })
  if (!sent.ok) return sent
  if (sent.value === 'queued') return ok({ id: null, queued: true })
  if (sent.value.kind === 'answer') {
    const row = messageRow.safeParse(jsonOf(sent.value))
    if (!row.success) return ok({ id: null, queued: false })
    // One's own message is no news.
    dispatch({ kind: 'facts.told', keys: [messageKey(state().server, row.data)] })
    return ok({ id: row.data.id, queued: false })
  }
  const found = await findSent(deps, draft, startedAt)
  return found
    ? ok({ id: found.id, queued: false })
    : failure('failed', 'The connection broke while sending; look in Messages before sending again.')
}

export function messageHandlers(context: HandlerContext): Handlers {
  const { deps, state, dispatch, poll, history } = context
  return {
    'messages.list': ({ offset, limit }) =>
      Promise.resolve(ok({ rows: toMessageViews(state(), offset, limit), total: state().messages.length })),
    'message.get': ({ id }) => {
      const kept = history().messages.find((m) => m.server === state().server && m.id === id)
      const body = state().messages.find((m) => m.id === id)?.body ?? kept?.body
      const isKnown = body !== undefined || state().messages.some((m) => m.id === id)
      return Promise.resolve(
        isKnown ? ok({ body: body ?? '' }) : failure('not-found', 'This message is not there any more.'),
      )
    },
    'history.get': () => Promise.resolve(ok(toHistoryView(history(), state().server))),
    'message.seen': ({ ids }) => {
      dispatch({ kind: 'message.seen', ids })
      const { openMessage } = state()
      if (openMessage !== null && ids.includes(openMessage)) dispatch({ kind: 'message.opened' })
      return Promise.resolve(ok(null))
    },
    'message.read': async ({ id, session }) => {
      const query = session === null ? '' : `?session_id=${encodeURIComponent(session)}`
      const path = `/api/coord/messages/${encodeURIComponent(id)}/read${query}`
      const sent = await sendOrQueue(deps, { method: 'PUT', path })
      if (!sent.ok) return sent
      dispatch({ kind: 'message.marked-read', id })
      void poll()
      return ok(null)
    },
    'message.send': async (draft) => {
      const sent = await sendMessage(context, draft)
      void poll()
      return sent
    },
  }
}
