/**
 * The one contract between the engine and its fronts: name → input schema, output schema.
 * Handlers, the IPC and loopback bridges, the window's client and the tests are derived from this table.
 */
import { z } from 'zod'
import { callSchema } from './call.ts'
import type { Patch } from './patch.ts'
import type { Result } from './result.ts'
import {
  appSnapshot,
  callRow,
  componentView,
  historyView,
  lockView,
  messageView,
  settingsView,
  waitingRow,
  workflowView,
} from './snapshot.ts'

interface Command<I extends z.ZodType, O extends z.ZodType> {
  readonly input: I
  readonly output: O
}
const command = <I extends z.ZodType, O extends z.ZodType>(input: I, output: O): Command<I, O> => ({
  input,
  output,
})

const nothing = z.null()
const callIds = z.object({ ids: z.array(z.string().max(200)).max(10_000) })
const page = z.object({ offset: z.number().int().min(0), limit: z.number().int().min(1).max(1000) })
const session = z.string().min(1).max(400)

export const releaseOutcome = z.object({
  released: z.number(),
  /** Could not be sent now: appended to this app's own queue, to be sent as soon as the API answers. */
  queued: z.number(),
  refused: z.array(z.object({ id: z.string(), holder: z.string(), reason: z.string() })),
})
export type ReleaseOutcome = z.output<typeof releaseOutcome>

export const flushCounts = z.object({
  delivered: z.number(),
  setAside: z.number(),
  skipped: z.number(),
  waiting: z.number(),
})
export type FlushCounts = z.output<typeof flushCounts>

/** `queued`: the API is away; it is sent as soon as it answers. `id` null: not known. */
const sentMessage = z.object({ id: z.string().nullable(), queued: z.boolean() })

/** What a path is: a folder with a queue, with `.claude` or `.git`, or any other; else why it cannot be watched. */
export const folderStates = [
  'queue',
  'project',
  'folder',
  'missing',
  'not-a-folder',
  'not-absolute',
  'no-permission',
] as const
/** `resolved`: the absolute path with links resolved, as it would be kept; as it was given where there is none. */
export const folderCheck = z.object({ state: z.enum(folderStates), resolved: z.string() })
export type FolderCheck = z.output<typeof folderCheck>

/** Where a tool's hooks are: the settings of a project (`path`, its folder) or of the person (`path` null). */
const hookTarget = z.object({
  scope: z.enum(['user', 'project']),
  path: z.string().min(1).max(4096).nullable(),
})
export type HookTarget = z.output<typeof hookTarget>
/** What installing would change in `file`, line by line (`- `, `+ `, `  `); empty where all is in place. */
export const hookPreview = z.object({ file: z.string(), diff: z.string(), isInstalled: z.boolean() })
export type HookPreview = z.output<typeof hookPreview>

/** One thing that the self-test looked at. `isWell` null: it cannot be told here; the detail says how to find out. */
export const finding = z.object({
  check: z.string(),
  isWell: z.boolean().nullable(),
  detail: z.string(),
  /** What to do; null where nothing is to be done. */
  fix: z.string().nullable(),
})
export type Finding = z.output<typeof finding>

/** `silent`: the system said neither that it was shown nor that it was not. */
export const testOutcome = z.object({ outcome: z.enum(['shown', 'failed', 'silent']), detail: z.string() })
export type TestOutcome = z.output<typeof testOutcome>

