/** Commands that change settings, and those on notifications. */
import type { CommandError, CommandHandlers } from '../../../../shared/protocol.ts'
import { ok, type Result } from '../../../../shared/result.ts'
import type { SettingsView } from '../../../../shared/snapshot.ts'
import { toIso } from '../../../../shared/time.ts'
import { failure, type HandlerContext } from '../deps.ts'
import { tomorrowMorning } from '../notifications/local-time.ts'
import { withMutedProject } from '../notifications/silence.ts'
import { sendTestNotification } from '../notifications/test-notification.ts'

type Handlers = Pick<CommandHandlers, 'settings.update' | 'notifications.mute' | 'notifications.test'>
/** Keeps these settings and uses them from now on. Errors: `refused`, `failed`, `storage`. */
export type UpdateSettings = (settings: SettingsView) => Promise<Result<null, CommandError>>

const HOUR_MS = 60 * 60_000

const differ = (a: SettingsView, b: SettingsView, of: 'workspaces' | 'ignoredWorkspaces'): boolean =>
  a[of].join('\n') !== b[of].join('\n')

export function createUpdateSettings({ deps, state, dispatch }: HandlerContext): UpdateSettings {
  async function startAtLogin(settings: SettingsView): Promise<Result<null, CommandError>> {
    const isOn = settings.startAtLogin
    if (isOn === null || isOn === state().settings.startAtLogin) return ok(null)
    if (!deps.setStartAtLogin) return failure('refused', 'Only the tray app can be started at login.')
    const done = await deps.setStartAtLogin(isOn)
    return done.ok ? done : failure('failed', `Starting at login could not be changed: ${done.error}`)
  }
  return async (settings) => {
    const entered = await startAtLogin(settings)
    if (!entered.ok) return entered
    const kept = await deps.saveSettings(settings)
    if (!kept.ok) return failure('storage', kept.error)
    const before = state().settings
    dispatch({ kind: 'settings.changed', settings, machine: kept.value })
    if (settings.apiUrl !== before.apiUrl)
      dispatch({ kind: 'fault.found', id: 'restart', fault: { kind: 'restart-needed' } })
    if (differ(settings, before, 'workspaces') || differ(settings, before, 'ignoredWorkspaces'))
      await deps.useWorkspaces(settings.workspaces)
    return ok(null)
  }
}

export function settingsHandlers(context: HandlerContext, update: UpdateSettings): Handlers {
  const { deps, state, notify, onEvent } = context
  const { clock, utcOffsetAt = () => 0 } = deps
  return {
    'settings.update': (input) => {
      const given = Object.fromEntries(Object.entries(input).filter(([, v]) => v !== undefined))
      return update({ ...state().settings, ...given })
    },
    'notifications.mute': async ({ until, project }) => {
      const { settings } = state()
      const now = clock.now()
      const at = until === 'tomorrow' ? tomorrowMorning(now, utcOffsetAt) : now + HOUR_MS
      const end = until === null ? null : toIso(at)
      const kept = await update(
        project === null
          ? { ...settings, mutedUntil: end }
          : { ...settings, mutedProjects: withMutedProject(settings, project, end, now) },
      )
      return kept.ok ? ok({ until: end }) : kept
    },
    'notifications.test': async () => {
      if (!deps.raisesNotifications)
        return failure('refused', 'Notifications are shown by the tray app, not by this front.')
      const show = (view: Parameters<typeof notify>[0]['show'][number]): void =>
        notify({ show: [view], withdraw: [] })
      return ok(await sendTestNotification({ clock, show, onEvent }))
    },
  }
}
