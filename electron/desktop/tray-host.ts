/** Whether this Linux desktop shows tray items: does anybody own org.kde.StatusNotifierWatcher? */
import { execFile } from 'node:child_process'

const NAME = 'org.kde.StatusNotifierWatcher'
const PROBES: readonly (readonly [string, readonly string[]])[] = [
  [
    'dbus-send',
    [
      '--session',
      '--print-reply',
      '--dest=org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus.NameHasOwner',
      `string:${NAME}`,
    ],
  ],
  [
    'gdbus',
    [
      'call',
      '--session',
      '--dest',
      'org.freedesktop.DBus',
      '--object-path',
      '/org/freedesktop/DBus',
      '--method',
      'org.freedesktop.DBus.NameHasOwner',
      NAME,
    ],
  ],
  [
    'busctl',
    [
      '--user',
      'call',
      'org.freedesktop.DBus',
      '/org/freedesktop/DBus',
      'org.freedesktop.DBus',
      'NameHasOwner',
      's',
      NAME,
    ],
  ],
]

export type RunProbe = (command: string, args: readonly string[]) => Promise<string | null>

const run: RunProbe = (command, args) =>
  new Promise((resolve) => {
    execFile(command, [...args], { timeout: 2000 }, (error, stdout) => resolve(error ? null : stdout))
  })

/** Null: cannot be told (no tool for the question); treated as there. */
export async function hasTrayHost(platform: NodeJS.Platform, probe: RunProbe = run): Promise<boolean | null> {
  if (platform !== 'linux') return true
  for (const [command, args] of PROBES) {
    const answer = await probe(command, args)
    if (answer !== null && /\b(true|false)\b/.test(answer)) return /\btrue\b/.test(answer)
  }
  return null
}
