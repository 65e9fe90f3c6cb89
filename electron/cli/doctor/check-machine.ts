/** Doctor's look at this machine: the runtime, the data folder, settings, and which `coord` a shell finds. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, realpathSync, statfsSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { diskWords } from '../../../shared/data-folder.ts'
import { librariesFinding } from '../../../shared/system-libraries.ts'
import { VERSION } from '../../../shared/version.ts'
import { checkFolder, checkWatcher } from '../../adapters/self-check.ts'
import { findMissingLibraries, readDistribution } from '../../adapters/system-libraries.ts'
import type { Context } from '../context.ts'
import { bad, well, type Finding } from './finding.ts'

const WANTED_NODE = [22, 22, 2]
const LEAST_FREE_BYTES = 64 * 1024 * 1024
const PATIENCE_MS = 5_000

export async function checkMachine(context: Context): Promise<readonly Finding[]> {
  return [
    node(),
    well('version', `Coord Tray ${VERSION}`),
    ...commandsOnPath(process.env),
    dataFolder(context.home),
    freeSpace(context.home),
    settings(context.home),
    ...context.problems.map((problem) => bad('setting', problem, 'Mend it there; the default counts now.')),
    well('this machine', `${context.machine.name}; acting as ${context.session}`),
    ...(process.platform === 'linux' ? [await libraries(), ...desktop(context.home, process.env)] : []),
    await watcher(context.home),
  ]
}

function node(): Finding {
  const { node: version } = process.versions
  const parts = version.split('.').map(Number)
  const at = WANTED_NODE.findIndex((wanted, i) => parts[i] !== wanted)
  const isEnough = at < 0 || (parts[at] ?? 0) > (WANTED_NODE[at] ?? 0)
  const isElectron = 'electron' in process.versions
  return isEnough || isElectron
    ? well('Node', version)
    : bad('Node', version, `Put Node ${WANTED_NODE.join('.')} or newer first on the PATH.`)
}

function dataFolder(home: string): Finding {
  const { check, isWell, detail, fix } = checkFolder(
    'data folder',
    home,
    'Make it writable, or set COORD_HOME to a folder that is.',
  )
  if (isWell !== false || existsSync(home)) return { check, ok: isWell !== false, detail, fix }
  const above = nearestFolder(home)
  return mayWrite(above)
    ? well(check, `${home} is made when it is needed`)
    : bad(check, `${home} is not there, and ${above} may not be written`, fix)
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path))
}

function mayWrite(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}

function freeSpace(home: string): Finding {
  try {
    const { bavail, bsize } = statfsSync(existsSync(home) ? home : homedir())
    const free = bavail * bsize
    const megabytes = Math.floor(free / 2 ** 20)
    const words = megabytes > 10_240 ? `${Math.floor(megabytes / 1024)} GB free` : `${megabytes} MB free`
    return free < LEAST_FREE_BYTES
      ? bad('disk', words, 'Make room: calls cannot be queued on a full disk.')
      : well('disk', words)
  } catch (error) {
    return well('disk', `how much is free cannot be told (${diskWords(error)})`)
  }
}

function settings(home: string): Finding {
  const file = join(home, 'settings.json')
  try {
    const parsed: unknown = JSON.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return well('settings', file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return well('settings', 'none; the defaults count')
    if (!(error instanceof SyntaxError))
      return bad(
        'settings',
        `${file} cannot be read (${diskWords(error)}): nothing is contacted`,
        'Make the file readable for this user, or set COORD_API_URL.',
      )
  }
  return bad(
    'settings',
    `${file} is no JSON object`,
    'Repair the file, or move it away: the defaults apply then.',
  )
}

/** The programs that a shell would run as `coord`, in the order of the PATH, links followed. */
function coordsOn(path: string): readonly string[] {
  const names = process.platform === 'win32' ? ['coord.cmd', 'coord.exe'] : ['coord']
  const found = path
    .split(delimiter)
    .filter((folder) => folder !== '')
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK)
        return statSync(file).isFile()
      } catch {
        return false
      }
    })
  return [...new Map(found.map((file) => [realpathSync(file), file])).values()]
}

function versionOf(file: string): string {
  const ran = spawnSync(file, ['--version'], {
    encoding: 'utf8',
    timeout: PATIENCE_MS,
    shell: process.platform === 'win32',
  })
  return ran.status === 0 ? ran.stdout.trim() : 'does not run'
}

