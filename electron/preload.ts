/** What the window may reach: one call and one subscription. It knows no schema; the engine's side checks everything. */
import { contextBridge, ipcRenderer } from 'electron'
import { COMMAND_CHANNEL, SNAPSHOT_CHANNEL } from './bridge/ipc-contract.ts'

contextBridge.exposeInMainWorld('coord', {
  invoke: (name: unknown, input: unknown): Promise<unknown> =>
    ipcRenderer.invoke(COMMAND_CHANNEL, name, input),
  onSnapshot: (listener: (snapshot: unknown) => void): (() => void) => {
    const forward = (_event: unknown, snapshot: unknown): void => listener(snapshot)
    ipcRenderer.on(SNAPSHOT_CHANNEL, forward)
    return () => void ipcRenderer.removeListener(SNAPSHOT_CHANNEL, forward)
  },
})
