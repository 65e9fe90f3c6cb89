/** Where everything is: environment, settings file, defaults, in that order. */
import { basename, delimiter, resolve } from 'node:path'
import { err, ok, type Result } from '../../shared/result.ts'
import type { Machine } from '../../shared/session.ts'
import type { SettingKey, SettingsView } from '../../shared/snapshot.ts'
import { machineFrom } from './machine-name.ts'
import { settingsFile } from './settings-file.ts'
import { tokenFor } from './token-file.ts'
import { homeFolder, NOWHERE, real, toBaseUrl, type Env } from './places.ts'

export interface Config {
  readonly home: string
  readonly settings: SettingsView
  /** Named by the environment or the settings; null: served here. */
  readonly apiUrl: string | null
  readonly port: number
  readonly token: string | null
  readonly node: string | undefined
  /** Whom to ask for a later version; null: nobody is asked. */
  readonly updateUrl: string | null
  readonly workspaces: readonly string[]
  /** The variable that fixes a setting, by the setting's key. */
  readonly setBy: Readonly<Partial<Record<SettingKey, string>>>
  /** The file was corrupt and kept aside, in words; or the address is none. */
  readonly problems: readonly string[]
}

export const nameOf = (path: string): string => basename(path) || path

export function resolveConfig(env: Env): Config {
  const home = homeFolder(env)
  const { value: file, strange, isUnreadable, problems: onFile } = settingsFile(home).read()
  const problems = [...onFile]
  const wanted = env['COORD_API_URL'] || file.apiUrl || null
  const address = wanted === null ? null : toBaseUrl(wanted)
  const apiUrl = address?.kind === 'url' ? address.url : null
  if (wanted !== null && apiUrl === null)
    problems.push(
      `The API address "${wanted}" is none (it must be http:// or https://…); nothing is contacted there.`,
    )
  const asked = env['COORD_UPDATE_URL'] || file['updateUrl']
  const updates =
    typeof asked === 'string' && /^https?:\/\/./.test(asked) && URL.canParse(asked) ? asked : null
  if (asked && updates === null)
    problems.push(`COORD_UPDATE_URL (or "updateUrl") is no address: nobody is asked for a later version.`)
  const port = Number(env['COORD_PORT'] || 8001)
  const isPort = Number.isInteger(port) && port >= 0 && port < 65_536
  if (!isPort) problems.push(`COORD_PORT "${env['COORD_PORT'] ?? ''}" is no port; 8001 is used.`)
  const fromEnv = (env['COORD_WORKSPACES'] ?? '').split(delimiter).filter((w) => w !== '')
  const workspaces = (fromEnv.length > 0 ? fromEnv.map((w) => resolve(w)) : (file.workspaces ?? [])).map(real)
  const machine = machineFrom({
    env,
    home,
    machineName: file.machineName,
    aliases: file.aliases ?? [],
  })
  return {
    home,
    settings: {
      machineName: machine.name,
      aliases: [...machine.aliases],
      sessions: file.sessions ?? [],
      workspaces: [...workspaces],
      ignoredWorkspaces: file.ignoredWorkspaces ?? [],
      apiUrl: file.apiUrl ?? null,
      hideContent: file.hideContent ?? false,
      quitChoice: file.quitChoice ?? 'ask',
      mutedUntil: file.mutedUntil ?? null,
      mutedProjects: file.mutedProjects ?? [],
      quietHours: file.quietHours ?? null,
      startAtLogin: file.startAtLogin ?? null,
      // a corrupt file is none of a first run, and neither is a machine that its environment sets up
      isSetUp:
        file.isSetUp ??
        (onFile.length > 0 ||
          Object.keys(file).length > 0 ||
          ['COORD_API_URL', 'COORD_WORKSPACES', 'COORD_MACHINE'].some((name) => Boolean(env[name]))),
    },
    apiUrl: apiUrl ?? (wanted !== null || isUnreadable || 'apiUrl' in strange ? NOWHERE : null),
    port: isPort ? port : 8001,
    token: tokenFor(env, home, apiUrl),
    node: env['COORD_NODE'] || undefined,
    updateUrl: updates,
    workspaces,
    setBy: setByOf(env),
    problems,
  }
}

const VARIABLES = {
  machineName: 'COORD_MACHINE',
  workspaces: 'COORD_WORKSPACES',
  apiUrl: 'COORD_API_URL',
} as const satisfies Partial<Record<SettingKey, string>>

const setByOf = (env: Env): Config['setBy'] =>
  Object.fromEntries(Object.entries(VARIABLES).filter(([, name]) => Boolean(env[name])))

/** Keeps what the person chose; what the environment says stays out of the file. Gives back the machine that results. */
export function keepSettings(
  env: Env,
  { home, settings: now }: Pick<Config, 'home' | 'settings'>,
  next: SettingsView,
): Result<Machine, string> {
  const file = settingsFile(home)
  const { value: before, strange, isUnreadable } = file.read()
  if (isUnreadable) return err(`${file.path} cannot be read, and is left as it is`)
  const isAsBefore = (key: string): boolean =>
    JSON.stringify(next[key as SettingKey]) === JSON.stringify(now[key as SettingKey])
  const after: typeof before = {
    ...before,
    ...next,
    // Of another version, and not changed here: it stays.
    ...Object.fromEntries(Object.entries(strange).filter(([key]) => isAsBefore(key))),
  }
  if (env['COORD_MACHINE'] && next.machineName === now.machineName) {
    if (before.machineName === undefined) delete after.machineName
    else after.machineName = before.machineName
  }
  if (env['COORD_WORKSPACES'] && next.workspaces.join('\n') === now.workspaces.join('\n'))
    after.workspaces = before.workspaces ?? []
  if (!file.write(after)) return err(`${file.path} could not be written`)
  return ok({ name: env['COORD_MACHINE'] || next.machineName, aliases: next.aliases })
}
