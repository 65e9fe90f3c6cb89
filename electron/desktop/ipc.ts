/** The only user of ipcMain: one channel in (sender checked, then dispatched), one out (snapshots: the first whole, then what differs). */
import type { IpcMainInvokeEvent } from 'electron'
import { COMMAND_CHANNEL, SNAPSHOT_CHANNEL } from '../bridge/ipc-contract.ts'
import { createSnapshotPusher } from '../../shared/push-snapshots.ts'
import type { JoinedEngine, Unsubscribe } from './desktop-engine.ts'
import type { ElectronParts, WindowContents } from './electron-parts.ts'
import { isTrustedSender } from './security.ts'

export function serveIpc(
  ipcMain: ElectronParts['ipcMain'],
  joined: JoinedEngine,
  contents: () => WindowContents | undefined,
): Unsubscribe {
  const pusher = createSnapshotPusher()
  ipcMain.handle(COMMAND_CHANNEL, (event: IpcMainInvokeEvent, name: unknown, input: unknown) => {
    if (isTrustedSender(event, contents())) {
      if (name === 'snapshot.get') pusher.reset()
      return joined.dispatch(name, input)
    }
    joined.log.warn('a command from an untrusted sender was refused', { url: event.senderFrame?.url ?? null })
    return { ok: false, error: { code: 'untrusted-sender', message: 'Refused.' } }
  })
  const unsubscribe = joined.engine.onSnapshot((snapshot) => {
    const target = contents()
    // A window that is made, or loads anew, asks for a whole one by itself.
    if (!target || target.isLoadingMainFrame()) pusher.reset()
    else target.send(SNAPSHOT_CHANNEL, pusher.next(snapshot))
  })
  return () => {
    unsubscribe()
    ipcMain.removeHandler(COMMAND_CHANNEL)
  }
}
