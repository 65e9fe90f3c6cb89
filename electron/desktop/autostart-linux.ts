/** Start at login on Linux, where Electron's own call does nothing (electron#15198): an XDG autostart entry. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ENTRY = 'local.coord-tray.desktop'

/** Quoted as the Desktop Entry Specification says; `%` doubled, since it starts a field code. */
export const quoteExec = (argument: string): string =>
  `"${argument
    .replace(/(["`$\\])/g, '\\$1')
    .replaceAll('\\', '\\\\')
    .replaceAll('%', '%%')}"`

export const autostartEntry = (command: readonly string[]): string =>
  [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Coord Tray',
    'Comment=Delivers queued coordination calls',
    `Exec=${[...command, '--hidden'].map(quoteExec).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')

export const autostartFile = (env: NodeJS.ProcessEnv, home: string): string =>
  join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'autostart', ENTRY)

export function setAutostart(file: string, command: readonly string[] | null): void {
  if (command === null) return rmSync(file, { force: true })
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, autostartEntry(command))
}

/** A desktop's own switch writes `Hidden=true` into our entry: that is off. */
export function isAutostartOn(file: string): boolean {
  try {
    return !/^(Hidden=true|X-GNOME-Autostart-enabled=false)$/m.test(readFileSync(file, 'utf8'))
  } catch {
    return false
  }
}
