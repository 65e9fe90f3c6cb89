/** State → the tray as data: icon, tooltip, menu. The desktop applies it by difference and decides nothing. */
import type { CommandName } from '../../../../shared/protocol.ts'
import { parseTime } from '../../../../shared/time.ts'
import { clockText } from '../notifications/local-time.ts'
import { counted, plainLine } from '../../../../shared/text.ts'
import { staleAt } from '../../coord/staleness.ts'
import { serverNow, type AppState } from '../state.ts'
import { callsWaiting, myLocks, toAttention, unreadMessages } from './to-snapshot.ts'

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
  readonly tooltip: string
  /** Labels are stripped and capped; the desktop escapes `&`. */
  readonly menu: readonly TrayMenuItem[]
}

/** The countdown to the next attempt goes by these. */
export const COUNTDOWN_STEP_MS = 10_000
const MAX_MESSAGES = 5
const MAX_LOCKS = 12
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
      const seconds = until === undefined ? 0 : Math.ceil((until - state.now) / 1000)
      // Rounded, so that the menu is not rebuilt each second.
      const step = COUNTDOWN_STEP_MS / 1000
      return seconds > 0 ? `API busy, trying again in ${Math.ceil(seconds / step) * step} s` : 'API busy'
    }
    case 'wrong-answer':
      return 'What answers is not the coordination API'
  }
}

function iconOf(state: AppState): TrayIcon {
  if (toAttention(state).length > 0) return 'attention'
  if (state.connection.state === 'offline' || state.connection.state === 'degraded') return 'offline'
  if (unreadMessages(state).length > 0) return 'unread'
  return callsWaiting(state) > 0 ? 'waiting' : 'idle'
}

function stateLine(state: AppState): string {
  const parts = [connectionWords(state)]
  const waiting = callsWaiting(state)
  if (waiting > 0) parts.push(`${counted(waiting, 'call')} waiting`)
  const setAside = state.workspaces.reduce((sum, w) => sum + w.setAsideCount, 0)
  if (setAside > 0) parts.push(`${counted(setAside, 'call')} set aside`)
  const unread = unreadMessages(state).length
  if (unread > 0) parts.push(counted(unread, 'unread message'))
  const locks = myLocks(state).length
  if (locks > 0) parts.push(`${counted(locks, 'lock')} held`)
  const other = toAttention(state).find((a) => a.kind !== 'set-aside' && a.kind !== 'wrong-answer')
  if (other) parts.push(other.text)
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

function lockItems(state: AppState): TrayMenuItem[] {
  const locks = myLocks(state)
  if (locks.length === 0) return []
  const at = serverNow(state)
  const lines = locks.slice(0, MAX_LOCKS).map((l) => {
    const turns = staleAt(l)
    const age = turns === undefined || turns >= at ? '' : ' (stale)'
    return label(`${plainLine(l.resource, 34) || l.id} — ${plainLine(l.session_id, 24)}${age}`)
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
  const until = parseTime(state.settings.mutedUntil)
  if (until !== undefined && state.now < until)
    return [separator, mute(`Unmute (muted until ${clockText(until, state.utcOffsetMinutes)})`, null)]
  return [separator, mute('Mute for an hour', 'in-an-hour'), mute('Mute until tomorrow', 'tomorrow')]
}

export function toTrayView(state: AppState): TrayView {
  const line = stateLine(state)
  const held = myLocks(state).length
  return {
    icon: iconOf(state),
    tooltip: plainLine(`Coord Tray: ${line}`, TOOLTIP_LENGTH),
    menu: [
      label(line),
      action('Open', { kind: 'open' }),
      ...messageItems(state),
      ...lockItems(state),
      ...muteItems(state),
      separator,
      action('Flush now', { kind: 'command', name: 'queue.flush', input: { workspace: null } }),
      action('Show log', { kind: 'command', name: 'app.openLog', input: null }),
      action(held > 0 ? `Quit (${counted(held, 'lock')} held)…` : 'Quit…', {
        kind: 'command',
        name: 'app.quit',
        input: { choice: null, remember: false },
      }),
    ],
  }
}
