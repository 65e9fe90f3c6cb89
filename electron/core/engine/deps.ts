/** What the engine is built from: ports, the connection, what was remembered, and what its front can do. */
import type { CommandError, Finding, FolderCheck, HookPreview, HookTarget } from '../../../shared/protocol.ts'
import { err, type Result } from '../../../shared/result.ts'
import type { Machine } from '../../../shared/session.ts'
import type { AppSnapshot, SettingKey, SettingsView } from '../../../shared/snapshot.ts'
import type { Enqueue } from '../coord/release-locks.ts'
import type { Connection, Outbox } from '../outbox/contract.ts'
import type { Clock, Log, Random, UtcOffsetAt } from '../ports.ts'
import type { AppEvent } from './events.ts'
import type { History } from './history-schema.ts'
import type { EventStream } from './listener.ts'
import type { NotifiedLedger } from './notifications/notified-ledger.ts'
import type { NotificationView } from './notifications/views.ts'
import type { AppState } from './state.ts'

/** What is kept between runs beside the settings. Each save is whole, atomic and done on return; an error is a sentence. */
export interface MemoryStore {
  saveLedger(ledger: NotifiedLedger): Result<null, string>
  saveSeen(seen: readonly string[]): Result<null, string>
  saveSessions(sessions: readonly string[]): Result<null, string>
  saveHistory(history: History): Result<null, string>
}

export interface EngineDeps {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly connection: Connection
  /** Names the server in what is remembered: its address, or the embedded one's instance whatever its port. */
  readonly server: string
  readonly apiUrl: string
  readonly isServedHere: boolean
  readonly machine: Machine
  readonly settings: SettingsView
  /** Keeps new settings; gives back the machine's name and aliases that result (the environment may outrank them). */
  readonly saveSettings: (settings: SettingsView) => Promise<Result<Machine, string>>
  /** Absent: nobody listens, the lists are polled. */
  readonly eventStream?: EventStream
  readonly memory: MemoryStore
  readonly remembered: {
    readonly notified: NotifiedLedger
    readonly seen: readonly string[]
    readonly sessions: readonly string[]
    readonly history: History
  }
  readonly outboxes: () => readonly Outbox[]
  /** The set of watched folders was changed by the person. */
  readonly useWorkspaces: (paths: readonly string[]) => Promise<void>
  readonly enqueue: Enqueue
  /** The same for the last moment of a process that may not wait. */
  readonly enqueueSync: (lines: readonly string[]) => Result<null, string>
  readonly openLog: () => Promise<void>
  /** One front of a COORD_HOME raises notifications: the tray. */
  readonly raisesNotifications: boolean
  /** The program's, for the menu; absent: none is shown. */
  readonly version?: string
  /** Absent: UTC. */
  readonly utcOffsetAt?: UtcOffsetAt
  /** Enters or removes this app at login; absent where this front cannot. */
  readonly setStartAtLogin?: (isOn: boolean) => Promise<Result<null, string>>
  /** What fixes a setting (a variable, an option), by its key. */
  readonly settingsSetBy?: Readonly<Partial<Record<SettingKey, string>>>
  /** What a path on this machine is. */
  readonly checkFolder?: (path: string) => FolderCheck
  /** Asks the person for a folder; absent where this front has no such dialog. */
  readonly pickFolder?: () => Promise<string | null>
  /** The hooks of a tool; absent where this front cannot install them. */
  readonly hooks?: HookInstaller
  /** What this front and its machine find out beside the API. */
  readonly checkHere?: () => Promise<readonly Finding[]>
}

/** The settings in which a tool's hooks stand. Errors: `not-a-folder`, `refused`, `storage`. */
export interface HookInstaller {
  readonly preview: (target: HookTarget) => Promise<Result<HookPreview, CommandError>>
  readonly install: (target: HookTarget) => Promise<Result<HookPreview, CommandError>>
}

export interface NotificationChange {
  readonly show: readonly NotificationView[]
  readonly withdraw: readonly string[]
}

/** What the handlers of the contract's commands may use. */
export interface HandlerContext {
  readonly deps: EngineDeps
  readonly state: () => AppState
  readonly dispatch: (event: AppEvent) => void
  readonly snapshot: () => AppSnapshot
  readonly history: () => History
  /** The fronts see the state now, not with the next picture. */
  readonly publish: () => void
  /** Reads the API now; resolves after a whole round. */
  readonly poll: () => Promise<void>
  /** Shows or withdraws by a person's own wish, whatever is muted. */
  readonly notify: (change: NotificationChange) => void
  readonly onEvent: (listener: (event: AppEvent) => void) => () => void
}

/** A failed command: a code, and a sentence that is safe to show. */
export const failure = (
  code: CommandError['code'],
  message: string,
  about?: string,
): { readonly ok: false; readonly error: CommandError } =>
  err(about === undefined ? { code, message } : { code, message, about })
