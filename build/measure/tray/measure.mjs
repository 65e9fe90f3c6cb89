// Sets up display, desktop, API and programs, takes the parts in their order, and clears all of it away.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { DesktopDouble, ROOT, freePort, startApi, tempDir } from '../../../e2e/support/desktop.ts'
import { findElectron } from '../../scripts/lib/runtime.mjs'
import { startDisplay } from '../lib/desk.mjs'
import { startBetween } from './between.mjs'
import { idle } from './idle.mjs'
import { Launcher } from './launcher.mjs'
import { lines } from './lines.mjs'
import { notify } from './notify.mjs'
import { Programs, makeWorkspaces } from './programs.mjs'
import { start } from './start.mjs'

/** The rows of all parts, or of the one that is asked for. */
export async function measure(only, log) {
  const { exe, why } = await findElectron({ mayDownload: false })
  if (exe === null) throw new Error(why)
  spawnSync(process.execPath, [join(ROOT, 'build/scripts/build.mjs')], { stdio: ['ignore', 2, 2] })
  const display = await startDisplay()
  process.env.DISPLAY = display.name
  process.env.WAYLAND_DISPLAY = ''
  const desktop = await DesktopDouble.start()
  const temp = tempDir('bench-tray')
  const api = await startApi(await freePort(), join(temp.path, 'api.db'))
  const between = await startBetween(api)
  const launcher = new Launcher(desktop)
  const workspaces = makeWorkspaces(temp.path)
  const programs = new Programs({ exe, launcher, workspaces, temp: temp.path, url: between.url })
  const parts = {
    idle: () => idle(programs, log),
    start: () => start(programs, log),
    notify: () => notify({ programs, desktop, api, between, log }),
    lines: () => lines(programs, workspaces, between.arrivals),
  }
  try {
    log(`tray: ${why}, display ${display.name}, load ${load()}`)
    const rows = []
    for (const [name, part] of Object.entries(parts))
      if (only === undefined || only === name) rows.push(...(await part()))
    return rows
  } finally {
    launcher.killAll()
    between.stop()
    await api.stop()
    desktop.stop()
    display.stop()
    temp.remove()
  }
}

const load = () => spawnSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).stdout.slice(0, 14)
