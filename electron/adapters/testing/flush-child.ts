/** `node flush-child.ts WORKSPACE HOME URL [WAIT_MS]`: one flush in a process of its own; prints its result as JSON. */
import { openOutboxes } from '../open-outbox.ts'
import { silentLog } from '../system.ts'

const [workspace = '', home = '', baseUrl = '', wait = '0'] = process.argv.slice(2)
const opened = openOutboxes({
  workspaces: [{ path: workspace, name: 'child' }],
  home,
  baseUrl,
  log: silentLog,
})
const done = await opened.outboxes[0]?.flush({ waitMs: Number(wait), lanes: 1 })
process.stdout.write(JSON.stringify(done))
await opened.close()
