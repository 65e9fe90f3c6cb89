/**
 * Where a command stands: flags, environment, settings file, defaults, in that order.
 * Reads two small files at most and loads nothing heavy: hooks and `enqueue` go through here.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import type { Machine } from '../../shared/session.ts'
import { machineFrom } from '../adapters/machine-name.ts'
import { homeFolder, real, toBaseUrl } from '../adapters/places.ts'
import { failure, usage } from './exit.ts'
import { hint } from './output.ts'

export interface GlobalFlags {
  readonly json?: boolean
  readonly workspace?: readonly string[]
  readonly session?: string
}

export interface NamedWorkspace {
  readonly path: string
  readonly name: string
}

export interface Context {
  /** Where the person stands. */
  readonly cwd: string
  readonly home: string
  readonly machine: Machine
  /** Base of the API, without `/api/coord` and without a slash at its end. */
  readonly baseUrl: string
  /** `COORD_API_URL` is unset everywhere: the API is served on this workstation. */
  readonly isEmbedded: boolean
  readonly port: number
  readonly token: string | null
  readonly session: string
  /** The session that `--session` named, as opposed to a default. */
  readonly givenSession: string | null
  readonly givenWorkspaces: readonly string[]
  readonly configuredWorkspaces: readonly string[]
}

export const THIS_APP = 'this app'

/** `npm run coord` starts in the package's folder; the person stands where npm was called. */
function standsIn(env: NodeJS.ProcessEnv): string {
  const cwd = process.cwd()
  const isByNpm =
    env['npm_lifecycle_event'] === 'coord' &&
    env['INIT_CWD'] &&
    dirname(env['npm_package_json'] ?? '') === cwd
  return isByNpm && env['INIT_CWD'] ? env['INIT_CWD'] : cwd
}

interface LooseSettings {
  readonly machineName?: unknown
  readonly aliases?: unknown
  readonly workspaces?: unknown
  readonly apiUrl?: unknown
}

/** Settings that do not parse are said and left alone; the defaults apply. */
function readSettings(home: string): LooseSettings {
  const file = join(home, 'settings.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return {}
  }
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  } catch {
    // Said below.
  }
  hint(`coord: ${file} cannot be read as settings; going on with the defaults. Repair it or move it away.`)
  return {}
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string' && v !== '') : []

function checkedUrl(text: string): string {
  const checked = toBaseUrl(text)
  if (checked.kind === 'no-url') throw failure(`COORD_API_URL is no address: ${text}`)
  if (checked.kind === 'no-http') throw failure(`COORD_API_URL must be http or https: ${text}`)
  return checked.url
}

/** A port from a flag or from the environment; `stop` says which kind of mistake a wrong one is. */
export function portOf(text: string | undefined, stop: (message: string) => Error = failure): number {
  if (!text) return 8001
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw stop(`that is no port: ${text}`)
  return port
}

export function readContext(flags: GlobalFlags, env: NodeJS.ProcessEnv = process.env): Context {
  const cwd = standsIn(env)
  const home = homeFolder(env)
  const settings = readSettings(home)
  const machine = machineFrom({
    env,
    home,
    machineName: typeof settings.machineName === 'string' ? settings.machineName : undefined,
    aliases: texts(settings.aliases),
  })
  const port = portOf(env['COORD_PORT'])
  const apiUrl = env['COORD_API_URL'] || (typeof settings.apiUrl === 'string' ? settings.apiUrl : '')
  const given = (flags.workspace ?? []).map((w) => real(resolve(cwd, w)))
  for (const w of given) {
    if (!existsSync(w) || !statSync(w).isDirectory()) throw usage(`--workspace ${w} is no folder`)
  }
  const fromEnv = (env['COORD_WORKSPACES'] ?? '').split(delimiter).filter((w) => w !== '')
  const configured = fromEnv.length > 0 ? fromEnv.map((w) => resolve(cwd, w)) : texts(settings.workspaces)
  if (flags.session?.trim() === '') throw usage('--session is empty')
  return {
    cwd,
    home,
    machine,
    baseUrl: apiUrl ? checkedUrl(apiUrl) : `http://127.0.0.1:${port}`,
    isEmbedded: !apiUrl,
    port,
    token: env['COORD_TOKEN'] || null,
    session: flags.session ?? (env['COORD_SESSION'] || `${machine.name}/coord`),
    givenSession: flags.session ?? null,
    givenWorkspaces: given,
    configuredWorkspaces: configured.map((w) => real(w)),
  }
}

/**
 * The nearest folder upward from `from` that has `.claude`; null where there is none.
 * The user's own `~/.claude` is the tool's configuration, no project, unless the person stands right there.
 */
export function nearestWorkspace(from: string): string | null {
  const user = real(homedir())
  const start = real(from)
  for (let dir = start; ; dir = dirname(dir)) {
    try {
      if ((dir === start || dir !== user) && statSync(join(dir, '.claude')).isDirectory()) return dir
    } catch {
      // Not here; go on upward.
    }
    if (dirname(dir) === dir) return null
  }
}

/** The workspaces that a command looks at, `this app` last and always. */
export function workspacesOf(context: Context): readonly NamedWorkspace[] {
  const nearest = context.givenWorkspaces.length > 0 ? null : nearestWorkspace(context.cwd)
  const paths =
    context.givenWorkspaces.length > 0
      ? context.givenWorkspaces
      : [...context.configuredWorkspaces, ...(nearest ? [nearest] : [])]
  const own = real(context.home)
  const unique = [...new Set(paths)].filter((path) => path !== own)
  return [...unique.map((path) => ({ path, name: basename(path) || path })), { path: own, name: THIS_APP }]
}

/** The one workspace whose queue takes a call from here: the named one, or the nearest upward; null outside any. */
export function queueingWorkspace(context: Context): string | null {
  if (context.givenWorkspaces.length > 1) throw usage('name one --workspace only: a call goes into one queue')
  return context.givenWorkspaces[0] ?? nearestWorkspace(context.cwd)
}
