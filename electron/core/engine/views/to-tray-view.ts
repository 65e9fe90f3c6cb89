/** State → the tray as data: icon, tooltip, menu. The desktop applies it by difference and decides nothing. */
import { attentionWords, isPressing, wrongAnswerWords, type Attention } from '../../../../shared/attention.ts'
import type { CommandName } from '../../../../shared/protocol.ts'
import { parseTime } from '../../../../shared/time.ts'
import { isStale } from '../../coord/staleness.ts'
import { clockText } from '../notifications/local-time.ts'
import { silentUntil } from '../notifications/silence.ts'
import { serverNow, type AppState } from '../state.ts'
import { toAttention } from './attention.ts'
import { callsSetAside, callsWaiting, myLocks, unreadMessages } from './counts.ts'
import { counted, plainLine } from '../../../../shared/text.ts'

export type TrayIcon = 'idle' | 'waiting' | 'unread' | 'offline' | 'attention'

export type TrayAction =
  | { readonly kind: 'open' }
  | { readonly kind: 'open-message'; readonly id: string }
  /** A command of the contract. */
  | { readonly kind: 'command'; readonly name: CommandName; readonly input: unknown }

export type TrayMenuItem =
  | { readonly kind: 'separator' }
  /** A line to read, not to click. */
  | { readonly kind: 'text'; readonly label: string }
  | { readonly kind: 'action'; readonly label: string; readonly action: TrayAction }

export interface TrayView {
  readonly icon: TrayIcon
  /** Nothing is notified now: the icon may show it. */
  readonly isSilent: boolean
  /** Things that need the person, and unread messages: for a platform that shows a number on the icon. */
  readonly count: number
  readonly tooltip: string
  /** Labels are stripped and capped; the desktop escapes `&`. */
  readonly menu: readonly TrayMenuItem[]
}

/** The countdown to the next attempt goes by these. */
export const COUNTDOWN_STEP_MS = 10_000
const MAX_MESSAGES = 5
const MAX_LOCKS = 12
const MAX_WAITS = 3
const MAX_SESSIONS = 8
const LABEL_LENGTH = 64
const TOOLTIP_LENGTH = 120

const connectionWords = (state: AppState): string => {
  switch (state.connection.state) {
    case 'connecting':
      return 'Connecting'
    case 'online':
      return 'Online'
    case 'offline':
      return 'Offline'
    case 'degraded': {
      const until = parseTime(state.connection.until)
      if (until === undefined) return state.connection.isOverdue === true ? 'API slow' : 'API has trouble'
      const seconds = Math.ceil((until - state.now) / 1000)
      // Rounded, so that the menu is not rebuilt each second.
      const step = COUNTDOWN_STEP_MS / 1000
      return seconds > 0 ? `API busy, trying again in ${Math.ceil(seconds / step) * step} s` : 'API busy'
    }
    case 'wrong-answer':
      return wrongAnswerWords(state.connection)
  }
}

/** `muted until 14:00`, `quiet hours until 07:00`; null while notifications are shown. */
function silenceWords(state: AppState): string | null {
  const silent = silentUntil(state)
  if (silent === null) return null
  const until = clockText(silent.until, state.utcOffsetMinutes)
  return silent.why === 'muted' ? `muted until ${until}` : `quiet hours until ${until}`
}

function iconOf(state: AppState, pressing: readonly Attention[]): TrayIcon {
  if (pressing.length > 0) return 'attention'
  if (state.connection.state === 'offline' || state.connection.state === 'degraded') return 'offline'
  if (unreadMessages(state).length > 0) return 'unread'
  return callsWaiting(state) > 0 ? 'waiting' : 'idle'
}

const wordsOf = (state: AppState, attention: Attention): string =>
  state.settings.hideContent && attention.kind === 'lock-wanted'
    ? 'Another session waits for a lock of this machine'
    : state.settings.hideContent && attention.kind === 'session-waits'
      ? 'A session of this machine was refused a lock'
      : attentionWords(attention).text.replace(/\.$/, '')

/** What is wanted of the person comes first; then how things are. */
function stateLine(state: AppState, pressing: readonly Attention[]): string {
  const wanted = pressing.filter((a) => a.kind === 'lock-wanted')
  const [first] = wanted
  const parts = first ? [wordsOf(state, first)] : []
  if (wanted.length > 1) parts.push(`${counted(wanted.length - 1, 'more lock')} wanted`)
  parts.push(connectionWords(state))
  const count = (n: number, words: string): void => void (n > 0 && parts.push(words))
  const waiting = callsWaiting(state)
  count(waiting, `${counted(waiting, 'call')} waiting`)
  const setAside = callsSetAside(state)
  count(setAside, `${counted(setAside, 'call')} set aside`)
  const unread = unreadMessages(state).length
  count(unread, counted(unread, 'unread message'))
  const locks = myLocks(state).length
  count(locks, `${counted(locks, 'lock')} held`)
  const other = pressing.find((a) => !['lock-wanted', 'set-aside', 'wrong-answer'].includes(a.kind))
  if (other) parts.push(wordsOf(state, other))
  const silence = silenceWords(state)
  if (silence !== null) parts.push(silence)
  return parts.join(' · ')
}

