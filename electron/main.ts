/** The tray app's entry: paths first, then the desktop joined to the engine. */
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import * as electron from 'electron'
import { nextFact, sayWhereApiIs } from '../shared/start-facts.ts'
import { librariesFinding } from '../shared/system-libraries.ts'
import { findFolderFault } from './adapters/data-folder.ts'
import { makeFolder } from './adapters/make-folder.ts'
import { ownAppCoord } from './adapters/hook-command.ts'
import { homeFolder } from './adapters/places.ts'
import { systemClock } from './adapters/system.ts'
import { findMissingLibraries, readDistribution } from './adapters/system-libraries.ts'
import { composeForDesktop } from './compose.ts'
import { createAutostart } from './desktop/autostart.ts'
import { checkDesktop } from './desktop/check-desktop.ts'
import { runDesktop } from './desktop/run-desktop.ts'
import { keepShortcut } from './desktop/shortcut.ts'
import { outsideArchive } from './desktop/unpacked.ts'

const home = process.env['COORD_HOME']
// The instance lock lives in this folder: one app per COORD_HOME.
if (home && !electron.app.commandLine.hasSwitch('user-data-dir'))
  electron.app.setPath('userData', join(resolve(home), 'electron'))
const distDir = resolve(__dirname, '..')
const autostart = createAutostart({
  app: electron.app,
  platform: process.platform,
  env: process.env,
  home: homedir(),
  execPath: process.execPath,
  root: resolve(distDir, '..'),
  makeFolder,
})

void electron.app.whenReady().then(() =>
  keepShortcut(electron.shell, {
    isPackaged: electron.app.isPackaged,
    platform: process.platform,
    env: process.env,
    execPath: process.execPath,
  }),
)

/** For the terminal that started the app: where the API is, what to do next, how to end it. */
function sayFacts(api: string, isFirst: boolean): void {
  if (!isFirst) return void process.stderr.write(`${api}\n`)
  const coord = electron.app.isPackaged ? 'coord' : `npm --prefix ${resolve(distDir, '..')} run -s coord --`
  const end = process.stderr.isTTY ? 'the icon’s menu, or Ctrl-C here, ends' : 'the icon’s menu ends'
  const tray = `A click on the icon in the tray opens the window; ${end} Coord Tray.`
  process.stderr.write(`${api}\n${nextFact(coord)}\n${tray}\n`)
}

runDesktop(electron, {
  distDir,
  dataFolders: [homeFolder(process.env)],
  findFolderFault,
  join: async (hooks) => {
    const joined = await composeForDesktop({
      env: process.env,
      cliFile: outsideArchive(join(distDir, 'cli', 'cli.cjs')),
      ...hooks,
      version: electron.app.getVersion(),
      appCoord: electron.app.isPackaged ? ownAppCoord() : null,
      setStartAtLogin: (isOn) => Promise.resolve(autostart.set(isOn)),
      checkFront: async () => [
        ...checkDesktop({
          trayHost: hooks.bus.trayHost.now,
          isAutostartOn: () => autostart.isOn(),
          isAutostartWanted: () => joined.settings().startAtLogin,
        }),
        ...(process.platform === 'linux'
          ? [librariesFinding(await findMissingLibraries(), readDistribution())]
          : []),
      ],
    })
    sayWhereApiIs({ subscribe: joined.engine.onSnapshot, say: sayFacts, clock: systemClock })
    // An app that was moved or updated is started from where it is now.
    if (electron.app.isPackaged && joined.settings().startAtLogin === true && autostart.isOn())
      autostart.set(true)
    return joined
  },
}).catch((cause: unknown) => {
  process.stderr.write(
    `Coord Tray could not start: ${cause instanceof Error ? (cause.stack ?? '') : String(cause)}\n`,
  )
  electron.app.exit(1)
})
