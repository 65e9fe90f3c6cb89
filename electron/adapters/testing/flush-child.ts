/**
 * `node flush-child.ts WORKSPACE HOME URL [WAIT_MS] [LANES]`: one flush in a process of its own; prints its result as
 * JSON. Where a parent listens (IPC), it says `ready` when it is loaded and waits for a word before it flushes, so that
 * whoever kills it can aim at the flush and not at the start of a Node process. What goes wrong goes to stderr.
 */
import { once } from 'node:events'
import { openOutboxes } from '../open-outbox.ts'
import { silentLog } from '../../testing/machine/parts.ts'

const [workspace = '', home = '', baseUrl = '', wait = '0', lanes = '1'] = process.argv.slice(2)
if (process.send) {
  const go = once(process, 'message')
  process.send('ready')
  await go
  process.disconnect()
}
const opened = openOutboxes({
  workspaces: [{ path: workspace, name: 'child' }],
  home,
  baseUrl,
  log: {
    ...silentLog,
    error: (message, fields) => void process.stderr.write(`${message} ${JSON.stringify(fields)}\n`),
  },
})
const done = await opened.outboxes[0]?.flush({ waitMs: Number(wait), lanes: Number(lanes) })
process.stdout.write(JSON.stringify(done))
await opened.close()
