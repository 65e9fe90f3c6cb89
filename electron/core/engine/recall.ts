/** Messages that the API still has although they were read: asked for when somebody looks at the history, once in a while. */
import { decodeRows, messageRow } from '../../../shared/wire.ts'
import type { HandlerContext } from './deps.ts'
import { jsonOf } from './reads.ts'
import { within } from './quit.ts'

const ASK_EVERY_MS = 60_000
/** Somebody waits: what comes later is there when they look again. */
const PATIENCE_MS = 1_500
const ROWS = 500
/** The newest, read or not; without this machine's name, which would leave out what it sent to others. */
const PATH = `/api/coord/messages?limit=${ROWS}&order=newest`

export function createRecall({
  deps,
  dispatch,
}: Pick<HandlerContext, 'deps' | 'dispatch'>): () => Promise<void> {
  const { connection, clock } = deps
  let askedAt = -Infinity
  async function ask(): Promise<void> {
    const found = decodeRows(jsonOf(await connection.get(PATH)), 'messages', messageRow)
    if (found) dispatch({ kind: 'messages.recalled', rows: found.rows })
  }
  return async () => {
    // a server without pages would send all that it ever had
    const isOffered = connection.isReady() && connection.server().extensions.has('pages')
    if (!isOffered || clock.monotonic() - askedAt < ASK_EVERY_MS) return
    askedAt = clock.monotonic()
    await within(ask(), PATIENCE_MS, clock)
  }
}
