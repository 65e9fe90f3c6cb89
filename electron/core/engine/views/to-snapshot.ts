/** State → the picture that every front shows: counts of all, and of each list a first page without bodies. */
import type {
  AppSnapshot,
  CallRow,
  ComponentView,
  LockView,
  MessageView,
  SettingKey,
  WaitingRow,
  WorkflowView,
  WorkspaceView,
} from '../../../../shared/snapshot.ts'
import type { CallFacts } from '../../../../shared/call.ts'
import { troubleOfState } from '../../../../shared/component-state.ts'
import { isOfMachine } from '../../../../shared/session.ts'
import { plainLine } from '../../../../shared/text.ts'
import { parseTime } from '../../../../shared/time.ts'
import type { LockRow, MessageRow } from '../../../../shared/wire.ts'
import type { EndedRow, WaitingCall, WorkspaceSummary } from '../../outbox/contract.ts'
import { isoOrNull, isStale, staleAt } from '../../coord/staleness.ts'
import { isWaiting, waitingFor } from '../../coord/waiting.ts'
import { messageKey, setOf } from '../notifications/notified-ledger.ts'
import { toSessionViews } from '../session-activity.ts'
import { NO_ENDS, type Ends } from '../history.ts'
import { projectNames, serverNow, type AppState } from '../state.ts'
import { toAttention } from './attention.ts'
import { callsSetAside, callsWaiting, myLocks, unreadMessages } from './counts.ts'

/** Rows of each list in a snapshot: what a window shows before it is scrolled. */
const PAGE = { messages: 40, locks: 35, sessions: 30, components: 20, workflows: 6, items: 5 } as const
/** Rows of calls, shared by all workspaces: the first ones have more where the others have none. */
const CALLS = { setAside: 20, skipped: 10, lately: 20, next: 20 } as const
const TEXT_LENGTH = 160
/** Of a call's path, reason and preview. */
const CALL_TEXT_LENGTH = 120
/** A name in a row of calls, and all names of a row together. */
const NAME_LENGTH = 80
const NAMES_LENGTH = 140
/** Of all projects' names together. */
const PROJECTS_LENGTH = 3_000

const cut = (text: string | null): string => (text ?? '').slice(0, TEXT_LENGTH)
const cutOrNull = (text: string | null): string | null => (text === null ? null : cut(text))

const cutCall = (text: string): string => text.slice(0, CALL_TEXT_LENGTH)

const previewOf = (call: { readonly method: string | null; readonly path: string | null }, text: string) =>
  call.method === null || call.path === null ? plainLine(text, CALL_TEXT_LENGTH) : ''

/** The names of a row, cut so that they are bounded together: what a sentence begins with has the most room. */
function cutNames<T extends CallFacts & { readonly field?: string | null; readonly holder?: string | null }>(
  row: T,
): T {
  let left = NAMES_LENGTH
  const cutName = (text: string | null): string | null => {
    const kept = text && text.slice(0, Math.min(NAME_LENGTH, left))
    left -= kept?.length ?? 0
    return kept
  }
  const { field = null, holder = null } = row
  return {
    ...row,
    session: cutName(row.session),
    resource: cutName(row.resource),
    ...('field' in row ? { field: cutName(field), holder: cutName(holder) } : {}),
    project: cutName(row.project),
    to: cutName(row.to),
    state: cutName(row.state),
  }
}

const factsIn = ({ effect, session, project, resource, to, state }: CallFacts): CallFacts => ({
  effect,
  session,
  project,
  resource,
  to,
  state,
})

/** A call that ended without being delivered, without its bytes. */
export const toCallRow = (call: EndedRow): CallRow => ({
  ...cutNames(call),
  path: call.path && cutCall(call.path),
  reason: cutCall(call.reason),
  preview: previewOf(call, call.preview),
})

export const toWaitingRow = (call: WaitingCall): WaitingRow => ({
  id: call.id,
  ...factsIn(cutNames(call)),
  ts: call.ts,
  method: call.method,
  path: call.path && cutCall(call.path),
  preview: previewOf(call, call.raw),
})

