/**
 * Which notifications to raise and to withdraw: pure, from the state alone.
 * The caller keeps the new ledger on disk before it raises anything; a crash in between is silence, never a second toast.
 */
import type { EpochMs } from '../../../../shared/time.ts'
import type { MessageRow } from '../../../../shared/wire.ts'
import { waitingFor } from '../../coord/waiting.ts'
import { canShow, retryAt } from '../notifier.ts'
import { serverNow, type AppState } from '../state.ts'
import { waitingSessions } from '../views/attention.ts'
import { isBeforeMemory, messageCandidates } from './message-news.ts'
import {
  endKey,
  messageKey,
  refusedKey,
  setOf,
  waitsKey,
  withTold,
  workspaceKey,
  type NotifiedLedger,
} from './notified-ledger.ts'
import { mutedProjects, silenceOf, type Silence } from './silence.ts'
import {
  callsWaitingTooLong,
  endingCandidates,
  refusedCandidates,
  waitsCandidates,
  workspaceCandidates,
} from './standing-news.ts'
import type {
  Candidate,
  IsMuted,
  NotificationDecision,
  NotificationView,
  ShownNotification,
} from './views.ts'

/** More messages than this within `BURST_MS` become one summary; what would be a second one in that time is held. */
const MAX_SINGLE = 3
const BURST_MS = 10_000
const MAX_SHOWN = 200

/** A part of the decision: what to show, which facts count as told from now on. */
interface Part {
  readonly candidates: readonly Candidate[]
  readonly keys: readonly string[]
  readonly wakeAt: EpochMs | null
}

interface View {
  readonly state: AppState
  readonly told: ReadonlySet<string>
  readonly seen: ReadonlySet<string>
  readonly shown: readonly ShownNotification[]
  readonly silence: Silence
  readonly isMuted: IsMuted
  /** Somebody shows notifications now; while nobody does, what would be shown is held, and counts as not told. */
  readonly canShow: boolean
}

/**
 * What becomes of news that is silent now. A message is told in the window and by the count, never by a late toast. A fact
 * that still stands when the silence ends (calls wait, a lock ends, somebody waits for one) is told then; what the person
 * looked at in the window is not. What nobody could show is told once somebody can.
 */
export function decideNotifications(state: AppState): NotificationDecision {
  const { now, notified } = state
  const seen = setOf(state.seen)
  const shown = stillNeeded(state, seen)
  const muted = mutedProjects(state.settings, now)
  const view: View = {
    state,
    told: setOf(notified.told),
    seen,
    shown,
    silence: silenceOf(state),
    isMuted: (project) => project !== null && muted.has(project),
    canShow: canShow(state.notifier, now),
  }
  const messages = decideMessages(view)
  const standing = decideStanding(view)
  const waiting = decideWaiting(view)
  const raised = [...messages.candidates, ...standing.candidates, ...waiting.candidates].map((c) => ({
    ...c,
    id: idOf(c, notified),
  }))
  const isServerKnown = state.messagesReadAt !== null && !messages.isHeldBack
  return {
    show: raised.map(({ id, view: what }) => ({ id, ...what })),
    withdraw: state.shown.filter((s) => !shown.includes(s)).map((s) => s.id),
    ledger: withTold(notified, [...messages.keys, ...standing.keys], {
      ...(isServerKnown ? { server: state.server } : {}),
      isWaitingTold: waiting.isTold,
    }),
    shown: [
      ...shown,
      ...raised.map(({ id, view: what, keys }) => ({ id, at: now, messageId: what.messageId, keys })),
    ].slice(-MAX_SHOWN),
    wakeAt: earliest(messages.wakeAt, view.canShow ? null : retryAt(state.notifier)),
  }
}

const earliest = (a: EpochMs | null, b: EpochMs | null): EpochMs | null =>
  a === null ? b : b === null ? a : Math.min(a, b)

function freshMessages({ state, told, seen }: View): readonly MessageRow[] {
  return state.messages.filter((m) => {
    const key = messageKey(state.server, m)
    return (
      m.read_at === null &&
      !told.has(key) &&
      !seen.has(key) &&
      !isBeforeMemory(state.notified, state.server, m)
    )
  })
}

