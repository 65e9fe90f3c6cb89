/** The desktop alone, joined to an engine that does nothing: for looking at each tray state, and for e2e of the shell. */
import { join } from 'node:path'
import * as electron from 'electron'
import { ok } from '../../../shared/result.ts'
import type { DesktopNotification, TrayIcon, TrayView } from '../desktop-engine.ts'
import { findFolderFault } from '../../adapters/data-folder.ts'
import { runDesktop } from '../run-desktop.ts'

const viewOf = (icon: TrayIcon): TrayView => ({
  icon,
  isSilent: false,
  count: 0,
  tooltip: `Coord Tray: ${icon}`,
  menu: [
    { kind: 'text', label: `State: ${icon}` },
    { kind: 'action', label: 'Open', action: { kind: 'open' } },
    { kind: 'action', label: 'Next state', action: { kind: 'command', name: 'queue.flush', input: null } },
    { kind: 'action', label: 'Notify', action: { kind: 'command', name: 'session.cleanUp', input: null } },
    { kind: 'separator' },
    { kind: 'action', label: 'Quit…', action: { kind: 'command', name: 'app.quit', input: null } },
  ],
})

const states: readonly TrayIcon[] = ['idle', 'waiting', 'unread', 'offline', 'attention']
let index = 0
let onView: (view: TrayView) => void = () => undefined
let onNotify: (show: readonly DesktopNotification[], withdraw: readonly string[]) => void = () => undefined

void runDesktop(electron, {
  distDir: process.env['COORD_DIST'] ?? join(electron.app.getAppPath(), 'dist'),
  dataFolders: [],
  findFolderFault,
  join: (hooks) =>
    Promise.resolve({
      engine: {
        trayView: () => viewOf('idle'),
        onTrayView: (listener) => {
          onView = listener
          return () => undefined
        },
        onSnapshot: () => () => undefined,
        onNotifications: (listener) => {
          onNotify = listener
          return () => undefined
        },
        notificationClicked: () => undefined,
        openMessage: () => undefined,
        dispatch: () => undefined,
        leaveAtOnce: () => console.log('left at once'),
      },
      dispatch: (name) => {
        if (name === 'queue.flush') onView(viewOf(states[(index = (index + 1) % states.length)] ?? 'idle'))
        if (name === 'session.cleanUp')
          onNotify([{ id: 'n', title: 'A title', body: 'a <b> & c', isUrgent: true }], [])
        if (name === 'app.quit') hooks.leave(null)
        return Promise.resolve(ok(null))
      },
      log: { warn: (text, data) => console.log(text, JSON.stringify(data)) },
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
    }),
})
