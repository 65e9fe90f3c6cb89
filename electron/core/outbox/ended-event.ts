/** The end of a call, as the rest of the program is told of it: once, with the call. */
import { readJson } from '../../../shared/json.ts'
import { sliceOfKey } from '../../../shared/json-slice.ts'
import type { OutboxEvent, SentMessage } from './contract.ts'
import { cutCopy } from './lines/text.ts'
import type { QueuedEntry } from './replay/queued-call.ts'
import type { EndedCall } from './replay/record-end.ts'

/** Of a message's text, as much as a history keeps. */
const TEXT_LENGTH = 16_384
const NAME_LENGTH = 1_000

/** What a call said, where it sent a message. `answer`: the API's, as it came. */
function sentBy(call: QueuedEntry, answer: string | undefined): SentMessage | undefined {
  if (call.kind !== 'call' || call.target.effect.kind !== 'message') return undefined
  const data = call.request.data ?? {}
  const text = (key: string, length: number): string | null => {
    const value = Object.hasOwn(data, key) ? data[key] : undefined
    return typeof value === 'string' && value !== '' ? cutCopy(value, length) : null
  }
  const id: unknown = answer === undefined ? undefined : readJson(sliceOfKey(answer, 'id') ?? '')
  return {
    id: typeof id === 'string' || typeof id === 'number' ? String(id) : null,
    from: call.target.session ?? '',
    to: text('to_session', NAME_LENGTH),
    project: text('project_key', NAME_LENGTH),
    subject: text('subject', NAME_LENGTH) ?? '',
    body: text('body', TEXT_LENGTH) ?? '',
  }
}

export function toEvent(workspace: string, ended: EndedCall): OutboxEvent {
  const { call, at, sessions } = ended
  const { id, ts, method, path, raw } = call
  switch (ended.end) {
    case 'delivered':
      return {
        kind: 'call.delivered',
        workspace,
        call: { id, at, method: method ?? '', path: path ?? '', note: ended.note },
        queuedAt: ts,
        sessions,
        // read by whoever keeps it, and by nobody else
        get message() {
          return sentBy(call, ended.answer)
        },
      }
    case 'set-aside':
      return {
        kind: 'call.set-aside',
        workspace,
        at,
        call: { id, ts, method, path, reason: ended.reason, status: ended.status, raw },
        sessions,
      }
    case 'skipped':
      return {
        kind: 'call.skipped',
        workspace,
        at,
        call: { id, ts, method, path, reason: ended.reason, status: null, raw },
        reason: ended.reason,
        sessions,
      }
  }
}
