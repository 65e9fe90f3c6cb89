/** Preloaded into an API process: each write that arrives is told to the parent on descriptor 3, by its key, before it is handled. */
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'

const isSilent = process.env['TORTURE_SILENT'] === '1'

/** What `/health` says of keys is taken out, byte for byte: the client then makes one intent a call. */
function silence(response: ServerResponse): void {
  const silent = (chunk: unknown): unknown =>
    typeof chunk === 'string' || chunk instanceof Uint8Array
      ? Buffer.from(chunk as string)
          .toString()
          .replace('"idempotency":true', '"idempotency":null')
      : chunk
  const [write, end] = [response.write.bind(response), response.end.bind(response)]
  response.write = (chunk: unknown, ...more: unknown[]) => write(silent(chunk), ...(more as []))
  response.end = (chunk?: unknown, ...more: unknown[]) => end(silent(chunk), ...(more as []))
}

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { request: IncomingMessage; response: ServerResponse }
  if (isSilent && request.url?.startsWith('/health') === true) silence(response)
  if (request.method === 'GET') return
  writeSync(3, `${String(request.headers['idempotency-key'] ?? 'no-key')}\n`)
})
