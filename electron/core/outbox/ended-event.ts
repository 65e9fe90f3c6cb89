/** The end of a call, as the rest of the program is told of it: once, with the call. */
import type { OutboxEvent } from './contract.ts'
import type { EndedCall } from './replay/record-end.ts'

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
      }
    case 'set-aside':
      return {
        kind: 'call.set-aside',
        workspace,
        call: { id, ts, method, path, reason: ended.reason, status: ended.status, raw },
        sessions,
      }
    case 'skipped':
      return {
        kind: 'call.skipped',
        workspace,
        call: { id, ts, method, path, reason: ended.reason, status: null, raw },
        reason: ended.reason,
        sessions,
      }
  }
}
