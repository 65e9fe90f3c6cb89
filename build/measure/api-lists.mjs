// The API with a million messages, and under 200 workstations: each list call, news of a message, and what nothing costs.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { listCalls } from './api-lists/list-calls.mjs'
import { fill } from './api-lists/million.mjs'
import { stations } from './api-lists/stations.mjs'
import { sleep } from './lib/desk.mjs'

/** `serverAt(args, env)` starts `coord serve`; gives `{ url, pid, stop }`. */
export async function apiLists({ root, temp, say, round, serverAt }) {
  const messages = Number(process.env.BENCH_MESSAGES ?? 1_000_000)
  const file = join(temp, 'million.db')
  const args = [join(root, 'build/scripts/coord.mjs'), 'serve', '--json', '--port', '0', '--database', file]
  const env = { COORD_HOME: join(temp, 'home-million') }
  const first = await serverAt(args, env)
  await first.stop()
  await sleep(1_000)
  fill(file, messages)
  spawnSync('sync')
  const server = await serverAt(args, env)
  try {
    await listCalls(server.url, say, round, messages)
    await stations(server, say, round)
  } finally {
    await server.stop()
  }
}
