/** Preloaded into an API process: each write that arrives is told to the parent on descriptor 3, by its key, before it is handled. */
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'

subscribe('http.server.request.start', (message) => {
  const { request } = message as { request: IncomingMessage }
  if (request.method === 'GET') return
  writeSync(3, `${String(request.headers['idempotency-key'] ?? 'no-key')}\n`)
})
