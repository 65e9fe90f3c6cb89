/** Start at login on each system, with the window hidden. A failure is a sentence. */
import { join } from 'node:path'
import type { App } from 'electron'
import { appImageOf } from '../../shared/app-image.ts'
import { diskWords } from '../../shared/data-folder.ts'
import { err, ok, type Result } from '../../shared/result.ts'
import { autostartFile, isAutostartOn, setAutostart } from './autostart-linux.ts'

export interface AutostartPlace {
  readonly app: Pick<App, 'isPackaged' | 'getLoginItemSettings' | 'setLoginItemSettings'>
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly execPath: string
  /** The folder of the clone, where the app is not packaged. */
  readonly root: string
  /** Makes a folder and those on its way; throws the platform's error, with the true cause. */
  readonly makeFolder: (path: string) => void
}

export interface Autostart {
  isOn(): boolean
  set(isOn: boolean): Result<null, string>
}

/** What a login runs. An AppImage is mounted elsewhere each time: its file is what stays. */
export function loginCommand({ app, env, execPath, root }: AutostartPlace): readonly [string, ...string[]] {
  if (app.isPackaged) return [appImageOf(env, execPath) ?? execPath]
  const node = env['COORD_NODE']
  return node ? [node, join(root, 'build', 'scripts', 'start.mjs')] : [execPath, root]
}

export function createAutostart(place: AutostartPlace): Autostart {
  const { app, platform, env, home, makeFolder } = place
  const [program, ...args] = loginCommand(place)
  if (platform === 'linux') {
    const file = autostartFile(env, home)
    return {
      isOn: () => isAutostartOn(file),
      set(isOn) {
        try {
          setAutostart(file, isOn ? [program, ...args] : null, makeFolder)
          return ok(null)
        } catch (cause) {
          return err(`${file} cannot be written (${diskWords(cause)})`)
        }
      },
    }
  }
  // macOS starts the bundle itself, and a clone has none.
  if (platform === 'darwin' && !app.isPackaged)
    return {
      isOn: () => false,
      set: (isOn) => (isOn ? err('install the app first; this is a clone') : ok(null)),
    }
  // Windows runs the command line as it stands: what holds blanks must be quoted, and is looked up in the same words.
  const item =
    platform === 'win32' ? { path: program, args: [...args.map((one) => `"${one}"`), '--hidden'] } : {}
  return {
    isOn: () => app.getLoginItemSettings(item).openAtLogin,
    set(isOn) {
      app.setLoginItemSettings({ openAtLogin: isOn, ...item })
      return app.getLoginItemSettings(item).openAtLogin === isOn
        ? ok(null)
        : err('the system did not take it; look at its own list of login items')
    },
  }
}
