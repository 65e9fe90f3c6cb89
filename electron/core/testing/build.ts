/** Builders of test data: valid, and as plain as can be. */
import type { SettingsView } from '../../../shared/snapshot.ts'
import { lockRow, messageRow, type LockRow, type MessageRow } from '../../../shared/wire.ts'
import { createState, type AppState } from '../engine/state.ts'

export const START = Date.UTC(2026, 0, 1)
export const SERVER = 'http://127.0.0.1:8001'

export const buildSettings = (over: Partial<SettingsView> = {}): SettingsView => ({
  machineName: 'DESK',
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
  ...over,
})
export const buildState = (over: Partial<AppState> = {}): AppState => ({
  ...createState({
    now: START,
    server: SERVER,
    machine: { name: 'DESK', aliases: [] },
    apiUrl: SERVER,
    isServedHere: false,
    settings: buildSettings(),
    connection: { state: 'online', since: '2026-01-01T00:00:00.000Z', detail: '', until: null },
  }),
  ...over,
})
export const buildMessage = (id: string | number, over: Record<string, unknown> = {}): MessageRow =>
  messageRow.parse({
    id,
    from_session: 'OTHER/a',
    to_session: 'DESK/b',
    project_key: 'p',
    subject: `subject ${id}`,
    created_at: '2026-01-01T00:00:00Z',
    ...over,
  })
export const buildLock = (id: string | number, over: Record<string, unknown> = {}): LockRow =>
  lockRow.parse({
    id,
    project_key: 'p',
    session_id: 'DESK/b',
    resource: `r${id}`,
    acquired_at: '2026-01-01T00:00:00Z',
    ...over,
  })