function decideMessages(view: View): Part & { readonly isHeldBack: boolean } {
  const { state, shown, silence, isMuted } = view
  const { now, notified, server } = state
  const fresh = freshMessages(view)
  const audible = silence === 'none' ? fresh.filter((m) => !isMuted(m.project_key)) : []
  const isFirst = state.messagesReadAt !== null && !notified.servers.includes(server)

  // A timer of the future (the wall clock was set back) holds nothing.
  const recent = shown.filter((s) => s.at <= now && now - s.at < BURST_MS && /^(message|summary)-/.test(s.id))
  const singles = recent.filter((s) => s.id.startsWith('message-')).length
  const isBurst = isFirst ? audible.length > 1 : audible.length > 0 && singles + audible.length > MAX_SINGLE
  const isBurstHeld = !isFirst && isBurst && (singles >= MAX_SINGLE || recent.length > singles)
  const isHeldBack = audible.length > 0 && !view.canShow
  const held = new Set(isBurstHeld || isHeldBack ? audible : [])
  return {
    candidates: held.size > 0 ? [] : messageCandidates(state, audible, isBurst, isFirst),
    keys: fresh.filter((m) => !held.has(m)).map((m) => messageKey(server, m)),
    wakeAt: isBurstHeld && !isHeldBack ? Math.min(...recent.map((s) => s.at)) + BURST_MS : null,
    isHeldBack,
  }
}

const isAudible = ({ silence }: View, news: Pick<NotificationView, 'isUrgent'>): boolean =>
  silence === 'none' || (silence === 'quiet-hours' && news.isUrgent)

function decideStanding(view: View): Part {
  const { state, told, isMuted } = view
  const all = [
    ...endingCandidates(state, told, isMuted),
    ...refusedCandidates(state, told, isMuted),
    ...waitsCandidates(state, told, isMuted),
    ...workspaceCandidates(state, told),
  ]
  const shown = all.filter((c) => isAudible(view, c.view) && view.canShow)
  const settled = view.silence === 'watched' ? all : shown
  return { candidates: shown, keys: settled.flatMap((c) => c.keys), wakeAt: null }
}

function decideWaiting(view: View): { candidates: readonly Candidate[]; isTold: boolean } {
  const waiting = callsWaitingTooLong(view.state)
  if (waiting === null) return { candidates: [], isTold: false }
  if (view.state.notified.isWaitingTold) return { candidates: [], isTold: true }
  if (isAudible(view, waiting) && view.canShow)
    return { candidates: [{ keys: [], view: waiting }], isTold: true }
  return { candidates: [], isTold: view.silence === 'watched' }
}

/** The shown ones of which at least one fact still stands; those without keys stand while calls wait. */
function stillNeeded(state: AppState, seen: ReadonlySet<string>): readonly ShownNotification[] {
  if (state.shown.length === 0) return []
  const open = new Set<string>()
  const at = serverNow(state)
  for (const m of state.messages) {
    const key = messageKey(state.server, m)
    if (m.read_at === null && !seen.has(key)) open.add(key)
  }
  for (const l of state.locks) {
    for (const how of ['ttl', 'stale'] as const) open.add(endKey(state.server, l, how))
    for (const by of waitingFor(l, at)) open.add(refusedKey(state.server, l, by))
  }
  for (const { lock, by } of waitingSessions(state)) open.add(waitsKey(state.server, lock, by))
  for (const w of state.found) open.add(workspaceKey(w.path))
  const isWaiting = callsWaitingTooLong(state) !== null
  return state.shown.filter((s) => (s.keys.length === 0 ? isWaiting : s.keys.some((k) => open.has(k))))
}

function idOf({ view, keys }: Candidate, ledger: NotifiedLedger): string {
  if (view.kind === 'waiting') return 'waiting'
  if (view.kind === 'message' && view.messageId !== null)
    return `message-${view.messageId}-${ledger.told.length}`
  return `${view.kind}-${keys[0] ?? ''}`
}
