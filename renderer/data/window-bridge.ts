/** What the window asks of whatever brings its data. */
import type { Bridge } from '../../shared/protocol.ts'

/** `refused`: the key of this page is not, or no longer, valid; trying again does not help. */
export type Link = 'up' | 'lost' | 'refused'

/** The contract's bridge, and how well it holds. Over IPC it always holds. */
export interface WindowBridge extends Bridge {
  onLink(listener: (link: Link) => void): () => void
}
