/** The tray app's entry: paths first, then the desktop joined to the engine. */
import { join, resolve } from 'node:path'
import * as electron from 'electron'
import { COMMAND_CHANNEL, SNAPSHOT_CHANNEL } from './bridge/ipc-contract.ts'
import { composeForDesktop } from './compose.ts'
import { runDesktop } from './desktop/run-desktop.ts'

const home = process.env['COORD_HOME']
// The instance lock lives in this folder: one app per COORD_HOME.
if (home && !electron.app.commandLine.hasSwitch('user-data-dir'))
  electron.app.setPath('userData', join(resolve(home), 'electron'))
const distDir = resolve(__dirname, '..')

runDesktop(electron, {
  channels: { command: COMMAND_CHANNEL, snapshot: SNAPSHOT_CHANNEL },
  distDir,
  join: (hooks) =>
    composeForDesktop({ env: process.env, cliFile: join(distDir, 'cli', 'cli.cjs'), ...hooks }),
}).catch((cause: unknown) => {
  process.stderr.write(
    `Coord Tray could not start: ${cause instanceof Error ? (cause.stack ?? '') : String(cause)}\n`,
  )
  electron.app.exit(1)
})
