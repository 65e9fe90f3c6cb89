/** A queue with every cause in two folders, and a backlog of any size. Invented. */
import { noFacts, type Call, type CallFacts } from '../../shared/call.ts'
import type { AppSnapshot, CallRow, WaitingRow, WorkspaceView } from '../../shared/snapshot.ts'
import { ago, busy, ended, totals } from './window-world.ts'

type Given = Partial<CallRow> & { readonly id: string; readonly body?: unknown; readonly raw?: Call['raw'] }

/** A call that was set aside, with its bytes for when it is opened. */
export function aside({ body, raw, ...given }: Given): CallRow {
  const { id, ts = ago(30), method = 'POST', path = '/api/coord/locks', reason = '', status = null } = given
  const line = JSON.stringify({ ts, method, path, ...(body === undefined ? {} : { body }) })
  return {
    ...ended({ id, ts, method, path, reason, status, raw: raw ?? line }),
    ...noFacts,
    ...given,
    preview: given.preview ?? '',
  }
}

const claim = (resource: string | null, session = 'DESKTOP-1/docs-writer'): Partial<CallFacts> => ({
  effect: 'claim',
  session,
  project: 'gururmm',
  resource,
})

const folder = (path: string, name: string, change: Partial<WorkspaceView> = {}): WorkspaceView => ({
  path,
  name,
  waiting: 0,
  delivered: 0,
  setAsideCount: change.setAside?.length ?? 0,
  skippedCount: change.skipped?.length ?? 0,
  setAside: [],
  skipped: [],
  lately: [],
  next: [],
  sending: null,
  owner: 'this',
  problem: null,
  oldestWaiting: null,
  ...change,
})

export const waitingRow = (n: number, change: Partial<WaitingRow> = {}): WaitingRow => ({
  ...noFacts,
  id: `64:99.${n}.0`,
  ts: ago(60),
  method: 'PUT',
  path: `/api/coord/components/gururmm/part-${n}`,
  preview: '',
  effect: 'component',
  session: 'DESKTOP-1/claude-main',
  project: 'gururmm',
  resource: `part-${n}`,
  state: 'deployed',
  ...change,
})

const held = (id: string, resource: string, holder: string): CallRow =>
  aside({
    id,
    ...claim(resource, 'DESKTOP-1/agent-2'),
    cause: 'held',
    status: 409,
    reason: `held by ${holder} (the API answered 409: held by ${holder})`,
    holder,
    ts: ago(12),
    body: { project_key: 'gururmm', session_id: 'DESKTOP-1/agent-2', resource },
  })

export function queueWorld(): AppSnapshot {
  const gururmm = folder('/home/mike/projects/gururmm', 'gururmm', {
    delivered: 292,
    waiting: 12,
    next: Array.from({ length: 12 }, (_, n) => waitingRow(n)),
    sending: null,
    oldestWaiting: ago(60),
    setAside: [
      aside({
        id: 'f.0.0',
        ...claim(null),
        cause: 'rejected',
        status: 422,
        field: 'resource',
        reason: 'the API answered 422: resource: field required',
        body: { project_key: 'gururmm', session_id: 'DESKTOP-1/docs-writer', ttl_hours: 2 },
        ts: ago(41),
      }),
      aside({
        id: 'f.1.0',
        ...claim('dashboard'),
        cause: 'rejected',
        status: 422,
        field: 'ttl_hours',
        reason: 'the API answered 422: ttl_hours: must be a number of hours',
        body: {
          project_key: 'gururmm',
          session_id: 'DESKTOP-1/docs-writer',
          resource: 'dashboard',
          ttl_hours: 'two',
        },
        ts: ago(38),
      }),
      aside({
        id: 'f.2.0',
        effect: 'message',
        session: 'DESKTOP-1/claude-main',
        project: 'gururmm',
        to: 'LAPTOP-7/claude-main',
        resource: 'Schema step 3',
        path: '/api/coord/messages',
        cause: 'rejected',
        status: 422,
        field: 'body',
        reason: 'the API answered 422: body: field required',
        body: {
          from_session: 'DESKTOP-1/claude-main',
          to_session: 'LAPTOP-7/claude-main',
          subject: 'Schema step 3',
        },
        ts: ago(35),
      }),
      held('h.0.0', 'docs', 'LAPTOP-7/other'),
    ],
    skipped: [
      aside({
        id: 'k.0.0',
        ...claim('server/'),
        cause: 'expired',
        reason: 'expired',
        ts: ago(300),
        body: { resource: 'server/' },
      }),
    ],
    lately: Array.from({ length: 8 }, (_, n) => ({
      ...waitingRow(n),
      id: `d${n}`,
      at: ago(n + 1),
      method: 'PUT',
      path: `/api/coord/components/gururmm/part-${n}`,
      note: n === 2 ? 'already gone' : null,
    })),
  })
  const claudetools = folder('/home/mike/projects/claudetools', 'claudetools', {
    setAside: [
      aside({
        id: 'g.0.0',
        effect: 'release',
        session: 'DESKTOP-1/reviewer',
        project: 'claudetools',
        resource: '8817',
        method: 'DELETE',
        path: '/api/coord/locks/8817?session_id=DESKTOP-1%2Freviewer',
        cause: 'rejected',
        status: 404,
        reason: 'the API answered 404: no lock 8817',
        ts: ago(90),
      }),
      aside({
        id: 'o.0.0',
        effect: 'component',
        session: 'DESKTOP-1/reviewer',
        project: 'claudetools',
        resource: 'mcp',
        state: 'built',
        method: 'PUT',
        path: '/api/coord/components/claudetools/mcp',
        cause: 'other-form',
        status: 404,
        reason: 'the API answered 404: Not Found',
        body: { state: 'built' },
        ts: ago(88),
      }),
      aside({
        id: 't.0.0',
        method: null,
        path: null,
        cause: 'torn',
        reason: 'torn: the line is not whole JSON (its writer was cut off, or two writers mixed)',
        preview: '{"ts":"2026-05-12T15:30:00Z","method":"PO',
        raw: '{"ts":"2026-05-12T15:30:00Z","method":"PO',
        ts: null,
      }),
      aside({
        id: 'r.0.0',
        path: '/api/other/thing',
        cause: 'refused',
        reason: 'refused: the path is outside /api/coord/',
        body: { secret: 42 },
        ts: ago(200),
      }),
    ],
  })
  const base = busy()
  return {
    ...base,
    workspaces: [
      gururmm,
      claudetools,
      folder('/srv/share/dataforth', 'dataforth', { owner: 'other-machine' }),
    ],
    totals: totals(12, 8, 3, 3),
  }
}

/** A backlog of so many calls, of which the first `done` have ended. */
export function backlog(size: number, done = 0): AppSnapshot {
  const base = queueWorld()
  const left = size - done
  return {
    ...base,
    workspaces: [
      folder('/home/mike/projects/gururmm', 'gururmm', {
        waiting: left,
        delivered: 100 + done,
        next: Array.from({ length: Math.min(30, left) }, (_, n) => waitingRow(done + n)),
        sending: left > 0 ? { method: 'PUT', path: `/api/coord/components/gururmm/part-${done}` } : null,
        oldestWaiting: left > 0 ? ago(60) : null,
      }),
    ],
    totals: totals(left, 0, 3, 3),
    attention: [],
  }
}
