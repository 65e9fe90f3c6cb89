/** What is to be done only once a client has got an answer: a message counts as read when it was given, never before. */
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { RequestId } from '@modelcontextprotocol/sdk/types.js'

export interface Receipt {
  /** The client has the answer. */
  given(): Promise<void>
  /** It cancelled its call, or hung up: nobody read the answer. */
  lost(): void
}

export interface Receipts {
  /** A receipt for the answer of this call. */
  expect(id: RequestId, signal: AbortSignal, receipt: Receipt): void
  /** Takes note of what is sent; `isRead` waits until it has left, and says whether somebody reads it. */
  watch(transport: Transport, isRead: () => Promise<boolean>): void
  /** Resolves when what was begun is done. */
  settled(): Promise<void>
}

export function createReceipts(): Receipts {
  const open = new Map<RequestId, Receipt>()
  const atWork = new Set<Promise<void>>()
  const lose = (id: RequestId): void => {
    open.get(id)?.lost()
    open.delete(id)
  }
  const keep = async (receipt: Receipt, isRead: () => Promise<boolean>): Promise<void> =>
    (await isRead()) ? receipt.given() : receipt.lost()
  return {
    expect(id, signal, receipt) {
      open.set(id, receipt)
      if (signal.aborted) lose(id)
      // the client's library answers a call that is cancelled with nothing
      else
        signal.addEventListener('abort', () => {
          lose(id)
        })
    },
    watch(transport, isRead) {
      const send = transport.send.bind(transport)
      transport.send = async (message, options) => {
        await send(message, options)
        const id = 'result' in message ? message.id : undefined
        const receipt = id === undefined ? undefined : open.get(id)
        if (id === undefined || receipt === undefined) return
        open.delete(id)
        const work = keep(receipt, isRead).finally(() => atWork.delete(work))
        atWork.add(work)
      }
    },
    async settled() {
      await Promise.all(atWork)
    },
  }
}
