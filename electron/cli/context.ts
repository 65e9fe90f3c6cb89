/**
 * Where a command stands: flags, environment, settings file, defaults, in that order.
 * Reads two small files at most and loads nothing heavy: hooks and `enqueue` go through here.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, join, resolve } from 'node:path'
import { diskWords, isAbsence } from '../../shared/data-folder.ts'
import { THIS_APP } from '../../shared/this-app.ts'
import type { Machine } from '../../shared/session.ts'
import { machineFrom } from '../adapters/machine-name.ts'
import { homeFault } from '../adapters/home-fault.ts'
import { tokenFor } from '../adapters/token-file.ts'
import { addressIn, homeFolder, NOWHERE, personFolder, real, toBaseUrl } from '../adapters/places.ts'
import { failure, usage } from './exit.ts'
import { machineFault, sessionFault } from './names.ts'
import { hint } from './output.ts'

export interface GlobalFlags {
  readonly json?: boolean
  readonly workspace?: readonly string[]
  readonly session?: string
  readonly quiet?: boolean
  readonly verbose?: boolean
  readonly color?: boolean
}

export interface ContextOptions {
  /** Wrong settings are kept in `problems` and their defaults taken, where the command is to say what is wrong. */
  readonly isLenient?: boolean
  /** `--session` may be a name without its machine. */
  readonly takesBareSession?: boolean
  /** A data folder that can be none stops nothing: a guard must guard all the same. */
  readonly takesAnyHome?: boolean
  /** It opens the engine, which keeps settings that do not parse aside. */
  readonly opensEngine?: boolean
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
  /** Wrong settings, each with where it stands; only where they stop nothing. */
  readonly problems: readonly string[]
}

function currentFolder(): string {
  try {
    return process.cwd()
  } catch {
    throw failure('the folder that this shell stands in is gone: change to another one')
  }
}

