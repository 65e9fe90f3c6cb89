/** Messages as news: each by itself, or a burst as one summary. */
import { parseTime } from '../../../../shared/time.ts'
import type { MessageRow } from '../../../../shared/wire.ts'
import type { AppState } from '../state.ts'
import { counted, plainLine } from '../../../../shared/text.ts'
import { messageKey, type NotifiedLedger } from './notified-ledger.ts'
import { isContentHidden } from './silence.ts'
import { BODY_LENGTH, TITLE_LENGTH, type Candidate } from './views.ts'

/** Created before what the ledger still knows one by one: told long ago. */
export function isBeforeMemory(ledger: NotifiedLedger, server: string, message: MessageRow): boolean {
  const upTo = Object.hasOwn(ledger.toldUpTo, server) ? parseTime(ledger.toldUpTo[server]) : undefined
  if (upTo === undefined) return false
  const created = parseTime(message.created_at)
  return created === undefined || created <= upTo
}

const senderOf = (m: MessageRow): string => plainLine(m.from_session, 60) || 'unknown sender'

const senderTitle = (m: MessageRow): string => {
  const project = plainLine(m.project_key, 40)
  return plainLine(project ? `${project} · ${senderOf(m)}` : senderOf(m), TITLE_LENGTH)
}

/** `isFirst`: the backlog that a first start finds. */
export function messageCandidates(
  state: AppState,
  fresh: readonly MessageRow[],
  isBurst: boolean,
  isFirst: boolean,
): Candidate[] {
  if (isBurst) return [summaryOf(state, fresh, isFirst)]
  return fresh.map((m) => ({
    keys: [messageKey(state.server, m)],
    view: {
      kind: 'message',
      title: isContentHidden(state) ? 'New message' : senderTitle(m),
      body: isContentHidden(state)
        ? 'Open Coord Tray to read it.'
        : plainLine(m.subject, BODY_LENGTH) || plainLine(m.body, BODY_LENGTH) || '(no subject)',
      isUrgent: false,
      messageId: m.id,
      action: { label: 'Seen', name: 'message.seen', input: { ids: [m.id] } },
    },
  }))
}

function summaryOf(state: AppState, fresh: readonly MessageRow[], isFirst: boolean): Candidate {
  const senders = [...new Set(fresh.map(senderOf))]
  const from = senders.slice(0, 3).join(', ') + (senders.length > 3 ? ' and others' : '')
  return {
    keys: fresh.map((m) => messageKey(state.server, m)),
    view: {
      kind: 'summary',
      title: counted(fresh.length, isFirst ? 'unread message' : 'new message'),
      body: isContentHidden(state) ? 'Open Coord Tray to read them.' : plainLine(`From ${from}`, BODY_LENGTH),
      isUrgent: false,
      messageId: null,
    },
  }
}
