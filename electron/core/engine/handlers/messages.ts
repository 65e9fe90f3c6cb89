/** Commands on messages: seen by the person, read for the session, a new one. */
import type { CommandHandlers } from '../../../../shared/protocol.ts'
import { ok } from '../../../../shared/result.ts'
import { failure, type HandlerContext } from '../deps.ts'
import { createRecall } from '../recall.ts'
import { sendMessage, sendOrQueue } from '../send-message.ts'
import { toHistoryView } from '../views/to-history-view.ts'
import { toMessageViews } from '../views/to-snapshot.ts'

type Handlers = Pick<
  CommandHandlers,
  'messages.list' | 'message.get' | 'history.get' | 'message.seen' | 'message.read' | 'message.send'
>
export function messageHandlers(context: HandlerContext): Handlers {
  const { deps, state, dispatch, poll, history } = context
  const recall = createRecall(context)
  return {
    'messages.list': ({ offset, limit }) =>
      Promise.resolve(ok({ rows: toMessageViews(state(), offset, limit), total: state().messages.length })),
    'message.get': ({ id }) => {
      const { messages, sent } = history()
      const kept = [...messages, ...sent].find((m) => m.server === state().server && m.id === id)
      const body = state().messages.find((m) => m.id === id)?.body ?? kept?.body
      const isKnown = body !== undefined || state().messages.some((m) => m.id === id)
      return Promise.resolve(
        isKnown ? ok({ body: body ?? '' }) : failure('not-found', 'This message is not there any more.'),
      )
    },
    'history.get': async () => {
      await recall()
      return ok(toHistoryView(history(), state().server, state().machine))
    },
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
