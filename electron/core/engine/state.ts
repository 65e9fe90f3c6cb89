/** The engine's whole state: one value, one writer. */
import type { Fault } from '../../../shared/attention.ts'
import type { ConnectionView } from '../../../shared/connection.ts'
import type { Machine } from '../../../shared/session.ts'
import type { LifeKind, SettingsView } from '../../../shared/snapshot.ts'
import type { EpochMs } from '../../../shared/time.ts'
import type { ComponentRow, LockRow, MessageRow, WorkflowRow, WorkItemRow } from '../../../shared/wire.ts'
import type { WorkspaceSummary } from '../outbox/contract.ts'
import type { GuardWord } from '../sessions/guard-word.ts'
import { emptyLedger, type NotifiedLedger } from './notifications/notified-ledger.ts'
import type { ShownNotification } from './notifications/views.ts'
import type { Notifier } from './notifier.ts'

/** When a session of this machine last gave each kind of sign. */
export type Life = Readonly<Partial<Record<LifeKind, EpochMs>>>

/** A folder that is watched although no setting names it. */
export interface FoundWorkspace {
  readonly path: string
  readonly name: string
}

export type QuitPhase = 'none' | 'asking' | 'releasing' | 'leaving'

export interface AppState {
  readonly now: EpochMs
  /** Minutes east of UTC where the person is, now. */
  readonly utcOffsetMinutes: number
  /** Server clock minus local clock. */
  readonly skewMs: number
  readonly machine: Machine
  /** Names the server in what is remembered; outlives a change of port. */
  readonly server: string
  readonly apiUrl: string
  readonly isServedHere: boolean
  readonly settings: SettingsView
  readonly version: string
  /** A later one that can be had; null: none is known. */
  readonly newerVersion: string | null
  /** What this front can do. */
  readonly front: {
    readonly notifies: boolean
    readonly startsAtLogin: boolean
    readonly picksFolders: boolean
  }
  readonly connection: ConnectionView
  /** By path, in the order of their first event. */
  readonly workspaces: readonly WorkspaceSummary[]
  readonly locks: readonly LockRow[]
  readonly locksUnreadable: number
  readonly locksReadAt: EpochMs | null
  readonly messages: readonly MessageRow[]
  readonly messagesUnreadable: number
  readonly messagesReadAt: EpochMs | null
  readonly components: readonly ComponentRow[]
  readonly workflows: readonly WorkflowRow[]
  readonly workItems: readonly WorkItemRow[]
  readonly boardUnreadable: number
  /** Sessions of this machine ever seen; kept. */
  readonly sessions: readonly string[]
  /** Signs of life by session of this machine; of this run only, most come back with the first read. */
  readonly life: Readonly<Record<string, Life>>
  /** By session: when one of its hooks was last called, and what its guard did last. */
  readonly hooksAt: Readonly<Record<string, EpochMs>>
  readonly guards: Readonly<Record<string, GuardWord>>
  /** When the holder of a lock was asked for it: by the lock's id and who waits. */
  readonly asked: Readonly<Record<string, EpochMs>>
  /** Folders that were found and are watched: said once. */
  readonly found: readonly FoundWorkspace[]
  /** Folders that could be watched. */
  readonly suggestions: readonly string[]
  /** Keys of messages that the person saw; kept. */
  readonly seen: readonly string[]
  readonly notified: NotifiedLedger
  /** Notifications on the screen that may have to be withdrawn; of this run only. */
  readonly shown: readonly ShownNotification[]
  readonly notifier: Notifier
  /** By the name that its finder gave it. */
  readonly faults: Readonly<Record<string, Fault>>
  readonly openMessage: string | null
  readonly quit: QuitPhase
  readonly isWindowOpen: boolean
  readonly isWindowFocused: boolean
  readonly isOnBattery: boolean
  readonly isScreenLocked: boolean
  readonly isSuspended: boolean
}

export interface InitialState {
  readonly now: EpochMs
  readonly utcOffsetMinutes?: number
  readonly machine: Machine
  readonly server: string
  readonly apiUrl: string
  readonly isServedHere: boolean
  readonly settings: SettingsView
  readonly version?: string
  readonly front?: AppState['front']
  readonly connection: ConnectionView
  readonly notified?: NotifiedLedger
  readonly seen?: readonly string[]
  readonly sessions?: readonly string[]
}

export const createState = (from: InitialState): AppState => ({
  now: from.now,
  utcOffsetMinutes: from.utcOffsetMinutes ?? 0,
  skewMs: 0,
  machine: from.machine,
  server: from.server,
  apiUrl: from.apiUrl,
  isServedHere: from.isServedHere,
  settings: from.settings,
  version: from.version ?? '',
  newerVersion: null,
  front: from.front ?? { notifies: false, startsAtLogin: false, picksFolders: false },
  connection: from.connection,
  workspaces: [],
  locks: [],
  locksUnreadable: 0,
  locksReadAt: null,
  messages: [],
  messagesUnreadable: 0,
  messagesReadAt: null,
  components: [],
  workflows: [],
  workItems: [],
  boardUnreadable: 0,
  sessions: from.sessions ?? [],
  life: {},
  hooksAt: {},
  guards: {},
  asked: {},
  found: [],
  suggestions: [],
  seen: from.seen ?? [],
  notified: from.notified ?? emptyLedger,
  shown: [],
  notifier: { state: 'there', since: from.now, detail: '' },
  faults: {},
  openMessage: null,
  quit: 'none',
  isWindowOpen: false,
  isWindowFocused: false,
  isOnBattery: false,
  isScreenLocked: false,
  isSuspended: false,
})

/** Names a question: for this lock, for this session that waits. */
export const askKey = (id: string, by: string): string => JSON.stringify([id, by])

export const serverNow = (state: Pick<AppState, 'now' | 'skewMs'>): EpochMs => state.now + state.skewMs

/** The names of all projects that any row of the API belongs to. */
export function projectNames({
  locks,
  messages,
  components,
  workflows,
}: Pick<AppState, 'locks' | 'messages' | 'components' | 'workflows'>): ReadonlySet<string> {
  const names = new Set<string>()
  for (const rows of [locks, messages, components, workflows])
    for (const { project_key: name } of rows) if (name !== null) names.add(name)
  return names
}
