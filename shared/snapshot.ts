/** What every front shows: one read-only picture of the engine's state, with a revision. */
import { z } from 'zod'
import { attentionView } from './attention-schema.ts'
import { callFacts } from './call.ts'
import { connectionStates, connectionView } from './connection.ts'

/** A call that ended without being delivered, without its bytes: `queue.show` gives those. */
export const callRow = callFacts.extend({
  id: z.string(),
  ts: z.string().nullable(),
  method: z.string().nullable(),
  path: z.string().nullable(),
  /** For a person; cut. */
  reason: z.string(),
  /** Why, as a code: of a set-aside call, or the reason of a skipped one. */
  cause: z.string(),
  status: z.number().nullable(),
  /** The field of the body that the API rejected: as it named it, or the first that the protocol wants and that is missing. */
  field: z.string().nullable(),
  /** Who holds the lock that a claim was refused for. */
  holder: z.string().nullable(),
  /** The beginning of a line that is no call, which has no other name; empty for a call. */
  preview: z.string(),
})
export type CallRow = z.output<typeof callRow>

/** A call that waits, without its bytes: `queue.show` gives those. */
export const waitingRow = callFacts.extend({
  /** Stays the same for as long as the call waits; it has another one once it has ended. */
  id: z.string(),
  ts: z.string().nullable(),
  method: z.string().nullable(),
  path: z.string().nullable(),
  preview: z.string(),
})
export type WaitingRow = z.output<typeof waitingRow>

export const workspaceView = z.object({
  path: z.string(),
  /** Short name: the folder's, or `this app`. */
  name: z.string(),
  waiting: z.number(),
  delivered: z.number(),
  setAsideCount: z.number(),
  skippedCount: z.number(),
  /** The newest ones, a few; `queue.list` gives the rest. */
  setAside: z.array(callRow),
  skipped: z.array(callRow),
  /** Delivered lately, newest first, a few. */
  lately: z.array(
    callFacts.extend({
      id: z.string(),
      at: z.string(),
      method: z.string(),
      path: z.string(),
      note: z.string().nullable(),
    }),
  ),
  /** Waiting now, the first few in order; `queue.waiting` gives the rest. */
  next: z.array(waitingRow),
  sending: z.object({ method: z.string(), path: z.string() }).nullable(),
  /** Who owns this workspace's outbox: this process, another one on this kernel, or another machine or container. */
  owner: z.enum(['this', 'other-process', 'other-machine', 'none']),
  /** A fault in words (folder read-only, disk full …), or null. */
  problem: z.string().nullable(),
  /** ISO time of the oldest waiting call, where known. */
  oldestWaiting: z.string().nullable(),
})
export type WorkspaceView = z.output<typeof workspaceView>

/** A message without its text: `message.get` gives that. */
export const messageView = z.object({
  id: z.string(),
  from: z.string(),
  to: z.string().nullable(),
  project: z.string().nullable(),
  subject: z.string(),
  createdAt: z.string().nullable(),
  /** The API's flag: read by the AI session. */
  isRead: z.boolean(),
  /** Local: seen by the person. */
  isSeen: z.boolean(),
  isBroadcast: z.boolean(),
})
export type MessageView = z.output<typeof messageView>

export const lockView = z.object({
  id: z.string(),
  resource: z.string(),
  project: z.string().nullable(),
  session: z.string(),
  description: z.string().nullable(),
  acquiredAt: z.string().nullable(),
  lastActivityAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  /** ISO time at which it turns stale (2 h after the last activity); null where the times are unknown. */
  staleAt: z.string().nullable(),
  isStale: z.boolean(),
  isMine: z.boolean(),
  /** The last ones; one that is hours old says nothing of what its session does now. */
  refused: z.array(z.object({ session: z.string(), at: z.string().nullable(), isWaiting: z.boolean() })),
})
export type LockView = z.output<typeof lockView>

export const componentView = z.object({
  project: z.string().nullable(),
  component: z.string(),
  state: z.string(),
  version: z.string().nullable(),
  notes: z.string().nullable(),
  updatedBy: z.string().nullable(),
  updatedAt: z.string().nullable(),
})
export type ComponentView = z.output<typeof componentView>
export const workflowView = z.object({
  id: z.string(),
  project: z.string().nullable(),
  name: z.string(),
  status: z.string(),
  itemsTotal: z.number(),
  itemsCompleted: z.number(),
  items: z.array(z.object({ id: z.string(), title: z.string(), status: z.string() })),
})

export type WorkflowView = z.output<typeof workflowView>

/** What told last that a session of this machine is, or was, at work. */
export const lifeKinds = ['claim', 'message', 'queue', 'hook'] as const
export type LifeKind = (typeof lifeKinds)[number]
/** What a guard did: it claimed, renewed, queued its claim (the API is away), warned, refused. */
export const guardActs = ['claimed', 'kept', 'queued', 'warned', 'refused'] as const
export const sessionView = z.object({
  session: z.string(),
  /** When its guard last had something to do, and what; null: never, as far as is known. */
  guard: z.object({ at: z.string(), did: z.enum(guardActs) }).nullable(),
  /** When one of its hooks was last called; null: never. */
  hookAt: z.string().nullable(),
  /** Newest first: a claim, a message it sent, a call it queued, its tool's start or end. */
  life: z.array(z.object({ kind: z.enum(lifeKinds), at: z.string() })),
})
export type SessionView = z.output<typeof sessionView>

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/)

