/** Commands that change settings, and those on notifications. */
import type { CommandError, CommandHandlers, FolderCheck } from '../../../../shared/protocol.ts'
import { err, ok, type Result } from '../../../../shared/result.ts'
import { settingKeys, type SettingsView } from '../../../../shared/snapshot.ts'
import { toIso } from '../../../../shared/time.ts'
import { failure, type HandlerContext } from '../deps.ts'
import { tomorrowMorning } from '../notifications/local-time.ts'
import { withMutedProject } from '../notifications/silence.ts'
import { sendTestNotification } from '../notifications/test-notification.ts'

type Handlers = Pick<CommandHandlers, 'settings.update' | 'notifications.mute' | 'notifications.test'>
/** Keeps these settings and uses them from now on. Errors: `refused`, `failed`, `storage`. */
export type UpdateSettings = (settings: SettingsView) => Promise<Result<null, CommandError>>

const NO_FOLDER: Readonly<Record<FolderCheck['state'], string | null>> = {
  queue: null,
  project: null,
  folder: null,
  missing: 'is not there.',
  'not-a-folder': 'is no folder.',
  'not-absolute': 'is no whole path: it must begin at the root of the disk.',
  'no-permission': 'may not be read.',
}

const HOUR_MS = 60 * 60_000

const differ = (a: SettingsView, b: SettingsView, of: 'workspaces' | 'ignoredWorkspaces'): boolean =>
  a[of].join('\n') !== b[of].join('\n')

export function createUpdateSettings({ deps, state, dispatch }: HandlerContext): UpdateSettings {
  /** What is in effect: another address is used from the next start on. */
  const apiUrlAtStart = deps.settings.apiUrl
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
    if (settings.apiUrl !== apiUrlAtStart)
      dispatch({ kind: 'fault.found', id: 'restart', fault: { kind: 'restart-needed' } })
    else dispatch({ kind: 'fault.cleared', id: 'restart' })
    if (differ(settings, before, 'workspaces') || differ(settings, before, 'ignoredWorkspaces'))
      await deps.useWorkspaces(settings.workspaces)
    return ok(null)
  }
}

/** Why these settings cannot be kept; undefined where they can. What was there before is not looked at: a disk may be away. */
function refusalOf(
  { settingsSetBy = {}, checkFolder }: HandlerContext['deps'],
  before: SettingsView,
  next: SettingsView,
): CommandError | undefined {
  for (const key of settingKeys.options) {
    const by = settingsSetBy[key]
    if (by === undefined || JSON.stringify(next[key]) === JSON.stringify(before[key])) continue
    return { code: 'set-elsewhere', about: key, message: `This is set by ${by} and cannot be changed here.` }
  }
  for (const path of checkFolder ? next.workspaces : []) {
    if (before.workspaces.includes(path)) continue
    const words = NO_FOLDER[checkFolder?.(path).state ?? 'folder']
    if (words !== null) return { code: 'not-a-folder', about: path, message: `${path} ${words}` }
  }
  return undefined
}

export function settingsHandlers(context: HandlerContext, update: UpdateSettings): Handlers {
  const { deps, state, notify, onEvent } = context
  const { clock, utcOffsetAt = () => 0 } = deps
  return {
    'settings.update': (input) => {
      const given = Object.fromEntries(Object.entries(input).filter(([, v]) => v !== undefined))
      const next: SettingsView = { ...state().settings, ...given }
      const refused = refusalOf(deps, state().settings, next)
      return refused ? Promise.resolve(err(refused)) : update(next)
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
