/** Start at login on Linux, where Electron's own call does nothing (electron#15198): an XDG autostart entry. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ENTRY = 'local.coord-tray.desktop'

/**
 * One argument of `Exec` as the Desktop Entry Specification has it, three rules from inside out: `%` doubled, since it
 * starts a field code; `"`, backtick, `$` and `\` escaped within quotes; then the escapes of any string value, which double
 * each backslash once more (a literal one stands as four) and keep line ends and tabs in their line.
 */
export const quoteExec = (argument: string): string =>
  `"${argument
    .replaceAll('%', '%%')
    .replace(/(["`$\\])/g, '\\$1')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t')}"`

export const autostartEntry = (command: readonly string[]): string =>
  [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Coord Tray',
    'Comment=Delivers queued coordination calls',
    `Exec=${[...command, '--hidden'].map(quoteExec).join(' ')}`,
    'Icon=coord-tray',
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')

export const autostartFile = (env: Readonly<Record<string, string | undefined>>, home: string): string =>
  join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'autostart', ENTRY)

/** Whole or not at all: a session that starts meanwhile must not read half an entry. `makeFolder` makes those on the way. Throws what the disk says. */
export function setAutostart(
  file: string,
  command: readonly string[] | null,
  makeFolder: (path: string) => void,
): void {
  if (command === null) return rmSync(file, { force: true })
  makeFolder(dirname(file))
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, autostartEntry(command))
  renameSync(draft, file)
}

/** A desktop's own switch writes `Hidden=true` into our entry, or turns GNOME's key off: that is off. */
export function isAutostartOn(file: string): boolean {
  try {
    return !/^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/im.test(
      readFileSync(file, 'utf8'),
    )
  } catch {
    return false
  }
}
