/** Tells the engine of sleep, lock and battery. */
import type { PowerMonitor } from 'electron'
import type { DesktopEvent } from './desktop-engine.ts'

export function watchPower(
  monitor: Pick<PowerMonitor, 'on' | 'isOnBatteryPower'>,
  dispatch: (event: DesktopEvent) => void,
  onShutdown: () => void,
): void {
  monitor.on('suspend', () => dispatch({ kind: 'power.suspended' }))
  monitor.on('resume', () => dispatch({ kind: 'power.resumed' }))
  monitor.on('lock-screen', () => dispatch({ kind: 'screen.locked' }))
  monitor.on('unlock-screen', () => dispatch({ kind: 'screen.unlocked' }))
  monitor.on('on-battery', () => dispatch({ kind: 'power.source-changed', isOnBattery: true }))
  monitor.on('on-ac', () => dispatch({ kind: 'power.source-changed', isOnBattery: false }))
  // A prevented before-quit would cancel the log-off on macOS; this event lets the release run first.
  monitor.on('shutdown', (event?: Electron.Event) => {
    event?.preventDefault()
    onShutdown()
  })
  if (monitor.isOnBatteryPower()) dispatch({ kind: 'power.source-changed', isOnBattery: true })
}
