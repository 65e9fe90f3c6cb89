// The programs that are measured: our app, `coord watch`, and an empty Electron app with a tray icon to stand beside them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT } from '../../../e2e/support/desktop.ts'
import { electronEnv, isRoot } from '../../scripts/lib/runtime.mjs'

const FLAGS = isRoot ? ['--no-sandbox'] : []

const EMPTY = `
const { app, Tray, Menu, nativeImage } = require('electron')
app.disableHardwareAcceleration()
app.commandLine.appendSwitch('disable-gpu')
app.on('window-all-closed', () => {})
app.whenReady().then(() => {
  globalThis.tray = new Tray(nativeImage.createFromPath(process.env.EMPTY_ICON))
  globalThis.tray.setContextMenu(Menu.buildFromTemplate([{ label: 'Quit', click: () => app.quit() }]))
  globalThis.tray.setToolTip('empty')
})
`

/** Ten folders for the app to watch. */
export function makeWorkspaces(temp) {
  const workspaces = Array.from({ length: 10 }, (_, i) => join(temp, `project-${i}`))
  for (const path of workspaces) mkdirSync(join(path, '.claude'), { recursive: true })
  return workspaces
}

function makeEmptyApp(dir, exe) {
  mkdirSync(dir)
  writeFileSync(join(dir, 'main.cjs'), EMPTY)
  writeFileSync(
    join(dir, 'package.json'),
    JSON.stringify({ name: 'empty', main: 'main.cjs', scripts: { start: `"${exe}" ${FLAGS.join(' ')} .` } }),
  )
}

/** Each program runs in a home that it is given: a new one is a first start. */
export class Programs {
  #exe
  #launcher
  #workspaces
  #temp
  #url
  #emptyDir
  #homes = 0

  constructor({ exe, launcher, workspaces, temp, url }) {
    this.#exe = exe
    this.#launcher = launcher
    this.#workspaces = workspaces
    this.#temp = temp
    this.#url = url
    this.#emptyDir = join(temp, 'empty')
    makeEmptyApp(this.#emptyDir, exe)
  }

  newHome() {
    return join(this.#temp, `home-${++this.#homes}`)
  }

  /** `before`: a command that starts the app in its turn. */
  app(home, before = []) {
    const [program, ...args] = [
      ...before,
      this.#exe,
      ...FLAGS,
      `--user-data-dir=${join(home, 'electron')}`,
      ROOT,
    ]
    return this.#launcher.untilTrayItem(program, args, { env: this.#appEnv(home) })
  }

  empty(home) {
    const args = [...FLAGS, `--user-data-dir=${join(home, 'data')}`, this.#emptyDir]
    return this.#launcher.untilTrayItem(this.#exe, args, { env: this.#emptyEnv(home) })
  }

  appByNpm(home) {
    return this.#launcher.untilTrayItem('npm', ['start'], { cwd: ROOT, env: this.#appEnv(home) })
  }

  emptyByNpm(home) {
    const options = { cwd: this.#emptyDir, env: this.#emptyEnv(home) }
    return this.#launcher.untilTrayItem('npm', ['start'], options)
  }

  coordWatch(home) {
    return this.#launcher.inBackground(process.execPath, [join(ROOT, 'build/scripts/coord.mjs'), 'watch'], {
      env: this.#appEnv(home),
      cwd: this.#workspaces[0],
    })
  }

  #appEnv(home) {
    return electronEnv({
      COORD_HOME: home,
      COORD_API_URL: this.#url,
      COORD_MACHINE: 'BENCH',
      COORD_WORKSPACES: this.#workspaces.join(':'),
      XDG_CONFIG_HOME: join(home, 'config'),
    })
  }

  #emptyEnv(home) {
    return electronEnv({
      EMPTY_ICON: join(ROOT, 'dist/icons/idle-light-22.png'),
      XDG_CONFIG_HOME: join(home, 'config'),
    })
  }
}