/** `npm run coord` starts in the package's folder; the person stands where npm was called. */
function standsIn(env: NodeJS.ProcessEnv): string {
  const cwd = currentFolder()
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

/** Settings that do not parse are said, and left alone here; the defaults apply, but for an address that can be read in them. */
function readSettings(home: string, isKeptAside: boolean): LooseSettings {
  const file = join(home, 'settings.json')
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    if (isAbsence((cause as NodeJS.ErrnoException).code)) return {}
    hint(`coord: ${file} cannot be read (${diskWords(cause)}): nothing is contacted until it can be.`)
    return { apiUrl: NOWHERE }
  }
  try {
    const parsed: unknown = JSON.parse(text.replace(/^\uFEFF/, ''))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return parsed
  } catch {
    // Said below.
  }
  const next = isKeptAside ? 'It is kept beside, as settings.corrupt-….json.' : 'Repair it or move it away.'
  hint(`coord: ${file} cannot be read as settings; going on with the defaults. ${next}`)
  return { apiUrl: addressIn(text) }
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((v): v is string => typeof v === 'string' && v !== '') : []

/** A port from a flag or from the environment; `source` says where it stands. */
export function portOf(text: string | undefined, source: string): number {
  if (!text) return 8001
  const port = Number(text)
  if (!/^\d+$/.test(text) || port > 65_535) throw usage(`${source} is no port: ${text}`)
  return port
}

function urlOf(text: string, source: string): string {
  const checked = toBaseUrl(text)
  if (checked.kind === 'no-url') throw usage(`${source} is no address: ${text}`)
  if (checked.kind === 'no-http') throw usage(`${source} must be http or https: ${text}`)
  return checked.url
}

/** Where the API is: the environment, else the settings file, else this machine. */
function addressOf(env: NodeJS.ProcessEnv, settings: LooseSettings, home: string): string | null {
  if (env['COORD_API_URL']) return urlOf(env['COORD_API_URL'], 'COORD_API_URL')
  if (typeof settings.apiUrl !== 'string' || settings.apiUrl === '') return null
  return urlOf(settings.apiUrl, `apiUrl in ${join(home, 'settings.json')}`)
}

function usableHome(env: NodeJS.ProcessEnv): string {
  const home = homeFolder(env)
  const fault = homeFault(home)
  if (fault === null) return home
  const what = env['COORD_HOME'] ? 'COORD_HOME is no folder: ' : 'the data folder cannot be '
  // no wrong usage: the app ends with the same code wherever its folder cannot be used
  throw failure(`${what}${home} (${fault}). Make it usable, or set COORD_HOME to a folder that is.`)
}

function checkMachine({ name }: Machine, env: NodeJS.ProcessEnv, home: string): void {
  const isFromEnv = Boolean(env['COORD_MACHINE'])
  const fault = machineFault(name)
  // a name with blanks that the window took keeps its locks and messages
  if (fault === null || (!isFromEnv && !name.includes('/'))) return
  const source = isFromEnv ? 'COORD_MACHINE' : `machineName in ${join(home, 'settings.json')}`
  throw usage(`${source} is no name of a machine: ${name}: ${fault}`)
}

function checkSession(name: string | undefined, source: string, machine: Machine): void {
  if (name === undefined) return
  const fault = sessionFault(name, machine.name)
  if (fault !== null) throw usage(`${source} is no name of a session: ${name} (${fault})`)
}

export function readContext(
  flags: GlobalFlags,
  env: NodeJS.ProcessEnv = process.env,
  {
    isLenient = false,
    takesBareSession = false,
    takesAnyHome = false,
    opensEngine = false,
  }: ContextOptions = {},
): Context {
  const problems: string[] = []
  /** A setting, or its default where it is wrong and that stops nothing. */
  const checked = <T>(read: () => T, otherwise: T): T => {
    if (!isLenient) return read()
    try {
      return read()
    } catch (error) {
      problems.push(error instanceof Error ? error.message : String(error))
      return otherwise
    }
  }
  const cwd = checked(() => standsIn(env), dirname(process.execPath))
  const home = takesAnyHome
    ? homeFolder(env)
    : checked(() => usableHome(env), homeFolder({ ...env, COORD_HOME: undefined }))
  const settings = readSettings(home, opensEngine)
  const machine = machineFrom({
    env,
    home,
    machineName: typeof settings.machineName === 'string' ? settings.machineName : undefined,
    aliases: texts(settings.aliases),
  })
  const own = env['COORD_SESSION'] || undefined
  checked(() => checkMachine(machine, env, home), undefined)
  if (!takesBareSession) {
    checked(() => checkSession(own, 'COORD_SESSION', machine), undefined)
    checkSession(flags.session, '--session', machine)
  }
  const port = checked(() => portOf(env['COORD_PORT'], 'COORD_PORT'), 8001)
  const apiUrl = checked(() => addressOf(env, settings, home), null)
  const given = (flags.workspace ?? []).map((w) => real(resolve(cwd, w)))
  for (const w of given) {
    if (!existsSync(w) || !statSync(w).isDirectory()) throw usage(`--workspace ${w} is no folder`)
  }
  const fromEnv = (env['COORD_WORKSPACES'] ?? '').split(delimiter).filter((w) => w !== '')
  const configured = fromEnv.length > 0 ? fromEnv.map((w) => resolve(cwd, w)) : texts(settings.workspaces)
  return {
    cwd,
    home,
    machine,
    baseUrl: apiUrl ?? `http://127.0.0.1:${port}`,
    isEmbedded: apiUrl === null,
    port,
    token: tokenFor(env, home, apiUrl),
    session: flags.session ?? own ?? `${machine.name}/coord`,
    givenSession: flags.session ?? null,
    givenWorkspaces: given,
    configuredWorkspaces: configured.map((w) => real(w)),
    problems,
  }
}

function ownFolder(): string | null {
  const own = personFolder()
  return own === null ? null : real(own)
}

/**
 * The nearest folder upward from `from` that has `.claude`; null where there is none.
 * The user's own `~/.claude` is the tool's configuration, no project, unless the person stands right there.
 */
export function nearestWorkspace(from: string): string | null {
  const user = ownFolder()
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

/** A folder that everybody may write to, or the root of all: no project's. */
function isShared(folder: string): boolean {
  if (dirname(folder) === folder || folder === ownFolder()) return true
  try {
    return process.platform !== 'win32' && (statSync(folder).mode & 0o002) !== 0
  } catch {
    return false
  }
}

/** The top of the work tree upward from `from`; null outside any. */
export function workTreeTop(from: string): string | null {
  for (let dir = real(from); ; dir = dirname(dir)) {
    if (existsSync(join(dir, '.git'))) return dir
    if (dirname(dir) === dir) return null
  }
}

/**
 * Where `enqueue` and the installations go: the nearest workspace, else the top of the work tree, else the folder itself;
 * from a folder that all share, this app's own queue. `isNew`: it had no `.claude` before.
 */
export function enqueueingWorkspace(context: Context): {
  readonly workspace: string
  readonly isNew: boolean
} {
  const known = queueingWorkspace(context)
  if (known !== null) return { workspace: known, isNew: false }
  const top = workTreeTop(context.cwd)
  if (top !== null) return { workspace: top, isNew: true }
  const cwd = real(context.cwd)
  return isShared(cwd) ? { workspace: context.home, isNew: false } : { workspace: cwd, isNew: true }
}
