/** One address in front of several servers: each request goes to the next, as a balancer does it. For tests. */
import { once } from 'node:events'
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Forwards to `urls` in turns; the addresses of both ends stay loopback. */
export async function inTurns(urls: readonly string[]): Promise<{ url: string; stop: () => Promise<void> }> {
  let next = 0
  const forward = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const to = new URL(urls[next++ % urls.length] ?? '')
    const onward = request(
      {
        host: to.hostname,
        port: to.port,
        method: incoming.method,
        path: incoming.url,
        headers: incoming.headers,
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
        outgoing.flushHeaders()
        answer.pipe(outgoing)
      },
    )
    onward.on('error', () => outgoing.destroy())
    outgoing.on('close', () => onward.destroy())
    incoming.pipe(onward)
  }
  const server = createServer(forward)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