const separator: TrayMenuItem = { kind: 'separator' }
const label = (text: string): TrayMenuItem => ({ kind: 'text', label: plainLine(text, LABEL_LENGTH) })
const action = (text: string, what: TrayAction): TrayMenuItem => ({
  kind: 'action',
  label: plainLine(text, LABEL_LENGTH),
  action: what,
})

function messageItems(state: AppState): TrayMenuItem[] {
  const unread = [...unreadMessages(state)].sort((a, b) =>
    (b.created_at ?? '').localeCompare(a.created_at ?? ''),
  )
  if (unread.length === 0) return []
  const items = unread
    .slice(0, MAX_MESSAGES)
    .map((m) =>
      action(
        state.settings.hideContent
          ? 'Unread message'
          : `${plainLine(m.subject, 36) || '(no subject)'} — ${plainLine(m.from_session, 26) || 'unknown sender'}`,
        { kind: 'open-message', id: m.id },
      ),
    )
  const more = unread.length - MAX_MESSAGES
  if (more > 0) items.push(action(`${counted(more, 'more message')} …`, { kind: 'open' }))
  return [separator, label('Unread messages'), ...items]
}

/** Who waits for whom, each with the way to ask. */
function waitItems(state: AppState, attention: readonly Attention[]): TrayMenuItem[] {
  const waits = attention.filter((a) => a.kind === 'lock-wanted' || a.kind === 'session-waits')
  if (waits.length === 0) return []
  const items = waits.slice(0, MAX_WAITS).flatMap((a): TrayMenuItem[] => [
    label(wordsOf(state, a)),
    a.askedAt === null
      ? action(`Ask ${state.settings.hideContent ? 'the holder' : a.session}`, {
          kind: 'command',
          name: 'lock.ask',
          input: { id: a.id, by: a.by },
        })
      : label(
          `The holder was asked at ${clockText(parseTime(a.askedAt) ?? state.now, state.utcOffsetMinutes)}`,
        ),
  ])
  return [separator, ...items]
}

function lockItems(state: AppState, attention: readonly Attention[]): TrayMenuItem[] {
  const wanted = new Set(attention.flatMap((a) => (a.kind === 'lock-wanted' ? [a.id] : [])))
  const locks = myLocks(state).toSorted((a, b) => Number(wanted.has(b.id)) - Number(wanted.has(a.id)))
  if (locks.length === 0) return []
  const at = serverNow(state)
  const lines = locks.slice(0, MAX_LOCKS).map((l) => {
    const mark = wanted.has(l.id) ? ' (wanted)' : isStale(l, at) ? ' (stale)' : ''
    return label(`${plainLine(l.resource, 30) || l.id} — ${plainLine(l.session_id, 22)}${mark}`)
  })
  if (locks.length > MAX_LOCKS) lines.push(label(`and ${locks.length - MAX_LOCKS} more`))
  const sessions = [...new Set(locks.map((l) => l.session_id))].slice(0, MAX_SESSIONS)
  return [
    separator,
    label("This machine's locks"),
    ...lines,
    ...sessions.map((session) =>
      action(`Clean up session ${session}`, { kind: 'command', name: 'session.cleanUp', input: { session } }),
    ),
  ]
}

function muteItems(state: AppState): TrayMenuItem[] {
  const mute = (text: string, until: 'in-an-hour' | 'tomorrow' | null): TrayMenuItem =>
    action(text, { kind: 'command', name: 'notifications.mute', input: { until, project: null } })
  const silent = silentUntil(state)
  const clock = silent === null ? '' : clockText(silent.until, state.utcOffsetMinutes)
  if (silent?.why === 'muted') return [separator, mute(`Unmute (muted until ${clock})`, null)]
  return [
    separator,
    ...(silent === null ? [] : [label(`Quiet hours until ${clock}`)]),
    mute('Mute for an hour', 'in-an-hour'),
    mute('Mute until tomorrow', 'tomorrow'),
  ]
}

const versionWords = ({ version, newerVersion }: AppState): string =>
  `Coord Tray ${version}${newerVersion === null ? '' : ` (${newerVersion} is there: see Check)`}`

function programItems(state: AppState): TrayMenuItem[] {
  const held = myLocks(state).length
  return [
    separator,
    action('Send waiting calls now', {
      kind: 'command',
      name: 'queue.flush',
      input: { workspace: null },
    }),
    action('Show log', { kind: 'command', name: 'app.openLog', input: null }),
    ...(state.version === '' ? [] : [label(versionWords(state))]),
    action(held > 0 ? `Quit (${counted(held, 'lock')} held)…` : 'Quit…', {
      kind: 'command',
      name: 'app.quit',
      input: { choice: null, remember: false },
    }),
  ]
}

export function toTrayView(state: AppState): TrayView {
  const attention = toAttention(state)
  const pressing = attention.filter(isPressing)
  const line = stateLine(state, pressing)
  return {
    icon: iconOf(state, pressing),
    isSilent: silentUntil(state) !== null,
    count: pressing.length + unreadMessages(state).length,
    tooltip: plainLine(`Coord Tray: ${line}`, TOOLTIP_LENGTH),
    menu: [
      label(line),
      action('Open', { kind: 'open' }),
      ...messageItems(state),
      ...waitItems(state, attention),
      ...lockItems(state, attention),
      ...muteItems(state),
      ...programItems(state),
    ],
  }
}