/** Gives each workspace its part of a number of rows, in their order. */
function share(counts: readonly number[], rows: number): readonly number[] {
  const fair = Math.max(1, Math.floor(rows / Math.max(1, counts.length)))
  const given = counts.map((count) => Math.min(count, fair))
  let left = rows - given.reduce((sum, n) => sum + n, 0)
  return given.map((n, i) => {
    const more = Math.max(0, Math.min((counts[i] ?? 0) - n, left))
    left -= more
    return n + more
  })
}

function toWorkspaceViews(workspaces: readonly WorkspaceSummary[]): WorkspaceView[] {
  const shareOf = (list: keyof typeof CALLS): readonly number[] =>
    share(
      workspaces.map((w) => w[list].length),
      CALLS[list],
    )
  const rows = {
    setAside: shareOf('setAside'),
    skipped: shareOf('skipped'),
    lately: shareOf('lately'),
    next: shareOf('next'),
  }
  return workspaces.map((w, i) => ({
    path: w.path,
    name: w.name,
    waiting: w.waiting,
    delivered: w.delivered,
    setAsideCount: w.setAsideCount,
    skippedCount: w.skippedCount,
    setAside: w.setAside.slice(0, rows.setAside[i]).map(toCallRow),
    skipped: w.skipped.slice(0, rows.skipped[i]).map(toCallRow),
    lately: w.lately
      .slice(0, rows.lately[i])
      .map((c) => ({ ...cutNames(c), path: cutCall(c.path), at: isoOrNull(c.at) ?? '' })),
    next: w.next.slice(0, rows.next[i]).map(toWaitingRow),
    sending: w.sending,
    owner: w.owner,
    problem: w.problem,
    oldestWaiting: isoOrNull(w.oldestWaiting),
  }))
}

const toMessageView = (m: MessageRow, server: string, seen: ReadonlySet<string>): MessageView => ({
  id: m.id,
  from: m.from_session ?? '',
  to: m.to_session,
  project: m.project_key,
  subject: cut(m.subject),
  createdAt: isoOrNull(parseTime(m.created_at)),
  isRead: m.read_at !== null,
  isSeen: seen.has(messageKey(server, m)),
  isBroadcast: m.to_session === null,
})

/** Newest first. `offset`, `limit`: which of them. */
export function toMessageViews(state: AppState, offset: number, limit: number): MessageView[] {
  const seen = setOf(state.seen)
  return state.messages
    .toSorted((a, b) => (parseTime(b.created_at) ?? 0) - (parseTime(a.created_at) ?? 0))
    .slice(offset, offset + limit)
    .map((m) => toMessageView(m, state.server, seen))
}

const toLockView = (l: LockRow, state: AppState): LockView => ({
  id: l.id,
  resource: cut(l.resource),
  project: l.project_key,
  session: l.session_id,
  description: cutOrNull(l.description),
  acquiredAt: isoOrNull(parseTime(l.acquired_at)),
  lastActivityAt: isoOrNull(parseTime(l.last_activity_at)),
  expiresAt: isoOrNull(parseTime(l.expires_at)),
  staleAt: isoOrNull(staleAt(l)),
  isStale: isStale(l, serverNow(state)),
  isMine: isOfMachine(l.session_id, state.machine),
  refused: l.refused.slice(-3).map((r) => ({
    session: r.session_id,
    at: isoOrNull(parseTime(r.at)),
    isWaiting: isWaiting(l, r, serverNow(state)),
  })),
})

/** Wanted ones of this machine first, then its others, then those of other machines. */
export function toLockViews(state: AppState, offset: number, limit: number): LockView[] {
  const at = serverNow(state)
  const rank = (l: LockRow): number =>
    !isOfMachine(l.session_id, state.machine) ? 2 : waitingFor(l, at).length > 0 ? 0 : 1
  return state.locks
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(offset, offset + limit)
    .map((l) => toLockView(l, state))
}

