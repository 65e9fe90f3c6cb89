// The API with a million messages, and under 200 workstations: each list call, news of a message, and what nothing costs.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { listCalls } from './api-lists/list-calls.mjs'
import { fill } from './api-lists/million.mjs'
import { stations } from './api-lists/stations.mjs'
import { sleep } from './lib/desk.mjs'

/** `serveCoord(database, home)` starts `coord serve`; gives `{ url, pid, stop }`. */
export async function apiLists({ temp, say, round, serveCoord }) {
  const messages = Number(process.env.BENCH_MESSAGES ?? 1_000_000)
  const file = join(temp, 'million.db')
  const first = await serveCoord(file, 'home-million')
  await first.stop()
  await sleep(1_000)
  fill(file, messages)
  spawnSync('sync')
  const server = await serveCoord(file, 'home-million')
  try {
    await listCalls(server.url, say, round, messages)
    await stations(server, say, round)
  } finally {
    await server.stop()
  }
}
