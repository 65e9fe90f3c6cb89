/** What needs a person, as the terminal finds it out: the engine's own list, and the command that deals with each. */
import { attentionWords, type Attention } from '../../shared/attention.ts'
import type { ConnectionView } from '../../shared/connection.ts'
import type { EpochMs } from '../../shared/time.ts'
import type { ComponentRow, LockRow, MessageRow } from '../../shared/wire.ts'
import { toAttention } from '../core/engine/views/attention.ts'
import type { WorkspaceSummary } from '../core/outbox/contract.ts'
import type { Context } from './context.ts'
import { shortIds } from './ids.ts'

interface ReadRows {
  readonly locks: readonly LockRow[] | null
  readonly messages: readonly MessageRow[] | null
  readonly components: readonly ComponentRow[]
}

/** Most urgent first. `serverNow`: by the server's clock. */
export function needsOf(
  context: Context,
  connection: ConnectionView,
  workspaces: readonly WorkspaceSummary[],
  { locks, messages, components }: ReadRows,
  serverNow: EpochMs,
): readonly Attention[] {
  return toAttention({
    now: serverNow,
    skewMs: 0,
    machine: context.machine,
    server: context.baseUrl,
    seen: [],
    connection,
    workspaces,
    locks: locks ?? [],
    locksUnreadable: 0,
    messages: messages ?? [],
    messagesUnreadable: 0,
    components,
    // a terminal notifies nobody, and nothing of ours runs that could have failed
    front: { notifies: false, startsAtLogin: false, picksFolders: false },
    notifier: { state: 'there', since: 0, detail: '' },
    faults: {},
    guards: {},
    asked: {},
  })
}

/** A lock of another session of this machine is released in that one's name. */
const releaseWords = ({ id, session }: { readonly id: string; readonly session: string }): string =>
  `coord release ${shortIds([id])(id)} --session ${session}`

/** What to do about it here; null where the text says all. */
export function wayOutOf(one: Attention): string | null {
  switch (one.kind) {
    case 'lock-wanted':
      return `${releaseWords(one)}, or coord send --to ${one.by}`
    case 'session-waits':
      return `coord send --to ${one.session}`
    case 'set-aside':
      return 'coord queue list says why; coord queue send, edit or discard'
    case 'component-failed':
      return 'coord component list'
    case 'direct-messages':
      return 'coord messages --full'
    case 'lock-stale':
      return `${releaseWords(one)}, if nobody works on it`
    case 'lock-ending':
      return `coord renew ${shortIds([one.id])(one.id)}`
    case 'workspace-problem':
    case 'list-capped':
    case 'unreadable':
      return attentionWords(one).wayOut
    // the text says all, or it is the app's own
    case 'wrong-answer':
    case 'api-blocked':
    case 'storage':
    case 'program-fault':
    case 'settings-unreadable':
    case 'restart-needed':
    case 'notifications':
      return null
  }
}
