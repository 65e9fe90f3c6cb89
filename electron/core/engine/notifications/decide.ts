/**
 * Which notifications to raise and to withdraw (DESIGN 7): pure, from the state alone.
 * The caller keeps the new ledger on disk before it raises anything; a crash in between is silence, never a second toast.
 */
import { isOfMachine } from '../../../../shared/session.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import type { MessageRow } from '../../../../shared/wire.ts'
import {
  addDistinct,
  MAX_TOLD,
  messageKey,
  partsOfMessageKey,
  refusedKey,
  setOf,
  staleKey,
  workspaceKey,
  type NotifiedLedger,
} from './notified-ledger.ts'
import { counted, plainLine } from '../../../../shared/text.ts'
import { mutedProjects, silenceOf } from './silence.ts'
import { isStale, STALE_WARNING_MS, staleAt } from '../../coord/staleness.ts'
import { serverNow, type AppState } from '../state.ts'

export interface NotificationView {
  /** Stable name, for withdrawing and for the click. */
  readonly id: string
  readonly kind: 'message' | 'summary' | 'waiting' | 'stale' | 'refused' | 'workspace' | 'test'
  /** Plain text, stripped and capped; the desktop escapes it for its platform. */
  readonly title: string
  readonly body: string
  readonly isUrgent: boolean
  /** The message that a click opens; null opens the window. */
  readonly messageId: string | null
}

/** A notification on the screen: withdrawn when none of its keys needs the person any more. */
export interface ShownNotification {
  readonly id: string
  readonly at: EpochMs
  /** The message that a click opens. */
  readonly messageId: string | null
  readonly keys: readonly string[]
}

export interface NotificationDecision {
  readonly show: readonly NotificationView[]
  /** Ids of notifications to take off the screen. */
  readonly withdraw: readonly string[]
  readonly ledger: NotifiedLedger
  readonly shown: readonly ShownNotification[]
  /** When to decide again, although nothing happened by then. */
  readonly wakeAt: EpochMs | null
}

/** More messages than this within `BURST_MS` become one summary; what would be a second one in that time is held. */
const MAX_SINGLE = 3
const BURST_MS = 10_000
export const WAITING_TOO_LONG_MS = 15 * 60_000
const MAX_SHOWN = 200
const TITLE_LENGTH = 80
const BODY_LENGTH = 200

interface Candidate {
  readonly keys: readonly string[]
  readonly view: Omit<NotificationView, 'id'>
}

/**
 * What becomes of news that is silent now. A message is told in the window and by the count, never by a late toast. A fact
 * that still stands when the silence ends (calls wait, a lock turns stale, somebody waits for one) is told then; what the
 * person looked at in the window is not.
 */
export function decideNotifications(state: AppState): NotificationDecision {
  const { now, notified } = state
  const told = setOf(notified.told)
  const seen = setOf(state.seen)
  const shown = stillNeeded(state, seen)
  const withdraw = state.shown.filter((s) => !shown.includes(s)).map((s) => s.id)

  const silence = silenceOf(state)
  const muted = mutedProjects(state.settings, now)
  const isMuted = (project: string | null): boolean => project !== null && muted.has(project)
  const mayShow = (view: Pick<NotificationView, 'isUrgent'>): boolean =>
    silence === 'none' || (silence === 'quiet-hours' && view.isUrgent)

  const fresh = state.messages.filter((m) => {
    const key = messageKey(state.server, m)
    return (
      m.read_at === null && !told.has(key) && !seen.has(key) && !isBeforeMemory(notified, state.server, m)
    )
  })
  const audible = silence === 'none' ? fresh.filter((m) => !isMuted(m.project_key)) : []
  const isFirst = state.messagesReadAt !== null && !notified.servers.includes(state.server)

  // A timer of the future (the wall clock was set back) holds nothing.
  const recent = shown.filter((s) => s.at <= now && now - s.at < BURST_MS && /^(message|summary)-/.test(s.id))
  const singles = recent.filter((s) => s.id.startsWith('message-')).length
  const isBurst = isFirst ? audible.length > 1 : audible.length > 0 && singles + audible.length > MAX_SINGLE
  const isHeld = !isFirst && isBurst && (singles >= MAX_SINGLE || recent.length > singles)
  const held = new Set(isHeld ? audible : [])
  const wakeAt = isHeld ? Math.min(...recent.map((s) => s.at)) + BURST_MS : null

  const candidates = isHeld ? [] : messageCandidates(state, audible, isBurst, isFirst)
  const keys = fresh.filter((m) => !held.has(m)).map((m) => messageKey(state.server, m))
  const standing = [
    ...staleCandidates(state, told, isMuted),
    ...refusedCandidates(state, told, isMuted),
    ...workspaceCandidates(state, told),
  ]
  for (const candidate of standing) {
    if (mayShow(candidate.view)) candidates.push(candidate)
    if (mayShow(candidate.view) || silence === 'watched') keys.push(...candidate.keys)
  }
  const waiting = callsWaitingTooLong(state)
  const isWaitingNews = waiting !== null && !notified.isWaitingTold
  if (isWaitingNews && mayShow(waiting)) candidates.push({ keys: [], view: waiting })
  const isWaitingTold = waiting !== null && (!isWaitingNews || mayShow(waiting) || silence === 'watched')

  const raised = candidates.map((c) => ({ ...c, id: idOf(c, notified) }))
  return {
    show: raised.map(({ id, view }) => ({ id, ...view })),
    withdraw,
    ledger: nextLedger(state, keys, isWaitingTold),
    shown: [
      ...shown,
      ...raised.map(({ id, view, keys: of }) => ({ id, at: now, messageId: view.messageId, keys: of })),
    ].slice(-MAX_SHOWN),
    wakeAt,
  }
}

