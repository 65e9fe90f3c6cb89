import { describe, expect, it } from 'vitest'
import type { AppSnapshot, LockView, MessageView, WorkspaceView } from '../../shared/snapshot.ts'
import { eventsBetween } from './commands/watch.ts'

const workspace = (more: Partial<WorkspaceView> = {}): WorkspaceView => ({
  path: '/p',
  name: 'p',
  waiting: 0,
  delivered: 0,
  setAsideCount: 0,
  skippedCount: 0,
  setAside: [],
  skipped: [],
  lately: [],
  next: [],
  sending: null,
  owner: 'this',
  problem: null,
  oldestWaiting: null,
  ...more,
})
const snapshot = (more: Partial<AppSnapshot> = {}): AppSnapshot => ({
  revision: 1,
  at: '2026-01-01T00:00:00.000Z',
  machine: { name: 'BOX', aliases: [] },
  apiUrl: 'http://127.0.0.1:8001',
  isServedHere: true,
  connection: { state: 'online', since: '2026-01-01T00:00:00.000Z', detail: '', until: null },
  workspaces: [],
  totals: { waiting: 0, setAside: 0, unread: 0, locksMine: 0 },
  messages: [],
  messagesUnreadable: 0,
  sessions: [],
  locks: [],
  locksUnreadable: 0,
  readAt: null,
  components: [],
  workflows: [],
  attention: [],
  settings: {
    machineName: 'BOX',
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
    startAtLogin: null,
    isSetUp: true,
  },
  front: { notifies: true, startsAtLogin: true },
  suggestions: [],
  openMessage: null,
  quit: { isAsking: false, isReleasing: false },
  ...more,
})
const message: MessageView = {
  id: '1',
  from: 'FAR/x',
  to: null,
  project: 'p',
  subject: 's',
  body: 'b',
  createdAt: null,
  isRead: false,
  isSeen: false,
  isBroadcast: true,
}
const lock: LockView = {
  id: '7',
  resource: 'r',
  project: 'p',
  session: 'BOX/a',
  description: null,
  acquiredAt: null,
  lastActivityAt: null,
  expiresAt: null,
  staleAt: null,
  isStale: false,
  isMine: true,
  refused: [],
}
const names = (before: AppSnapshot | null, after: AppSnapshot): readonly string[] =>
  eventsBetween(before, after).map((e) => e.event)

describe('the events of watch', () => {
  it('tell at first where things stand', () => {
    expect(names(null, snapshot({ workspaces: [workspace()] }))).toEqual([
      'connection.changed',
      'workspace.watched',
    ])
  })
  it('say nothing where nothing changed', () => {
    expect(names(snapshot(), snapshot({ revision: 2 }))).toEqual([])
  })
  it('tell what became of a call, once', () => {
    const lately = [
      { id: 'a.0.0', at: '2026-01-01T00:00:00.000Z', method: 'PUT', path: '/api/coord/x', note: null },
    ]
    const before = snapshot({ workspaces: [workspace({ waiting: 1 })] })
    const after = snapshot({ workspaces: [workspace({ delivered: 1, lately })] })
    expect(names(before, after)).toEqual(['call.delivered', 'workspace.changed'])
    expect(names(after, after)).toEqual([])
  })
  it('tell messages and resource locks that come and go', () => {
    const full = snapshot({ messages: [message], locks: [lock] })
    expect(names(snapshot(), full)).toEqual(['message.arrived', 'lock.acquired'])
    expect(names(full, snapshot())).toEqual(['lock.released'])
  })
})
