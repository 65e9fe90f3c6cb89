/** What must be said to Electron before it is ready: who we are, what it may not do, where crash dumps stay. */
import type { ElectronParts, Surroundings } from './electron-parts.ts'
import { APP_SCHEME } from '../bridge/window-origin.ts'
import { guardApp } from './security.ts'

/** The same name as the installer's shortcut has (`appId` in build/electron-builder.mjs): else Windows drops toasts. */
export const APP_ID = 'local.coord-tray'
/** Fixed, so that a toast of an earlier run still starts this app when it is clicked. */
export const TOAST_ACTIVATOR = '{6F1C9B0E-5B0A-4C57-9D2B-0C7A5E4E8A11}'

export function prepareApp(
  { app, crashReporter, Menu, protocol }: Pick<ElectronParts, 'app' | 'crashReporter' | 'Menu' | 'protocol'>,
  { platform }: Surroundings,
): void {
  // Dumps stay in the profile's folder; nothing is sent anywhere.
  crashReporter.start({ uploadToServer: false })
  app.enableSandbox()
  if (platform === 'win32') {
    app.setAppUserModelId(APP_ID)
    app.setToastActivatorCLSID(TOAST_ACTIVATOR)
  }
  app.disableHardwareAcceleration()
  app.commandLine.appendSwitch('disable-gpu') // since Electron 38 the call above alone keeps the GPU process
  protocol.registerSchemesAsPrivileged([
    {
      scheme: APP_SCHEME,
      privileges: { standard: true, secure: true, supportFetchAPI: false, codeCache: true },
    },
  ])
  // On macOS the default menu is what makes Cmd-C and Cmd-V work; there the app is in the tray only, not in the Dock.
  if (platform === 'darwin') app.dock?.hide()
  else Menu.setApplicationMenu(null)
  guardApp(app)
  app.on('window-all-closed', () => undefined) // the tray stays
}
