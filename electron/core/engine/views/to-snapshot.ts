/** State → the picture that every front shows. */
import { isOfMachine } from '../../../../shared/session.ts'
import type { AppSnapshot, LockView, MessageView, WorkspaceView } from '../../../../shared/snapshot.ts'
import { parseTime } from '../../../../shared/time.ts'
import type { LockRow, MessageRow } from '../../../../shared/wire.ts'
import type { WorkspaceSummary } from '../../outbox/contract.ts'
import { toSessionViews } from '../session-activity.ts'
import { messageKey, setOf } from '../notifications/notified-ledger.ts'
import { toAttention } from './attention.ts'
import { callsSetAside, callsWaiting, myLocks, unreadMessages } from './counts.ts'
import { isoOrNull, isStale, staleAt } from '../../coord/staleness.ts'
import { serverNow, type AppState } from '../state.ts'

const toWorkspaceView = (w: WorkspaceSummary): WorkspaceView => ({
  path: w.path,
  name: w.name,
  waiting: w.waiting,
  delivered: w.delivered,
  setAsideCount: w.setAsideCount,
  skippedCount: w.skippedCount,
  setAside: [...w.setAside],
  skipped: [...w.skipped],
  lately: w.lately.map((c) => ({ ...c, at: isoOrNull(c.at) ?? '' })),
  next: [...w.next],
  sending: w.sending,
  owner: w.owner,
  problem: w.problem,
  oldestWaiting: isoOrNull(w.oldestWaiting),
})

const toMessageView = (m: MessageRow, server: string, seen: ReadonlySet<string>): MessageView => ({
  id: m.id,
  from: m.from_session ?? '',
  to: m.to_session,
  project: m.project_key,
  subject: m.subject ?? '',
  body: m.body ?? '',
  createdAt: isoOrNull(parseTime(m.created_at)),
  isRead: m.read_at !== null,
  isSeen: seen.has(messageKey(server, m)),
  isBroadcast: m.to_session === null,
})

const toLockView = (l: LockRow, state: AppState): LockView => ({
  id: l.id,
  resource: l.resource ?? '',
  project: l.project_key,
  session: l.session_id,
  description: l.description,
  acquiredAt: isoOrNull(parseTime(l.acquired_at)),
  lastActivityAt: isoOrNull(parseTime(l.last_activity_at)),
  expiresAt: isoOrNull(parseTime(l.expires_at)),
  staleAt: isoOrNull(staleAt(l)),
  isStale: isStale(l, serverNow(state)),
  isMine: isOfMachine(l.session_id, state.machine),
  refused: l.refused.map((r) => ({ session: r.session_id, at: isoOrNull(parseTime(r.at)) })),
})

export function toSnapshot(state: AppState, revision: number): AppSnapshot {
  const seen = setOf(state.seen)
  const newestFirst = state.messages
    .map((m) => toMessageView(m, state.server, seen))
    .sort((a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''))
  const readAt =
    state.locksReadAt === null || state.messagesReadAt === null
      ? null
      : Math.min(state.locksReadAt, state.messagesReadAt)
  return {
    revision,
    at: isoOrNull(state.now) ?? '',
    machine: { name: state.machine.name, aliases: [...state.machine.aliases] },
    apiUrl: state.apiUrl,
    isServedHere: state.isServedHere,
    connection: state.connection,
    workspaces: state.workspaces.map(toWorkspaceView),
    totals: {
      waiting: callsWaiting(state),
      setAside: callsSetAside(state),
      unread: unreadMessages(state).length,
      locksMine: myLocks(state).length,
    },
    messages: newestFirst,
    messagesUnreadable: state.messagesUnreadable,
    sessions: toSessionViews(state),
    locks: state.locks.map((l) => toLockView(l, state)),
    locksUnreadable: state.locksUnreadable,
    readAt: isoOrNull(readAt),
    components: state.components.map((c) => ({
      project: c.project_key,
      component: c.component,
      state: c.state ?? '',
      version: c.version,
      notes: c.notes,
      updatedBy: c.updated_by,
      updatedAt: isoOrNull(parseTime(c.updated_at)),
    })),
    workflows: state.workflows.map((w) => {
      const items = state.workItems.filter((i) => i.workflow_id === w.id)
      return {
        id: w.id,
        project: w.project_key,
        name: w.name ?? '',
        status: w.status ?? '',
        itemsTotal: items.length,
        itemsCompleted: items.filter((i) => i.status === 'completed').length,
        items: items.map((i) => ({ id: i.id, title: i.title ?? '', status: i.status ?? '' })),
      }
    }),
    attention: [...toAttention(state)],
    settings: state.settings,
    front: state.front,
    suggestions: [...state.suggestions],
    openMessage: state.openMessage,
    quit: { isAsking: state.quit === 'asking', isReleasing: state.quit === 'releasing' },
  }
}