/** On a locked screen anybody may read it. */
const isHidden = (state: AppState): boolean => state.settings.hideContent || state.isScreenLocked

function isBeforeMemory(ledger: NotifiedLedger, server: string, message: MessageRow): boolean {
  const upTo = Object.hasOwn(ledger.toldUpTo, server) ? parseTime(ledger.toldUpTo[server]) : undefined
  if (upTo === undefined) return false
  const created = parseTime(message.created_at)
  return created === undefined || created <= upTo
}

/** The shown ones of which at least one fact still stands; those without keys stand while calls wait. */
function stillNeeded(state: AppState, seen: ReadonlySet<string>): readonly ShownNotification[] {
  if (state.shown.length === 0) return []
  const open = new Set<string>()
  for (const m of state.messages) {
    const key = messageKey(state.server, m)
    if (m.read_at === null && !seen.has(key)) open.add(key)
  }
  for (const l of state.locks) {
    open.add(staleKey(state.server, l))
    for (const by of l.refused) open.add(refusedKey(state.server, l, by))
  }
  for (const w of state.found) open.add(workspaceKey(w.path))
  const isWaiting = callsWaitingTooLong(state) !== null
  return state.shown.filter((s) => (s.keys.length === 0 ? isWaiting : s.keys.some((k) => open.has(k))))
}

function idOf(candidate: Candidate, ledger: NotifiedLedger): string {
  const { kind, messageId } = candidate.view
  if (kind === 'waiting') return 'waiting'
  if (kind === 'message' && messageId !== null) return `message-${messageId}-${ledger.told.length}`
  return `${kind}-${candidate.keys[0] ?? ''}`
}

const senderTitle = (m: MessageRow): string => {
  const project = plainLine(m.project_key, 40)
  const from = plainLine(m.from_session, 60) || 'unknown sender'
  return plainLine(project ? `${project} · ${from}` : from, TITLE_LENGTH)
}

function messageCandidates(
  state: AppState,
  fresh: readonly MessageRow[],
  isBurst: boolean,
  isFirst: boolean,
): Candidate[] {
  if (isBurst) {
    const senders = [...new Set(fresh.map((m) => plainLine(m.from_session, 60) || 'unknown sender'))]
    const from = senders.slice(0, 3).join(', ') + (senders.length > 3 ? ' and others' : '')
    return [
      {
        keys: fresh.map((m) => messageKey(state.server, m)),
        view: {
          kind: 'summary',
          title: counted(fresh.length, isFirst ? 'unread message' : 'new message'),
          body: isHidden(state) ? 'Open Coord Tray to read them.' : plainLine(`From ${from}`, BODY_LENGTH),
          isUrgent: false,
          messageId: null,
        },
      },
    ]
  }
  return fresh.map((m) => ({
    keys: [messageKey(state.server, m)],
    view: {
      kind: 'message',
      title: isHidden(state) ? 'New message' : senderTitle(m),
      body: isHidden(state)
        ? 'Open Coord Tray to read it.'
        : plainLine(m.subject, BODY_LENGTH) || plainLine(m.body, BODY_LENGTH) || '(no subject)',
      isUrgent: false,
      messageId: m.id,
    },
  }))
}

type IsMuted = (project: string | null) => boolean

function staleCandidates(state: AppState, told: ReadonlySet<string>, isMuted: IsMuted): Candidate[] {
  const at = serverNow(state)
  const soon = state.locks.filter((l) => {
    const turns = staleAt(l)
    return (
      turns !== undefined &&
      turns - at <= STALE_WARNING_MS &&
      !isStale(l, at) &&
      isOfMachine(l.session_id, state.machine) &&
      !isMuted(l.project_key) &&
      !told.has(staleKey(state.server, l))
    )
  })
  const first = soon[0]
  if (!first) return []
  const minutes = Math.max(1, Math.round(((staleAt(first) ?? at) - at) / 60_000))
  return [
    {
      keys: soon.map((l) => staleKey(state.server, l)),
      view: {
        kind: 'stale',
        title: `${counted(soon.length, 'lock')} of this machine about to turn stale`,
        body: isHidden(state)
          ? 'Open Coord Tray to see which.'
          : plainLine(
              soon.length === 1
                ? `${first.resource ?? first.id}, held by ${first.session_id}, in ${counted(minutes, 'minute')}`
                : soon.map((l) => l.resource ?? l.id).join(', '),
              BODY_LENGTH,
            ),
        isUrgent: false,
        messageId: null,
      },
    },
  ]
}

