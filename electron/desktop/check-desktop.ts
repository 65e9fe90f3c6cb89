/** The desktop's part of the self-test: tray host, start at login. The engine knows how notifications fare. */
import type { Finding } from '../../shared/protocol.ts'

export interface DesktopFacts {
  readonly hasTrayHost: () => Promise<boolean | null>
  readonly isAutostartOn: () => boolean
  /** What the person chose; null: never asked. */
  readonly isAutostartWanted: () => boolean | null
}

export async function checkDesktop(facts: DesktopFacts): Promise<readonly Finding[]> {
  const hasHost = await facts.hasTrayHost()
  const isOn = facts.isAutostartOn()
  const isWanted = facts.isAutostartWanted()
  const isAsWanted = isOn === (isWanted ?? false)
  return [
    {
      check: 'tray',
      isWell: hasHost,
      detail:
        hasHost === null
          ? 'it cannot be told whether this desktop shows tray icons'
          : hasHost
            ? 'this desktop shows tray icons'
            : 'this desktop shows no tray icons',
      fix:
        hasHost === false
          ? 'On GNOME, install the AppIndicator extension; until then use this window.'
          : null,
    },
    {
      check: 'start at login',
      isWell: isAsWanted,
      detail: isOn ? 'on' : 'off',
      fix: isAsWanted
        ? null
        : isOn
          ? 'The system starts it although Settings says no: save that setting once more.'
          : 'The system does not start it although Settings says so: save that setting once more, or look at the system’s own list.',
    },
  ]
}
