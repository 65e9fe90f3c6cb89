/** The only user of ipcMain: one channel in (sender checked, then dispatched), one out (whole snapshots). */
import type { IpcMainInvokeEvent } from 'electron'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { COMMAND_CHANNEL, SNAPSHOT_CHANNEL } from '../bridge/ipc-contract.ts'
import type { JoinedEngine, Unsubscribe } from './desktop-engine.ts'
import type { ElectronParts, WindowContents } from './electron-parts.ts'
import { isTrustedSender } from './security.ts'

const PUSH_EVERY_MS = 50

export function serveIpc(
  ipcMain: ElectronParts['ipcMain'],
  joined: JoinedEngine,
  contents: () => WindowContents | undefined,
): Unsubscribe {
  ipcMain.handle(COMMAND_CHANNEL, (event: IpcMainInvokeEvent, name: unknown, input: unknown) => {
    if (isTrustedSender(event, contents())) return joined.dispatch(name, input)
    joined.log.warn('a command from an untrusted sender was refused', { url: event.senderFrame?.url ?? null })
    return { ok: false, error: { code: 'untrusted-sender', message: 'Refused.' } }
  })
  let latest: AppSnapshot | undefined
  let timer: NodeJS.Timeout | undefined
  const push = (): void => {
    timer = undefined
    const target = contents()
    if (latest && target && !target.isLoadingMainFrame()) target.send(SNAPSHOT_CHANNEL, latest)
    latest = undefined
  }
  const unsubscribe = joined.engine.onSnapshot((snapshot) => {
    latest = snapshot
    timer ??= setTimeout(push, PUSH_EVERY_MS)
  })
  return () => {
    unsubscribe()
    clearTimeout(timer)
    ipcMain.removeHandler(COMMAND_CHANNEL)
  }
}