export const settingsView = z.object({
  machineName: z.string(),
  aliases: z.array(z.string()),
  /** Sessions of this machine that nothing else would tell of. */
  sessions: z.array(z.string()),
  workspaces: z.array(z.string()),
  /** Folders that are never watched by themselves. */
  ignoredWorkspaces: z.array(z.string()),
  apiUrl: z.string().nullable(),
  hideContent: z.boolean(),
  quitChoice: z.enum(['ask', 'release', 'keep']),
  /** ISO time; nothing is notified until then. */
  mutedUntil: z.string().nullable(),
  /** The same for one project each. */
  mutedProjects: z.array(z.object({ project: z.string(), until: z.string() })),
  /** Local times of day, each day, over midnight where `from` is the later one. */
  quietHours: z.object({ from: timeOfDay, to: timeOfDay }).nullable(),
  /** null: never asked. */
  startAtLogin: z.boolean().nullable(),
  /** The first-run page was answered, or the environment or a settings file says all it asks. */
  isSetUp: z.boolean(),
})
export type SettingsView = z.output<typeof settingsView>
export const settingKeys = settingsView.keyof()
export type SettingKey = z.output<typeof settingKeys>
/** The settings with what fixes some of them: the variable or option by its name. Those cannot be changed from here. */
export const shownSettings = settingsView.extend({ setBy: z.partialRecord(settingKeys, z.string()) })

export const appSnapshot = z.object({
  revision: z.number(),
  at: z.string(),
  machine: z.object({ name: z.string(), aliases: z.array(z.string()) }),
  apiUrl: z.string(),
  /** Whether this workstation serves the API itself. */
  isServedHere: z.boolean(),
  connection: connectionView,
  workspaces: z.array(workspaceView),
  /** What there is in all; the lists below are first pages. */
  totals: z.object({
    waiting: z.number(),
    setAside: z.number(),
    unread: z.number(),
    locksMine: z.number(),
    messages: z.number(),
    locks: z.number(),
    components: z.number(),
    workflows: z.number(),
  }),
  /** Calls that have ended since midnight where the person is, in the folders that are watched. */
  today: z.object({ delivered: z.number(), setAside: z.number(), skipped: z.number() }),
  /** Names of the projects that any row belongs to, of the whole lists, in order. */
  projects: z.array(z.string()),
  /** Newest first, a page; `messages.list` gives the rest. */
  messages: z.array(messageView),
  messagesUnreadable: z.number(),
  /** Sessions of this machine that hold a lock or gave a sign of life, the liveliest first. */
  sessions: z.array(sessionView),
  /** Wanted ones first, then this machine's, a page; `locks.list` gives the rest. */
  locks: z.array(lockView),
  locksUnreadable: z.number(),
  /** ISO time of the last good read of locks and messages; null before the first. */
  readAt: z.string().nullable(),
  /** A page of each; `board.list` gives the rest. */
  components: z.array(componentView),
  workflows: z.array(workflowView),
  /** What needs a person, most urgent first. */
  attention: z.array(attentionView),
  settings: shownSettings,
  /** What the program behind this window can do: the tray app can, a browser front cannot. */
  front: z.object({ notifies: z.boolean(), startsAtLogin: z.boolean(), picksFolders: z.boolean() }),
  /** Projects of Claude Code that are there and not watched; for the first run and for Settings. */
  suggestions: z.array(z.string()),
  /** The message that a click on a notification asked to open; null when none. */
  openMessage: z.string().nullable(),
  quit: z.object({ isAsking: z.boolean(), isReleasing: z.boolean() }),
})
export type AppSnapshot = z.output<typeof appSnapshot>

/** What was; asked for by command. Times are ISO. */
export const historyView = z.object({
  /** Read ones of the last thirty days, newest first, without their texts. */
  messages: z.array(
    z.object({
      id: z.string(),
      from: z.string(),
      to: z.string().nullable(),
      project: z.string().nullable(),
      subject: z.string(),
      createdAt: z.string().nullable(),
      /** When it was noticed that it had been read; null: not known. */
      readAt: z.string().nullable(),
      /** From a session of this machine. */
      isSent: z.boolean(),
    }),
  ),
  /** When this machine's locks were held in the last 24 hours; `to` null: still. */
  locks: z.array(
    z.object({
      id: z.string(),
      resource: z.string(),
      project: z.string().nullable(),
      session: z.string(),
      from: z.string(),
      to: z.string().nullable(),
    }),
  ),
  /** How the API was reached in the last 24 hours, oldest first; `to` null: still. Between them this program did not run, or did not know yet. */
  connection: z.array(
    z.object({
      state: z.enum(connectionStates).exclude(['connecting']),
      from: z.string(),
      to: z.string().nullable(),
    }),
  ),
  /** By workspace: five minutes each, of the last 24 hours; those in which nothing changed are left out. */
  counts: z.array(
    z.object({
      path: z.string(),
      buckets: z.array(
        z.object({ at: z.string(), delivered: z.number(), waiting: z.number(), setAside: z.number() }),
      ),
    }),
  ),
})
export type HistoryView = z.output<typeof historyView>
