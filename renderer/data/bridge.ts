/** Where the window's data comes from: Electron's preload where there is one, else the loopback socket. */
import type { CommandName, CommandResult, InputOf, SnapshotPush } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createLoopbackBridge } from './loopback-bridge.ts'
import { createSnapshotReceiver } from '../../shared/push-snapshots.ts'
import type { WindowBridge } from './window-bridge.ts'

/** What the preload exposes; it knows no schema. */
interface PreloadBridge {
  invoke(name: string, input: unknown): Promise<unknown>
  onSnapshot(listener: (snapshot: unknown) => void): () => void
}

declare global {
  interface Window {
    readonly coord?: PreloadBridge
  }
}

function overPreload(preload: PreloadBridge): WindowBridge {
  async function invoke<K extends CommandName>(name: K, input: InputOf<K>): Promise<CommandResult<K>> {
    try {
      return (await preload.invoke(name, input)) as CommandResult<K>
    } catch {
      return { ok: false, error: { code: 'failed', message: 'Coord Tray did not answer.' } }
    }
  }
  return {
    invoke,
    onSnapshot(listener) {
      const ask = async (): Promise<AppSnapshot | undefined> => {
        const got = await invoke('snapshot.get', null)
        return got.ok ? got.value : undefined
      }
      const receive = createSnapshotReceiver(ask, listener)
      return preload.onSnapshot((push) => receive(push as SnapshotPush))
    },
    onLink: () => () => undefined,
  }
}

/** Picks the bridge of this window. */
export const createBridge = (): WindowBridge =>
  window.coord ? overPreload(window.coord) : createLoopbackBridge()