/** Other installations: what one of another version queues or installs, this one may not know. */
function commandsOnPath(env: NodeJS.ProcessEnv): readonly Finding[] {
  const found = coordsOn(env['PATH'] ?? '')
  if (found.length === 0)
    return [
      well('coord on the PATH', 'none; call it by its whole path, or install it: npm i -g, or a package'),
    ]
  const versions = found.map((file) => ({ file, version: versionOf(file) }))
  const detail = versions.map(({ file, version }) => `${file} (${version})`).join(', ')
  const others = versions.filter(({ version }) => version !== VERSION)
  return [
    others.length === 0
      ? well('coord on the PATH', detail)
      : bad(
          'coord on the PATH',
          `this is ${VERSION}, and there is ${detail}`,
          'Remove or update the other one: both work on the same queues.',
        ),
  ]
}

/** Only the tray app needs them: on a machine without a display nobody misses one. */
async function libraries(): Promise<Finding> {
  const { check, isWell, detail, fix } = librariesFinding(await findMissingLibraries(), readDistribution())
  const hasDisplay = Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY'])
  if (isWell === false && !hasDisplay) return well(check, `${detail}; only the tray app needs that`)
  return { check, ok: isWell !== false, detail, fix: isWell === false ? fix : null }
}

async function watcher(home: string): Promise<Finding> {
  if (!existsSync(home)) return well('watcher', 'not tried: there is no data folder yet')
  const { createWatcher } = await import('../../adapters/watcher.ts')
  const { check, isWell, detail, fix } = await checkWatcher(createWatcher(), home)
  return { check, ok: isWell !== false, detail, fix }
}

const HOSTS = {
  'org.freedesktop.Notifications': {
    check: 'notifications',
    there: 'this desktop has a service for them',
    none: 'this desktop has no service for them',
    fix: 'Install or start one (dunst, mako, …); what could not be shown is shown then.',
  },
  'org.kde.StatusNotifierWatcher': {
    check: 'tray',
    there: 'this desktop shows tray icons',
    none: 'this desktop shows no tray icons',
    fix: 'On GNOME, install the AppIndicator extension; until then there is an ordinary window.',
  },
} as const

/** What the session's bus knows of: those that run, and those that it would start. Null: it cannot be asked from here. */
function namesOnBus(): string | null {
  const ask = (method: string) =>
    spawnSync(
      'gdbus',
      ['call', '--session', '--dest', 'org.freedesktop.DBus', '--object-path', '/', '--method', method],
      { encoding: 'utf8', timeout: PATIENCE_MS },
    )
  const names = ask('org.freedesktop.DBus.ListNames')
  const activatable = ask('org.freedesktop.DBus.ListActivatableNames')
  return names.status === 0 ? `${names.stdout}${activatable.stdout}` : null
}

/** Only where there is a desktop; the app's own Check also tries what it finds. */
function desktop(home: string, env: NodeJS.ProcessEnv): readonly Finding[] {
  if (!env['DISPLAY'] && !env['WAYLAND_DISPLAY']) return []
  const names = namesOnBus()
  const onBus = Object.entries(HOSTS).map(([name, { check, there, none, fix }]) =>
    names === null
      ? well(check, "cannot be told from here: the app's Check says it (key 7)")
      : names.includes(name)
        ? well(check, there)
        : bad(check, none, fix),
  )
  return [...onBus, startAtLogin(home, env)]
}

function startAtLogin(home: string, env: NodeJS.ProcessEnv): Finding {
  const folder = env['XDG_CONFIG_HOME'] || join(homedir(), '.config')
  const isOn = existsSync(join(folder, 'autostart', 'local.coord-tray.desktop'))
  let isWanted: unknown = null
  try {
    isWanted = (JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8')) as Record<string, unknown>)[
      'startAtLogin'
    ]
  } catch {
    // no settings: never asked
  }
  return typeof isWanted !== 'boolean' || isOn === isWanted
    ? well('start at login', isOn ? 'on' : 'off')
    : bad(
        'start at login',
        `${isOn ? 'on' : 'off'}, and Settings say otherwise`,
        'Save that setting once more.',
      )
}
