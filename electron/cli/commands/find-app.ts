/** Which program `coord start` of a package from npm opens: npm brings no Electron along, and none is ever fetched by itself. */
import { accessSync, constants, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'

export interface FoundApp {
  readonly program: string
  readonly args: readonly string[]
  /** For a person: what it runs in. */
  readonly why: string
}

export interface Place {
  /** The folder of the installed package, with its package.json. */
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
}

/** The folder of an Electron's files has its program under this name. */
const ELECTRON: Partial<Record<NodeJS.Platform, string>> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
}
/** The older Electron that a clone fetches for previews on Linux x64. */
const PREVIEW = '22.3.25'

const isProgram = (file: string): boolean => {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The `electron` package beside ours (`npm i -g electron`), where its program was downloaded. */
function electronBeside(folder: string, name: string): string | null {
  try {
    const manifest = createRequire(join(folder, 'package.json')).resolve('electron/package.json')
    const program = join(dirname(manifest), 'dist', name)
    return existsSync(program) ? program : null
  } catch {
    return null
  }
}

/** The app of one of our own packages, on the path. */
function installedApp({ env, platform }: Place): string | null {
  const name = platform === 'win32' ? 'coord-tray.exe' : 'coord-tray'
  const beside = platform === 'darwin' ? ['/Applications/Coord Tray.app/Contents/MacOS/Coord Tray'] : []
  const onPath = (env['PATH'] ?? '').split(delimiter).filter(Boolean)
  return [...onPath.map((dir) => join(dir, name)), ...beside].find(isProgram) ?? null
}

/** The first that is there; null: none, and the window opens in a browser. */
export function findApp(place: Place): FoundApp | null {
  const { folder, env, platform } = place
  const name = ELECTRON[platform] ?? 'electron'
  const given = env['ELECTRON_OVERRIDE_DIST_PATH']
  if (given && isProgram(join(given, name)))
    return { program: join(given, name), args: [folder], why: 'the Electron of ELECTRON_OVERRIDE_DIST_PATH' }
  const beside = electronBeside(folder, name)
  if (beside !== null) return { program: beside, args: [folder], why: `the Electron of ${dirname(beside)}` }
  const app = installedApp(place)
  if (app !== null) return { program: app, args: [], why: `the installed app ${app}` }
  const caches = env['XDG_CACHE_HOME'] || join(homedir(), '.cache')
  const preview = join(caches, 'coord-electron', PREVIEW, 'electron')
  if (platform === 'linux' && isProgram(preview))
    return { program: preview, args: [folder], why: `Electron ${PREVIEW}, for tests and previews` }
  return null
}
