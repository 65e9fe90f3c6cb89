/** The desktop's part of the self-test: tray host, start at login. The engine knows how notifications fare. */
import type { Finding } from '../../shared/protocol.ts'
import type { Presence } from './bus/desktop-bus.ts'

export interface DesktopFacts {
  readonly trayHost: () => Presence
  readonly isAutostartOn: () => boolean
  /** What the person chose; null: never asked. */
  readonly isAutostartWanted: () => boolean | null
}

const trayFinding = (presence: Presence): Finding => {
  if (presence === 'unknown')
    return {
      check: 'tray',
      isWell: null,
      detail: 'it cannot be told whether this desktop shows tray icons',
      fix: null,
    }
  const isThere = presence !== 'absent'
  return {
    check: 'tray',
    isWell: isThere,
    detail: isThere ? 'this desktop shows tray icons' : 'this desktop shows no tray icons',
    fix: isThere ? null : 'On GNOME, install the AppIndicator extension; until then use this window.',
  }
}

/** What the desktop has and has not, in words. */
export function checkDesktop(facts: DesktopFacts): readonly Finding[] {
  const isOn = facts.isAutostartOn()
  const isWanted = facts.isAutostartWanted()
  const isAsWanted = isOn === (isWanted ?? false)
  return [
    trayFinding(facts.trayHost()),
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
