/** Worlds that the window is shown: an empty one, a busy one, a rich one, and each state of the connection. Invented. */
import { noFacts, type Call } from '../../shared/call.ts'
import type { AppSnapshot, CallRow, HistoryView } from '../../shared/snapshot.ts'

export const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString()

export function empty(): AppSnapshot {
  return {
    revision: 1,
    at: ago(0),
    machine: { name: 'DESKTOP-1', aliases: [] },
    apiUrl: 'http://127.0.0.1:8001',
    isServedHere: true,
    connection: { state: 'online', since: ago(12), detail: 'The coordination API answers.', until: null },
    workspaces: [],
    totals: totals(0, 0, 0, 0),
    today: { delivered: 0, setAside: 0, skipped: 0 },
    projects: [],
    messages: [],
    messagesUnreadable: 0,
    sessions: [],
    locks: [],
    locksUnreadable: 0,
    readAt: ago(0.3),
    components: [],
    workflows: [],
    attention: [],
    settings: {
      machineName: 'DESKTOP-1',
      aliases: [],
      sessions: [],
      workspaces: [],
      ignoredWorkspaces: [],
      apiUrl: null,
      hideContent: false,
      quitChoice: 'ask',
      mutedUntil: null,
      mutedProjects: [],
      quietHours: null,
      startAtLogin: false,
      isSetUp: true,
      setBy: {},
    },
    front: { notifies: true, startsAtLogin: true, picksFolders: false },
    suggestions: [],
    openMessage: null,
    quit: { isAsking: false, isReleasing: false },
  }
}

export const lock = (
  id: string,
  session: string,
  resource: string,
  change: Partial<AppSnapshot['locks'][number]> = {},
) => ({
  id,
  resource,
  project: 'gururmm',
  session,
  description: 'Changing the schema',
  acquiredAt: ago(70),
  lastActivityAt: ago(35),
  expiresAt: ago(-50),
  staleAt: ago(-85),
  isStale: false,
  isMine: session.startsWith('DESKTOP-1/'),
  refused: [],
  ...change,
})
export const totals = (waiting: number, setAside: number, unread: number, locksMine: number) => ({
  waiting,
  setAside,
  unread,
  locksMine,
  messages: 0,
  locks: 0,
  components: 0,
  workflows: 0,
})
/** Bytes and texts that a snapshot does not carry: the engine's double gives them when they are asked for. */
export const RAWS = new Map<string, Call>()
export const BODIES = new Map<string, string>()
export function ended(call: Call): CallRow {
  RAWS.set(call.id, call)
  const { raw, ...row } = call
  const isCall = call.method !== null
  return {
    ...noFacts,
    ...row,
    field: null,
    holder: null,
    cause: row.reason,
    preview: isCall || typeof raw !== 'string' ? '' : raw,
  }
}
export function message(
  n: number,
  { body, ...change }: Partial<AppSnapshot['messages'][number]> & { body?: string } = {},
) {
  const id = change.id ?? `m${n}`
  BODIES.set(id, body ?? `The migration ${n} is on the server.\nPlease rebase before you go on.`)
  return toMessage(id, n, change)
}
const toMessage = (id: string, n: number, change: Partial<AppSnapshot['messages'][number]>) => ({
  id,
  from: 'LAPTOP-7/claude-main',
  to: 'DESKTOP-1/claude-main',
  project: 'gururmm',
  subject: `Schema step ${n} is ready`,
  createdAt: ago(n * 7),
  isRead: false,
  isSeen: false,
  isBroadcast: false,
  ...change,
})

