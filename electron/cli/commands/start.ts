/** `coord start`: opens the app; with `--browser`, its window in a browser. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { appImageOf } from '../../../shared/app-image.ts'
import { nextFact, sayWhereApiIs } from '../../../shared/start-facts.ts'
import { hasDisplay } from '../../adapters/has-display.ts'
import { systemClock } from '../../adapters/system.ts'
import { openInBrowser } from '../../adapters/open-browser.ts'
import { findRunning, keptAddress, rememberRunning } from '../../bridge/running-window.ts'
import type { LoopbackDeps, ServedWindow } from '../../bridge/loopback.ts'
import type { Context } from '../context.ts'
import { openEngine } from '../engine.ts'
import { EXIT, type ExitCode } from '../exit.ts'
import { hint, result } from '../output.ts'
import { findApp } from './find-app.ts'
import { untilAskedToEnd } from './serve.ts'

/** The folder of this program: the nearest upward whose package.json is ours. */
function packageFolder(): string | null {
  for (let dir = import.meta.dirname; ; dir = dirname(dir)) {
    try {
      const { name } = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
        readonly name?: string
      }
      if (name === 'coord-tray') return dir
    } catch {
      // Not here; go on upward.
    }
    if (dirname(dir) === dir) return null
  }
}

/** What a clone opens the app with; an installed package has none. */
const cloneScript = (folder: string | null): string | null => {
  const script = folder === null ? null : join(folder, 'build', 'scripts', 'start.mjs')
  return script !== null && existsSync(script) ? script : null
}

export async function start(context: Context, isInBrowser: boolean): Promise<ExitCode> {
  return isInBrowser ? startInBrowser(context) : startApp(context)
}

async function startInBrowser(context: Context): Promise<ExitCode> {
  const running = await findRunning(context.home)
  if (running !== null) {
    hint(`Coord Tray runs already, as process ${running.pid}: this is its window.`)
    await show(running.url, running.openOnce)
    return EXIT.done
  }
  const folder = packageFolder()
  const engine = await openEngine(context)
  const { serveWindow } = (await import('../../bridge/loopback.ts')) as {
    readonly serveWindow: (deps: LoopbackDeps) => Promise<ServedWindow>
  }
  const ending = untilAskedToEnd(false)
  /** Pages that watch now: while one does, the engine reads more often, and reads the board. */
  let pages = 0
  const tellOpen = (n: number): void =>
    engine.engine.dispatch({ kind: 'window.changed', isOpen: n > 0, isFocused: false })
  sayWhereApiIs({
    subscribe: (listener) => engine.subscribe(listener),
    say: hint,
    clock: systemClock,
  })
  await engine.start()
  try {
    const served = await serveWindow({
      dispatch: engine.dispatch,
      subscribe(listener) {
        const unsubscribe = engine.subscribe(listener)
        tellOpen(++pages)
        return () => {
          unsubscribe()
          tellOpen(--pages)
        }
      },
      windowDir: folder === null ? join(import.meta.dirname, 'window') : join(folder, 'dist', 'window'),
      kept: keptAddress(context.home),
    })
    rememberRunning(context.home, served.url)
    await show(served.url, served.openOnce())
    hint(
      nextFact(
        folder === null || cloneScript(folder) === null ? 'coord' : `npm --prefix ${folder} run -s coord --`,
      ),
    )
    hint('End it with Ctrl-C.')
    await ending.asked
    // a quit that nobody answered here (SIGTERM, log-off) takes the remembered choice
    engine.engine.leaveAtOnce()
    await served.close()
  } finally {
    await engine.stop()
  }
  return EXIT.done
}

/** Says where the window is, and opens it where there is a browser. */
async function show(url: string, openOnce: string): Promise<void> {
  await result({ url }, `Open ${url}`)
  if (await openInBrowser(openOnce)) hint('Your browser was asked to open it.')
}

/** Starts the app and lets it go: it lives on when the terminal is closed. */
async function launch(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const child = spawn(program, args, { detached: true, stdio: 'ignore', env })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
}

/** The packaged app is this very executable; a clone's own script finds a runtime; else one is looked for, or a browser. */
async function startApp(context: Context): Promise<ExitCode> {
  const folder = packageFolder()
  const script = cloneScript(folder)
  const { ELECTRON_RUN_AS_NODE: _, ...env } = process.env
  if ('electron' in process.versions) {
    await launch(appImageOf(env, process.execPath) ?? process.execPath, [], env)
    await result({ started: true }, 'Coord Tray starts.')
    return EXIT.done
  }
  if (script === null) return startInstalled(context, folder, env)
  const child = spawn(process.execPath, [script], { stdio: 'inherit', env })
  // The child gets the terminal's signals itself; we end with it.
  const hold = (): void => undefined
  process.on('SIGINT', hold)
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('exit', resolve)
    child.once('error', reject)
  })
  return status === 0 || status === null ? EXIT.done : EXIT.failed
}

/** From npm: an Electron that is there, the app of one of our packages, or the browser. */
async function startInstalled(
  context: Context,
  folder: string | null,
  env: NodeJS.ProcessEnv,
): Promise<ExitCode> {
  const app = folder === null ? null : findApp({ folder, env, platform: process.platform })
  if (app !== null && hasDisplay(env)) {
    // Electron 22 as Node is too old for the API's process; this Node is not.
    await launch(app.program, app.args, { ...env, COORD_NODE: env['COORD_NODE'] || process.execPath })
    await result({ started: true }, `Coord Tray starts in ${app.why}.`)
    return EXIT.done
  }
  hint(
    app === null
      ? 'Coord Tray runs in the browser: no Electron is installed here ("npm i -g electron" brings one).'
      : 'Coord Tray runs in the browser: no display here.',
  )
  return startInBrowser(context)
}