export const commands = {
  'snapshot.get': command(nothing, appSnapshot),
  'connection.retry': command(nothing, nothing),
  'queue.flush': command(z.object({ workspace: z.string().nullable() }), flushCounts),
  'queue.list': command(
    z.object({
      workspace: z.string(),
      end: z.enum(['set-aside', 'skipped']),
      limit: z.number().int().min(1).max(1000),
    }),
    z.object({ calls: z.array(callRow) }),
  ),
  /** All that waits in a workspace, in the order in which it will be sent. */
  'queue.waiting': command(
    page.extend({ workspace: z.string() }),
    z.object({ rows: z.array(waitingRow), total: z.number() }),
  ),
  /** One call with its bytes; of one that waits, the reason is empty. */
  'queue.show': command(z.object({ id: z.string().max(200) }), callSchema),
  'queue.send': command(callIds, nothing),
  /** All calls of one end of a workspace, in their order, however many; those that can only be edited stay. */
  'queue.all': command(
    z.object({
      workspace: z.string(),
      end: z.enum(['set-aside', 'skipped']),
      act: z.enum(['send', 'discard']),
    }),
    z.object({ done: z.number(), left: z.number() }),
  ),
  'queue.edit': command(z.object({ id: z.string().max(200), line: z.string().max(1_100_000) }), nothing),
  'queue.discard': command(callIds, nothing),
  /** `tell`: those who were refused it are sent a message that it is free. */
  'lock.release': command(
    z.object({ id: z.string(), force: z.boolean(), tell: z.boolean().optional() }),
    releaseOutcome.extend({ told: z.number() }),
  ),
  /** Asks its holder for a lock, by a message. `by`: who waits for it. */
  'lock.ask': command(z.object({ id: z.string(), by: session }), sentMessage),
  'session.cleanUp': command(z.object({ session }), releaseOutcome),
  'machine.releaseAll': command(nothing, releaseOutcome),
  /** Rows of the list that the snapshot shows a page of. */
  'messages.list': command(page, z.object({ rows: z.array(messageView), total: z.number() })),
  'locks.list': command(page, z.object({ rows: z.array(lockView), total: z.number() })),
  'board.list': command(
    nothing,
    z.object({ components: z.array(componentView), workflows: z.array(workflowView) }),
  ),
  'history.get': command(nothing, historyView),
  /** The text of a message, also of one that was read. */
  'message.get': command(z.object({ id: z.string() }), z.object({ body: z.string() })),
  'message.seen': command(z.object({ ids: z.array(z.string()).max(10_000) }), nothing),
  'message.read': command(z.object({ id: z.string(), session: session.nullable() }), nothing),
  'message.send': command(
    z.object({
      from: session,
      to: session.nullable(),
      project: z.string().min(1).max(200),
      subject: z.string().min(1).max(500),
      body: z.string().max(100_000),
    }),
    sentMessage,
  ),
  'settings.update': command(
    z.object({
      machineName: z.string().min(1).max(200).optional(),
      aliases: z.array(z.string().min(1).max(200)).max(50).optional(),
      workspaces: z.array(z.string().min(1).max(4096)).max(1000).optional(),
      apiUrl: z.string().max(2000).nullable().optional(),
      hideContent: z.boolean().optional(),
      quitChoice: z.enum(['ask', 'release', 'keep']).optional(),
      mutedUntil: z.string().max(40).nullable().optional(),
      sessions: z.array(session).max(200).optional(),
      ignoredWorkspaces: z.array(z.string().min(1).max(4096)).max(1000).optional(),
      quietHours: settingsView.shape.quietHours.optional(),
      startAtLogin: z.boolean().optional(),
      isSetUp: z.literal(true).optional(),
    }),
    nothing,
  ),
  /** Looks at a path that a person typed or picked; `~/` is the person's own folder. */
  'folder.check': command(z.object({ path: z.string().max(4096) }), folderCheck),
  /** Asks the person for a folder; null where they gave none. Refused where `front.picksFolders` is false. */
  'folder.pick': command(nothing, z.object({ path: z.string().nullable() })),
  'hooks.preview': command(hookTarget, hookPreview),
  'hooks.install': command(hookTarget, hookPreview),
  /** Mutes all, or one project; null ends it. Gives back until when. */
  'notifications.mute': command(
    z.object({
      until: z.enum(['in-an-hour', 'tomorrow']).nullable(),
      project: z.string().min(1).max(200).nullable(),
    }),
    z.object({ until: z.string().nullable() }),
  ),
  /** Shows one now, whatever is muted, and says what became of it. */
  'notifications.test': command(nothing, testOutcome),
  /** Looks at each thing that must be in place. Changes nothing. */
  'check.run': command(nothing, z.object({ findings: z.array(finding) })),
  /** Without a choice: asks (or takes the remembered choice); with one: does it. */
  'app.quit': command(
    z.object({ choice: z.enum(['release', 'keep', 'cancel']).nullable(), remember: z.boolean() }),
    nothing,
  ),
  'app.openLog': command(nothing, nothing),
} as const

export type CommandName = keyof typeof commands
export type InputOf<K extends CommandName> = z.input<(typeof commands)[K]['input']>
export type OutputOf<K extends CommandName> = z.output<(typeof commands)[K]['output']>

/** Errors cross as codes with data, never as messages to be matched. */
export interface CommandError {
  readonly code:
    | 'untrusted-sender'
    | 'unknown-command'
    | 'invalid-input'
    | 'not-found'
    | 'refused'
    | 'storage'
    | 'failed'
    /** `about`, a setting, is fixed by what `settings.setBy` names. */
    | 'set-elsewhere'
    /** `about`, a path, is no absolute path of a folder that can be read. */
    | 'not-a-folder'
  /** What it is about: a key, a path. */
  readonly about?: string
  /** For a person; safe to show. */
  readonly message: string
}
export type CommandResult<K extends CommandName> = Result<OutputOf<K>, CommandError>
export type CommandHandlers = {
  readonly [K in CommandName]: (input: z.output<(typeof commands)[K]['input']>) => Promise<CommandResult<K>>
}

/** What a front holds: one call, one subscription. Implemented over IPC and over the loopback socket. */
export interface Bridge {
  invoke<K extends CommandName>(name: K, input: InputOf<K>): Promise<CommandResult<K>>
  /** Gives whole snapshots; subscribe first, then `snapshot.get`, keep the higher revision. */
  onSnapshot(listener: (snapshot: z.output<typeof appSnapshot>) => void): () => void
}

/** What a transport pushes: a whole picture at first, then what differs from the one pushed before. */
export type SnapshotPush =
  | { readonly kind: 'whole'; readonly snapshot: z.output<typeof appSnapshot> }
  | { readonly kind: 'patch'; readonly base: number; readonly patch: Patch }