/** Another session was refused a lock that this machine holds; our API alone tells it. */
function refusedCandidates(state: AppState, told: ReadonlySet<string>, isMuted: IsMuted): Candidate[] {
  const out: Candidate[] = []
  for (const l of state.locks) {
    if (l.refused.length === 0 || !isOfMachine(l.session_id, state.machine) || isMuted(l.project_key))
      continue
    const others = l.refused.filter(
      (by) => by.session_id !== l.session_id && !told.has(refusedKey(state.server, l, by)),
    )
    const last = others.at(-1)
    if (!last) continue
    out.push({
      keys: others.map((by) => refusedKey(state.server, l, by)),
      view: {
        kind: 'refused',
        title: 'Another session waits for a lock of this machine',
        body: isHidden(state)
          ? 'Open Coord Tray to see which.'
          : plainLine(
              `${last.session_id} asked for ${l.resource ?? l.id}, held by ${l.session_id}`,
              BODY_LENGTH,
            ),
        isUrgent: true,
        messageId: null,
      },
    })
  }
  return out
}

/** A project folder that is watched now although nobody named it. */
function workspaceCandidates(state: AppState, told: ReadonlySet<string>): Candidate[] {
  const fresh = state.found.filter((w) => !told.has(workspaceKey(w.path)))
  const first = fresh[0]
  if (!first) return []
  return [
    {
      keys: fresh.map((w) => workspaceKey(w.path)),
      view: {
        kind: 'workspace',
        title: isHidden(state)
          ? 'A new project folder is watched'
          : fresh.length === 1
            ? plainLine(`Now watching ${first.name}`, TITLE_LENGTH)
            : `Now watching ${counted(fresh.length, 'more project folder')}`,
        body: isHidden(state)
          ? 'Open Coord Tray to see which.'
          : plainLine(
              `Its queued calls are sent from now on: ${fresh.map((w) => w.path).join(', ')}`,
              BODY_LENGTH,
            ),
        isUrgent: false,
        messageId: null,
      },
    },
  ]
}

function callsWaitingTooLong(state: AppState): Omit<NotificationView, 'id'> | null {
  const late = state.workspaces.filter(
    (w) => w.waiting > 0 && w.oldestWaiting !== null && state.now - w.oldestWaiting > WAITING_TOO_LONG_MS,
  )
  if (late.length === 0) return null
  const calls = late.reduce((sum, w) => sum + w.waiting, 0)
  return {
    kind: 'waiting',
    title: `${counted(calls, 'call')} waiting for more than 15 minutes`,
    body: isHidden(state)
      ? 'Nothing is lost.'
      : plainLine(`Nothing is lost. ${state.connection.detail}`, BODY_LENGTH),
    isUrgent: false,
    messageId: null,
  }
}

function nextLedger(state: AppState, keys: readonly string[], isWaitingTold: boolean): NotifiedLedger {
  const { notified, server } = state
  const isNewServer = state.messagesReadAt !== null && !notified.servers.includes(server)
  let told = addDistinct(notified.told, keys, Number.MAX_SAFE_INTEGER)
  let toldUpTo = notified.toldUpTo
  if (told.length > MAX_TOLD) {
    const dropped = told.slice(0, told.length - MAX_TOLD)
    told = told.slice(told.length - MAX_TOLD)
    toldUpTo = raiseMemory(toldUpTo, dropped)
  }
  if (
    !isNewServer &&
    told === notified.told &&
    toldUpTo === notified.toldUpTo &&
    isWaitingTold === notified.isWaitingTold
  )
    return notified
  return {
    version: 1,
    servers: isNewServer ? [...notified.servers, server] : notified.servers,
    told: [...told],
    toldUpTo,
    isWaitingTold,
  }
}

function raiseMemory(
  upTo: Readonly<Record<string, string>>,
  dropped: readonly string[],
): Record<string, string> {
  const next: Record<string, string> = { ...upTo }
  for (const key of dropped) {
    const parts = partsOfMessageKey(key)
    const created = parseTime(parts?.createdAt)
    if (!parts?.createdAt || created === undefined) continue
    const known = Object.hasOwn(next, parts.server) ? parseTime(next[parts.server]) : undefined
    if (known === undefined || created > known) next[parts.server] = parts.createdAt
  }
  return next
}
