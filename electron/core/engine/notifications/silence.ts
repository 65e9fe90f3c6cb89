/** Why a notification stays silent now. What is silenced still counts as unread and still shows in the window. */
import type { SettingsView } from '../../../../shared/snapshot.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import { isQuietAt, quietUntil } from './local-time.ts'
import type { AppState } from '../state.ts'

/**
 * `watched`: the person looks at the window, which shows it. `muted`: the person said so; nothing passes it.
 * `quiet-hours`: a rule made long ago; what is urgent passes it.
 */
export type Silence = 'none' | 'watched' | 'muted' | 'quiet-hours'

const isBefore = (now: EpochMs, until: string | null): boolean => {
  const at = parseTime(until)
  return at !== undefined && now < at
}

export function silenceOf(
  state: Pick<AppState, 'now' | 'settings' | 'isWindowOpen' | 'isWindowFocused' | 'utcOffsetMinutes'>,
): Silence {
  if (state.isWindowOpen && state.isWindowFocused) return 'watched'
  if (isBefore(state.now, state.settings.mutedUntil)) return 'muted'
  return isQuietAt(state.settings.quietHours, state.now, state.utcOffsetMinutes) ? 'quiet-hours' : 'none'
}

/** Until when notifications are silent by a setting; null while they are not. Who looks at the window is asked elsewhere. */
export function silentUntil(
  state: Pick<AppState, 'now' | 'settings' | 'utcOffsetMinutes'>,
): { readonly why: 'muted' | 'quiet-hours'; readonly until: EpochMs } | null {
  const muted = parseTime(state.settings.mutedUntil)
  if (muted !== undefined && state.now < muted) return { why: 'muted', until: muted }
  const quiet = quietUntil(state.settings.quietHours, state.now, state.utcOffsetMinutes)
  return quiet === null ? null : { why: 'quiet-hours', until: quiet }
}

/** On a locked screen anybody may read a notification. */
export const isContentHidden = (state: Pick<AppState, 'settings' | 'isScreenLocked'>): boolean =>
  state.settings.hideContent || state.isScreenLocked

/** The projects that are muted now. */
export const mutedProjects = (settings: SettingsView, now: EpochMs): ReadonlySet<string> =>
  new Set(settings.mutedProjects.filter((m) => isBefore(now, m.until)).map((m) => m.project))

/** The list without what has ended, with this project muted until then (null: no longer). */
export function withMutedProject(
  settings: SettingsView,
  project: string,
  until: string | null,
  now: EpochMs,
): SettingsView['mutedProjects'] {
  const others = settings.mutedProjects.filter((m) => m.project !== project && isBefore(now, m.until))
  return until === null ? others : [...others, { project, until }]
}
