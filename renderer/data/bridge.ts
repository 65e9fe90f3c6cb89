/** Where the window's data comes from: Electron's preload where there is one, else the loopback socket. */
import type { Bridge, CommandName, CommandResult, InputOf } from '../../shared/protocol.ts'
import type { AppSnapshot } from '../../shared/snapshot.ts'
import { createLoopbackBridge } from './loopback-bridge.ts'

/** `refused`: the key of this page is not, or no longer, valid; trying again does not help. */
export type Link = 'up' | 'lost' | 'refused'

/** The contract's bridge, and how well it holds. Over IPC it always holds. */
export interface WindowBridge extends Bridge {
  onLink(listener: (link: Link) => void): () => void
}

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
  return {
    async invoke<K extends CommandName>(name: K, input: InputOf<K>): Promise<CommandResult<K>> {
      try {
        return (await preload.invoke(name, input)) as CommandResult<K>
      } catch {
        return { ok: false, error: { code: 'failed', message: 'Coord Tray did not answer.' } }
      }
    },
    onSnapshot: (listener) => preload.onSnapshot((snapshot) => listener(snapshot as AppSnapshot)),
    onLink: () => () => undefined,
  }
}

/** Picks the bridge of this window. */
export const createBridge = (): WindowBridge =>
  window.coord ? overPreload(window.coord) : createLoopbackBridge()
