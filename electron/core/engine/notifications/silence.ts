/** Why a notification stays silent now (DESIGN 7). What is silenced still counts as unread and still shows in the window. */
import type { SettingsView } from '../../../../shared/snapshot.ts'
import { parseTime, type EpochMs } from '../../../../shared/time.ts'
import { isQuietAt } from './local-time.ts'
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