/** What failed first, then what is in trouble: it is what a person looks for. */
export function toComponentViews(state: AppState, limit: number): ComponentView[] {
  const rank = ({ state: is }: AppState['components'][number]): number => {
    const trouble = troubleOfState(is ?? '')
    return trouble === 'failed' ? 0 : trouble === 'troubled' ? 1 : 2
  }
  return state.components
    .toSorted((a, b) => rank(a) - rank(b))
    .slice(0, limit)
    .map((c) => ({
      project: c.project_key,
      component: c.component,
      state: c.state ?? '',
      version: c.version,
      notes: cutOrNull(c.notes),
      updatedBy: c.updated_by,
      updatedAt: isoOrNull(parseTime(c.updated_at)),
    }))
}

/** With at most so many items of each. */
export function toWorkflowViews(state: AppState, limit: number, itemLimit: number): WorkflowView[] {
  return state.workflows.slice(0, limit).map((w) => {
    const items = state.workItems.filter((i) => i.workflow_id === w.id)
    return {
      id: w.id,
      project: w.project_key,
      name: cut(w.name),
      status: w.status ?? '',
      itemsTotal: items.length,
      itemsCompleted: items.filter((i) => i.status === 'completed').length,
      items: items
        .slice(0, itemLimit)
        .map((i) => ({ id: i.id, title: cut(i.title), status: i.status ?? '' })),
    }
  })
}

const { compare } = new Intl.Collator()
/** In order, as many as fit: a name that is cut would be another project's. */
function projectsOf(state: AppState): string[] {
  let left = PROJECTS_LENGTH
  return [...projectNames(state)].sort(compare).filter((name) => {
    const fits = name !== '' && name.length <= left
    if (fits) left -= name.length
    return fits
  })
}

const readAtOf = ({ locksReadAt, messagesReadAt }: AppState): number | null =>
  locksReadAt === null || messagesReadAt === null ? null : Math.min(locksReadAt, messagesReadAt)

/** What the state does not know of a snapshot. */
export interface Beside {
  readonly today: Ends
  /** What fixes a setting, by its key. */
  readonly setBy: Readonly<Partial<Record<SettingKey, string>>>
}
const NOTHING_BESIDE: Beside = { today: NO_ENDS, setBy: {} }

export function toSnapshot(state: AppState, revision: number, beside = NOTHING_BESIDE): AppSnapshot {
  return {
    revision,
    at: isoOrNull(state.now) ?? '',
    machine: { name: state.machine.name, aliases: [...state.machine.aliases] },
    apiUrl: state.apiUrl,
    isServedHere: state.isServedHere,
    connection: state.connection,
    workspaces: toWorkspaceViews(state.workspaces),
    totals: {
      waiting: callsWaiting(state),
      setAside: callsSetAside(state),
      unread: unreadMessages(state).length,
      locksMine: myLocks(state).length,
      messages: state.messages.length,
      locks: state.locks.length,
      components: state.components.length,
      workflows: state.workflows.length,
    },
    today: beside.today,
    projects: projectsOf(state),
    messages: toMessageViews(state, 0, PAGE.messages),
    messagesUnreadable: state.messagesUnreadable,
    sessions: toSessionViews(state).slice(0, PAGE.sessions),
    locks: toLockViews(state, 0, PAGE.locks),
    locksUnreadable: state.locksUnreadable,
    readAt: isoOrNull(readAtOf(state)),
    components: toComponentViews(state, PAGE.components),
    workflows: toWorkflowViews(state, PAGE.workflows, PAGE.items),
    attention: [...toAttention(state)],
    settings: { ...state.settings, setBy: beside.setBy },
    front: state.front,
    suggestions: [...state.suggestions],
    openMessage: state.openMessage,
    quit: { isAsking: state.quit === 'asking', isReleasing: state.quit === 'releasing' },
  }
}