export function busy(): AppSnapshot {
  const base = empty()
  const line = (path: string, body: unknown) => JSON.stringify({ ts: ago(90), method: 'POST', path, body })
  return {
    ...base,
    workspaces: [
      {
        path: '/home/mike/projects/gururmm',
        name: 'gururmm',
        waiting: 84,
        delivered: 31,
        setAsideCount: 3,
        skippedCount: 2,
        setAside: [
          ended({
            id: 's.0.0',
            ts: ago(90),
            method: 'POST',
            path: '/api/coord/locks',
            reason: 'resource is required',
            status: 422,
            raw: line('/api/coord/locks', { project_key: 'gururmm' }),
          }),
          ended({
            id: 's.9.0',
            ts: ago(80),
            method: 'POST',
            path: '/api/other/thing',
            reason: 'refused',
            status: null,
            raw: line('/api/other/thing', {}),
          }),
          ended({
            id: 's.19.0',
            ts: null,
            method: null,
            path: null,
            reason: 'This line is no JSON: it ends in the middle.',
            status: null,
            raw: { base64: btoa('{"ts":"2026-05-12T1\xff\x00') },
          }),
        ],
        skipped: [
          ended({
            id: 's.29.0',
            ts: ago(300),
            method: 'POST',
            path: '/api/coord/locks',
            reason: 'expired',
            status: null,
            raw: line('/api/coord/locks', { resource: 'server/' }),
          }),
          ended({
            id: 's.39.0',
            ts: ago(290),
            method: 'PUT',
            path: '/api/coord/components/gururmm/server',
            reason: 'superseded',
            status: null,
            raw: line('/api/coord/components/gururmm/server', {}),
          }),
        ],
        lately: Array.from({ length: 12 }, (_, n) => ({
          ...noFacts,
          id: `d${n}`,
          at: ago(n),
          method: 'PUT',
          path: `/api/coord/components/gururmm/part-${n}`,
          note: n === 2 ? 'already gone' : null,
        })),
        next: Array.from({ length: 50 }, (_, n) => ({
          ...noFacts,
          id: `1:1.${n}.0`,
          ts: ago(60 - n),
          method: 'PUT',
          path: `/api/coord/components/gururmm/a-rather-long-component-name-${n}`,
          preview: '',
        })),
        sending: { method: 'PUT', path: '/api/coord/components/gururmm/agent' },
        owner: 'this',
        problem: null,
        oldestWaiting: ago(61),
      },
      {
        path: '/home/mike/projects/a-project-with-a-long-name-that-does-not-fit/inside/another',
        name: 'another',
        waiting: 0,
        delivered: 0,
        setAsideCount: 0,
        skippedCount: 0,
        setAside: [],
        skipped: [],
        lately: [],
        next: [],
        sending: null,
        owner: 'other-process',
        problem: 'The folder cannot be written: nothing is sent from it until it can.',
        oldestWaiting: null,
      },
    ],
    totals: totals(84, 3, 3, 3),
    messages: [
      message(1),
      message(2, { to: null, isBroadcast: true, subject: 'The staging server restarts at six <b>sharp</b>' }),
      message(3, { body: 'word '.repeat(400) }),
      message(4, { isSeen: true }),
      message(5, { isSeen: true, isRead: true }),
    ],
    locks: [
      lock('1', 'DESKTOP-1/claude-main', 'server/src/db', {
        refused: [{ session: 'LAPTOP-7/claude-main', at: ago(5), isWaiting: true }],
      }),
      lock('2', 'DESKTOP-1/claude-main', 'server/migrations'),
      lock('3', 'DESKTOP-1/agent-2', 'agent/src', { lastActivityAt: ago(1), expiresAt: null }),
      lock('4', 'LAPTOP-7/claude-main', 'dashboard', { isStale: true, lastActivityAt: ago(200) }),
      lock('5', 'LAPTOP-7/other', 'docs'),
    ],
    sessions: [
      {
        session: 'DESKTOP-1/claude-main',
        guard: null,
        hookAt: null,
        life: [
          { kind: 'queue', at: ago(22.4) },
          { kind: 'claim', at: ago(70.4) },
          { kind: 'message', at: ago(130.4) },
        ],
      },
      {
        session: 'DESKTOP-1/reviewer',
        guard: null,
        hookAt: null,
        life: [{ kind: 'hook', at: ago(240.4) }],
      },
    ],
    components: ['deployed', 'building', 'degraded', 'strange-new-state'].map((state, n) => ({
      project: 'gururmm',
      component: `part-${n}`,
      state,
      version: '1.2.3',
      notes: n === 2 ? 'Slow since the last deploy' : null,
      updatedBy: 'LAPTOP-7/claude-main',
      updatedAt: ago(n * 30),
    })),
    workflows: [
      {
        id: 'w1',
        project: 'gururmm',
        name: 'Move to the new schema',
        status: 'active',
        itemsTotal: 3,
        itemsCompleted: 1,
        items: [
          { id: 'i1', title: 'Write the migration', status: 'completed' },
          { id: 'i2', title: 'Run it', status: 'in_progress' },
          { id: 'i3', title: 'Remove the old table', status: 'pending' },
        ],
      },
    ],
    attention: [{ kind: 'set-aside', path: '/home/mike/projects/gururmm', name: 'gururmm', count: 3 }],
    settings: {
      ...base.settings,
      workspaces: ['/home/mike/projects/gururmm', '/home/mike/projects/another'],
      mutedProjects: [{ project: 'dataforth-dos', until: ago(-300) }],
      quietHours: { from: '22:00', to: '07:00' },
    },
  }
}
/** Settings in which something is named of each kind. */
export const namedIn = (settings: AppSnapshot['settings']): AppSnapshot['settings'] => ({
  ...settings,
  aliases: ['OLD-DESK'],
  sessions: ['DESKTOP-1/nightly', 'DESKTOP-1/reviewer'],
  ignoredWorkspaces: ['/tmp/scratch'],
})
export const suggestions = [
  '/home/mike/projects/claudetools',
  '/home/mike/projects/a-project-with-a-long-name-that-does-not-fit/inside/another/and-one-more',
  '/home/mike/work/dataforth-dos',
]
export const firstRun = (): AppSnapshot => ({
  ...empty(),
  workspaces: busy().workspaces.slice(0, 1),
  settings: { ...empty().settings, isSetUp: false, startAtLogin: null },
  suggestions,
})
export const offline = (): AppSnapshot => ({
  ...busy(),
  connection: {
    state: 'offline',
    since: ago(22),
    detail: 'Nobody answers at 127.0.0.1:8001. It is tried again by itself.',
    until: null,
  },
})
export const wrong = (): AppSnapshot => ({
  ...busy(),
  connection: {
    state: 'wrong-answer',
    since: ago(2),
    detail: 'The answer is a web page, not the coordination API. Check the address in Settings.',
    until: null,
  },
})
export const asking = (): AppSnapshot => ({ ...busy(), quit: { isAsking: true, isReleasing: false } })
/** Eight hours of it: who held what, what was said, what was delivered, with the API away for an hour. */
export function past(): HistoryView {
  const held = (id: string, session: string, resource: string, from: number, to: number | null) => ({
    id,
    resource,
    project: 'gururmm',
    session,
    from: ago(from),
    to: to === null ? null : ago(to),
  })
  return {
    messages: Array.from({ length: 6 }, (_, n) => ({
      id: `h${n}`,
      from: n % 2 === 0 ? 'LAPTOP-7/claude-main' : 'DESKTOP-1/claude-main',
      to: n % 2 === 0 ? 'DESKTOP-1/claude-main' : 'LAPTOP-7/claude-main',
      project: 'gururmm',
      subject: `Earlier step ${n}`,
      createdAt: ago(60 + n * 55),
      readAt: ago(58 + n * 55),
      isSent: n % 2 === 1,
    })),
    locks: [
      held('1', 'DESKTOP-1/claude-main', 'server/src/db', 70, null),
      held('h1', 'DESKTOP-1/claude-main', 'server/src/db', 400, 130),
      held('h2', 'DESKTOP-1/agent-2', 'agent/src', 330, 190),
      held('h3', 'DESKTOP-1/reviewer', 'docs', 300, 260),
    ],
    connection: [
      { state: 'online', from: ago(480), to: ago(275) },
      { state: 'offline', from: ago(275), to: ago(215) },
      { state: 'online', from: ago(215), to: null },
    ],
    counts: [
      {
        path: '/home/mike/projects/gururmm',
        buckets: Array.from({ length: 96 }, (_, n) => {
          const minutes = (96 - n) * 5
          const at = new Date(Math.floor((Date.now() - minutes * 60_000) / 300_000) * 300_000).toISOString()
          const isAway = n > 40 && n < 53
          return {
            at,
            delivered: isAway ? 0 : n === 53 ? 40 : 3 + ((n * 7) % 9),
            waiting: isAway ? (n - 40) * 3 : 0,
            setAside: n > 53 ? 3 : 0,
          }
        }),
      },
    ],
  }
}
